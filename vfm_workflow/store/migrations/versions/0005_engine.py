"""The queue's own tables on PostgreSQL; SQLite needs none"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEWEST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""The last of Procrastinate's own steps that is taken here. A newer Procrastinate's go into a migration of their own."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    from procrastinate.schema import SchemaManager

    # Its steps one after the other, up to a fixed one, and not the schema of whichever version is installed: this
    # migration makes the same tables for ever.
    steps = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    driver: Any = op.get_bind().connection.dbapi_connection
    for step in steps:
        if step.name <= NEWEST:
            driver.execute(step.read_text(encoding="utf-8"))


def downgrade() -> None:
    raise NotImplementedError("Restore a backup taken before the upgrade instead.")
