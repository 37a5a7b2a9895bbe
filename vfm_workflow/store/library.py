"""The library of measures: what each department measures, its figures by year, who signed them, and every reading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import (
    ImportBatch,
    Measure,
    MeasureAgreement,
    MeasureChange,
    MeasureTarget,
    PeerValue,
    Person,
    Project,
    Reading,
)


def by_code(session: Session, code: str) -> Measure | None:
    """Return the library's measure of that code, whatever its letters' size."""
    return session.scalars(select(Measure).where(col(Measure.code) == code.strip().upper())).first()


def measures(session: Session, department: str = "") -> list[Measure]:
    """Return the library's measures, retired ones too, in order of department and code."""
    query = select(Measure).where(col(Measure.project_id).is_(None))
    if department:
        query = query.where(col(Measure.department) == department)
    return list(session.scalars(query.order_by(col(Measure.department), col(Measure.code))))


def hold(session: Session, ids: Collection[int]) -> None:
    """Let nobody else number rows of these measures until the transaction ends (SQLite holds its one write lock already)."""
    session.execute(
        select(col(Measure.id))
        .where(col(Measure.id).in_(sorted(ids)))
        .order_by(col(Measure.id))
        .with_for_update()
    ).all()


class Target(NamedTuple):
    """A year's baseline and target as somebody proposed them, in steps of the measure's unit."""

    measure_id: int
    number: int
    year: int
    baseline: int
    target: int
    at: dt.datetime
    by: int
    name: str


def targets(session: Session, ids: Collection[int]) -> dict[int, list[Target]]:
    """Return measure id → every baseline and target it was given, oldest first."""
    t = MeasureTarget
    query = (
        select(
            col(t.measure_id), col(t.number), col(t.year), col(t.baseline), col(t.target), col(t.at), col(t.by),
            col(Person.name),
        )
        .join(Person, col(Person.id) == col(t.by))
        .where(col(t.measure_id).in_(sorted(ids)), col(t.year).is_not(None))
        .order_by(col(t.measure_id), col(t.number))
    )  # fmt: skip
    found: dict[int, list[Target]] = {}
    for row in session.execute(query):
        found.setdefault(row[0], []).append(Target._make(row))
    return found


class Signed(NamedTuple):
    """A sign-off: who and when."""

    by: int
    name: str
    at: dt.datetime


def agreements(session: Session, ids: Collection[int]) -> dict[tuple[int, int], dict[str, Signed]]:
    """Return (measure id, number of the figures) → side → its sign-off."""
    a = MeasureAgreement
    query = (
        select(col(a.measure_id), col(a.number), col(a.side), col(a.by), col(Person.name), col(a.at))
        .join(Person, col(Person.id) == col(a.by))
        .where(col(a.measure_id).in_(sorted(ids)))
    )
    found: dict[tuple[int, int], dict[str, Signed]] = {}
    for measure_id, number, side, by, name, at in session.execute(query):
        found.setdefault((measure_id, number), {})[side] = Signed(by, name, at)
    return found


class Counted(NamedTuple):
    """A month's reading as it counts, with its parts where it was worked out."""

    period: str
    number: int
    value: int
    numerator: int | None
    denominator: int | None
    source: str


def readings(
    session: Session, ids: Collection[int], since: str = "", until: str = "9999-12"
) -> dict[int, dict[str, Counted]]:
    """Return measure id → month → the reading that counts, oldest month first."""
    r = Reading
    query = (
        select(
            col(r.measure_id), col(r.period), col(r.number), col(r.value), col(r.numerator), col(r.denominator),
            col(r.source),
        )
        .where(col(r.measure_id).in_(sorted(ids)), col(r.period) >= since, col(r.period) <= until)
        .order_by(col(r.measure_id), col(r.period), col(r.number))
    )  # fmt: skip
    found: dict[int, dict[str, Counted]] = {}
    for key, *row in session.execute(query):
        found.setdefault(key, {})[row[0]] = Counted._make(row)
    return found


class Entry(NamedTuple):
    """One row of a month, the first or a correction, with everything that was said of it."""

    period: str
    number: int
    value: int
    numerator: int | None
    denominator: int | None
    at: dt.datetime
    name: str
    source: str
    reason: str
    batch_id: int | None
    batch: str | None
    """The name of the file it came in."""


def entries(session: Session, measure_id: int, until: str = "9999-12") -> list[Entry]:
    """Return every row of a measure up to a month: newest month first, and in it the row that counts first."""
    r = Reading
    query = (
        select(
            col(r.period), col(r.number), col(r.value), col(r.numerator), col(r.denominator), col(r.at),
            col(Person.name), col(r.source), col(r.reason), col(r.batch_id), col(ImportBatch.name),
        )
        .join(Person, col(Person.id) == col(r.by))
        .outerjoin(ImportBatch, col(ImportBatch.id) == col(r.batch_id))
        .where(col(r.measure_id) == measure_id, col(r.period) <= until)
        .order_by(col(r.period).desc(), col(r.number).desc())
    )  # fmt: skip
    return [Entry._make(row) for row in session.execute(query)]


def add_readings(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows of readings, each with all of its columns."""
    session.add_all(Reading(**row) for row in rows)
    session.flush()


class Change(NamedTuple):
    """What somebody changed of a measure."""

    at: dt.datetime
    name: str
    detail: Mapping[str, Sequence[Any]]


def changes(session: Session, measure_id: int) -> list[Change]:
    """Return what was changed of a measure besides its figures, newest first."""
    c = MeasureChange
    query = (
        select(col(c.at), col(Person.name), col(c.detail))
        .join(Person, col(Person.id) == col(c.by))
        .where(col(c.measure_id) == measure_id)
        .order_by(col(c.number).desc())
    )
    return [Change._make(row) for row in session.execute(query)]


def note(session: Session, measure_id: int, by: int, at: dt.datetime, detail: Mapping[str, Any]) -> None:
    """Keep what somebody changed of a measure."""
    newest = session.scalar(
        select(func.max(MeasureChange.number)).where(col(MeasureChange.measure_id) == measure_id)
    )
    row = MeasureChange(measure_id=measure_id, number=(newest or 0) + 1, at=at, by=by, detail=dict(detail))
    session.add(row)
    session.flush()


class Taking(NamedTuple):
    """A project's measure that takes its readings from the library."""

    reference: str
    title: str
    measure_id: int
    name: str
    project_id: int


def taken_by(session: Session, library_id: int) -> list[Taking]:
    """Return the projects' measures that take over a measure of the library, in order of reference."""
    query = (
        select(
            col(Project.reference), col(Project.title), col(Measure.id), col(Measure.name), col(Project.id)
        )
        .join(Project, col(Project.id) == col(Measure.project_id))
        .where(col(Measure.library_id) == library_id)
        .order_by(col(Project.id), col(Measure.position))
    )
    return [Taking._make(row) for row in session.execute(query)]


class Given(NamedTuple):
    """The library's reading that a project's measure takes over for a month."""

    measure_id: int
    code: str
    period: str
    number: int
    value: int
    source: str
    at: dt.datetime
    name: str


def given(session: Session, project_id: int, period: str) -> list[Given]:
    """Return the library's readings for a month that a project's measures take over, every row, in order of number."""
    return [Given._make(row) for row in rows(session, _given(), {"project": project_id, "period": period})]


@cache
def _given() -> Any:
    """Built once: every look at a return's form asks it."""
    own, shared = Measure, Measure.__table__.alias("shared")  # type: ignore[attr-defined]
    r = Reading
    return (
        select(
            col(own.id), shared.c.code, col(r.period), col(r.number), col(r.value), col(r.source), col(r.at),
            col(Person.name),
        )
        .join(shared, shared.c.id == col(own.library_id))
        .join(r, col(r.measure_id) == col(own.library_id))
        .join(Person, col(Person.id) == col(r.by))
        .where(
            col(own.project_id) == bindparam("project"),
            col(r.period) == bindparam("period"),
            shared.c.places == col(own.places),
            shared.c.unit == col(own.unit),
        )
        .order_by(col(own.id), col(r.number))
    )  # fmt: skip


def peers(session: Session, ids: Collection[int]) -> dict[int, list[PeerValue]]:
    """Return measure id → other councils' values, in order of name."""
    query = select(PeerValue).where(col(PeerValue.measure_id).in_(sorted(ids)))
    found: dict[int, list[PeerValue]] = {}
    for row in session.scalars(query.order_by(col(PeerValue.measure_id), col(PeerValue.peer))):
        found.setdefault(row.measure_id, []).append(row)
    return found
