"""Whether a scheduled notice is due, and under which key: computed from the rules and a date, nothing else (design §5).

A key is said once. Before the due day a notice is said once; after it, once, or every n working days while it is
still so. Periods missed while nothing ran fold into the newest.
"""

from __future__ import annotations

import datetime as dt

from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.domain.notices import When


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
