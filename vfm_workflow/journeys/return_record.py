"""What a return that comes in asks of its plan, and what of it is written down: figures, forecasts, colours and history."""

from __future__ import annotations

import dataclasses
import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name
from vfm_workflow.domain.money import figure, pounds
from vfm_workflow.domain.rag import STATUSES, Verdict
from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import dates
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.return_sheet import Filled, Sheet
from vfm_workflow.store import forecasts
from vfm_workflow.store import returns as store
from vfm_workflow.store.tables import MonthlyReturn


def ask_for_plan(fields: Fields, filled: Filled, verdict: Verdict) -> None:
    """Refuse a return that is off track without an action, its owner and its day (§15.2).

    It may say instead that there is no plan yet, or why it is beyond the team.
    """
    if not verdict.off_track:
        if filled.beyond_team:
            fields.refuse("beyond_team", "Nothing is off track, so nothing is beyond the team: clear this")
        return
    if not filled.action and not filled.no_plan and not filled.beyond_team:
        late = " ".join(r.sentence for r in verdict.reasons if r.colour != "green" and r.rule != "plan")
        fields.refuse(
            "action",
            f"Say what you are doing about it, or tick that there is no recovery plan yet. {late}",
        )
    if filled.action and not filled.action_owner:
        fields.refuse("action_owner", "Say who sees to it")
    if filled.action and filled.action_by is None:
        fields.refuse("action_by", "Say by which day it is done")


def colour(row: MonthlyReturn, verdict: Verdict, before: str | None) -> None:
    """Write down the colours of a return, why it has them, and the overall one of the return before."""
    row.rag, row.rag_before = verdict.colour, before
    row.rag_time, row.rag_cost, row.rag_benefit = verdict.time, verdict.cost, verdict.benefit
    row.rag_outlook = verdict.outlook
    row.why = [dataclasses.asdict(reason) for reason in verdict.reasons]


def keep(
    session: Session, sheet: Sheet, row: MonthlyReturn, filled: Filled, by: Actor, at: dt.datetime
) -> None:
    """Write down a return's figures, forecasts and texts, and move the milestones it speaks of."""
    store.add_readings(session, sheet.in_month(sheet.readings), filled.readings, sheet.period, by.id, at)
    store.add_delivered(session, sheet.in_month(sheet.delivered), filled.delivered, sheet.period, by.id, at)
    forecasts.add(session, sheet.in_month(sheet.expected), filled.expected, sheet.period, by.id, at)
    why = f"Return for {month_name(sheet.period)}"
    for milestone in sheet.open_milestones:
        done, forecast = filled.done.get(milestone.id), filled.forecasts.get(milestone.id, milestone.forecast)
        if done is None and forecast == milestone.forecast:
            continue
        found = dates.milestone_of(session, sheet.project, milestone.id)
        if done is not None:
            dates.finish(session, sheet.project, found, done, sheet.today, by, at)
        else:
            dates.move(session, sheet.project, found, forecast, by, at, why)
    row.narrative, row.action, row.beyond_team = filled.narrative, filled.action, filled.beyond_team
    row.action_owner, row.action_by = filled.action_owner, filled.action_by
    row.spend, row.spend_forecast, row.days_used = filled.spend, filled.spend_forecast, filled.days_used


def detail(sheet: Sheet, filled: Filled, verdict: Verdict) -> dict[str, object]:
    """Return what the history keeps of a return: enough to show it, and why it had its colour, for good."""
    measures = {measure.id: measure for measure in sheet.facts.measures}
    savings = {saving.id: saving for saving in sheet.facts.savings}
    return {
        "period": sheet.period,
        "rag": verdict.colour,
        "statuses": {name: verdict.of(name) for name in STATUSES[1:]},
        "before": sheet.last.rag if sheet.last is not None else None,
        "why": [
            {"rule": r.rule, "status": r.status, "colour": r.colour, "sentence": r.sentence}
            for r in verdict.reasons
        ],
        "figures": {
            measures[key].name: figure(value, measures[key].places) for key, value in filled.readings.items()
        },
        "delivered": {savings[key].title: pounds(value) for key, value in filled.delivered.items()},
        "expected": {savings[key].title: pounds(value) for key, value in filled.expected.items()},
        "narrative": filled.narrative,
        "action": filled.action,
        "action_owner": filled.action_owner,
        "action_by": filled.action_by.isoformat() if filled.action_by is not None else None,
        "beyond_team": filled.beyond_team,
        "spend": filled.spend,
        "spend_forecast": filled.spend_forecast,
        "days_used": filled.days_used,
    }
