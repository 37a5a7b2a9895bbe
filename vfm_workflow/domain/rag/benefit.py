"""Benefit: savings delivered against their profile, and measures against their baseline and target (§3.8, §15.2)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction

from vfm_workflow.domain.direction import worse_by
from vfm_workflow.domain.money import figure, pounds
from vfm_workflow.domain.rag.rules import MeasureRule, SavingRule
from vfm_workflow.domain.rag.verdict import Colour, Reason
from vfm_workflow.domain.rag.words import day, many, over, percent_down, percent_up


@dataclass(frozen=True, slots=True)
class Delivered:
    """Savings to date, in whole pence: delivered and profiled over the same months, since the month `since`."""

    delivered: int
    profiled: int
    since: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure's value of the month beside its baseline and target, all in steps of its unit."""

    name: str
    unit: str
    places: int
    direction: str
    """`lower` or `higher` is better."""
    baseline: int | None
    target: int | None
    value: int
    tolerance: int = 0
    """How much worse than the baseline it may be, in steps; 0 where the council's percentage says it."""
    months_done: int | None = None
    """Whole months since the last milestone was done; None while one is open. The target is due after some of them."""

    def shown(self, steps: int) -> str:
        """Return a value with its unit."""
        unit = self.unit.strip()
        sign, after = ("£", unit[1:].strip()) if unit.startswith("£") else ("", unit)
        joint = "" if not after or after.startswith("%") else " "
        minus, bare = ("-", abs(steps)) if steps < 0 else ("", steps)
        return f"{minus}{sign}{figure(bare, self.places)}{joint}{after}"


def judge_saving(rule: SavingRule, savings: Delivered) -> Reason:
    """Return what the rule on savings delivered finds."""
    figures = dataclasses.asdict(savings)
    if savings.profiled == 0:
        said = "No savings are profiled for the months reported this year."
        return Reason("saving", "benefit", "green", said, figures)
    colour, share, limit = _against(rule, savings)
    since = f" since {savings.since}" if savings.since else ""
    said = (
        f"{pounds(savings.delivered)} is delivered of the {pounds(savings.profiled)} profiled for the months "
        f"reported{since}, {share}; {limit}"
    )
    return Reason("saving", "benefit", colour, said, figures)


def judge_outlook(rule: SavingRule, savings: Delivered | None, year_end: str) -> Reason:
    """Return what the rule on the savings expected by `year_end` (`2027-03-31`) finds. None: nobody said what is expected."""
    figures = {**(dataclasses.asdict(savings) if savings is not None else {}), "year_end": year_end}
    if savings is None:
        said = "No savings are forecast, so that nothing is judged."
        return Reason("outlook_saving", "outlook", "green", said, figures)
    if savings.profiled == 0:
        said = "No savings are profiled for the year."
        return Reason("outlook_saving", "outlook", "green", said, figures)
    colour, share, limit = _against(rule, savings)
    said = (
        f"{pounds(savings.delivered)} is expected to be delivered by {day(year_end)} of the {pounds(savings.profiled)} "
        f"profiled for the year, {share}; {limit}"
    )
    return Reason("outlook_saving", "outlook", colour, said, figures)


def _against(rule: SavingRule, savings: Delivered) -> tuple[Colour, str, str]:
    """Return (colour, the share in words, the limit in words)."""
    # as a shortfall, so that a year whose profile is a net cost is judged by the same rule
    short = Fraction((savings.profiled - savings.delivered) * 100, abs(savings.profiled))
    colour = over(short, 100 - rule.amber_under_percent, 100 - rule.red_under_percent)
    limit = rule.red_under_percent if colour == "red" else rule.amber_under_percent
    less = "at least" if colour == "green" else "less than"
    return colour, percent_down(100 - short), f"{less} {limit}% is {colour}."


def judge_measure(rule: MeasureRule, measured: Measured) -> Reason:
    """Return what the rule on measures finds of one: held to its baseline, and to its target once that is due."""
    if measured.baseline is None or measured.target is None:
        said = f"{measured.name} is {measured.shown(measured.value)}; no baseline is set, so that nothing is judged."
        return _found(measured, "green", said)
    done = measured.months_done
    if done is not None and done >= rule.target_after_months and measured.target != measured.baseline:
        return _towards_target(rule, measured, measured.baseline, measured.target)
    return _from_baseline(rule, measured, measured.baseline)


def _from_baseline(rule: MeasureRule, measured: Measured, baseline: int) -> Reason:
    worse = worse_by(measured.direction, measured.value, baseline)
    now = f"{measured.name} is {measured.shown(measured.value)}"
    if worse <= 0:
        same = "as good as" if worse == 0 else "better than"
        return _found(measured, "green", f"{now}, {same} its baseline of {measured.shown(baseline)}.")
    by = f"{now}, {measured.shown(worse)} worse than its baseline of {measured.shown(baseline)}"
    if baseline == 0 and not measured.tolerance:  # no percentage can be told of nothing
        return _found(measured, "amber", f"{by}; any worse is amber.")
    percent = Fraction(rule.amber_worse_percent * abs(baseline), 100)
    amber = Fraction(measured.tolerance) if measured.tolerance else percent
    red = max(amber, Fraction(rule.red_worse_percent * abs(baseline), 100))
    colour = over(worse, amber, red if baseline else Fraction(worse))
    if baseline:
        by += f", {percent_up(Fraction(worse * 100, abs(baseline)))}"
    return _found(measured, colour, f"{by}; {_limit(rule, measured, colour, red == amber)}")


def _limit(rule: MeasureRule, measured: Measured, colour: Colour, one: bool) -> str:
    more = "up to" if colour == "green" else "more than"
    if measured.tolerance and (colour != "red" or one):
        return f"{more} its tolerance of {measured.shown(measured.tolerance)} is {colour}."
    limit = rule.red_worse_percent if colour == "red" else rule.amber_worse_percent
    return f"{more} {limit}% is {colour}."


def _towards_target(rule: MeasureRule, measured: Measured, baseline: int, target: int) -> Reason:
    reached = Fraction((measured.value - baseline) * 100, target - baseline)
    colour = over(-reached, -rule.amber_reached_under_percent, -rule.red_reached_under_percent)
    limit = rule.red_reached_under_percent if colour == "red" else rule.amber_reached_under_percent
    less = "at least" if colour == "green" else "less than"
    said = (
        f"{measured.name} is {measured.shown(measured.value)}, {percent_down(reached)} of the way from its baseline "
        f"of {measured.shown(baseline)} to its target of {measured.shown(target)}, which was due "
        f"{many(rule.target_after_months, 'month')} after the last milestone; {less} {limit}% is {colour}."
    )
    return _found(measured, colour, said)


def _found(measured: Measured, colour: Colour, sentence: str) -> Reason:
    return Reason("measure", "benefit", colour, sentence, dataclasses.asdict(measured))
