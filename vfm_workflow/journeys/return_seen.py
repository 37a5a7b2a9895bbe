"""What the rules of the traffic light look at, put together from a return's sheet and what was typed into it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from vfm_workflow.domain import rag
from vfm_workflow.domain.calendar import month_end, month_name, year_name
from vfm_workflow.domain.facts import MilestoneFact
from vfm_workflow.domain.profile import expected_in, months_so_far, shared_out
from vfm_workflow.domain.rag import plan, time
from vfm_workflow.journeys.return_sheet import Filled, Sheet


def judge(rules: rag.RagRules, sheet: Sheet, filled: Filled) -> rag.Verdict:
    """Return the colours a return would have with what was typed, and why."""
    return rag.judge(rules, seen(sheet, filled))


def seen(sheet: Sheet, filled: Filled) -> rag.Seen:
    """Return everything of a return that the rules look at."""
    milestones = _milestones(sheet, filled)
    spent = [amount for amount in (sheet.spent_before, filled.spend) if amount is not None]
    return rag.Seen(
        slip=time.worst_slip(milestones, sheet.today, sheet.calendar),
        spent=rag.Spent(sum(spent) if spent else None, sheet.allowed, year_name(sheet.year)),
        delivered=_to_date(sheet, filled),
        measures=_measures(sheet, filled, _months_done(sheet, milestones)),
        year_end=sheet.year_end.isoformat(),
        late=time.late_at(milestones, sheet.year_end, sheet.today, sheet.calendar),
        to_spend=rag.Spent(filled.spend_forecast, sheet.allowed, year_name(sheet.year)),
        to_deliver=_by_year_end(sheet, filled),
        plan=plan.from_text(filled.action, filled.beyond_team),
    )


def _milestones(sheet: Sheet, filled: Filled) -> list[MilestoneFact]:
    return [
        dataclasses.replace(
            milestone,
            forecast=filled.forecasts.get(milestone.id, milestone.forecast),
            done_on=filled.done.get(milestone.id, milestone.done_on),
        )
        for milestone in sheet.facts.milestones
    ]


def _months_done(sheet: Sheet, milestones: Sequence[MilestoneFact]) -> int | None:
    """Return the whole months from the last milestone's day to the end of the return's month; None while one is open."""
    done = [one.done_on for one in milestones if one.done_on is not None]
    if not done or len(done) < len(milestones):
        return None
    last, end = max(done), month_end(sheet.period)
    return max((end.year - last.year) * 12 + end.month - last.month, 0)


def _measures(sheet: Sheet, filled: Filled, months_done: int | None) -> tuple[rag.Measured, ...]:
    return tuple(
        rag.Measured(
            one.name,
            one.unit,
            one.places,
            one.direction,
            one.baseline,
            one.target,
            filled.readings[one.id],
            one.tolerance,
            months_done,
        )
        for one in sheet.facts.measures
        if one.id in filled.readings
    )


def _to_date(sheet: Sheet, filled: Filled) -> rag.Delivered:
    """Return delivered against profiled over the months reported this year: a missing return is chased, not judged."""
    months = months_so_far(sheet.period, sheet.calendar)
    amounts, expected, reported = 0, list[int](), set[str]()
    for saving in sheet.facts.savings:
        known = {row.period: row.value for row in sheet.delivered.get(saving.id, [])}
        known.pop(sheet.period, None)
        if saving.id in filled.delivered:
            known[sheet.period] = filled.delivered[saving.id]
        for month in months:
            if month in known:
                amounts += known[month]
                expected.append(expected_in(saving, month, sheet.calendar))
                reported.add(month)
    since = month_name(min(reported)) if reported else ""
    return rag.Delivered(amounts, shared_out(expected), since)


def _by_year_end(sheet: Sheet, filled: Filled) -> rag.Delivered | None:
    """Return what the lines that were forecast are expected to deliver against their year; None where none was."""
    said = [saving for saving in sheet.facts.savings if saving.id in filled.expected]
    if not said:
        return None
    profiled = sum(expected_in(saving, sheet.period, sheet.calendar) for saving in said)
    return rag.Delivered(sum(filled.expected[saving.id] for saving in said), profiled)
