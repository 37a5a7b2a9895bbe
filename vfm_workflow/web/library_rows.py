"""A measure of the library as its pages show it: values with their unit, the small line, other councils' median."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from vfm_workflow.domain.facts import MeasureFact
from vfm_workflow.domain.money import figure, pounds
from vfm_workflow.domain.peers import median
from vfm_workflow.domain.units import with_unit
from vfm_workflow.journeys.library_view import Shown
from vfm_workflow.store.returns import Reported
from vfm_workflow.web.figures import Spark, progress, spark, valued

STATES = {
    "agreed": ("green", "Agreed"),
    "changing": ("blue", "New figures wait"),
    "waiting": ("yellow", "To be agreed"),
    "none": ("grey", "No figures"),
    "retired": ("grey", "Retired"),
}
"""How a measure stands this year → colour and word of its tag."""
SOURCES = {"form": "By form", "csv": "From a file", "api": "By a program", "return": "By a return"}


@dataclass(frozen=True)
class Row:
    """A measure with its words."""

    shown: Shown

    @property
    def code(self) -> str:
        return self.shown.code

    @property
    def name(self) -> str:
        return self.shown.measure.name

    @cached_property
    def fact(self) -> MeasureFact:
        """The measure with the figures it is held against."""
        row, aim = self.shown.measure, self.shown.aim
        baseline, target = (aim.target.baseline, aim.target.target) if aim is not None else (None, None)
        return MeasureFact(
            row.id or 0, row.name, row.kind, row.unit, row.places, row.direction, baseline, target
        )

    def value(self, steps: int | None) -> str:
        """Return a value with its unit."""
        return valued(self.fact, steps)

    def bare(self, steps: int | None) -> str:
        """Return a value without its unit."""
        return "" if steps is None else figure(steps, self.fact.places)

    def parts(self, numerator: int | None, denominator: int | None) -> str:
        """Return what a value was worked out of; nothing where it was given."""
        return "" if numerator is None else f"{pounds(numerator)} ÷ {denominator:,}"

    @property
    def state(self) -> tuple[str, str]:
        """Colour and word of its tag."""
        return STATES[self.shown.state]

    @property
    def progress(self) -> str:
        newest = self.shown.newest
        return progress(self.fact, newest.value) if newest is not None else ""

    @property
    def median(self) -> str:
        """Other councils' median with its unit."""
        found = median((peer.value for peer in self.shown.peers), self.fact.places)
        return "" if found is None else with_unit(self.fact.unit, *found)

    def line(self, width: int = 180, height: int = 44) -> Spark | None:
        """Return the line of its months, None where fewer than two are known."""
        known = [Reported(row.period, row.number, row.value) for row in self.shown.readings]
        return spark(self.fact, known, width, height)
