"""What the pages of measures and savings read, each by one statement for the whole project."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.store.tables import (
    Measure,
    MeasureTarget,
    PeerValue,
    Project,
    SavingLine,
    SavingYear,
)


class Ratio(NamedTuple):
    """What a measure divides by what, and the code of the library's measure it takes over."""

    numerator: str
    denominator: str
    library: str | None = None


def ratios(session: Session, project_id: int) -> dict[int, Ratio]:
    """Return measure id → what it divides by what, of a project's measures."""
    shared = aliased(Measure)
    query = (
        select(col(Measure.id), col(Measure.numerator), col(Measure.denominator), col(shared.code))
        .outerjoin(shared, col(shared.id) == col(Measure.library_id))
        .where(col(Measure.project_id) == project_id)
    )
    return {key: Ratio(*row) for key, *row in session.execute(query) if key is not None}


def targets(session: Session, project_id: int) -> dict[int, list[tuple[int, int]]]:
    """Return measure id → every (baseline, target) it was given, oldest first, in steps of its unit."""
    query = (
        select(col(MeasureTarget.measure_id), col(MeasureTarget.baseline), col(MeasureTarget.target))
        .join(Measure, col(Measure.id) == col(MeasureTarget.measure_id))
        .where(col(Measure.project_id) == project_id)
        .order_by(col(MeasureTarget.measure_id), col(MeasureTarget.number))
    )
    found: dict[int, list[tuple[int, int]]] = {}
    for key, baseline, target in session.execute(query):
        found.setdefault(key, []).append((baseline, target))
    return found


class Peer(NamedTuple):
    """Another council's value, in steps of the measure's unit."""

    name: str
    value: int
    source: str


def peers(session: Session, project_id: int) -> dict[int, list[Peer]]:
    """Return measure id → other councils' values, in order of name."""
    query = (
        select(col(PeerValue.measure_id), col(PeerValue.peer), col(PeerValue.value), col(PeerValue.source))
        .join(Measure, col(Measure.id) == col(PeerValue.measure_id))
        .where(col(Measure.project_id) == project_id)
        .order_by(col(PeerValue.measure_id), col(PeerValue.peer))
    )
    found: dict[int, list[Peer]] = {}
    for key, name, value, source in session.execute(query):
        found.setdefault(key, []).append(Peer(name, value, source))
    return found


class Line(NamedTuple):
    """A line of savings with the names of what it points at."""

    id: int
    title: str
    cashable: bool
    ongoing: bool
    budget_code: str
    check_id: int | None
    check: str | None
    counted_in: int | None
    parent_title: str | None
    parent_project: str | None


def lines(session: Session, project_id: int) -> list[Line]:
    """Return a project's lines of savings in order."""
    parent, other = aliased(SavingLine), aliased(Project)
    query = (
        select(
            col(SavingLine.id),
            col(SavingLine.title),
            col(SavingLine.cashable),
            col(SavingLine.ongoing),
            col(SavingLine.budget_code),
            col(SavingLine.cross_check),
            col(Measure.name),
            col(SavingLine.counted_in),
            col(parent.title),
            col(other.reference),
        )
        .outerjoin(Measure, col(Measure.id) == col(SavingLine.cross_check))
        .outerjoin(parent, col(parent.id) == col(SavingLine.counted_in))
        .outerjoin(other, col(other.id) == col(parent.project_id))
        .where(col(SavingLine.project_id) == project_id)
        .order_by(col(SavingLine.position), col(SavingLine.id))
    )
    return [Line._make(row) for row in session.execute(query)]


class Year(NamedTuple):
    """One financial year of a line, in whole pence."""

    low: int
    expected: int
    high: int
    cost: int


def profiles(session: Session, project_id: int) -> dict[int, dict[int, Year]]:
    """Return line id → financial year → amounts."""
    query = (
        select(
            col(SavingYear.line_id),
            col(SavingYear.year),
            col(SavingYear.low),
            col(SavingYear.expected),
            col(SavingYear.high),
            col(SavingYear.cost),
        )
        .join(SavingLine, col(SavingLine.id) == col(SavingYear.line_id))
        .where(col(SavingLine.project_id) == project_id)
        .order_by(col(SavingYear.line_id), col(SavingYear.year))
    )
    found: dict[int, dict[int, Year]] = {}
    for key, year, low, expected, high, cost in session.execute(query):
        found.setdefault(key, {})[year] = Year(low, expected, high, cost)
    return found


def of_others(session: Session, project_id: int) -> list[tuple[int, str, str]]:
    """Return (id, title, project's reference) of every other project's line, in order of reference."""
    query = (
        select(col(SavingLine.id), col(SavingLine.title), col(Project.reference))
        .join(Project, col(Project.id) == col(SavingLine.project_id))
        .where(col(SavingLine.project_id) != project_id)
        .order_by(col(Project.id), col(SavingLine.position), col(SavingLine.id))
    )
    return [(key, title, reference) for key, title, reference in session.execute(query) if key is not None]
