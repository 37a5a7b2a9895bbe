"""A measure's unit as people read it: a sign before the figure, words after it."""

from __future__ import annotations

from dataclasses import dataclass

from vfm_workflow.domain.money import figure


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a box shows it: a sign before the figure, words after it."""

    before: str
    after: str

    def of(self, value: str) -> str:
        """Return a figure with its unit, such as `£71.00 per household` or `7% of streets`."""
        joint = "" if not self.after or self.after.startswith("%") else " "
        sign, bare = ("-", value[1:]) if value.startswith("-") else ("", value)
        return f"{sign}{self.before}{bare}{joint}{self.after}"


def unit_of(text: str) -> Unit:
    """Return a measure's unit in its two parts: `£ per visit` is a pound sign before and `per visit` after."""
    typed = text.strip()
    return Unit("£", typed[1:].strip()) if typed.startswith("£") else Unit("", typed)


def with_unit(unit: str, value: int, places: int) -> str:
    """Return a value in steps of 10^-places with its unit: 7150 of `£ per visit` with 2 places is `£71.50 per visit`."""
    return unit_of(unit).of(figure(value, places))
