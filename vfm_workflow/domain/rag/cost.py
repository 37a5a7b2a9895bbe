"""Cost: what is spent on achieving the savings, against what each year was to cost (§15)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction

from vfm_workflow.domain.money import pounds
from vfm_workflow.domain.rag.rules import CostRule
from vfm_workflow.domain.rag.verdict import Colour, Reason
from vfm_workflow.domain.rag.words import over, percent_up


@dataclass(frozen=True, slots=True)
class Spent:
    """Whole pence: spent in a financial year (or forecast for all of it), and what the year was to cost."""

    spent: int | None
    """None where nobody said."""
    allowed: int | None
    """None where nobody estimated what achieving the savings costs, or not for this year: then nothing is judged."""
    year: str
    """Such as `2026/27`."""


def judge(rule: CostRule, cost: Spent) -> Reason:
    """Return what the rule on spending finds: the year so far against the whole year."""
    figures = dataclasses.asdict(cost)
    if cost.allowed is None:
        said = f"No cost of achieving the savings is estimated for {cost.year}, so that nothing is judged."
        return Reason("cost", "cost", "green", said, figures)
    spent = cost.spent or 0
    colour, share, limit = _against(rule, spent, cost.allowed)
    said = (
        f"{pounds(spent)} is spent so far of the {pounds(cost.allowed)} that achieving the savings is to cost "
        f"in {cost.year}{share}; {limit}"
    )
    return Reason("cost", "cost", colour, said, figures)


def judge_outlook(rule: CostRule, cost: Spent) -> Reason:
    """Return what the rule on the year's forecast of spending finds."""
    figures = dataclasses.asdict(cost)
    if cost.allowed is None or cost.spent is None:
        nothing = "estimated" if cost.allowed is None else "forecast"
        said = f"No cost of achieving the savings is {nothing} for {cost.year}, so that nothing is judged."
        return Reason("outlook_cost", "outlook", "green", said, figures)
    colour, share, limit = _against(rule, cost.spent, cost.allowed)
    said = (
        f"{pounds(cost.spent)} is expected to be spent in {cost.year} of the {pounds(cost.allowed)} that achieving "
        f"the savings is to cost{share}; {limit}"
    )
    return Reason("outlook_cost", "outlook", colour, said, figures)


def _against(rule: CostRule, spent: int, allowed: int) -> tuple[Colour, str, str]:
    """Return (colour, the share in words, the limit in words). Anything spent where nothing was to be is red."""
    if allowed <= 0:
        return ("red", "", "anything is red.") if spent > 0 else ("green", "", "nothing is green.")
    share = Fraction(spent * 100, allowed)
    colour = over(share, rule.amber_over_percent, rule.red_over_percent)
    limit = rule.red_over_percent if colour == "red" else rule.amber_over_percent
    more = "up to" if colour == "green" else "more than"
    return colour, f", {percent_up(share)}", f"{more} {limit}% is {colour}."
