"""What machines read of measures: the library's and the projects', and their readings (docs/api.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.store.access import APPROVED
from vfm_workflow.store.feeds import Cut, Filters, Window, in_months, is_verified, on_projects, paged
from vfm_workflow.store.tables import (
    DecisionRequest,
    Measure,
    MeasureAgreement,
    MeasureTarget,
    Person,
    Project,
    Reading,
    Version,
)


class MeasureRow(NamedTuple):
    """A measure with the figures that count on a day. Values are steps of its unit."""

    code: str | None
    project: str | None
    department: str
    library: str | None
    name: str
    kind: str
    unit: str
    places: int
    direction: str
    numerator: str
    denominator: str
    tolerance: int
    year: int | None
    baseline: int | None
    target: int | None
    agreed: bool
    retired_on: dt.date | None


def measures(
    session: Session, window: Window, filters: Filters, cut: Cut, year: int, subjects: Collection[str]
) -> tuple[list[MeasureRow], int]:
    """Return the library's measures with the figures of a financial year, then the projects' with those that count now.

    `subjects` are those whose approval agrees measures. Who sees what is released alone gets figures that are agreed.
    """
    m, shared, t = Measure, aliased(Measure), MeasureTarget
    agreed = _agreed(t, m, subjects)
    counts = aliased(MeasureTarget)
    newest = select(func.max(counts.number)).where(
        col(counts.measure_id) == col(m.id), or_(col(counts.year).is_(None), col(counts.year) == year)
    )
    restricted = _restricted(window, m)
    newest = newest.where(or_(~restricted, _agreed(counts, m, subjects)))
    query = (
        select(
            col(m.code), col(Project.reference), func.coalesce(col(m.department), col(Project.department)),
            col(shared.code), col(m.name), col(m.kind), col(m.unit), col(m.places), col(m.direction), col(m.numerator),
            col(m.denominator), col(m.tolerance), col(t.year), col(t.baseline), col(t.target),
            func.coalesce(agreed, literal(False)), col(m.retired_on),
        )
        .outerjoin(Project, col(Project.id) == col(m.project_id))
        .outerjoin(shared, col(shared.id) == col(m.library_id))
        .outerjoin(
            t, and_(col(t.measure_id) == col(m.id), col(t.number) == newest.correlate(m).scalar_subquery())
        )
        .where(*_of_measures(window, filters, m, shared))
    )  # fmt: skip
    order = (col(m.project_id).is_not(None), col(m.code), col(m.project_id), col(m.position), col(m.id))
    rows, total = paged(session, query, order, cut)
    return [MeasureRow._make([*row[:15], bool(row[15]), row[16]]) for row in rows], total


def _restricted(window: Window, m: Any) -> ColumnElement[bool]:
    """Return the condition that of a measure only what is released is to be seen."""
    library, own = literal(window.library_released), literal(window.released)
    return or_(and_(col(m.project_id).is_(None), library), and_(col(m.project_id).is_not(None), own))


def _agreed(figures: Any, m: Any, subjects: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that figures are agreed: by both sides, or by the board that was shown them."""
    signed = (
        select(func.count())
        .where(
            col(MeasureAgreement.measure_id) == figures.measure_id,
            col(MeasureAgreement.number) == figures.number,
        )
        .correlate(figures)
        .scalar_subquery()
        == 2
    )
    frozen = (
        select(func.max(Version.frozen_at))
        .join(DecisionRequest, col(DecisionRequest.version_id) == col(Version.id))
        .where(
            col(DecisionRequest.project_id) == col(m.project_id),
            col(DecisionRequest.state) == "decided",
            col(DecisionRequest.outcome).in_(APPROVED),
            col(Version.subject).in_(sorted(subjects)),
        )
        .correlate(m)
        .scalar_subquery()
    )
    return or_(
        and_(col(m.project_id).is_(None), signed), and_(col(m.project_id).is_not(None), figures.at <= frozen)
    )


def _of_measures(window: Window, filters: Filters, m: Any, shared: Any) -> list[ColumnElement[bool]]:
    """Return the conditions on measures: the library's where it is seen, and those of the projects that are."""
    library = [col(m.project_id).is_(None), literal(window.library)]
    if filters.department:
        library.append(col(m.department) == filters.department)
    if filters.project:
        library.append(literal(False))
    own = [col(m.project_id).is_not(None), *on_projects(window, filters)]
    if filters.measure:
        library.append(col(m.code) == filters.measure)
        own.append(col(shared.code) == filters.measure)
    return [or_(and_(*library), and_(*own))]


# ------------------------------------------------------------------ readings


class ReadingRow(NamedTuple):
    """A month's reading as it counts."""

    code: str | None
    project: str | None
    department: str
    name: str
    unit: str
    places: int
    month: str
    value: int
    numerator: int | None
    denominator: int | None
    number: int
    source: str
    reason: str
    recorded_at: dt.datetime
    recorded_by: str


def readings(session: Session, window: Window, filters: Filters, cut: Cut) -> tuple[list[ReadingRow], int]:
    """Return the readings that count: the library's, then the projects', each by measure and month."""
    m, shared, r, later = Measure, aliased(Measure), Reading, aliased(Reading)
    wanted = [*_of_measures(window, filters, m, shared), *in_months(col(r.period), filters)]
    through = window.through or ""
    out = and_(
        col(r.period) <= through,
        or_(col(m.project_id).is_(None), is_verified(col(m.project_id), col(r.period), through)),
    )
    if window.released or window.library_released:
        wanted.append(or_(~_restricted(window, m), out))
    corrected = select(col(later.number)).where(
        col(later.measure_id) == col(r.measure_id),
        col(later.period) == col(r.period),
        col(later.number) > col(r.number),
    )
    query: Any = (
        select(
            func.coalesce(col(m.code), col(shared.code)), col(Project.reference),
            func.coalesce(col(m.department), col(Project.department)), col(m.name), col(m.unit), col(m.places),
            col(r.period), col(r.value), col(r.numerator), col(r.denominator), col(r.number), col(r.source),
            col(r.reason), col(r.at), col(Person.name),
        )
        .join(r, col(r.measure_id) == col(m.id))
        .join(Person, col(Person.id) == col(r.by))
        .outerjoin(Project, col(Project.id) == col(m.project_id))
        .outerjoin(shared, col(shared.id) == col(m.library_id))
        .where(~corrected.correlate(r).exists(), *wanted)
    )  # fmt: skip
    order = (col(m.project_id).is_not(None), col(m.code), col(m.project_id), col(m.id), col(r.period))
    rows, total = paged(session, query, order, cut)
    return [ReadingRow._make(row) for row in rows], total
