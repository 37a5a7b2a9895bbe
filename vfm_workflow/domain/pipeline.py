"""The pipeline: what projects expect to save, weighted by how far each has come, against the target (§4.4, §4.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """What one project expects in each year of the plan, in whole pence, and how far its stage lets that count."""

    project: str
    """Its reference."""
    title: str
    department: str
    stage: str
    """The stage's title."""
    weight: int
    """Per cent."""
    expected: Mapping[int, int]
    """Financial year → whole pence a year, of its ongoing lines that are counted here."""
    cashable: Mapping[int, int]
    """The part of it that releases money."""
    once: int = 0
    """One-off savings and receipts of all years, in whole pence: never part of a year's pipeline."""

    def weighted(self, year: int) -> int:
        """Return what counts of a year, in whole pence: rounded here, once, so that totals are sums of what is shown."""
        return weighted(self.expected.get(year, 0), self.weight)


def weighted(pence: int, percent: int) -> int:
    """Return a part of an amount in whole pence, half up (half away from nothing for a cost)."""
    sign = -1 if pence < 0 else 1
    return sign * ((abs(pence) * percent * 2 + 100) // 200)


@dataclass(frozen=True, slots=True)
class PlanYear:
    """A year of the plan, in whole pence: the sums of the rows, and the target."""

    year: int
    target: int
    expected: int
    cashable: int
    weighted: int

    @property
    def shortfall(self) -> int:
        """What is still to be found by the weighted pipeline; less than nothing where there is more than the target."""
        return self.target - self.weighted


def plan(rows: Sequence[PipelineRow], targets: Mapping[int, int]) -> list[PlanYear]:
    """Return each year of the plan, oldest first."""
    return [
        PlanYear(
            year,
            targets[year],
            sum(row.expected.get(year, 0) for row in rows),
            sum(row.cashable.get(year, 0) for row in rows),
            sum(row.weighted(year) for row in rows),
        )
        for year in sorted(targets)
    ]


def by_stage(rows: Iterable[PipelineRow], year: int) -> list[tuple[str, int, int, int, int]]:
    """Return (stage, per cent, projects, whole pence expected, whole pence weighted) of a year, the least sure first."""
    found: dict[tuple[int, str], list[PipelineRow]] = {}
    for row in rows:
        found.setdefault((row.weight, row.stage), []).append(row)
    return [
        (
            stage,
            weight,
            len(some),
            sum(row.expected.get(year, 0) for row in some),
            sum(row.weighted(year) for row in some),
        )
        for (weight, stage), some in sorted(found.items())
    ]
