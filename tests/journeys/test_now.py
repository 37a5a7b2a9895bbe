"""What the clock knows of a council at one moment."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.journeys.clockwork import at, running
from tests.people import Council
from vfm_workflow.journeys.now import Now

D = dt.date


def expected(council: Council, day: D) -> list[str]:
    """Return the months of which returns are expected on a day."""
    with council.app.read() as session:
        return [month for _, month in Now(session, council.home, at(council, day)).expected_returns]


def test_a_project_that_moved_of_late_stood_before_where_its_last_move_until_then_had_led(
    council: Council,
) -> None:
    """Only the newest moves are read; the months before the first of them are the last earlier one's."""
    reference = running(council, D(2026, 3, 2))
    before = ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11"]
    assert expected(council, D(2026, 12, 3)) == before, "it has not moved for long"
    at(council, D(2026, 11, 10))
    council.do(reference, "hold", "head", reason="An election")
    assert expected(council, D(2026, 12, 3)) == before[:-1], "at the end of November it was on hold"
    at(council, D(2026, 12, 1))
    council.do(reference, "resume", "head")
    assert expected(council, D(2027, 1, 5)) == [*before[1:-1], "2026-12"]


@pytest.mark.parametrize("months", [1, 3])
def test_a_project_begun_of_late_stood_nowhere_before(council: Council, months: int) -> None:
    running(council, D(2026, 12 - months, 2))
    assert expected(council, D(2026, 12, 3)) == [f"2026-{month:02d}" for month in range(12 - months, 12)]
