"""Guards: what must never break is refused by the database itself (design §4, invariants 2 and 6)."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("history", "version", "baseline", "vote", "lifecycle_version", "attempt")
APPROVED = (
    "EXISTS (SELECT 1 FROM decision_request r JOIN measure m ON m.project_id = r.project_id "
    "WHERE m.id = OLD.measure_id AND r.outcome IN ('approve', 'approve_with_conditions'))"
)
"""A measure's figures may be taken back while they are a draft, and never changed in place."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    op.execute(
        "CREATE TRIGGER measure_target_no_update BEFORE UPDATE ON measure_target "
        "BEGIN SELECT RAISE(ABORT, 'measure_target is append-only'); END"
    )
    op.execute(
        f"CREATE TRIGGER measure_target_no_delete BEFORE DELETE ON measure_target WHEN {APPROVED} "
        "BEGIN SELECT RAISE(ABORT, 'measure_target is append-only once CMT has approved'); END"
    )
    newest = "(SELECT date FROM baseline WHERE milestone_id = NEW.id ORDER BY number DESC LIMIT 1)"
    op.execute(
        "CREATE TRIGGER milestone_baseline BEFORE UPDATE OF baseline ON milestone "
        f"WHEN NEW.baseline IS NOT {newest} "
        "BEGIN SELECT RAISE(ABORT, 'a baseline changes only by a decision'); END"
    )
    op.execute(
        "CREATE TRIGGER milestone_new BEFORE INSERT ON milestone WHEN NEW.baseline IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'a baseline changes only by a decision'); END"
    )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION vfm_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION vfm_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION vfm_append_only()"
        )
    op.execute(
        "CREATE TRIGGER measure_target_append_only BEFORE UPDATE ON measure_target "
        "FOR EACH ROW EXECUTE FUNCTION vfm_append_only()"
    )
    op.execute(
        "CREATE FUNCTION vfm_measure_target() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {APPROVED} THEN RAISE EXCEPTION 'measure_target is append-only once CMT has approved'; END IF; "
        "RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER measure_target_draft BEFORE DELETE ON measure_target "
        "FOR EACH ROW EXECUTE FUNCTION vfm_measure_target()"
    )
    op.execute(
        "CREATE FUNCTION vfm_milestone_baseline() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.baseline IS DISTINCT FROM "
        "(SELECT date FROM baseline WHERE milestone_id = NEW.id ORDER BY number DESC LIMIT 1) "
        "THEN RAISE EXCEPTION 'a baseline changes only by a decision'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER milestone_baseline BEFORE INSERT OR UPDATE OF baseline ON milestone "
        "FOR EACH ROW EXECUTE FUNCTION vfm_milestone_baseline()"
    )


def downgrade() -> None:
    raise NotImplementedError("Going back would remove the guards. Restore a backup instead.")
