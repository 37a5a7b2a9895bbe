"""Milestones against the dates CMT agreed: slippage in calendar and in working days (§10.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vfm_workflow.domain.calendar import Calendar

if TYPE_CHECKING:
    from vfm_workflow.domain.facts import MilestoneFact


@dataclass(frozen=True, slots=True)
class Slippage:
    """How late a milestone is: days after its baseline, both counts. Zero where it is not late."""

    calendar_days: int
    working_days: int
    overdue: bool
    """Its forecast has passed and it is not done."""

    @property
    def slipped(self) -> bool:
        return self.calendar_days > 0


def expected(forecast: dt.date, done_on: dt.date | None, today: dt.date) -> dt.date:
    """Return the day a milestone was or will be reached: done, else forecast, else today if that has passed."""
    return done_on or max(forecast, today)


def slippage(
    baseline: dt.date | None, forecast: dt.date, done_on: dt.date | None, today: dt.date, calendar: Calendar
) -> Slippage:
    """Return the slippage of one milestone. Without a baseline nothing was agreed, so nothing slipped."""
    overdue = done_on is None and forecast < today
    if baseline is None:
        return Slippage(0, 0, overdue)
    reached = expected(forecast, done_on, today) if overdue else (done_on or forecast)
    if reached <= baseline:
        return Slippage(0, 0, overdue)
    return Slippage((reached - baseline).days, calendar.working_days_between(baseline, reached), overdue)


def worst(milestones: Iterable[MilestoneFact], today: dt.date, calendar: Calendar) -> Slippage:
    """Return the largest slippage among the milestones still open."""
    rows = [slippage(m.baseline, m.forecast, None, today, calendar) for m in milestones if m.done_on is None]
    return max(rows, key=lambda row: row.calendar_days, default=Slippage(0, 0, False))
