"""No index of the moves among a history: each transition keeps it, and each tick gains little by it"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX IF EXISTS ix_history_moves")  # `0007` was without it for a day


def downgrade() -> None:
    raise NotImplementedError("Restore a backup taken before the upgrade instead.")
