"""A colour, and why: what each rule found, kept with the figures it looked at so that it can be judged again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Colour = Literal["green", "amber", "red"]
COLOURS: tuple[Colour, ...] = ("green", "amber", "red")
"""From best to worst."""
Status = Literal["overall", "time", "cost", "benefit", "outlook"]
STATUSES: tuple[Status, ...] = ("overall", "time", "cost", "benefit", "outlook")
TITLES: Mapping[str, str] = {
    "overall": "Overall",
    "time": "Time",
    "cost": "Cost",
    "benefit": "Benefit",
    "outlook": "Year-end outlook",
}
Rule = Literal["time", "cost", "saving", "measure", "outlook_time", "outlook_cost", "outlook_saving", "plan"]
STATUS_OF: Mapping[str, Status] = {
    "time": "time",
    "cost": "cost",
    "saving": "benefit",
    "measure": "benefit",
    "outlook_time": "outlook",
    "outlook_cost": "outlook",
    "outlook_saving": "outlook",
    "plan": "overall",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """What one rule found: the status it speaks of, its colour, and the sentence with the figures that “why red?” shows."""

    rule: Rule
    status: Status
    colour: Colour
    sentence: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What the rule looked at, as JSON holds it: money in whole pence, values in a measure's steps, days as `2026-11-30`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The overall colour, the status each question has, and for every rule the reason.

    A return from before there were four statuses has the overall colour alone.
    """

    colour: Colour
    reasons: tuple[Reason, ...]
    time: Colour | None = None
    cost: Colour | None = None
    benefit: Colour | None = None
    outlook: Colour | None = None

    @property
    def off_track(self) -> bool:
        """Something is late, dear or short now or is forecast to be, so that a recovery plan is called for."""
        return any(reason.colour != "green" for reason in self.reasons if reason.rule != "plan")

    def of(self, status: Status) -> Colour | None:
        """Return the colour of a status."""
        colours: dict[str, Colour | None] = {
            "overall": self.colour,
            "time": self.time,
            "cost": self.cost,
            "benefit": self.benefit,
            "outlook": self.outlook,
        }
        return colours[status]

    @property
    def why(self) -> tuple[Reason, ...]:
        """The reasons that are not green, those of now before those of the year's end."""
        found = [reason for reason in self.reasons if reason.colour != "green"]
        return tuple(sorted(found, key=lambda reason: reason.status == "outlook"))


def worst(colours: Iterable[Colour]) -> Colour:
    """Return the worst of some colours, green where there are none."""
    return max(colours, key=COLOURS.index, default="green")


def recalled(kept: Mapping[str, Any]) -> Reason:
    """Return a reason as it was written down. Those from before there were statuses had none: their rule says it."""
    rule: Rule = kept["rule"]
    status: Status = kept.get("status") or STATUS_OF[rule]
    return Reason(rule, status, kept["colour"], kept["sentence"], kept.get("figures") or {})
