"""What comes round by the calendar: each round once, under its period's key, late but not for ever."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_calendar import LONDON
from vfm_workflow.domain.notices import DATES, When
from vfm_workflow.domain.occasions import recurrence

D = dt.date
DAY = dt.timedelta(days=1)


def when(**keys: Any) -> When:
    return When(**keys)


def said(rule: When, start: dt.date, days: int) -> dict[str, dt.date]:
    """Return each key with the first working day on which a clock that ticks daily would say it."""
    found: dict[str, dt.date] = {}
    for today in (start + DAY * n for n in range(days)):
        if LONDON.is_working_day(today) and (now := recurrence(rule, today, LONDON)) is not None:
            found.setdefault(now.key, today)
    return found


def test_a_month_comes_round_on_a_day_of_it_or_the_working_day_after() -> None:
    assert said(when(what="every_month", day=15), D(2026, 10, 20), 100) == {
        "2026-10": D(2026, 10, 20),  # the one that is under way when the clock begins
        "2026-11": D(2026, 11, 16),  # the 15th is a Sunday
        "2026-12": D(2026, 12, 15),
        "2027-01": D(2027, 1, 15),
    }


def test_a_month_without_a_31st_ends_earlier_and_february_may_have_29_days() -> None:
    rule = when(what="every_month", day=31)
    days = {key: recurrence(rule, day, LONDON) for key, day in said(rule, D(2027, 12, 1), 160).items()}
    assert {key: found.day for key, found in days.items() if found} == {
        "2027-11": D(2027, 11, 30),
        "2027-12": D(2027, 12, 31),
        "2028-01": D(2028, 1, 31),
        "2028-02": D(2028, 2, 29),
        "2028-03": D(2028, 3, 31),
        "2028-04": D(2028, 5, 2),  # the 30th is a Sunday, and then it is the bank holiday of May
    }


def test_a_working_day_counts_from_either_end_of_the_month() -> None:
    assert said(when(what="every_month", working_day=8), D(2026, 11, 1), 60)["2026-12"] == D(2026, 12, 10)
    assert said(when(what="every_month", working_day=-1), D(2026, 12, 1), 40)["2026-12"] == D(2026, 12, 31)


def test_a_quarter_comes_round_in_the_month_that_is_named() -> None:
    found = said(when(what="every_quarter", month=1, working_day=12), D(2026, 9, 30), 370)
    assert found == {
        "2026-Q2": D(2026, 9, 30),
        "2026-Q3": D(2026, 10, 16),
        "2026-Q4": D(2027, 1, 19),
        "2027-Q1": D(2027, 4, 16),
        "2027-Q2": D(2027, 7, 16),
    }
    now = recurrence(when(what="every_quarter", day=1), D(2026, 10, 16), LONDON)
    assert now is not None
    assert (now.period, now.before) == ("Q3 2026/27", "Q2 2026/27")


def test_a_year_comes_round_on_a_day_or_on_one_that_the_calendar_names() -> None:
    season = when(what="every_year", date="budget_season_opens", late_working_days=40)
    assert said(season, D(2026, 1, 1), 730) == {"2026/27": D(2026, 9, 1), "2027/28": D(2027, 9, 1)}
    ahead = when(what="every_year", date="efficiency_statement_due", working_days=-20)
    assert said(ahead, D(2026, 1, 1), 365) == {"2026/27": D(2026, 6, 2)}
    ends = when(what="every_year", date="financial_year_ends", late_working_days=0)
    assert said(ends, D(2026, 1, 1), 730) == {"2025/26": D(2026, 3, 31), "2026/27": D(2027, 3, 31)}
    leap = when(what="every_year", date="02-29", late_working_days=0)
    assert said(leap, D(2027, 1, 1), 430) == {"2026/27": D(2027, 3, 1), "2027/28": D(2028, 2, 29)}


def test_what_was_missed_is_said_late_until_the_next_comes_or_for_as_long_as_it_may() -> None:
    month = when(what="every_month", day=1)
    assert said(month, D(2026, 11, 27), 6) == {"2026-11": D(2026, 11, 27), "2026-12": D(2026, 12, 1)}
    short = when(what="every_month", day=1, late_working_days=5)
    assert recurrence(short, D(2026, 11, 9), LONDON) is not None
    assert recurrence(short, D(2026, 11, 10), LONDON) is None


def test_a_warning_ahead_is_given_on_a_later_day_but_not_from_the_day_itself() -> None:
    rule = when(what="every_year", date="06-30", working_days=-20)
    assert recurrence(rule, D(2026, 6, 1), LONDON) is None
    assert recurrence(rule, D(2026, 6, 29), LONDON) is not None
    assert recurrence(rule, D(2026, 6, 30), LONDON) is None


def test_it_may_be_said_again_every_so_many_working_days() -> None:
    rule = when(what="every_year", date="09-01", then_every=20, late_working_days=45)
    assert said(rule, D(2026, 8, 1), 120) == {
        "2026/27": D(2026, 9, 1), "2026/27+1": D(2026, 9, 29), "2026/27+2": D(2026, 10, 27),
    }  # fmt: skip


RULES = st.one_of(
    st.builds(
        lambda d, w: when(what="every_month", day=d, working_days=w), st.integers(1, 31), st.integers(-20, 60)
    ),
    st.builds(
        lambda d, w: when(what="every_month", working_day=d, working_days=w),
        st.integers(-15, 20).filter(bool),
        st.integers(-20, 60),
    ),
    st.builds(
        lambda m, d, w: when(what="every_quarter", month=m, day=d, working_days=w),
        st.integers(1, 3),
        st.integers(1, 31),
        st.integers(-60, 60),
    ),
    st.builds(
        lambda d, w: when(what="every_year", date=d, working_days=w),
        st.sampled_from([*DATES, "02-29", "12-31", "01-01", "04-01"]),
        st.integers(-60, 60),
    ),
)


@given(RULES, st.dates(D(2020, 1, 1), D(2035, 12, 31)))
def test_a_round_is_never_early_and_the_next_day_has_the_same_or_a_later_one(
    rule: When, today: dt.date
) -> None:
    found = recurrence(rule, today, LONDON)
    if found is None:
        assert (rule.working_days or 0) < 0, "what is not given ahead always has a newest round"
        return
    assert LONDON.add_working_days(found.day, rule.working_days or 0) <= today
    assert LONDON.is_working_day(found.day)
    later = recurrence(rule, today + DAY, LONDON)
    assert later is None or later.key >= found.key


@pytest.mark.parametrize(
    "rule",
    [
        when(what="every_month", day=31),
        when(what="every_month", working_day=1),
        when(what="every_quarter", month=3, working_day=-1),
        when(what="every_year", date="04-01"),
    ],
)
def test_over_sixteen_years_each_period_comes_round_once(rule: When) -> None:
    keys: list[str] = []
    for today in (D(2020, 1, 1) + DAY * n for n in range(365 * 16 + 4)):
        found = recurrence(rule, today, LONDON)
        assert found is not None
        if not keys or keys[-1] != found.key:
            keys.append(found.key)
    assert len(keys) == len(set(keys))
    many = {"every_month": 12 * 16, "every_quarter": 4 * 16, "every_year": 16}[rule.what]
    assert len(keys) - many in (0, 1), "and perhaps the one that was under way on the first day"
