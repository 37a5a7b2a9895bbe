"""Time: the open milestone that has slipped furthest from the date CMT agreed (§10.3), now and at the year's end."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.domain.milestones import expected, slippage
from vfm_workflow.domain.rag.rules import TimeRule
from vfm_workflow.domain.rag.verdict import Reason
from vfm_workflow.domain.rag.words import day, many, over

if TYPE_CHECKING:
    from vfm_workflow.domain.facts import MilestoneFact


@dataclass(frozen=True, slots=True)
class Slip:
    """A milestone that is late: against the date CMT agreed, or, for the outlook, against the end of the year.

    Days are written as `2026-11-30`. Without a `title` nothing is late.
    """

    title: str = ""
    agreed: str = ""
    reached: str = ""
    calendar_days: int = 0
    working_days: int = 0


NO_SLIP = Slip()


def worst_slip(milestones: Iterable[MilestoneFact], today: dt.date, calendar: Calendar) -> Slip:
    """Return the open milestone that is latest against the date CMT agreed."""
    found = []
    for one in milestones:
        slip = slippage(one.baseline, one.forecast, None, today, calendar)
        if one.done_on is None and one.baseline is not None and slip.slipped:
            reached = expected(one.forecast, None, today)
            found.append(
                Slip(
                    one.title,
                    one.baseline.isoformat(),
                    reached.isoformat(),
                    slip.calendar_days,
                    slip.working_days,
                )
            )
    return max(found, key=lambda slip: (slip.working_days, slip.calendar_days), default=NO_SLIP)


def late_at(
    milestones: Iterable[MilestoneFact], year_end: dt.date, today: dt.date, calendar: Calendar
) -> Slip:
    """Return the milestone agreed for a day up to `year_end` that is expected latest after it."""
    found = []
    for one in milestones:
        if one.done_on is not None or one.baseline is None or one.baseline > year_end:
            continue
        reached = expected(one.forecast, None, today)
        if reached > year_end:
            days = calendar.working_days_between(year_end, reached)
            found.append(
                Slip(
                    one.title, one.baseline.isoformat(), reached.isoformat(), (reached - year_end).days, days
                )
            )
    return max(found, key=lambda slip: (slip.working_days, slip.calendar_days), default=NO_SLIP)


def judge(rule: TimeRule, slip: Slip) -> Reason:
    """Return what the rule on slippage finds."""
    if not slip.title:
        return Reason("time", "time", "green", "No open milestone has slipped from the date CMT agreed.")
    colour = over(slip.working_days, rule.amber_over_working_days, rule.red_over_working_days)
    said = (
        f"“{slip.title}” has slipped {many(slip.calendar_days, 'day')} ({many(slip.working_days, 'working day')}), "
        f"from {day(slip.agreed)} to {day(slip.reached)}; {_limit(rule, colour)}"
    )
    return Reason("time", "time", colour, said, dataclasses.asdict(slip))


def judge_outlook(rule: TimeRule, slip: Slip, year_end: str) -> Reason:
    """Return what the rule on the year's end finds. `year_end` is written as `2027-03-31`."""
    figures = {**dataclasses.asdict(slip), "year_end": year_end}
    if not slip.title:
        said = f"Every milestone agreed for a day up to {day(year_end)} is expected by then."
        return Reason("outlook_time", "outlook", "green", said, figures)
    colour = over(slip.working_days, rule.amber_over_working_days, rule.red_over_working_days)
    said = (
        f"“{slip.title}”, agreed for {day(slip.agreed)}, is expected on {day(slip.reached)}, "
        f"{many(slip.working_days, 'working day')} after the end of the year; {_limit(rule, colour)}"
    )
    return Reason("outlook_time", "outlook", colour, said, figures)


def _limit(rule: TimeRule, colour: str) -> str:
    limit = rule.red_over_working_days if colour == "red" else rule.amber_over_working_days
    more = "up to" if colour == "green" else "more than"
    return f"{more} {many(limit, 'working day')} is {colour}."
