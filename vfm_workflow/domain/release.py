"""The release clock: from which day a role may see a month's figures (strategy §6.2, invariant 8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from vfm_workflow.domain.calendar import Calendar, month_end
from vfm_workflow.domain.roles import Actor, RoleSpec


def released_through(
    calendar: Calendar, roles: Mapping[str, RoleSpec], actor: Actor, today: dt.date
) -> str | None:
    """Return the last month (such as `2026-06`) whose figures may be seen on `today` by who follows a release clock.

    Figures are released a quarter at a time. None for a role that follows no clock: it sees nothing by release.
    """
    clock = roles[actor.role].release if actor.role in roles else None
    if clock is None:
        return None
    return calendar.quarter_months(newest_release(calendar, clock, today))[2]


def released_on(calendar: Calendar, clock: str, quarter: str) -> dt.date:
    """Return the day on which `clock` (a key of `release` in calendar.yaml) lets a quarter out."""
    months: int = getattr(calendar.rules.release, clock)
    return calendar.released_on(quarter, months)


def newest_release(calendar: Calendar, clock: str, today: dt.date) -> str:
    """Return the last quarter (such as `2026-Q1`) that `clock` has let out by `today`."""
    quarter = calendar.quarter_before(today)
    while released_on(calendar, clock, quarter) > today:
        first = calendar.quarter_months(quarter)[0]
        quarter = calendar.quarter_before(month_end(first))
    return quarter
