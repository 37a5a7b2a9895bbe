"""Measures and savings as their page shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.facts import MeasureFact
from vfm_workflow.domain.money import figure
from vfm_workflow.domain.peers import median
from vfm_workflow.domain.units import with_unit
from vfm_workflow.journeys import gate
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import pages_figures as store
from vfm_workflow.store import projects, register, returns
from vfm_workflow.store.pages_figures import Line, Peer, Ratio, Year
from vfm_workflow.store.returns import Reported
from vfm_workflow.store.tables import Project
from vfm_workflow.web.figures import Spark, progress, spark, valued

ALWAYS = "9999-12"
"""A month after every other: everything that was ever reported."""


@dataclass(frozen=True)
class MeasureRow:
    """A measure with where it began, where it stands, and how others do."""

    fact: MeasureFact
    ratio: Ratio
    earlier: Sequence[tuple[int, int]]
    """(Baseline, target) as they were before, oldest first."""
    peers: Sequence[Peer]
    readings: Sequence[Reported]
    spark: Spark | None

    def value(self, steps: int | None) -> str:
        """Return a value of this measure with its unit."""
        return valued(self.fact, steps)

    def bare(self, steps: int | None) -> str:
        """Return a value of this measure without its unit, as a box or a table's column holds it."""
        return "" if steps is None else figure(steps, self.fact.places)

    @property
    def unit(self) -> str:
        return self.fact.unit

    @property
    def newest(self) -> Reported | None:
        return self.readings[-1] if self.readings else None

    @property
    def progress(self) -> str:
        return progress(self.fact, self.newest.value) if self.newest is not None else ""

    @property
    def median(self) -> str:
        """The other councils' median, with its unit."""
        found = median((peer.value for peer in self.peers), self.fact.places)
        return "" if found is None else with_unit(self.fact.unit, *found)


def measures(session: Session, home: Home, project: Project, at: dt.datetime) -> list[MeasureRow]:
    """Return a project's measures in order."""
    key = projects.key(project)
    known = gate.load_facts(session, home, project, {"measures"}, at).measures
    ratios, peers = store.ratios(session, key), store.peers(session, key)
    targets, readings = store.targets(session, key), returns.readings(session, key, ALWAYS)
    return [
        MeasureRow(
            fact,
            ratios.get(fact.id, Ratio("", "")),
            targets.get(fact.id, [])[:-1],
            peers.get(fact.id, []),
            readings.get(fact.id, []),
            spark(fact, readings.get(fact.id, [])),
        )
        for fact in known
    ]


@dataclass(frozen=True)
class SavingRow:
    """A line of savings with its profile. Amounts are whole pence."""

    line: Line
    years: Mapping[int, Year]
    delivered: Sequence[Reported]
    agreed: Sequence[Mapping[int, tuple[int, int, int]]] = ()
    """Every profile that CMT agreed, the first one first."""

    @property
    def rebaselined(self) -> bool:
        """Whether CMT has agreed another profile since the first."""
        return len(self.agreed) > 1

    def first(self, year: int) -> int:
        """Return what CMT agreed first for a year, 0 where that profile has none."""
        return self.agreed[0].get(year, (0, 0, 0))[1] if self.agreed else self.expected(year)

    @property
    def kind(self) -> str:
        cashable = "Cashable" if self.line.cashable else "Non-cashable"
        return f"{cashable}, {'ongoing' if self.line.ongoing else 'one-off'}"

    def expected(self, year: int) -> int:
        """Return what is expected in a financial year, 0 outside the profile."""
        return self.years[year].expected if year in self.years else 0

    @property
    def counted(self) -> bool:
        """Whether the line counts in this project, and not in another's (§2.2.7)."""
        return self.line.counted_in is None

    @property
    def delivered_in_all(self) -> int:
        return sum(row.value for row in self.delivered)


@dataclass(frozen=True)
class Savings:
    """Every line, and totals that are the sums of what is shown above them. Amounts are whole pence."""

    rows: Sequence[SavingRow]

    @property
    def years(self) -> list[int]:
        return sorted({year for row in self.rows for year in row.years})

    @property
    def elsewhere(self) -> list[SavingRow]:
        return [row for row in self.rows if not row.counted]

    def total(self, year: int, *, counted: bool | None = None) -> int:
        """Return the sum of a year: of all lines, or of those counted here (True) or elsewhere (False)."""
        return sum(row.expected(year) for row in self.rows if counted is None or row.counted == counted)

    def total_of(self, row: SavingRow) -> int:
        """Return what a line expects in all its years."""
        return sum(row.expected(year) for year in self.years)

    def grand(self, *, counted: bool | None = None) -> int:
        """Return the sum of every year's total."""
        return sum(self.total(year, counted=counted) for year in self.years)


def savings(session: Session, project: Project) -> Savings:
    """Return a project's lines of savings in order."""
    key = projects.key(project)
    profiles, delivered = store.profiles(session, key), returns.delivered(session, key, ALWAYS)
    agreed = register.agreements(session, register.chosen(register.Wanted(project_id=key)))
    return Savings(
        [
            SavingRow(
                line,
                profiles.get(line.id, {}),
                delivered.get(line.id, []),
                [row.years for row in agreed.get(line.id, [])],
            )
            for line in store.lines(session, key)
        ]
    )
