"""When a scheduled notice is due, and under which key it is said once."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_requirements import HOME
from vfm_workflow.domain.notices import When
from vfm_workflow.domain.occasions import occasion, slip_key

CALENDAR = HOME.calendar
DUE = dt.date(2026, 11, 6)  # October's return: a Friday


def key(when: When, today: dt.date, due: dt.date = DUE) -> str | None:
    return occasion(when, "2026-10", due, today, CALENDAR)


def when(working_days: int | None = None, then_every: int | None = None) -> When:
    return When(what="return_not_submitted", working_days=working_days, then_every=then_every)


def said(rule: When, start: dt.date, days: int) -> dict[str, dt.date]:
    """Return each key with the first day on which a clock that ticks daily would say it."""
    found: dict[str, dt.date] = {}
    for offset in range(days):
        today = start + dt.timedelta(days=offset)
        if CALENDAR.is_working_day(today) and (now := key(rule, today)) is not None:
            found.setdefault(now, today)
    return found


@pytest.mark.parametrize(
    ("rule", "day"),
    [
        (when(-3), dt.date(2026, 11, 3)),
        (when(0), dt.date(2026, 11, 6)),
        (when(1), dt.date(2026, 11, 9)),
        (when(3), dt.date(2026, 11, 11)),
    ],
)
def test_it_is_due_so_many_working_days_before_or_after(rule: When, day: dt.date) -> None:
    assert said(rule, dt.date(2026, 10, 1), 90) == {"2026-10": day}


def test_a_warning_ahead_that_was_missed_is_not_given_late() -> None:
    assert key(when(-3), dt.date(2026, 11, 5)) == "2026-10"
    assert key(when(-3), DUE) is None


def test_due_today_is_not_said_on_another_day() -> None:
    assert key(when(0), dt.date(2026, 11, 5)) is None
    assert key(when(0), dt.date(2026, 11, 9)) is None


def test_what_is_due_on_a_day_off_is_said_on_the_next_working_day() -> None:
    saturday = dt.date(2026, 11, 7)
    assert key(when(0), dt.date(2026, 11, 9), saturday) == "2026-10"
    assert key(when(0), dt.date(2026, 11, 10), saturday) is None


def test_it_is_said_again_every_five_working_days_while_it_is_still_so() -> None:
    assert said(when(1, 5), dt.date(2026, 11, 1), 30) == {
        "2026-10": dt.date(2026, 11, 9),
        "2026-10+1": dt.date(2026, 11, 16),
        "2026-10+2": dt.date(2026, 11, 23),
        "2026-10+3": dt.date(2026, 11, 30),
    }


def test_rounds_missed_while_nothing_ran_fold_into_the_newest() -> None:
    assert key(when(1, 5), dt.date(2026, 11, 30)) == "2026-10+3"
    assert key(when(1, 5), dt.date(2026, 12, 3)) == "2026-10+3"


def test_without_a_day_of_its_own_the_first_round_waits_one_round() -> None:
    rule = When(what="condition_open", then_every=20)
    assert key(rule, CALENDAR.add_working_days(DUE, 19)) is None
    assert key(rule, CALENDAR.add_working_days(DUE, 20)) == "2026-10"
    assert key(rule, CALENDAR.add_working_days(DUE, 40)) == "2026-10+1"


@given(
    st.integers(-20, 20),
    st.none() | st.integers(1, 30),
    st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31)),
    st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31)),
)
def test_it_is_never_said_early_and_its_rounds_only_grow(
    days: int, every: int | None, due: dt.date, today: dt.date
) -> None:
    rule = when(days, every if days >= 0 else None)
    found = key(rule, today, due)
    if found is None:
        return
    assert today >= CALENDAR.add_working_days(due, days)
    later = key(rule, today + dt.timedelta(days=1), due)
    if rule.then_every is not None:
        number = int(found.partition("+")[2] or 0)
        assert later is not None
        assert int(later.partition("+")[2] or 0) - number in (0, 1)


def test_a_slip_is_said_once_for_each_forecast_and_once_a_month_while_overdue() -> None:
    forecast, today = dt.date(2026, 11, 6), dt.date(2026, 10, 1)
    assert slip_key(forecast, False, today) == "2026-11-06"
    assert slip_key(forecast, False, dt.date(2026, 11, 1)) == "2026-11-06"
    assert slip_key(forecast, True, dt.date(2026, 11, 9)) == "overdue-2026-11"
    assert slip_key(forecast, True, dt.date(2026, 12, 1)) == "overdue-2026-12"
