"""The traffic light of a monthly return, computed by written rules (`config/rag.yaml`) and never chosen (§15.2).

Amber means that a recovery plan exists; red that there is none, or that it is beyond the team's control.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from vfm_workflow.documents import Document, Strict, validate
from vfm_workflow.domain.calendar import Calendar, short_day
from vfm_workflow.domain.milestones import expected, slippage
from vfm_workflow.domain.money import pounds

if TYPE_CHECKING:
    from vfm_workflow.domain.facts import MilestoneFact

Colour = Literal["green", "amber", "red"]
COLOURS: tuple[Colour, ...] = ("green", "amber", "red")
"""From best to worst."""


class TimeRule(Strict):
    """Slippage of the worst open milestone, in working days."""

    amber_over_working_days: int = Field(ge=0, le=2000)
    red_over_working_days: int = Field(ge=0, le=2000)

    @model_validator(mode="after")
    def _ordered(self) -> TimeRule:
        if self.red_over_working_days < self.amber_over_working_days:
            raise ValueError("`red_over_working_days` must not be less than `amber_over_working_days`")
        return self


class SavingRule(Strict):
    """Savings delivered, in per cent of what was profiled."""

    amber_under_percent: int = Field(ge=0, le=100)
    red_under_percent: int = Field(ge=0, le=100)

    @model_validator(mode="after")
    def _ordered(self) -> SavingRule:
        if self.red_under_percent > self.amber_under_percent:
            raise ValueError("`red_under_percent` must not be more than `amber_under_percent`")
        return self


class RagRules(Strict):
    """The whole of `config/rag.yaml`."""

    time: TimeRule
    saving: SavingRule


@dataclass(frozen=True, slots=True)
class Reason:
    """What one rule found: its colour, and the sentence with the figures that “why red?” shows."""

    rule: Literal["time", "saving", "plan"]
    colour: Colour
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A colour and, for every rule, the reason."""

    colour: Colour
    reasons: tuple[Reason, ...]

    @property
    def off_track(self) -> bool:
        """Something has slipped or fallen short, so that a recovery plan is called for."""
        return any(reason.colour != "green" for reason in self.reasons if reason.rule != "plan")


@dataclass(frozen=True, slots=True)
class Delivered:
    """Savings to date, in whole pence: delivered and profiled over the same months, since the month `since`."""

    delivered: int
    profiled: int
    since: str = ""


def load(document: Document) -> RagRules:
    """Return the rules. Raises ConfigError naming file and line of every threshold that cannot be used."""
    return validate(RagRules, document)


def judge(
    rules: RagRules,
    milestones: Iterable[MilestoneFact],
    savings: Delivered,
    action: str,
    today: dt.date,
    calendar: Calendar,
) -> Verdict:
    """Return the colour and its reasons. `action` is the return's recovery plan, empty where there is none."""
    found = [_time(rules.time, milestones, today, calendar), _saving(rules.saving, savings)]
    found.append(_plan(any(reason.colour != "green" for reason in found), bool(action.strip())))
    return Verdict(worst(reason.colour for reason in found), tuple(found))


def worst(colours: Iterable[Colour]) -> Colour:
    """Return the worst of some colours, green where there are none."""
    return max(colours, key=COLOURS.index, default="green")


def _time(rule: TimeRule, milestones: Iterable[MilestoneFact], today: dt.date, calendar: Calendar) -> Reason:
    slips = [
        (slippage(m.baseline, m.forecast, None, today, calendar), m) for m in milestones if m.done_on is None
    ]
    late = [pair for pair in slips if pair[0].slipped]
    if not late:
        return Reason("time", "green", "No open milestone has slipped from the date CMT agreed.")
    slip, milestone = max(late, key=lambda pair: (pair[0].working_days, pair[0].calendar_days))
    colour, limit = _over(slip.working_days, rule.amber_over_working_days, rule.red_over_working_days)
    reached = expected(milestone.forecast, None, today)
    more = "up to" if colour == "green" else "more than"
    return Reason(
        "time",
        colour,
        f"“{milestone.title}” has slipped {_many(slip.calendar_days, 'day')} ({_many(slip.working_days, 'working day')}), "
        f"from {short_day(milestone.baseline or reached)} to {short_day(reached)}; {more} "
        f"{_many(limit, 'working day')} is {colour}.",
    )


def _saving(rule: SavingRule, savings: Delivered) -> Reason:
    if savings.profiled == 0:
        return Reason("saving", "green", "No savings are profiled for the months reported this year.")
    # as a shortfall, so that a year whose profile is a net cost is judged by the same rule
    short = Fraction((savings.profiled - savings.delivered) * 100, abs(savings.profiled))
    colour, limit = _over(short, 100 - rule.amber_under_percent, 100 - rule.red_under_percent)
    since = f" since {savings.since}" if savings.since else ""
    less = "at least" if colour == "green" else "less than"
    return Reason(
        "saving",
        colour,
        f"{pounds(savings.delivered)} is delivered of the {pounds(savings.profiled)} profiled for the months "
        f"reported{since}, {_percent(100 - short)}; {less} {100 - limit}% is {colour}.",
    )


def _over(value: int | Fraction, amber: int, red: int) -> tuple[Colour, int]:
    """Return the colour of a value that is off track over `amber` and far off over `red`, with the limit that says so."""
    if value > red:
        return "red", red
    return ("amber", amber) if value > amber else ("green", amber)


def _percent(value: Fraction) -> str:
    """Return a percentage rounded down to one decimal: 94.96% must not read as the 95% it did not reach."""
    tenths = math.floor(value * 10)
    return f"{tenths // 10 if tenths % 10 == 0 else tenths / 10}%"


def _plan(off_track: bool, planned: bool) -> Reason:
    if not off_track:
        return Reason("plan", "green", "No recovery plan is needed.")
    if planned:
        return Reason("plan", "amber", "It is off track, and there is a recovery plan.")
    return Reason("plan", "red", "It is off track, and there is no recovery plan.")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
