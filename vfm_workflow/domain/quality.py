"""Did quality keep? One rule for a saving's cross-check, used by claims, the register and what reports on them (§1, §3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from vfm_workflow.domain import direction
from vfm_workflow.domain.calendar import month_name, quarter_name
from vfm_workflow.domain.money import figure

Verdict = Literal["kept", "fell", "unknown"]


class Check(NamedTuple):
    """The measure that must not fall for a saving. Values are in its smallest steps."""

    name: str
    unit: str
    places: int
    direction: str
    """`lower` or `higher` is better."""
    tolerance: int
    """How much worse than its baseline it may be, in steps."""
    baseline: int | None


@dataclass(frozen=True, slots=True)
class Quality:
    """What a quarter's newest reading says of the measure, with its figures in a sentence."""

    verdict: Verdict
    sentence: str

    @property
    def fell(self) -> bool:
        return self.verdict == "fell"

    @property
    def known(self) -> bool:
        return self.verdict != "unknown"


def worse_by(check: Check, value: int) -> int:
    """Return by how many steps `value` is worse than the baseline, 0 or less where it is not. There must be a baseline."""
    assert check.baseline is not None
    return direction.worse_by(check.direction, value, check.baseline)


def judge(check: Check | None, readings: Mapping[str, int], quarter: str, months: tuple[str, ...]) -> Quality:
    """Return whether quality kept in a quarter: its newest reading (`2026-09` → steps) against the measure's baseline.

    It fell where the reading is worse than the baseline by more than the tolerance; as good as the baseline is kept.
    Without a measure, a baseline or a reading in the quarter's `months` nobody knows, and the sentence says which.
    """
    if check is None:
        return Quality("unknown", "No measure is named that must not fall for it.")
    if check.baseline is None:
        return Quality("unknown", f"“{check.name}” has no baseline to compare with.")
    newest = max((month for month in months if month in readings), default=None)
    if newest is None:
        return Quality("unknown", f"“{check.name}” has no reading in {quarter_name(quarter)}.")
    value = readings[newest]
    worse = worse_by(check, value)
    began = f"the {_said(check, check.baseline)} it began from"
    stood = f"“{check.name}” stood at {_said(check, value)} in {month_name(newest)}"
    if worse <= 0:
        compared = "as good as" if worse == 0 else "better than"
        return Quality("kept", f"{stood}, {compared} {began}.")
    allowed = f"the tolerance of {figure(check.tolerance, check.places)}" if check.tolerance else ""
    if worse <= check.tolerance:
        return Quality("kept", f"{stood}, within {allowed} around {began}.")
    beyond = f", and beyond {allowed}" if allowed else ""
    return Quality("fell", f"{stood}, worse than {began}{beyond}.")


def _said(check: Check, value: int) -> str:
    text, unit = figure(value, check.places), check.unit
    if unit.startswith("£"):
        return f"£{text}{unit[1:]}"
    return f"{text}{unit}" if unit.startswith("%") else f"{text} {unit}".strip()
