"""Mails that bounced; what people want of their digests; calendar entries; heavy work as jobs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OPEN_JOB = "state IN ('queued','running')"


def upgrade() -> None:
    _mails()
    _wishes()
    _jobs()
    _append_only("bounce")


def _mails() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("bounced_at", MOMENT, nullable=True))
        outbox.add_column(sa.Column("dealt_at", MOMENT, nullable=True))
        outbox.add_column(sa.Column("dealt_by", sa.Integer(), nullable=True))
        outbox.add_column(sa.Column("dealt_note", sa.String(), nullable=False, server_default=""))
        outbox.create_foreign_key("fk_outbox_dealt_by", "person", ["dealt_by"], ["id"])
    with op.batch_alter_table("outbox") as outbox:
        outbox.alter_column("dealt_note", server_default=None)
    op.create_table(
        "bounce",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("mail_id", sa.Integer(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('hard','soft','delayed')", name=op.f("ck_bounce_kind")),
        sa.ForeignKeyConstraint(["mail_id"], ["outbox.id"], name="fk_bounce_mail_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bounce"),
        sa.UniqueConstraint("report", name="uq_bounce_report"),
    )
    op.create_index("ix_bounce_mail_id", "bounce", ["mail_id"])
    op.create_table(
        "invitation",
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_invitation_sequence")),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name="fk_invitation_milestone_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_invitation_person_id"),
        sa.PrimaryKeyConstraint("milestone_id", "person_id", name="pk_invitation"),
    )
    op.create_index("ix_invitation_person_id", "invitation", ["person_id"])


def _wishes() -> None:
    op.create_table(
        "notice_choice",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.CheckConstraint("choice IN ('daily','weekly','off')", name=op.f("ck_notice_choice_choice")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_notice_choice_person_id"),
        sa.PrimaryKeyConstraint("person_id", "notice", name="pk_notice_choice"),
    )
    op.create_table(
        "mail_hours",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest_at", sa.String(), nullable=False),
        sa.Column("weekdays", sa.String(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.CheckConstraint("weekdays <> ''", name=op.f("ck_mail_hours_weekdays")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_mail_hours_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_mail_hours"),
    )
    op.create_table(
        "snooze",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_snooze_person_id"),
        sa.PrimaryKeyConstraint("person_id", "notice", "subject", name="pk_snooze"),
    )


def _jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("lease_by", sa.String(), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('queued','running','done','failed')", name=op.f("ck_job_state")),
        sa.CheckConstraint(
            "(state IN ('done','failed')) = (finished_at IS NOT NULL)", name=op.f("ck_job_finished")
        ),
        sa.CheckConstraint("done >= 0 AND total >= 0", name=op.f("ck_job_progress")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name="fk_job_asked_by"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_asked_by", "job", ["asked_by"])
    op.create_index(
        "uq_job_open",
        "job",
        ["kind", "key"],
        unique=True,
        sqlite_where=sa.text(OPEN_JOB),
        postgresql_where=sa.text(OPEN_JOB),
    )


def _append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION vfm_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION vfm_append_only()"
    )


def downgrade() -> None:
    raise NotImplementedError(
        "Going back would lose what came back of mails and what people chose. Restore a backup instead."
    )
