"""Indexes for what the clock asks: the moves among a history, mails that failed, and mails whose text is still kept"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOVES = sa.text("from_stage <> to_stage OR seq = 1")
FAILED = sa.text("state = 'failed'")
KEPT = sa.text("settled_at IS NOT NULL AND length(data) > 0")


def upgrade() -> None:
    op.create_index(
        "ix_outbox_failed", "outbox", ["settled_at"], sqlite_where=FAILED, postgresql_where=FAILED
    )
    op.create_index(
        "ix_history_moves", "history", ["project_id", "seq"], sqlite_where=MOVES, postgresql_where=MOVES
    )
    op.create_index("ix_outbox_text", "outbox", ["settled_at"], sqlite_where=KEPT, postgresql_where=KEPT)


def downgrade() -> None:
    raise NotImplementedError("Restore a backup taken before the upgrade instead.")
