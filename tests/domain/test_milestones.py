"""Slippage is counted from the date CMT agreed, in calendar and in working days."""

from __future__ import annotations

import dataclasses
import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_requirements import AHEAD, HOME, MILESTONE
from vfm_workflow.domain.milestones import Slippage, slippage, worst

CALENDAR = HOME.calendar
AGREED = dt.date(2026, 7, 1)  # a Wednesday
TODAY = dt.date(2026, 6, 1)
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2030, 12, 31))


def slip(forecast: dt.date, *, done: dt.date | None = None, today: dt.date = TODAY) -> Slippage:
    return slippage(AGREED, forecast, done, today, CALENDAR)


def test_a_forecast_on_the_agreed_date_has_not_slipped() -> None:
    assert slip(AGREED) == Slippage(0, 0, overdue=False)
    assert not slip(AGREED).slipped


def test_a_forecast_before_it_is_not_a_negative_slip() -> None:
    assert slip(dt.date(2026, 6, 20)) == Slippage(0, 0, overdue=False)


def test_a_later_forecast_is_counted_in_calendar_and_in_working_days() -> None:
    assert slip(dt.date(2026, 7, 13)) == Slippage(12, 8, overdue=False)
    assert slip(dt.date(2026, 7, 4)).working_days == 2  # Thursday and Friday: a Saturday is no working day


def test_a_slip_over_christmas_is_long_in_days_and_short_in_working_days() -> None:
    found = slippage(dt.date(2026, 12, 24), dt.date(2026, 12, 29), None, TODAY, CALENDAR)
    assert (found.calendar_days, found.working_days) == (5, 1)


def test_a_milestone_whose_forecast_has_passed_slips_with_every_day() -> None:
    found = slip(AGREED, today=dt.date(2026, 7, 3))
    assert found == Slippage(2, 2, overdue=True)
    assert slip(AGREED, today=AGREED).overdue is False, "its own day is not late yet"


def test_a_milestone_that_is_done_slipped_by_the_day_it_was_done_and_is_never_overdue() -> None:
    assert slip(AGREED, done=dt.date(2026, 7, 3), today=dt.date(2026, 9, 1)) == Slippage(2, 2, overdue=False)
    assert slip(dt.date(2026, 8, 1), done=dt.date(2026, 6, 30)) == Slippage(0, 0, overdue=False)


def test_where_nothing_was_agreed_nothing_slipped() -> None:
    assert slippage(None, dt.date(2026, 9, 1), None, TODAY, CALENDAR) == Slippage(0, 0, overdue=False)
    assert slippage(None, dt.date(2026, 5, 1), None, TODAY, CALENDAR).overdue


def test_the_worst_of_a_project_is_its_longest_slip_among_those_still_open() -> None:
    late = dataclasses.replace(AHEAD, forecast=dt.date(2026, 7, 8))
    later = dataclasses.replace(AHEAD, id=3, forecast=dt.date(2026, 8, 3))
    done_late = dataclasses.replace(MILESTONE, done_on=dt.date(2027, 1, 1))
    assert worst([late, later, done_late], TODAY, CALENDAR).calendar_days == 33
    assert worst([done_late], TODAY, CALENDAR) == Slippage(0, 0, overdue=False)


@given(DAYS, DAYS, st.none() | DAYS, DAYS)
def test_a_slip_is_never_negative_and_working_days_never_exceed_calendar_days(
    baseline: dt.date, forecast: dt.date, done: dt.date | None, today: dt.date
) -> None:
    found = slippage(baseline, forecast, done, today, CALENDAR)
    assert 0 <= found.working_days <= found.calendar_days
    assert found.slipped == (found.calendar_days > 0)
    assert found.overdue == (done is None and forecast < today)


@given(DAYS, DAYS, DAYS)
def test_while_it_is_not_done_a_slip_never_shrinks_by_waiting(
    baseline: dt.date, forecast: dt.date, today: dt.date
) -> None:
    now = slippage(baseline, forecast, None, today, CALENDAR)
    tomorrow = slippage(baseline, forecast, None, today + dt.timedelta(days=1), CALENDAR)
    assert tomorrow.calendar_days >= now.calendar_days
