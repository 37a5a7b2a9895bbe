"""Milestones as their pages show them: what CMT agreed, what is forecast, and how far that has slipped, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.domain.facts import MilestoneFact
from vfm_workflow.domain.milestones import Slippage, slippage


@dataclass(frozen=True, slots=True)
class Row:
    """A milestone with its slippage against the date CMT agreed last."""

    fact: MilestoneFact
    slip: Slippage

    @property
    def earlier(self) -> tuple[dt.date, ...]:
        """The dates CMT agreed before the one that holds now, oldest first."""
        return self.fact.baselines[:-1]

    @property
    def state(self) -> str:
        """`done`, `late`, `open` or `new` (not agreed yet)."""
        if self.fact.done_on is not None:
            return "done"
        if self.slip.slipped or self.slip.overdue:
            return "late"
        return "open" if self.fact.baseline is not None else "new"

    @property
    def said(self) -> str:
        """How it stands, such as `34 days late (24 working days)`."""
        if self.slip.slipped:
            return late(self.slip)
        if self.slip.overdue:
            return "Its date has passed and it is not done"
        if self.fact.baseline is None:
            return "Not agreed by CMT yet"
        return "On time" if self.fact.done_on is not None else "On track"


def late(slip: Slippage) -> str:
    """Return a slippage in words: both counts of days."""
    return f"{_days(slip.calendar_days)} late ({_days(slip.working_days, 'working ')})"


def _days(count: int, what: str = "") -> str:
    return f"{count:,} {what}day{'' if count == 1 else 's'}"


def rows(facts: Sequence[MilestoneFact], today: dt.date, calendar: Calendar) -> list[Row]:
    """Return each milestone with its slippage on `today`."""
    return [Row(m, slippage(m.baseline, m.forecast, m.done_on, today, calendar)) for m in facts]
