"""Whether a scheduled notice is due, and under which key: computed from the rules and a date, nothing else (design §5).

A key is said once. Before the due day a notice is said once; after it, once, or every n working days while it is
still so. Periods missed while nothing ran fold into the newest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from vfm_workflow.domain.calendar import (
    Calendar,
    month_before,
    month_end,
    month_name,
    quarter_name,
    year_name,
)
from vfm_workflow.domain.notice_schema import When


def occasion(when: When, base: str, due: dt.date, today: dt.date, calendar: Calendar) -> str | None:
    """Return the key of the occasion that is due on `today`, or None.

    `base` is the calendar key of the thing itself, such as `2026-10` for October's return; `due` is its own day.
    """
    wait = when.working_days if when.working_days is not None else when.then_every or 0
    start = calendar.add_working_days(due, wait)
    if today < start:
        return None
    if wait < 0:
        return base if today < due else None
    if when.then_every is None:
        missed = wait == 0 and today > calendar.next_working_day(due)
        return None if missed else base
    round_number = calendar.working_days_between(start, today) // when.then_every
    return f"{base}+{round_number}" if round_number else base


def slip_key(forecast: dt.date, overdue: bool, today: dt.date) -> str:
    """Return the key under which a slip is said: once for each new forecast, and once a month while it is overdue."""
    return f"overdue-{today:%Y-%m}" if overdue else forecast.isoformat()


class Round(NamedTuple):
    """What comes round by the calendar, this time: its key in the ledger, its day, and the period's name and the last's."""

    key: str
    day: dt.date
    period: str
    before: str


def recurrence(when: When, today: dt.date, calendar: Calendar) -> Round | None:
    """Return the newest round of an `every_month`, `every_quarter` or `every_year` that is due on `today`, or None.

    It is said from its day on, late where nothing ran: until the next one comes, or for `late_working_days`. Given ahead
    of its day (`working_days` below 0), it is not said from the day itself on.
    """
    wait = when.working_days or 0
    come = [
        (start, day, of)
        for day, of in _rounds(when, today, calendar)
        if (start := calendar.add_working_days(day, wait)) <= today
    ]
    if not come:
        return None
    start, day, of = max(come)
    late = when.late_working_days
    if (late is not None and calendar.working_days_between(start, today) > late) or (
        wait < 0 and today >= day
    ):
        return None
    found = _round(when, day, of, calendar)
    if when.then_every is None:
        return found
    number = calendar.working_days_between(start, today) // when.then_every
    return found._replace(key=f"{found.key}+{number}") if number else found


def _rounds(when: When, today: dt.date, calendar: Calendar) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield (day, a day of its period) of the rounds around `today`: as many before and after it as `working_days` reach."""
    if when.what == "every_year":
        for year in range(today.year - 2, today.year + 2):
            nominal = calendar.day_of_year(year, when.date or "")
            yield calendar.next_working_day(nominal), nominal
        return
    index = today.year * 12 + today.month - 1
    for month in (f"{i // 12:04d}-{i % 12 + 1:02d}" for i in range(index - 8, index + 6)):
        last = month_end(month)
        if (
            when.what == "every_month"
            or calendar.quarter_months(calendar.quarter(last))[(when.month or 1) - 1] == month
        ):
            yield _day_in(when, last, calendar), last


def _round(when: When, day: dt.date, of: dt.date, calendar: Calendar) -> Round:
    """Return the round of the period that has the day `of`, by its name and the last one's."""
    if when.what == "every_year":
        ends = calendar.financial_year(of)
        return Round(year_name(ends), day, year_name(ends), year_name(ends - 1))
    if when.what == "every_month":
        month = f"{of:%Y-%m}"
        return Round(month, day, month_name(month), month_name(month_before(month)))
    quarter = calendar.quarter(of)
    return Round(quarter, day, quarter_name(quarter), quarter_name(calendar.quarter_before(of)))


def _day_in(when: When, last: dt.date, calendar: Calendar) -> dt.date:
    """Return the working day on which it comes round in the month that ends on `last`: one named and off is the next."""
    if when.working_day is not None:
        return calendar.nth_working_day(last.year, last.month, when.working_day)
    return calendar.next_working_day(last.replace(day=min(when.day or 1, last.day)))
