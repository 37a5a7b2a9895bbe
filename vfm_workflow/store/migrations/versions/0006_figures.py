"""Figures a councillor can trust: the library of measures, the whole return, savings through Finance, issued reports"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OPEN_CLAIM = "state IN ('evidenced','verified')"
APPEND_ONLY = (
    "reading",
    "saving_entry",
    "saving_forecast",
    "saving_agreed",
    "saving_destination",
    "measure_agreement",
    "measure_change",
    "issued_report",
)


def upgrade() -> None:
    _reports()
    _savings()
    _claims()
    _measures()
    _returns()
    _reported()
    _proposals()
    _agreed_so_far()
    for table in APPEND_ONLY:
        _append_only(table)
    _profile_guard()
    _claim_guards()


def _reports() -> None:
    op.create_table(
        "access_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("scope IN ('calendar','read','write')", name=op.f("ck_access_token_scope")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_access_token_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_access_token"),
        sa.UniqueConstraint("digest", name="uq_access_token_digest"),
    )
    op.create_index("ix_access_token_person_id", "access_token", ["person_id"], unique=False)
    op.create_table(
        "commentary",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("exempt", sa.String(length=1), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name="fk_commentary_by"),
        sa.PrimaryKeyConstraint("kind", "period", "department", name="pk_commentary"),
    )
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.CheckConstraint("source IN ('csv','api')", name=op.f("ck_import_batch_source")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name="fk_import_batch_by"),
        sa.PrimaryKeyConstraint("id", name="pk_import_batch"),
    )
    op.create_table(
        "issued_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.Column("public", sa.String(), nullable=False),
        sa.Column("exempt", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_issued_report_number")),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name="fk_issued_report_issued_by"),
        sa.PrimaryKeyConstraint("id", name="pk_issued_report"),
        sa.UniqueConstraint("kind", "period", "number", name="uq_issued_report_kind_period_number"),
    )


def _savings() -> None:
    op.create_table(
        "benefits_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("sustained", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.CheckConstraint(
            "sustained IN ('','yes','partly','no')", name=op.f("ck_benefits_review_sustained")
        ),
        sa.CheckConstraint("(done_on IS NULL) = (done_by IS NULL)", name=op.f("ck_benefits_review_done")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name="fk_benefits_review_done_by"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_benefits_review_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_benefits_review"),
        sa.UniqueConstraint("project_id", "number", name="uq_benefits_review_project_id_number"),
    )
    op.create_index("ix_benefits_review_due_on", "benefits_review", ["due_on"], unique=False)
    op.create_table(
        "ring_fence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("budget_code", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.Integer(), nullable=True),
        sa.Column("lifted_why", sa.String(), nullable=False),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_ring_fence_lifted")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ring_fence_amount")),
        sa.ForeignKeyConstraint(["lifted_by"], ["person.id"], name="fk_ring_fence_lifted_by"),
        sa.ForeignKeyConstraint(["line_id"], ["saving_line.id"], name="fk_ring_fence_line_id"),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name="fk_ring_fence_set_by"),
        sa.PrimaryKeyConstraint("id", name="pk_ring_fence"),
    )
    op.create_index("ix_ring_fence_line_id", "ring_fence", ["line_id"], unique=False)
    op.create_table(
        "saving_agreed",
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["saving_line.id"], name="fk_saving_agreed_line_id"),
        sa.ForeignKeyConstraint(["request_id"], ["decision_request.id"], name="fk_saving_agreed_request_id"),
        sa.PrimaryKeyConstraint("line_id", "number", "year", name="pk_saving_agreed"),
    )
    op.create_table(
        "saving_forecast",
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name="fk_saving_forecast_by"),
        sa.ForeignKeyConstraint(["line_id"], ["saving_line.id"], name="fk_saving_forecast_line_id"),
        sa.PrimaryKeyConstraint("line_id", "period", "number", name="pk_saving_forecast"),
    )
    op.create_table(
        "saving_share",
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_saving_share_amount")),
        sa.ForeignKeyConstraint(["line_id"], ["saving_line.id"], name="fk_saving_share_line_id"),
        sa.PrimaryKeyConstraint("line_id", "partner", "year", name="pk_saving_share"),
    )


def _claims() -> None:
    op.create_table(
        "saving_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.String(length=7), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("evidenced_at", MOMENT, nullable=False),
        sa.Column("evidenced_by", sa.Integer(), nullable=False),
        sa.Column("verified_at", MOMENT, nullable=True),
        sa.Column("verified_by", sa.Integer(), nullable=True),
        sa.Column("refused_at", MOMENT, nullable=True),
        sa.Column("refused_by", sa.Integer(), nullable=True),
        sa.Column("refused_why", sa.String(), nullable=False),
        sa.Column("banked_at", MOMENT, nullable=True),
        sa.Column("banked_by", sa.Integer(), nullable=True),
        sa.Column("budget_code", sa.String(), nullable=False),
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("quality", sa.String(), nullable=False),
        sa.Column("quality_why", sa.String(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_saving_claim_amount")),
        sa.CheckConstraint(
            "quality IN ('','kept','unknown') AND (quality <> 'unknown' OR quality_why <> '') "
            "AND (state NOT IN ('verified','banked') OR quality <> '')",
            name=op.f("ck_saving_claim_quality"),
        ),
        sa.CheckConstraint("(state = 'refused') = (refused_why <> '')", name=op.f("ck_saving_claim_why")),
        sa.CheckConstraint(
            "(state = 'banked') = (banked_at IS NOT NULL AND budget_code <> '' AND journal <> '')",
            name=op.f("ck_saving_claim_banked"),
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refused_at IS NOT NULL)", name=op.f("ck_saving_claim_refused")
        ),
        sa.CheckConstraint(
            "(state IN ('verified','banked')) = (verified_at IS NOT NULL)",
            name=op.f("ck_saving_claim_verified"),
        ),
        sa.CheckConstraint("evidence <> ''", name=op.f("ck_saving_claim_evidence")),
        sa.CheckConstraint(
            "state IN ('evidenced','verified','refused','banked')", name=op.f("ck_saving_claim_state")
        ),
        sa.CheckConstraint(
            "verified_by IS NULL OR verified_by <> evidenced_by", name=op.f("ck_saving_claim_two_people")
        ),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name="fk_saving_claim_attachment_id"),
        sa.ForeignKeyConstraint(["banked_by"], ["person.id"], name="fk_saving_claim_banked_by"),
        sa.ForeignKeyConstraint(["evidenced_by"], ["person.id"], name="fk_saving_claim_evidenced_by"),
        sa.ForeignKeyConstraint(["line_id"], ["saving_line.id"], name="fk_saving_claim_line_id"),
        sa.ForeignKeyConstraint(["refused_by"], ["person.id"], name="fk_saving_claim_refused_by"),
        sa.ForeignKeyConstraint(["verified_by"], ["person.id"], name="fk_saving_claim_verified_by"),
        sa.PrimaryKeyConstraint("id", name="pk_saving_claim"),
    )
    op.create_index("ix_saving_claim_line_id", "saving_claim", ["line_id"], unique=False)
    op.create_index("ix_saving_claim_quarter", "saving_claim", ["quarter"], unique=False)
    op.create_index(
        "uq_saving_claim_open",
        "saving_claim",
        ["line_id", "quarter"],
        unique=True,
        sqlite_where=sa.text(OPEN_CLAIM),
        postgresql_where=sa.text(OPEN_CLAIM),
    )
    op.create_table(
        "saving_destination",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_saving_destination_amount")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name="fk_saving_destination_by"),
        sa.ForeignKeyConstraint(["claim_id"], ["saving_claim.id"], name="fk_saving_destination_claim_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saving_destination"),
    )
    op.create_index("ix_saving_destination_claim_id", "saving_destination", ["claim_id"], unique=False)


def _measures() -> None:
    op.create_table(
        "measure_agreement",
        sa.Column("measure_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("side IN ('finance','service')", name=op.f("ck_measure_agreement_side")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name="fk_measure_agreement_by"),
        sa.ForeignKeyConstraint(
            ["measure_id", "number"],
            ["measure_target.measure_id", "measure_target.number"],
            name="fk_measure_agreement_measure_id_number",
        ),
        sa.PrimaryKeyConstraint("measure_id", "number", "side", name="pk_measure_agreement"),
        sa.UniqueConstraint("measure_id", "number", "by", name="uq_measure_agreement_measure_id_number_by"),
    )
    op.create_table(
        "measure_change",
        sa.Column("measure_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name="fk_measure_change_by"),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name="fk_measure_change_measure_id"),
        sa.PrimaryKeyConstraint("measure_id", "number", name="pk_measure_change"),
    )
    with op.batch_alter_table("measure") as measure:
        measure.alter_column("project_id", existing_type=sa.Integer(), nullable=True)
        measure.add_column(sa.Column("department", sa.String(), nullable=True))
        measure.add_column(sa.Column("code", sa.String(), nullable=True))
        measure.add_column(sa.Column("tolerance", sa.Integer(), nullable=False, server_default="0"))
        measure.add_column(sa.Column("library_id", sa.Integer(), nullable=True))
        measure.add_column(sa.Column("retired_on", sa.Date(), nullable=True))
        measure.create_foreign_key("fk_measure_library_id", "measure", ["library_id"], ["id"])
        measure.create_foreign_key("fk_measure_department", "department", ["department"], ["code"])
        measure.create_unique_constraint("uq_measure_code", ["code"])
        measure.create_check_constraint(
            op.f("ck_measure_owner"), "(project_id IS NULL) <> (department IS NULL)"
        )
        measure.create_check_constraint(
            op.f("ck_measure_library"), "library_id IS NULL OR project_id IS NOT NULL"
        )
        measure.create_check_constraint(op.f("ck_measure_tolerance"), "tolerance >= 0")
    with op.batch_alter_table("measure") as measure:
        measure.alter_column("tolerance", server_default=None)
    op.create_index("ix_measure_department", "measure", ["department"])
    op.create_index("ix_measure_library_id", "measure", ["library_id"])
    op.add_column("measure_target", sa.Column("year", sa.Integer(), nullable=True))


def _returns() -> None:
    with op.batch_alter_table("monthly_return") as table:
        for name in ("rag_time", "rag_cost", "rag_benefit", "rag_outlook", "rag_before"):
            table.add_column(sa.Column(name, sa.String(), nullable=True))
        table.add_column(sa.Column("why", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("action_owner", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("action_by", sa.Date(), nullable=True))
        table.add_column(sa.Column("beyond_team", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("spend_forecast", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("monthly_return") as table:
        for name in ("why", "action_owner", "beyond_team"):
            table.alter_column(name, server_default=None)


def _reported() -> None:
    """What was reported so far came in by a return."""
    with op.batch_alter_table("reading") as table:
        table.add_column(sa.Column("numerator", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("denominator", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("source", sa.String(), nullable=False, server_default="return"))
        table.add_column(sa.Column("batch_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("reason", sa.String(), nullable=False, server_default=""))
        table.create_foreign_key("fk_reading_batch_id", "import_batch", ["batch_id"], ["id"])
        table.create_check_constraint(op.f("ck_reading_source"), "source IN ('return','form','csv','api')")
        table.create_check_constraint(
            op.f("ck_reading_denominator"), "denominator IS NULL OR denominator > 0"
        )
    with op.batch_alter_table("saving_entry") as table:
        table.add_column(sa.Column("source", sa.String(), nullable=False, server_default="return"))
        table.add_column(sa.Column("batch_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_saving_entry_batch_id", "import_batch", ["batch_id"], ["id"])
        table.create_check_constraint(
            op.f("ck_saving_entry_source"), "source IN ('return','csv','api','finance')"
        )
    for name in ("reading", "saving_entry"):
        with op.batch_alter_table(name) as table:
            table.alter_column("source", server_default=None)
            if name == "reading":
                table.alter_column("reason", server_default=None)
    op.create_index("ix_saving_year_year", "saving_year", ["year"])
    for name, columns in (("ix_link_question", ["project_id", "consultee"]), ("ix_link_idea", ["idea_id"])):
        there = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(name, "link", columns, sqlite_where=there, postgresql_where=there)


def _proposals() -> None:
    """CMT is asked for new profiles and targets beside new dates."""
    with op.batch_alter_table("proposal") as table:
        table.add_column(sa.Column("savings", sa.JSON(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("targets", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("proposal") as table:
        for name in ("savings", "targets"):
            table.alter_column(name, server_default=None)


def _agreed_so_far() -> None:
    """What CMT agreed of savings stood in its decisions alone: each becomes a row a year, numbered in their order."""
    connection = op.get_bind()
    decided = connection.execute(
        sa.text(
            "SELECT id, frozen, closed_at FROM decision_request WHERE state = 'decided' "
            "AND outcome IN ('approve', 'approve_with_conditions') ORDER BY closed_at, id"
        ).columns(frozen=sa.JSON(), closed_at=MOMENT)
    ).all()
    lines = set(connection.scalars(sa.text("SELECT id FROM saving_line")))
    numbers: dict[int, int] = {}
    newest: dict[int, str] = {}
    row = sa.text(
        "INSERT INTO saving_agreed (line_id, number, year, low, expected, high, request_id, at) "
        "VALUES (:line, :number, :year, :low, :expected, :high, :request, :at)"
    ).bindparams(sa.bindparam("at", type_=MOMENT))
    for request, frozen, closed_at in decided:
        for key, years in (frozen or {}).get("savings", {}).items():
            line, said = int(key), json.dumps(years, sort_keys=True)
            if line not in lines or newest.get(line) == said:
                continue
            newest[line], numbers[line] = said, numbers.get(line, 0) + 1
            for year, (low, expected, high) in years.items():
                amounts = {"low": low, "expected": expected, "high": high, "year": int(year)}
                given = {"line": line, "number": numbers[line], "request": request, "at": closed_at}
                connection.execute(row, {**amounts, **given})


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


AGREED = "SELECT max(number) FROM saving_agreed WHERE line_id = {0}.line_id"
SAME = (
    f"EXISTS (SELECT 1 FROM saving_agreed a WHERE a.line_id = NEW.line_id AND a.number = ({AGREED.format('NEW')}) "
    "AND a.year = NEW.year AND a.low = NEW.low AND a.expected = NEW.expected AND a.high = NEW.high)"
)
ASTRAY = f"({AGREED.format('NEW')}) IS NOT NULL AND NOT {SAME}"
TAKEN = (
    f"EXISTS (SELECT 1 FROM saving_agreed a WHERE a.line_id = OLD.line_id AND a.number = ({AGREED.format('OLD')}) "
    "AND a.year = OLD.year)"
)
SAID = "an agreed profile changes only by a decision"


def _profile_guard() -> None:
    """A year of a line that CMT agreed is what its newest decision says (design §4, invariant 6)."""
    if op.get_bind().dialect.name == "sqlite":
        for name, verb, when in (
            ("new", "INSERT", ASTRAY),
            ("changed", "UPDATE OF low, expected, high, year, line_id", ASTRAY),
            ("gone", "DELETE", TAKEN),
        ):
            op.execute(
                f"CREATE TRIGGER saving_year_{name} AFTER {verb} ON saving_year WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION vfm_saving_year() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN IF {TAKEN} THEN RAISE EXCEPTION '{SAID}'; END IF; RETURN OLD; END IF; "
        f"IF {ASTRAY} THEN RAISE EXCEPTION '{SAID}'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER saving_year_agreed AFTER INSERT OR DELETE OR UPDATE OF low, expected, high, year, line_id "
        "ON saving_year FOR EACH ROW EXECUTE FUNCTION vfm_saving_year()"
    )


PUT = "line_id, quarter, amount, evidence, attachment_id, evidenced_at, evidenced_by"
STEPS = (
    "(OLD.state = 'evidenced' AND NEW.state IN ('verified','refused')) OR "
    "(OLD.state = 'verified' AND NEW.state IN ('banked','refused'))"
)
ELSEWHERE = "EXISTS (SELECT 1 FROM saving_line l WHERE l.id = NEW.line_id AND l.counted_in IS NOT NULL)"
CLAIMED = "EXISTS (SELECT 1 FROM saving_claim c WHERE c.line_id = NEW.id AND c.state <> 'refused')"
SPENT = (
    "(SELECT sum(d.amount) FROM saving_destination d WHERE d.claim_id = NEW.claim_id) > "
    "coalesce((SELECT c.amount FROM saving_claim c WHERE c.id = NEW.claim_id AND c.state = 'banked'), 0)"
)
SAYS = {
    "claim": "a claim keeps what was put before Finance and goes one way",
    "twice": "a saving is claimed where it is counted",
    "counted": "a saving that was claimed is counted where it is",
    "spent": "no more goes anywhere than was banked",
}


def _claim_guards() -> None:
    """A claim goes one way and keeps what was put; nothing is claimed twice, nor goes further than it was banked (§15)."""
    if op.get_bind().dialect.name == "sqlite":
        for name, verb, table, when, said in (
            ("claim_kept", "BEFORE UPDATE", "saving_claim", f"NOT ({_kept('IS')} AND ({STEPS}))", "claim"),
            ("claim_stays", "BEFORE DELETE", "saving_claim", "1", "claim"),
            ("claim_begun", "BEFORE INSERT", "saving_claim", "NEW.state <> 'evidenced'", "claim"),
            ("claim_counted", "BEFORE INSERT", "saving_claim", ELSEWHERE, "twice"),
            (
                "line_claimed",
                "BEFORE UPDATE OF counted_in",
                "saving_line",
                f"NEW.counted_in IS NOT NULL AND {CLAIMED}",
                "counted",
            ),
            ("destination_spent", "AFTER INSERT", "saving_destination", SPENT, "spent"),
        ):
            op.execute(
                f"CREATE TRIGGER saving_{name} {verb} ON {table} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{SAYS[said]}'); END"
            )
        return
    for name, verb, table, body in (
        (
            "claim",
            "BEFORE INSERT OR UPDATE OR DELETE",
            "saving_claim",
            f"IF TG_OP = 'DELETE' THEN {_raise('claim')} END IF; "
            f"IF TG_OP = 'UPDATE' THEN IF NOT ({_kept('IS NOT DISTINCT FROM')} AND ({STEPS})) THEN {_raise('claim')} "
            f"END IF; RETURN NEW; END IF; IF NEW.state <> 'evidenced' THEN {_raise('claim')} END IF; "
            f"IF {ELSEWHERE} THEN {_raise('twice')} END IF; RETURN NEW;",
        ),
        (
            "counted",
            "BEFORE UPDATE OF counted_in",
            "saving_line",
            f"IF NEW.counted_in IS NOT NULL AND {CLAIMED} THEN {_raise('counted')} END IF; RETURN NEW;",
        ),
        (
            "destination",
            "AFTER INSERT",
            "saving_destination",
            f"IF {SPENT} THEN {_raise('spent')} END IF; RETURN NEW;",
        ),
    ):
        op.execute(
            f"CREATE FUNCTION vfm_saving_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        )
        op.execute(
            f"CREATE TRIGGER saving_{name}_guard {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION vfm_saving_{name}()"
        )


def _kept(same: str) -> str:
    """Return the condition that an update keeps what was put, and who verified it once it is verified."""
    put = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in PUT.split(", "))
    checked = f"NEW.verified_by {same} OLD.verified_by AND NEW.quality {same} OLD.quality"
    return f"{put} AND (OLD.state = 'evidenced' OR NEW.state = 'refused' OR ({checked}))"


def _raise(said: str) -> str:
    return f"RAISE EXCEPTION '{SAYS[said]}';"


def downgrade() -> None:
    raise NotImplementedError("Going back would lose figures. Restore a backup instead.")
