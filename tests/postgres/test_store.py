"""Tables, guards, chains and plans on PostgreSQL: the same tests as on SQLite, and what only a server can show."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from tests.claims_support import delivering
from tests.journeys import test_claims
from tests.people import Council
from tests.postgres.server import Server
from tests.store import test_engine, test_history, test_migrations, test_query_plans, test_saving_guards
from tests.store.schema import GUARDED, busy, described, differences, models, refuses
from vfm_workflow.errors import DatabaseBehind
from vfm_workflow.store.engine import Database

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

SCENARIOS = [
    test_engine.test_an_old_database_is_refused_with_the_remedy,
    test_engine.test_a_database_of_a_newer_program_is_not_told_to_upgrade,
    test_engine.test_a_write_is_kept_as_a_whole_or_not_at_all,
    test_engine.test_what_a_reader_writes_is_not_kept,
    test_engine.test_a_reader_does_not_wait_for_a_writer,
    test_engine.test_a_moment_comes_back_as_it_was_and_a_naive_one_is_refused,
    test_engine.test_a_row_that_points_nowhere_is_refused,
    test_migrations.test_upgrading_twice_changes_nothing,
    test_migrations.test_rows_that_are_never_changed_cannot_be,
    test_migrations.test_what_cmt_agreed_of_a_measure_is_not_changed_or_taken_back,
    test_migrations.test_a_draft_figure_may_be_taken_back_before_cmt_has_agreed_it,
    test_migrations.test_a_baseline_without_a_decision_cannot_be,
    test_migrations.test_a_forecast_may_be_moved,
    test_saving_guards.test_a_claim_is_worth_something_and_has_its_evidence,
    test_saving_guards.test_a_claim_begins_as_evidenced_and_keeps_what_was_put,
    test_saving_guards.test_one_claim_of_a_line_and_quarter_is_open,
    test_saving_guards.test_nobody_verifies_what_they_evidenced,
    test_saving_guards.test_what_is_banked_stays_as_it_was_banked,
    test_saving_guards.test_no_more_goes_anywhere_than_was_banked,
    test_saving_guards.test_the_parts_together_are_no_more_than_was_banked,
    test_saving_guards.test_a_saving_is_claimed_where_it_is_counted,
    test_claims.test_the_registers_totals_count_each_saving_once,
    test_query_plans.test_the_scan_for_slips_walks_the_partial_indexes,
    test_query_plans.test_the_scan_finds_what_has_slipped_and_nothing_else,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda test: test.__name__.removeprefix("test_"))
def test_on_postgresql(scenario: Callable[[Council], None], council: Council) -> None:
    scenario(council)


def test_a_saving_goes_the_whole_way_on_postgresql(council: Council) -> None:
    test_claims.test_a_saving_goes_the_whole_way_and_its_history_is_sound(council, delivering(council))


def cases(test: Any) -> list[tuple[Any, ...]]:
    """Return the parameters that a test runs with on SQLite."""
    (mark,) = [mark for mark in test.pytestmark if mark.name == "parametrize"]
    return [case if isinstance(case, tuple) else (case,) for case in mark.args[1]]


@pytest.mark.parametrize(
    ("scenario", "case"),
    [
        pytest.param(test, case, id=f"{test.__name__.removeprefix('test_')}-{number}")
        for test in (
            test_migrations.test_a_baseline_set_by_hand_is_refused,
            test_migrations.test_a_value_that_cannot_be_is_refused_by_name,
            test_saving_guards.test_what_is_verified_says_what_became_of_quality,
        )
        for number, case in enumerate(cases(test))
    ],
)
def test_values_are_refused_on_postgresql(
    scenario: Callable[..., None], case: tuple[Any, ...], council: Council
) -> None:
    names = [name for name in inspect.signature(scenario).parameters if name != "council"]
    scenario(council, **dict(zip(names, case, strict=True)))


def test_the_migrations_equal_the_models(council: Council, server: Server) -> None:
    assert differences(council.app.database) == []
    migrated = described(council.app.database.engine)
    url = server.empty()
    for table, parts in models(url).items():
        assert migrated[table] == parts, table
    server.drop(url)


def test_a_new_database_is_upgraded_from_nothing(server: Server) -> None:
    url = server.empty()
    database = Database(url)
    assert database.is_empty()
    with pytest.raises(DatabaseBehind, match="at version none"):
        database.check()
    database.upgrade()
    database.check()
    database.close()
    server.drop(url)


def test_a_guarded_table_cannot_be_emptied_in_one_stroke(council: Council) -> None:
    busy(council)
    for table in GUARDED:
        assert f"{table} is append-only" in refuses(council, f"TRUNCATE {table} CASCADE")


def test_a_broken_chain_is_found_on_postgresql(council: Council) -> None:
    reference = busy(council)
    with council.app.database.engine.connect() as connection, connection.begin():
        connection.execute(text("ALTER TABLE history DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE history SET reason = 'Forged' WHERE seq = 3"))
    assert test_history.broken(council) == [(reference, 3, "row 3 was changed")]
