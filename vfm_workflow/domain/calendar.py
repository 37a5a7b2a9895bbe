"""Working days, months, quarters and what is due when (`config/calendar.yaml`, design §5).

Dates are local to the council; moments are UTC. Nothing here reads a clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from vfm_workflow.documents import Strict

if TYPE_CHECKING:
    import holidays

SUBDIVISIONS = ("ENG", "WLS", "SCT", "NIR")
MonthDay = str


class WorkingDays(Strict):
    """Which days the council works."""

    country: str = "GB"
    subdivision: str = "ENG"
    also_closed: tuple[dt.date, ...] = ()

    @field_validator("country")
    @classmethod
    def _one_country(cls, value: str) -> str:
        if value != "GB":
            raise ValueError("there is no country of that code here; use GB, and its subdivision")
        return value

    @field_validator("subdivision")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in SUBDIVISIONS:
            raise ValueError(f"use one of {', '.join(SUBDIVISIONS)}")
        return value


class DueOn(Strict):
    """Due on the nth working day after a period ends."""

    due_working_day: int = Field(ge=1, le=20)


class Release(Strict):
    """Months after a quarter's end at which a group may see its figures (strategy §6.2)."""

    portfolio_holder: int = Field(ge=0, le=12)
    cabinet: int = Field(ge=0, le=12)


class Span(Strict):
    """From one day of the year, or time of the day, to another."""

    from_: str = Field(alias="from")
    to: str


class Keep(Strict):
    """For how long what is personal is kept; the record of who decided what is kept for good."""

    mail_text_months: int = Field(default=24, ge=1, le=240)
    session_months: int = Field(default=12, ge=1, le=240)
    export_days: int = Field(default=30, ge=1, le=3650)


class CalendarRules(Strict):
    """The whole of `config/calendar.yaml`."""

    time_zone: str = "Europe/London"
    working_days: WorkingDays = WorkingDays()
    financial_year_starts: str = Field(default="04-01", pattern=r"^\d\d-\d\d$")
    monthly_return: DueOn
    quarterly_report: DueOn
    release: Release
    budget_season: Span
    efficiency_statement_due: str = Field(default="06-30", pattern=r"^\d\d-\d\d$")
    most_snooze_working_days: int = Field(default=20, ge=1, le=60)
    digest_at: str = Field(default="07:30", pattern=r"^[0-2]\d:[0-5]\d$")
    decision_mail: Span
    sign_in_link_minutes: int = Field(default=30, ge=5, le=1440)
    keep: Keep = Keep()

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError) as error:
            raise ValueError("this is no time zone; write one such as Europe/London") from error
        return value

    @field_validator("financial_year_starts")
    @classmethod
    def _day(cls, value: str) -> str:
        try:
            start = dt.date.fromisoformat(f"2001-{value}")
        except ValueError as error:
            raise ValueError("there is no such day; write month-day, such as 04-01") from error
        if start.day != 1:
            raise ValueError("a financial year starts on the first of a month, such as 04-01")
        return value

    @field_validator("efficiency_statement_due")
    @classmethod
    def _of_the_year(cls, value: str) -> str:
        try:
            dt.date.fromisoformat(f"2000-{value}")
        except ValueError as error:
            raise ValueError("there is no such day; write month-day, such as 06-30") from error
        return value

    @field_validator("digest_at")
    @classmethod
    def _time(cls, value: str) -> str:
        try:
            dt.time.fromisoformat(value)
        except ValueError as error:
            raise ValueError("there is no such time; write hours:minutes, such as 07:30") from error
        return value

    @field_validator("budget_season")
    @classmethod
    def _season(cls, value: Span) -> Span:
        for day in (value.from_, value.to):
            try:
                dt.date.fromisoformat(f"2000-{day}")
            except ValueError as error:
                raise ValueError("there is no such day; write month-day, such as 09-01") from error
        return value

    @field_validator("decision_mail")
    @classmethod
    def _hours(cls, value: Span) -> Span:
        try:
            start, end = dt.time.fromisoformat(value.from_), dt.time.fromisoformat(value.to)
        except ValueError as error:
            raise ValueError("write the hours as hours:minutes, such as 08:00") from error
        if start >= end:
            raise ValueError("`from` must be earlier than `to`")
        return value


@dataclass(frozen=True)
class Calendar:
    """Answers every question about dates from the rules alone."""

    rules: CalendarRules

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.rules.time_zone)

    @cached_property
    def _closed(self) -> holidays.HolidayBase:
        import holidays

        days = self.rules.working_days
        return holidays.country_holidays(days.country, subdiv=days.subdivision)

    def local(self, at: dt.datetime) -> dt.datetime:
        """Return the moment `at` as the council's clock shows it."""
        return at.astimezone(self.zone)

    def today(self, at: dt.datetime) -> dt.date:
        """Return the council's date at the moment `at`."""
        return self.local(at).date()

    def moment(self, day: dt.date, time: str | dt.time) -> dt.datetime:
        """Return the UTC moment at which the council's clock shows `day` and `time`.

        In the hour that happens twice in October, the first is meant; a time skipped in March is the one after.
        """
        clock = dt.time.fromisoformat(time) if isinstance(time, str) else time
        return dt.datetime.combine(day, clock, self.zone).astimezone(dt.UTC)

    def is_working_day(self, day: dt.date) -> bool:
        """Return whether the council works on `day`."""
        known = self._known.get(day)
        if known is None:
            closed = day in self._closed or day in self.rules.working_days.also_closed
            known = self._known[day] = day.weekday() < 5 and not closed
        return known

    @cached_property
    def _known(self) -> dict[dt.date, bool]:
        return {}

    def next_working_day(self, day: dt.date) -> dt.date:
        """Return `day` itself if it is a working day, else the first one after it."""
        while not self.is_working_day(day):
            day += dt.timedelta(days=1)
        return day

    def add_working_days(self, day: dt.date, count: int) -> dt.date:
        """Return the working day `count` working days after (or, if negative, before) `day`."""
        return self._added(day, count)

    @cached_property
    def _added(self) -> Callable[[dt.date, int], dt.date]:
        """`_walk`, with its newest answers kept: the clock asks for the same days of the same projects every minute."""
        return lru_cache(maxsize=8192)(self._walk)

    def _walk(self, day: dt.date, count: int) -> dt.date:
        step = dt.timedelta(days=1 if count >= 0 else -1)
        for _ in range(abs(count)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day if count else self.next_working_day(day)

    def working_days_between(self, start: dt.date, end: dt.date) -> int:
        """Return the number of working days after `start` up to and with `end`; negative if `end` is earlier."""
        return self._worked(end) - self._worked(start)

    @cached_property
    def _counts(self) -> dict[int, list[int]]:
        return {}

    def _worked(self, day: dt.date) -> int:
        """Return the working days from the year 2000 up to and with `day`: a table a year, so a scan stays cheap."""
        table = self._counts.get(day.year)
        if table is None:
            table = self._counts[day.year] = self._count(day.year)
        return table[day.toordinal() - table[0]]

    def _count(self, year: int) -> list[int]:
        """Return, for each day of `year`, the working days since the end of 1999 (before it, down to it, negative).

        The first entry is the ordinal of the day before, so that a look-up is one subtraction.
        """
        first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
        worked = [
            self.is_working_day(dt.date.fromordinal(n))
            for n in range(first.toordinal(), last.toordinal() + 1)
        ]
        if year > 2000:
            total = self._worked(dt.date(year - 1, 12, 31))
        elif year == 2000:
            total = 0
        else:
            following = dt.date(year + 1, 1, 1)
            total = self._worked(following) - self.is_working_day(following) - sum(worked)
        table = [first.toordinal() - 1]
        for works in worked:
            total += works
            table.append(total)
        return table

    def nth_working_day(self, year: int, month: int, number: int) -> dt.date:
        """Return the `number`th working day (from 1) of a month; -1 is its last."""
        if number < 0:
            return self.add_working_days(month_end(f"{year:04d}-{month:02d}") + dt.timedelta(days=1), number)
        return self.add_working_days(dt.date(year, month, 1) - dt.timedelta(days=1), number)

    def return_due(self, period: str) -> dt.date:
        """Return the day on which the monthly return for `period` (such as `2026-10`) is due (§6.1)."""
        after = month_end(period) + dt.timedelta(days=1)
        return self.nth_working_day(after.year, after.month, self.rules.monthly_return.due_working_day)

    def month_before(self, day: dt.date) -> str:
        """Return the last month (such as `2026-10`) that has ended by `day`."""
        return (day.replace(day=1) - dt.timedelta(days=1)).strftime("%Y-%m")

    @cached_property
    def _first_month(self) -> int:
        return int(self.rules.financial_year_starts[:2])

    def financial_year(self, day: dt.date) -> int:
        """Return the calendar year in which `day`'s financial year starts: 2026 for 2026/27."""
        return day.year if day.month >= self._first_month else day.year - 1

    def quarter(self, day: dt.date) -> str:
        """Return the financial quarter of `day`, such as `2026-Q2` for July to September 2026."""
        months = (day.month - self._first_month) % 12
        return f"{self.financial_year(day)}-Q{months // 3 + 1}"

    def quarter_months(self, quarter: str) -> tuple[str, str, str]:
        """Return the three months of `quarter`, such as `2026-07`. Raises ValueError for no quarter."""
        year, _, number = quarter.partition("-Q")
        if number not in ("1", "2", "3", "4") or not year.isdigit():
            raise ValueError(f"“{quarter}” is no quarter: write it as 2026-Q2.")
        start = int(year) * 12 + self._first_month - 1 + (int(number) - 1) * 3
        first, second, third = (f"{(m // 12):04d}-{m % 12 + 1:02d}" for m in range(start, start + 3))
        return first, second, third

    def quarter_due(self, quarter: str) -> dt.date:
        """Return the day by which the quarter's figures must be verified (§15.2)."""
        after = month_end(self.quarter_months(quarter)[2]) + dt.timedelta(days=1)
        return self.nth_working_day(after.year, after.month, self.rules.quarterly_report.due_working_day)

    def quarter_before(self, day: dt.date) -> str:
        """Return the last quarter that has ended by `day`."""
        start = dt.date.fromisoformat(self.quarter_months(self.quarter(day))[0] + "-01")
        return self.quarter(start - dt.timedelta(days=1))

    def released_on(self, quarter: str, months: int) -> dt.date:
        """Return the working day on which a quarter is released to a group `months` after its end (§6.2)."""
        end = month_end(self.quarter_months(quarter)[2])
        index = end.year * 12 + end.month - 1 + months
        return self.next_working_day(month_end(f"{index // 12:04d}-{index % 12 + 1:02d}"))

    def day_of_year(self, year: int, named: str) -> dt.date:
        """Return a day of the calendar year `year`: a month and day, or one that the rules know by name.

        `02-29` is the 28th where there is no 29th. Raises ValueError for neither.
        """
        rules = self.rules
        known = {
            "budget_season_opens": rules.budget_season.from_,
            "budget_season_closes": rules.budget_season.to,
            "financial_year_starts": rules.financial_year_starts,
            "efficiency_statement_due": rules.efficiency_statement_due,
        }
        if named == "financial_year_ends":
            return dt.date.fromisoformat(f"{year}-{rules.financial_year_starts}") - dt.timedelta(days=1)
        text = known.get(named, named)
        if text == "02-29":
            return month_end(f"{year:04d}-02")
        return dt.date.fromisoformat(f"{year:04d}-{text}")

    def business_moment(self, at: dt.datetime) -> dt.datetime:
        """Return `at`, or the first moment after it at which decision mail may leave (working hours)."""
        hours, local = self.rules.decision_mail, self.local(at)
        day = local.date()
        if self.is_working_day(day):
            if local < self._local(day, hours.from_):
                return self.moment(day, hours.from_)
            if local < self._local(day, hours.to):
                return at
        return self.moment(self.next_working_day(day + dt.timedelta(days=1)), hours.from_)

    def _local(self, day: dt.date, time: str) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.fromisoformat(time), self.zone)

    def deadline(self, at: dt.datetime, working_days: int) -> dt.datetime:
        """Return the moment `working_days` working days after `at`, at the end of decision hours."""
        day = self.add_working_days(self.next_working_day(self.today(at)), working_days)
        return self.moment(day, self.rules.decision_mail.to)


@lru_cache(maxsize=1024)
def month_end(period: str) -> dt.date:
    """Return the last day of `period` (such as `2026-10`). Raises ValueError for no month."""
    try:
        first = dt.date.fromisoformat(f"{period}-01")
    except ValueError as error:
        raise ValueError(f"“{period}” is no month: write it as 2026-10.") from error
    return (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def month_after(period: str) -> str:
    """Return the month after `period`, such as `2027-01` after `2026-12`."""
    return (month_end(period) + dt.timedelta(days=1)).strftime("%Y-%m")


def month_before(period: str) -> str:
    """Return the month before `period`, such as `2026-12` before `2027-01`."""
    return (month_end(period).replace(day=1) - dt.timedelta(days=1)).strftime("%Y-%m")


def months_before(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months earlier, or that month's last day where it is shorter."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(day.day, last))


def months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or that month's last day where it is shorter."""
    return months_before(day, -months)


def month_name(period: str) -> str:
    """Return `October 2026` for `2026-10`."""
    return month_end(period).strftime("%B %Y")


def year_name(year: int) -> str:
    """Return `2026/27` for 2026."""
    return f"{year}/{(year + 1) % 100:02d}"


def quarter_name(quarter: str) -> str:
    """Return `Q2 2026/27` for `2026-Q2`."""
    year, _, number = quarter.partition("-Q")
    return f"Q{number} {year_name(int(year))}"


def day_name(day: dt.date) -> str:
    """Return `Monday 23 November 2026`."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def short_day(day: dt.date) -> str:
    """Return `23 November 2026`."""
    return f"{day.day} {day:%B %Y}"
