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


def newest_release(calendar: Calendar, clock: str, today: dt.date) -> str:
    """Return the last quarter (such as `2026-Q1`) that `clock` (a key of `release` in calendar.yaml) has let out by `today`."""
    months: int = getattr(calendar.rules.release, clock)
    quarter = calendar.quarter_before(today)
    while calendar.released_on(quarter, months) > today:
        first = calendar.quarter_months(quarter)[0]
        quarter = calendar.quarter_before(month_end(first))
    return quarter
