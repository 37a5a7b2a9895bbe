"""Every change of the clocks, leap day, bank holiday and year end from 2020 to 2035, each worked out here by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.domain.test_calendar import LONDON
from vfm_workflow.domain.calendar import month_end

YEARS = range(2020, 2036)
DAY = dt.timedelta(days=1)


def weekday(year: int, month: int, number: int) -> dt.date:
    """Return the first day of a month that is a weekday (Monday is 0)."""
    first = dt.date(year, month, 1)
    return first + DAY * ((number - first.weekday()) % 7)


def last(year: int, month: int, number: int) -> dt.date:
    """Return the last day of a month that is a weekday."""
    end = month_end(f"{year}-{month:02d}")
    return end - DAY * ((end.weekday() - number) % 7)


# ------------------------------------------------------------------ bank holidays

MOVED = {2020: {(5, 4): dt.date(2020, 5, 8)}, 2022: {(5, 30): dt.date(2022, 6, 2)}}
"""The day of victory in Europe, and the Platinum Jubilee, had a holiday moved to them."""
ADDED = {2022: [dt.date(2022, 6, 3), dt.date(2022, 9, 19)], 2023: [dt.date(2023, 5, 8)]}
"""The Jubilee, the late Queen's funeral and the coronation."""


def easter(year: int) -> dt.date:
    """Return Easter Sunday: the Sunday after the ecclesiastical full moon on or after 21 March."""
    golden = year % 19
    century = year // 100
    epact = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon = epact - (epact // 28) * (1 - (epact // 28) * (29 // (epact + 1)) * ((21 - golden) // 11))
    offset = moon - (year + year // 4 + moon + 2 - century + century // 4) % 7
    month = 3 + (offset + 40) // 44
    return dt.date(year, month, offset + 28 - 31 * (month // 4))


def bank_holidays(year: int) -> set[dt.date]:
    """Return England's bank holidays of a year, those at a weekend on the working day that stands in for them."""
    new_year, christmas = dt.date(year, 1, 1), dt.date(year, 12, 25)
    found = {easter(year) - 2 * DAY, easter(year) + DAY}
    found |= {weekday(year, 5, 0), last(year, 5, 0), last(year, 8, 0)}
    found = {MOVED.get(year, {}).get((day.month, day.day), day) for day in found} | set(ADDED.get(year, []))
    found.add(new_year + DAY * {5: 2, 6: 1}.get(new_year.weekday(), 0))
    # Saturday and Sunday give Monday and Tuesday; Sunday and Monday give the Tuesday beside the Monday
    found |= {christmas + DAY * n for n in {4: (0, 3), 5: (2, 3), 6: (1, 2)}.get(christmas.weekday(), (0, 1))}
    return found


@pytest.mark.parametrize("year", YEARS)
def test_the_council_is_closed_on_every_bank_holiday_and_weekend_and_open_on_every_other_day(
    year: int,
) -> None:
    holidays = bank_holidays(year)
    assert len(holidays) == 8 + len(ADDED.get(year, []))
    days = [
        dt.date(year, 1, 1) + DAY * n for n in range((dt.date(year, 12, 31) - dt.date(year, 1, 1)).days + 1)
    ]
    assert {day for day in days if not LONDON.is_working_day(day)} == holidays | {
        day for day in days if day.weekday() >= 5
    }


@pytest.mark.parametrize("year", YEARS)
def test_what_falls_on_a_bank_holiday_goes_to_the_next_working_day(year: int) -> None:
    for day in bank_holidays(year):
        following = LONDON.next_working_day(day)
        assert following > day
        assert all(not LONDON.is_working_day(day + DAY * n) for n in range((following - day).days))
        assert LONDON.local(LONDON.business_moment(LONDON.moment(day, "10:00"))).date() == following


# ------------------------------------------------------------------ changes of the clocks


CHANGES = [change for year in YEARS for change in ((last(year, 3, 6), 23), (last(year, 10, 6), 25))]
"""The Sunday and its hours of each change of the clocks: forward in March, back in October."""


@pytest.mark.parametrize(("sunday", "hours"), CHANGES)
def test_a_day_on_which_the_clocks_change_has_an_hour_less_or_more_and_loses_no_moment(
    sunday: dt.date, hours: int
) -> None:
    start, end = LONDON.moment(sunday, "00:00"), LONDON.moment(sunday + DAY, "00:00")
    assert end - start == dt.timedelta(hours=hours)
    assert LONDON.moment(sunday, "00:00") - LONDON.moment(sunday - DAY, "00:00") == DAY
    for minutes in range(0, hours * 60, 15):
        at = start + dt.timedelta(minutes=minutes)
        assert LONDON.today(at) == sunday
        assert LONDON.local(LONDON.business_moment(at)) == LONDON.local(
            LONDON.moment(monday(sunday), "08:00")
        )


def monday(sunday: dt.date) -> dt.date:
    """Return the first working day after a Sunday: Easter Monday may be the one after a change."""
    return LONDON.next_working_day(sunday + DAY)


@pytest.mark.parametrize(("sunday", "hours"), CHANGES)
def test_the_mornings_around_a_change_are_the_councils_own_and_a_deadline_keeps_its_hour(
    sunday: dt.date, hours: int
) -> None:
    summer_before = hours == 25
    friday, after = sunday - 2 * DAY, monday(sunday)
    assert LONDON.moment(friday, "07:30").hour == (6 if summer_before else 7)
    assert LONDON.moment(after, "07:30").hour == (7 if summer_before else 6)
    deadline = LONDON.deadline(LONDON.moment(friday, "10:00"), 3)
    assert LONDON.local(deadline).strftime("%H:%M") == "18:00"


@pytest.mark.parametrize(("sunday", "hours"), CHANGES)
def test_a_time_that_is_skipped_or_comes_twice_is_one_moment(sunday: dt.date, hours: int) -> None:
    moments = [LONDON.moment(sunday, dt.time(hour, minute)) for hour in range(24) for minute in (0, 30)]
    skipped = 2 if hours == 23 else 0
    assert len(set(moments)) == 48 - skipped, "01:00 and 02:00 of the short day are one moment"
    if hours == 25:
        assert moments == sorted(moments)
        assert LONDON.moment(sunday, "02:00") - LONDON.moment(sunday, "01:30") == dt.timedelta(minutes=90)


# ------------------------------------------------------------------ leap days and year ends


@pytest.mark.parametrize("year", YEARS)
def test_february_has_its_days_and_the_return_for_it_is_due_in_march(year: int) -> None:
    leap = year % 4 == 0
    assert month_end(f"{year}-02").day == (29 if leap else 28)
    due = LONDON.return_due(f"{year}-02")
    assert LONDON.working_days_between(month_end(f"{year}-02"), due) == 5
    assert due.month == 3
    if leap:
        day = dt.date(year, 2, 29)
        worked = LONDON.working_days_between(day - DAY, day)
        assert worked == (1 if LONDON.is_working_day(day) else 0)
        assert LONDON.quarter(day) == f"{year - 1}-Q4"
        assert LONDON.day_of_year(year, "02-29") == day
    else:
        assert LONDON.day_of_year(year, "02-29") == dt.date(year, 2, 28)


@pytest.mark.parametrize("year", YEARS)
def test_at_a_year_end_december_is_due_in_january_and_the_third_quarter_goes_on(year: int) -> None:
    silvester, new_year = dt.date(year, 12, 31), dt.date(year + 1, 1, 1)
    assert LONDON.month_before(new_year) == f"{year}-12"
    assert LONDON.quarter_before(new_year) == f"{year}-Q3"
    assert LONDON.quarter(silvester) == f"{year}-Q3"
    assert LONDON.quarter(new_year) == f"{year}-Q4"
    due = LONDON.return_due(f"{year}-12")
    assert due.year == year + 1
    assert LONDON.working_days_between(silvester, due) == 5
    assert not LONDON.is_working_day(new_year)
    worked = sum(LONDON.is_working_day(dt.date(year, 12, day)) for day in range(1, 32))
    assert LONDON.nth_working_day(year, 12, worked) == LONDON.nth_working_day(year, 12, -1) <= silvester


@pytest.mark.parametrize("year", YEARS)
def test_a_financial_year_ends_in_march_and_its_last_quarter_is_released_in_the_next(year: int) -> None:
    assert LONDON.financial_year(dt.date(year, 3, 31)) == year - 1
    assert LONDON.financial_year(dt.date(year, 4, 1)) == year
    assert LONDON.day_of_year(year, "financial_year_ends") == dt.date(year, 3, 31)
    assert LONDON.day_of_year(year, "financial_year_starts") == dt.date(year, 4, 1)
    for months in (1, 2):
        released = LONDON.released_on(f"{year - 1}-Q4", months)
        assert LONDON.is_working_day(released)
        assert released >= month_end(f"{year}-{3 + months:02d}")
