"""Working days, months, quarters and releases, in Europe/London with England's bank holidays."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.documents import Document, parse_yaml, validate
from vfm_workflow.domain.calendar import (
    Calendar,
    CalendarRules,
    day_name,
    month_after,
    month_end,
    month_name,
    quarter_name,
    short_day,
    year_name,
)
from vfm_workflow.errors import ConfigError
from vfm_workflow.folders import shipped

FILE = "config/calendar.yaml"
TEXT = (shipped() / FILE).read_text(encoding="utf-8")
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31))
EPOCH = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
MOMENTS = st.timedeltas(dt.timedelta(), dt.timedelta(days=7_300)).map(lambda passed: EPOCH + passed)


def rules(text: str = TEXT) -> Calendar:
    return Calendar(validate(CalendarRules, parse_yaml(text, FILE)))


LONDON = rules()


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]  # a datetime's own parts, in order


# ------------------------------------------------------------------ working days


@pytest.mark.parametrize(
    "day",
    [
        dt.date(2026, 1, 1),
        dt.date(2026, 4, 3),  # Good Friday
        dt.date(2026, 4, 6),  # Easter Monday
        dt.date(2026, 5, 4),
        dt.date(2026, 5, 25),
        dt.date(2026, 8, 31),
        dt.date(2026, 12, 25),
        dt.date(2026, 12, 28),  # Boxing Day falls on a Saturday, so the Monday is closed
        dt.date(2022, 9, 19),  # proclaimed for one year only
    ],
)
def test_the_council_does_not_work_on_englands_bank_holidays(day: dt.date) -> None:
    assert day.weekday() < 5
    assert not LONDON.is_working_day(day)


def test_scotland_works_on_easter_monday_and_not_on_the_second_of_january() -> None:
    scotland = rules(TEXT.replace("subdivision: ENG", "subdivision: SCT"))
    assert scotland.is_working_day(dt.date(2026, 4, 6))
    assert not scotland.is_working_day(dt.date(2026, 1, 2))
    assert LONDON.is_working_day(dt.date(2026, 1, 2))


def test_the_councils_own_closing_days_are_no_working_days() -> None:
    closed = rules(TEXT.replace("also_closed: []", "also_closed: [2026-12-29]"))
    assert LONDON.is_working_day(dt.date(2026, 12, 29))
    assert not closed.is_working_day(dt.date(2026, 12, 29))
    assert closed.add_working_days(dt.date(2026, 12, 24), 1) == dt.date(2026, 12, 30)


def test_the_fifth_working_day_waits_for_a_bank_holiday() -> None:
    assert LONDON.nth_working_day(2026, 11, 5) == dt.date(2026, 11, 6)
    assert LONDON.nth_working_day(2026, 5, 5) == dt.date(2026, 5, 8)  # 4 May is a bank holiday
    assert LONDON.nth_working_day(2026, 4, 1) == dt.date(2026, 4, 1)
    assert LONDON.nth_working_day(2026, 4, 3) == dt.date(2026, 4, 7)  # over Easter
    assert LONDON.nth_working_day(2027, 1, 5) == dt.date(2027, 1, 8)


def test_working_days_are_counted_over_christmas_in_both_directions() -> None:
    assert LONDON.add_working_days(dt.date(2026, 12, 24), 1) == dt.date(2026, 12, 29)
    assert LONDON.add_working_days(dt.date(2026, 12, 29), -1) == dt.date(2026, 12, 24)
    assert LONDON.add_working_days(dt.date(2026, 12, 26), 0) == dt.date(2026, 12, 29)


@given(DAYS, DAYS)
def test_working_days_between_is_what_one_would_count_on_a_wall_calendar(a: dt.date, b: dt.date) -> None:
    b = min(max(b, a - dt.timedelta(days=900)), a + dt.timedelta(days=900))
    start, end = min(a, b), max(a, b)
    days = [start + dt.timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert LONDON.working_days_between(start, end) == sum(LONDON.is_working_day(day) for day in days)
    assert LONDON.working_days_between(end, start) == -LONDON.working_days_between(start, end)


@given(DAYS, st.integers(-60, 60).filter(bool))
def test_adding_working_days_lands_on_one_and_counts_back(day: dt.date, count: int) -> None:
    landed = LONDON.add_working_days(day, count)
    assert LONDON.is_working_day(landed)
    counted = LONDON.working_days_between(day, landed)
    # backwards from a day off, the first step is already a working day that the count includes
    assert counted == count or (count < 0 and not LONDON.is_working_day(day) and counted == count + 1)


# ------------------------------------------------------------------ months, quarters, years


@pytest.mark.parametrize(
    ("period", "due"),
    [("2026-10", dt.date(2026, 11, 6)), ("2026-12", dt.date(2027, 1, 8)), ("2026-03", dt.date(2026, 4, 9))],
)
def test_a_months_return_is_due_on_the_fifth_working_day_of_the_next(period: str, due: dt.date) -> None:
    assert LONDON.return_due(period) == due


def test_a_month_knows_its_end_in_a_leap_year_and_its_neighbours() -> None:
    assert month_end("2028-02") == dt.date(2028, 2, 29)
    assert month_end("2027-02") == dt.date(2027, 2, 28)
    assert month_end("2100-02") == dt.date(2100, 2, 28)
    assert month_after("2026-12") == "2027-01"
    assert LONDON.month_before(dt.date(2028, 3, 1)) == "2028-02"
    assert LONDON.month_before(dt.date(2028, 2, 29)) == "2028-01"


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "26-10", "October", "2026-10-01", "", "2026-1"])
def test_what_is_no_month_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is no month: write it as 2026-10"):
        month_end(text)


@pytest.mark.parametrize(
    ("day", "quarter", "year"),
    [
        (dt.date(2026, 4, 1), "2026-Q1", 2026),
        (dt.date(2026, 9, 30), "2026-Q2", 2026),
        (dt.date(2026, 12, 31), "2026-Q3", 2026),
        (dt.date(2027, 1, 1), "2026-Q4", 2026),
        (dt.date(2027, 3, 31), "2026-Q4", 2026),
        (dt.date(2027, 4, 1), "2027-Q1", 2027),
    ],
)
def test_a_quarter_belongs_to_the_financial_year_that_began_in_april(
    day: dt.date, quarter: str, year: int
) -> None:
    assert LONDON.quarter(day) == quarter
    assert LONDON.financial_year(day) == year


@given(st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31)))
def test_every_day_lies_in_one_of_its_quarters_months(day: dt.date) -> None:
    quarter = LONDON.quarter(day)
    assert f"{day:%Y-%m}" in LONDON.quarter_months(quarter)
    assert LONDON.quarter_before(day) < quarter
    ended = month_end(LONDON.quarter_months(LONDON.quarter_before(day))[2])
    assert ended < day <= month_end(LONDON.quarter_months(quarter)[2])


def test_quarter_two_is_released_on_2_november_to_portfolio_holders_and_on_30_november_to_cabinet() -> None:
    release = LONDON.rules.release
    assert LONDON.released_on("2026-Q2", release.portfolio_holder) == dt.date(
        2026, 11, 2
    )  # 31 October is a Saturday
    assert LONDON.released_on("2026-Q2", release.cabinet) == dt.date(2026, 11, 30)
    assert LONDON.released_on("2026-Q3", release.cabinet) == dt.date(2027, 3, 1)  # 28 February is a Sunday


def test_a_quarter_must_be_verified_by_the_tenth_working_day_after_it() -> None:
    assert LONDON.quarter_due("2026-Q2") == dt.date(2026, 10, 14)
    assert LONDON.quarter_due("2026-Q3") == dt.date(2027, 1, 15)


@pytest.mark.parametrize("text", ["2026-Q5", "2026-Q0", "Q2", "2026", "2026-Q", "2026-q2", "-Q1"])
def test_what_is_no_quarter_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is no quarter: write it as 2026-Q2"):
        LONDON.quarter_months(text)


def test_dates_are_written_as_people_write_them() -> None:
    day = dt.date(2026, 11, 6)
    assert (day_name(day), short_day(day)) == ("Friday 6 November 2026", "6 November 2026")
    assert (month_name("2026-10"), quarter_name("2026-Q2")) == ("October 2026", "Q2 2026/27")
    assert (year_name(2026), year_name(2099)) == ("2026/27", "2099/00")


# ------------------------------------------------------------------ moments


def test_a_time_of_day_is_the_councils_in_summer_and_in_winter() -> None:
    assert LONDON.moment(dt.date(2026, 7, 1), "07:30") == utc(2026, 7, 1, 6, 30)
    assert LONDON.moment(dt.date(2026, 12, 1), "07:30") == utc(2026, 12, 1, 7, 30)
    assert LONDON.today(utc(2026, 6, 30, 23, 30)) == dt.date(2026, 7, 1)


def test_the_hour_that_happens_twice_in_october_means_the_first() -> None:
    assert LONDON.moment(dt.date(2026, 10, 25), "01:30") == utc(2026, 10, 25, 0, 30)
    assert LONDON.moment(dt.date(2026, 10, 25), "02:30") == utc(2026, 10, 25, 2, 30)


def test_the_hour_that_is_skipped_in_march_means_the_one_after() -> None:
    moment = LONDON.moment(dt.date(2026, 3, 29), "01:30")
    assert LONDON.local(moment).strftime("%H:%M") == "02:30"


@pytest.mark.parametrize(
    ("at", "leaves"),
    [
        (utc(2026, 11, 23, 10, 0), utc(2026, 11, 23, 10, 0)),  # within hours: at once
        (utc(2026, 11, 23, 5, 0), utc(2026, 11, 23, 8, 0)),  # early: at eight
        (utc(2026, 11, 23, 18, 0), utc(2026, 11, 24, 8, 0)),  # at six it is over
        (utc(2026, 11, 27, 18, 30), utc(2026, 11, 30, 8, 0)),  # Friday evening: Monday
        (utc(2026, 12, 24, 20, 0), utc(2026, 12, 29, 8, 0)),  # Christmas Eve
        (utc(2026, 3, 27, 18, 0), utc(2026, 3, 30, 7, 0)),  # over the change to summer time
        (utc(2026, 10, 23, 17, 0), utc(2026, 10, 26, 8, 0)),  # over the change back
    ],
)
def test_decision_mail_leaves_in_working_hours(at: dt.datetime, leaves: dt.datetime) -> None:
    assert LONDON.business_moment(at) == leaves


@given(MOMENTS)
def test_the_business_moment_is_never_earlier_always_in_hours_and_its_own(at: dt.datetime) -> None:
    moment = LONDON.business_moment(at)
    local = LONDON.local(moment)
    assert moment >= at
    assert LONDON.is_working_day(local.date())
    assert dt.time(8) <= local.time() < dt.time(18)
    assert LONDON.business_moment(moment) == moment


def test_a_deadline_is_the_end_of_the_fifth_working_day() -> None:
    assert LONDON.deadline(utc(2026, 11, 23, 10, 0), 5) == utc(2026, 11, 30, 18, 0)
    assert LONDON.deadline(utc(2026, 11, 28, 10, 0), 5) == utc(2026, 12, 7, 18, 0)  # asked on a Saturday
    assert LONDON.deadline(utc(2026, 3, 25, 10, 0), 5) == utc(2026, 4, 1, 17, 0)  # six o'clock in summer


# ------------------------------------------------------------------ the file


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("subdivision: ENG", "subdivision: CORNWALL", "use one of ENG, WLS, SCT, NIR"),
        ("Europe/London", "Europe/Wrenfold", "no time zone"),
        ('"04-01"', '"02-30"', "no such day"),
        ('"04-01"', '"04-06"', "first of a month"),
        ('"07:30"', '"27:30"', "no such time"),
        ('"08:00", to: "18:00"', '"18:00", to: "08:00"', "must be earlier"),
        ('"08:00", to: "18:00"', '"8am", to: "18:00"', "hours:minutes"),
        ('"09-01", to: "11-30"', '"09-01", to: "11-31"', "no such day"),
        ("also_closed: []", "also_closed: [2026-02-30]", "2026-02-30"),
        ('due: "06-30"', 'due: "06-31"', "there is no such day; write month-day, such as 06-30"),
        ('due: "06-30"', 'due: "30 June"', "efficiency_statement_due"),
        ("snooze_working_days: 20", "snooze_working_days: 0", "greater than or equal to 1"),
        ("snooze_working_days: 20", "snooze_working_days: 61", "less than or equal to 60"),
        ("due_working_day: 5 ", "due_working_day: 0 ", "greater than or equal to 1"),
        ("  cabinet: 2", "  kabinet: 2", "not known here"),
        ("country: GB", "country: Atlantis", "no country of that code"),
    ],
)
def test_a_bad_rule_is_named_with_its_line(old: str, new: str, said: str) -> None:
    text = TEXT.replace(old, new)
    assert text != TEXT
    with pytest.raises(ConfigError, match=said) as error:
        rules(text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if new in row)
    assert line in {problem.line for problem in error.value.problems}


def test_a_time_zone_of_another_country_moves_the_day() -> None:
    data: dict[str, Any] = {**parse_yaml(TEXT, FILE).data, "time_zone": "Pacific/Auckland"}
    calendar = Calendar(validate(CalendarRules, Document(FILE, data)))
    assert calendar.today(utc(2026, 11, 23, 12, 0)) == dt.date(2026, 11, 24)
