"""What is proven on SQLite holds on PostgreSQL: the same scenarios, run on it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys import (
    clockwork,
    test_board,
    test_clock,
    test_deliver,
    test_main_line,
    test_people_and_projects,
    test_races,
)
from tests.journeys import test_signin as test_sign_in
from tests.people import Council

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]


def scenarios(module: Any, *left_out: str) -> list[Any]:
    """Return the module's tests that need a council and nothing that is not here."""
    found = []
    for name, test in inspect.getmembers(module, inspect.isfunction):
        needs = set(inspect.signature(test).parameters)
        if name.startswith("test_") and name not in left_out and needs <= {"council", "asked", "reference"}:
            found.append(
                pytest.param(test, id=f"{module.__name__.rpartition('.')[2]}-{name.removeprefix('test_')}")
            )
    return found


MAIN = scenarios(test_main_line)
BOARD = scenarios(test_board)
CLOCK = [
    test_clock.test_a_return_is_announced_due_overdue_and_escalated_on_the_right_days,
    test_clock.test_a_return_waits_for_the_head_of_service_every_week_until_verified,
    test_clock.test_a_slip_past_the_tolerance_goes_to_cmt,
    test_clock.test_an_overdue_milestone_is_said_once_a_month,
    test_clock.test_a_verified_quarter_is_not_asked_for,
    test_clock.test_a_reminder_mints_a_new_link_and_revokes_the_old,
    test_clock.test_a_decision_past_its_deadline_is_said_to_the_manager_and_the_chair,
    test_clock.test_what_happened_on_a_day_is_said_in_the_next_mornings_digest,
    test_clock.test_a_return_of_half_a_year_ago_is_no_longer_chased,
]
"""Each schedule and each kind of statement once: the days themselves are counted without a database."""
DELIVER = scenarios(test_deliver)
RACES = scenarios(test_races)
PEOPLE = [*scenarios(test_people_and_projects), *scenarios(test_sign_in)]


def run(scenario: Callable[..., None], **known: object) -> None:
    scenario(**{name: known[name] for name in inspect.signature(scenario).parameters})


@pytest.mark.parametrize("scenario", [*MAIN, *RACES, *DELIVER, *PEOPLE])
def test_on_postgresql(scenario: Callable[..., None], council: Council) -> None:
    run(scenario, council=council)


def outline_asked(council: Council) -> str:
    """Return a project whose outline is before CMT."""
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    return reference


@pytest.mark.parametrize("scenario", BOARD)
def test_the_board_on_postgresql(scenario: Callable[..., None], council: Council) -> None:
    asked = outline_asked(council) if "asked" in inspect.signature(scenario).parameters else ""
    run(scenario, council=council, asked=asked)


@pytest.mark.parametrize("scenario", CLOCK, ids=lambda test: test.__name__.removeprefix("test_"))
def test_the_clock_on_postgresql(scenario: Callable[..., None], council: Council) -> None:
    needs = inspect.signature(scenario).parameters
    known: dict[str, object] = {"council": council}
    if "reference" in needs:
        known["reference"] = clockwork.running(council, test_clock.SEPTEMBER)
        clockwork.tick(council, test_clock.D(2026, 9, 2))
    if "asked" in needs:
        clockwork.at(council, test_clock.SEPTEMBER)
        asked = outline_asked(council)
        council.decide(asked, "chief", "approve")
        known["asked"] = asked
    run(scenario, **known)
