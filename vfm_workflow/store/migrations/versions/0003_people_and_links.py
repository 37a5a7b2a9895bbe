"""People who join, move and leave; deputies; links for consultations; what must be shown before a decision counts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LIVE_QUESTION = "used_at IS NULL AND revoked_at IS NULL AND consultee IS NOT NULL"


def upgrade() -> None:
    _people()
    _projects()
    _decisions()
    _append_only("person_change")


def _people() -> None:
    with op.batch_alter_table("person") as person:
        person.add_column(sa.Column("left_at", MOMENT, nullable=True))
        person.add_column(sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()))
        person.add_column(sa.Column("identity", sa.String(), nullable=True))
        person.create_unique_constraint("uq_person_identity", ["identity"])
        person.create_check_constraint(op.f("ck_person_left"), "NOT active OR left_at IS NULL")
    with op.batch_alter_table("person") as person:
        person.alter_column("shared", server_default=None)
    op.create_table(
        "mailbox_reader",
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("mailbox_id <> reader_id", name=op.f("ck_mailbox_reader_two_people")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["person.id"], name="fk_mailbox_reader_mailbox_id"),
        sa.ForeignKeyConstraint(["reader_id"], ["person.id"], name="fk_mailbox_reader_reader_id"),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name="fk_mailbox_reader_added_by"),
        sa.PrimaryKeyConstraint("mailbox_id", "reader_id", name="pk_mailbox_reader"),
    )
    op.create_table(
        "deputy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("person_id <> deputy_id", name=op.f("ck_deputy_two_people")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_deputy_days")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_deputy_person_id"),
        sa.ForeignKeyConstraint(["deputy_id"], ["person.id"], name="fk_deputy_deputy_id"),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name="fk_deputy_set_by"),
        sa.PrimaryKeyConstraint("id", name="pk_deputy"),
    )
    op.create_index("ix_deputy_deputy_id", "deputy", ["deputy_id"])
    op.create_index(
        "ix_deputy_standing",
        "deputy",
        ["person_id", "from_day"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "person_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_change_person_id"),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name="fk_person_change_by"),
        sa.PrimaryKeyConstraint("id", name="pk_person_change"),
    )
    op.create_index("ix_person_change_person_id", "person_change", ["person_id"])
    with op.batch_alter_table("web_session") as session:
        session.add_column(sa.Column("method", sa.String(), nullable=False, server_default="link"))
        session.add_column(sa.Column("confirmed_at", MOMENT, nullable=True))
    op.execute("UPDATE web_session SET confirmed_at = created_at")
    with op.batch_alter_table("web_session") as session:
        session.alter_column("method", server_default=None)
        session.alter_column("confirmed_at", existing_type=MOMENT, nullable=False)


def _projects() -> None:
    with op.batch_alter_table("section_text") as text:
        text.add_column(sa.Column("exempt", sa.String(length=1), nullable=False, server_default=""))
        text.create_check_constraint(op.f("ck_section_text_exempt"), "exempt IN ('','3','4')")
    with op.batch_alter_table("section_text") as text:
        text.alter_column("exempt", server_default=None)
    with op.batch_alter_table("consultation") as consultation:
        consultation.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        consultation.add_column(sa.Column("deadline", sa.Date(), nullable=True))
        consultation.create_foreign_key("fk_consultation_person_id", "person", ["person_id"], ["id"])
        consultation.create_index("ix_consultation_person_id", ["person_id"])
    with op.batch_alter_table("idea") as idea:
        idea.add_column(sa.Column("department", sa.String(), nullable=True))
        idea.create_foreign_key("fk_idea_department", "department", ["department"], ["code"])
    op.create_table(
        "project_member",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_project_member_project_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_project_member_person_id"),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name="fk_project_member_added_by"),
        sa.PrimaryKeyConstraint("project_id", "person_id", "role", name="pk_project_member"),
    )
    op.create_index("ix_project_member_person_id", "project_member", ["person_id"])
    op.create_table(
        "exempt_grant",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.Column("granted_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_exempt_grant_project_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_exempt_grant_person_id"),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name="fk_exempt_grant_granted_by"),
        sa.PrimaryKeyConstraint("project_id", "person_id", name="pk_exempt_grant"),
    )
    op.create_index("ix_exempt_grant_person_id", "exempt_grant", ["person_id"])
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("exempt", sa.String(length=1), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachment_size")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_attachment_project_id"),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name="fk_attachment_added_by"),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
    )
    op.create_index("ix_attachment_project_id", "attachment", ["project_id"])
    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("replied_on", sa.Date(), nullable=True),
        sa.Column("replied_by", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('comment','challenge','advice','recommendation')", name=op.f("ck_remark_kind")
        ),
        sa.CheckConstraint("(replied_on IS NULL) = (replied_by IS NULL)", name=op.f("ck_remark_reply")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_remark_project_id"),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name="fk_remark_by"),
        sa.ForeignKeyConstraint(["replied_by"], ["person.id"], name="fk_remark_replied_by"),
        sa.PrimaryKeyConstraint("id", name="pk_remark"),
    )
    op.create_index("ix_remark_project_id", "remark", ["project_id"])


def _decisions() -> None:
    with op.batch_alter_table("decision_request") as request:
        request.add_column(sa.Column("assurance", sa.String(length=1), nullable=False, server_default="A"))
        request.create_check_constraint(op.f("ck_decision_request_assurance"), "assurance IN ('A','B','C')")
    with op.batch_alter_table("decision_request") as request:
        request.alter_column("assurance", server_default=None)
    with op.batch_alter_table("slot") as slot:
        slot.add_column(sa.Column("vacated_at", MOMENT, nullable=True))
        slot.add_column(sa.Column("vacated_why", sa.String(), nullable=True))
        slot.create_check_constraint(op.f("ck_slot_vacated"), "(vacated_at IS NULL) = (vacated_why IS NULL)")
    with op.batch_alter_table("link") as link:
        link.add_column(sa.Column("project_id", sa.Integer(), nullable=True))
        link.add_column(sa.Column("consultee", sa.String(), nullable=True))
        link.add_column(sa.Column("idea_id", sa.Integer(), nullable=True))
        link.create_foreign_key("fk_link_project_id", "project", ["project_id"], ["id"])
        link.create_foreign_key("fk_link_idea_id", "idea", ["idea_id"], ["id"])
        link.drop_constraint(op.f("ck_link_purpose"), type_="check")
        link.create_check_constraint(
            op.f("ck_link_purpose"), "purpose IN ('decide','dispute','sign_in','consult','idea')"
        )
        link.create_check_constraint(
            op.f("ck_link_consultee"), "(purpose = 'consult') = (consultee IS NOT NULL)"
        )
        link.create_check_constraint(op.f("ck_link_question"), "(consultee IS NULL) = (project_id IS NULL)")
        link.create_check_constraint(op.f("ck_link_idea"), "(purpose = 'idea') = (idea_id IS NOT NULL)")
    op.create_index(
        "uq_link_question",
        "link",
        ["project_id", "consultee"],
        unique=True,
        sqlite_where=sa.text(LIVE_QUESTION),
        postgresql_where=sa.text(LIVE_QUESTION),
    )
    op.create_index("uq_vote_person", "vote", ["request_id", "person_id"], unique=True)
    op.create_table(
        "code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_code_tries")),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_code_link_id"),
        sa.PrimaryKeyConstraint("id", name="pk_code"),
    )
    op.create_index("ix_code_link_id", "code", ["link_id"])


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
    raise NotImplementedError("Going back would lose who decided in whose place. Restore a backup instead.")
