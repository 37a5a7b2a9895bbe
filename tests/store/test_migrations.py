"""The migrations make what the models say; what must never change is refused by the database itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from tests.people import Council
from tests.store.schema import GUARDED, busy, described, differences, models, refuses
from vfm_workflow.store.engine import MIGRATIONS, Database, versions


def test_the_migrations_equal_the_models(council: Council) -> None:
    assert differences(council.app.database) == []


def test_checks_and_partial_indexes_equal_the_models_too(council: Council, tmp_path: Path) -> None:
    migrated = described(council.app.database.engine)
    wanted = models(f"sqlite:///{tmp_path / 'models.sqlite3'}")
    assert set(migrated) == set(wanted)
    for table, parts in wanted.items():
        assert migrated[table] == parts, table


def test_a_missing_column_is_found(council: Council) -> None:
    with council.app.database.engine.connect() as connection, connection.begin():
        connection.execute(text("ALTER TABLE person ADD COLUMN shoe_size INTEGER"))
    assert differences(council.app.database) != []


def test_upgrading_twice_changes_nothing(council: Council) -> None:
    before = described(council.app.database.engine)
    council.app.database.upgrade()
    assert described(council.app.database.engine) == before


@pytest.mark.parametrize("had", [True, False])
def test_a_database_that_had_the_index_of_moves_and_one_that_had_not_become_the_same(
    council: Council, had: bool
) -> None:
    database = council.app.database
    wanted = described(database.engine)
    with database.engine.connect() as connection, connection.begin():
        if had:
            connection.execute(
                text("CREATE INDEX ix_history_moves ON history (project_id, seq) WHERE seq = 1")
            )
        connection.execute(text("UPDATE alembic_version SET version_num = '0007'"))
    assert (described(database.engine) == wanted) is not had
    database.upgrade()
    database.check()
    assert described(database.engine) == wanted


def test_the_names_of_the_migrations_say_their_versions() -> None:
    """A start reads them there, since loading Alembic takes longer than all else it checks."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert versions() == [step.revision for step in reversed(list(scripts.walk_revisions()))]
    assert versions()[-1] == scripts.get_current_head()


def test_a_migration_does_not_change_when_the_program_does() -> None:
    """It must not import the models: tomorrow's are not yesterday's."""
    for file in (MIGRATIONS / "versions").glob("0*.py"):
        assert "vfm_workflow" not in file.read_text(encoding="utf-8"), file.name


# ------------------------------------------------------------------ guards


def test_rows_that_are_never_changed_cannot_be(council: Council) -> None:
    busy(council)
    with council.app.database.engine.connect() as connection:
        columns = {table: connection.execute(text(f"SELECT * FROM {table}")).keys() for table in GUARDED}
        counts = {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in GUARDED
        }
    assert all(counts.values()), counts
    for table in GUARDED:
        column = list(columns[table])[-1]
        assert f"{table} is append-only" in refuses(council, f"UPDATE {table} SET {column} = {column}")
        assert f"{table} is append-only" in refuses(council, f"DELETE FROM {table}")


def test_what_cmt_agreed_of_a_measure_is_not_changed_or_taken_back(council: Council) -> None:
    busy(council)
    assert "append-only" in refuses(council, "UPDATE measure_target SET target = target + 1")
    assert "append-only once CMT has approved" in refuses(council, "DELETE FROM measure_target")


def test_a_draft_figure_may_be_taken_back_before_cmt_has_agreed_it(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    assert refuses(council, "DELETE FROM measure_target") == ""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE milestone SET baseline = '2030-01-01'",
        "UPDATE milestone SET baseline = NULL",
        "INSERT INTO milestone (project_id, position, title, forecast, baseline)"
        " VALUES (1, 9, 'Slipped in', '2030-01-01', '2030-01-01')",
    ],
)
def test_a_baseline_set_by_hand_is_refused(council: Council, statement: str) -> None:
    busy(council)
    assert "a baseline changes only by a decision" in refuses(council, statement)


def test_a_baseline_without_a_decision_cannot_be(council: Council) -> None:
    busy(council)
    insert = "INSERT INTO baseline (milestone_id, number, date, request_id, at) VALUES (1, 9, '2030-01-01', {}, '2026-03-02')"
    assert refuses(council, insert.format("NULL"))
    assert refuses(council, insert.format(999))


def test_a_forecast_may_be_moved(council: Council) -> None:
    busy(council)
    assert refuses(council, "UPDATE milestone SET forecast = '2030-01-01'") == ""


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE project SET revision = -1", "ck_project_revision"),
        ("UPDATE person SET address = 'Manager@Wrenfold.example' WHERE id = 6", "ck_person_address_lower"),
        ("UPDATE outbox SET state = 'lost'", "ck_outbox_state"),
        ("UPDATE decision_request SET state = 'open'", "ck_decision_request_closed"),
        ("UPDATE saving_year SET low = high + 1", "ck_saving_year_range"),
        ("UPDATE plan_element SET gain_low = gain_high + 1", "ck_plan_element_gain_range"),
        ("UPDATE link SET purpose = 'anything', slot_id = NULL WHERE id = 1", "ck_link_purpose"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(council: Council, statement: str, constraint: str) -> None:
    busy(council)
    assert constraint in refuses(council, statement)


def test_a_second_live_link_of_a_slot_or_open_request_of_a_decision_cannot_be(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    link = (
        "INSERT INTO link (digest, purpose, slot_id, person_id, address, issued_at, expires_at, message_id)"
    )
    link += (
        " SELECT 'x', purpose, slot_id, person_id, address, issued_at, expires_at, '' FROM link WHERE id = 1"
    )
    assert "unique" in refuses(council, link).lower()
    columns = "project_id, decision, version_id, asked_by, opened_at, deadline, state, frozen, assurance"
    request = f"INSERT INTO decision_request ({columns}) SELECT {columns} FROM decision_request"
    assert "unique" in refuses(council, request).lower()


def test_a_database_that_the_program_made_is_the_programs_own(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    assert database.is_empty()
    database.upgrade()
    assert not database.is_empty()
    database.check()
    database.close()
