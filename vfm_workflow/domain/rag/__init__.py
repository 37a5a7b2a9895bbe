"""The traffic light of a monthly return, computed by written rules (`config/rag.yaml`) and never chosen (§15.2).

Four statuses: time, cost and benefit as they stand, and the outlook for the end of the financial year. The overall colour
is the worst of the first three. Amber means that a recovery plan exists; red that there is none, or that it is beyond the
team's control.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vfm_workflow.domain.rag import benefit, cost, plan, time
from vfm_workflow.domain.rag.benefit import Delivered, Measured
from vfm_workflow.domain.rag.cost import Spent
from vfm_workflow.domain.rag.plan import Plan
from vfm_workflow.domain.rag.rules import RagRules, load
from vfm_workflow.domain.rag.time import NO_SLIP, Slip
from vfm_workflow.domain.rag.verdict import (
    COLOURS,
    STATUSES,
    TITLES,
    Colour,
    Reason,
    Status,
    Verdict,
    recalled,
    worst,
)

__all__ = [
    "COLOURS",
    "NO_SLIP",
    "STATUSES",
    "TITLES",
    "Colour",
    "Delivered",
    "Measured",
    "Plan",
    "RagRules",
    "Reason",
    "Seen",
    "Slip",
    "Spent",
    "Status",
    "Verdict",
    "judge",
    "judge_again",
    "load",
    "recalled",
    "worst",
]


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything of a return that the rules look at. Money in whole pence."""

    slip: Slip
    spent: Spent
    delivered: Delivered
    measures: tuple[Measured, ...]
    year_end: str
    """The last day of the financial year, written as `2027-03-31`."""
    late: Slip
    """The milestone expected latest after the year's end, of those agreed for a day up to it."""
    to_spend: Spent
    """What the whole year is expected to cost."""
    to_deliver: Delivered | None
    """What the whole year is expected to deliver; None where nobody said."""
    plan: Plan


def judge(rules: RagRules, seen: Seen) -> Verdict:
    """Return the colours of what a return says, and why."""
    found = [
        time.judge(rules.time, seen.slip),
        cost.judge(rules.cost, seen.spent),
        benefit.judge_saving(rules.saving, seen.delivered),
        *(benefit.judge_measure(rules.measure, measured) for measured in seen.measures),
        time.judge_outlook(rules.outlook.time, seen.late, seen.year_end),
        cost.judge_outlook(rules.outlook.cost, seen.to_spend),
        benefit.judge_outlook(rules.outlook.saving, seen.to_deliver, seen.year_end),
    ]
    return _verdict(found, seen.plan)


def _verdict(found: Sequence[Reason], planned: Plan) -> Verdict:
    verdict_on_plan = plan.judge(found, planned)

    def status(name: Status) -> Colour:
        colour = worst(reason.colour for reason in found if reason.status == name)
        return "red" if colour != "green" and verdict_on_plan.colour == "red" else colour

    on_time, on_cost, on_benefit = status("time"), status("cost"), status("benefit")
    overall = worst((on_time, on_cost, on_benefit))
    return Verdict(overall, (*found, verdict_on_plan), on_time, on_cost, on_benefit, status("outlook"))


def judge_again(rules: RagRules, kept: Iterable[Mapping[str, Any]]) -> Verdict | None:
    """Return the verdict that `rules` give on the figures a return was judged by; None where they were not kept yet.

    A return that was not asked for a recovery plan is not held to have none.
    """
    reasons = [recalled(one) for one in kept]
    plans = [reason.figures for reason in reasons if reason.rule == "plan"]
    if not plans or not plans[0]:
        return None
    found = [_again(rules, reason) for reason in reasons if reason.rule != "plan"]
    return _verdict(found, Plan(plans[0]["exists"], plans[0]["beyond"], plans[0]["asked"]))


def _again(rules: RagRules, reason: Reason) -> Reason:
    figures = dict(reason.figures)
    year_end = figures.pop("year_end", "")
    match reason.rule:
        case "time":
            return time.judge(rules.time, Slip(**figures))
        case "cost":
            return cost.judge(rules.cost, Spent(**figures))
        case "saving":
            return benefit.judge_saving(rules.saving, Delivered(**figures))
        case "measure":
            return benefit.judge_measure(rules.measure, Measured(**figures))
        case "outlook_time":
            return time.judge_outlook(rules.outlook.time, Slip(**figures), year_end)
        case "outlook_cost":
            return cost.judge_outlook(rules.outlook.cost, Spent(**figures))
        case "outlook_saving":
            forecast = Delivered(**figures) if figures else None
            return benefit.judge_outlook(rules.outlook.saving, forecast, year_end)
        case _:
            return reason
