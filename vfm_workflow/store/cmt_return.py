"""What the monthly return of all services is made of, by a few statements over all projects (§2.2.4, §4.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.roles import Reach
from vfm_workflow.store.access import within
from vfm_workflow.store.tables import (
    History,
    Measure,
    MeasureTarget,
    MonthlyReturn,
    Person,
    Project,
    Reading,
    SavingEntry,
    SavingForecast,
    SavingLine,
    SavingYear,
)


class Given(NamedTuple):
    """A project with its return of a month, whose columns are None (or empty) where there is none. Amounts in whole pence."""

    project_id: int
    reference: str
    title: str
    department: str
    lifecycle: str
    manager: str
    stage: str | None
    """Where it stood at the end of the month; None where it was not begun."""
    state: str | None
    narrative: str | None
    action: str | None
    action_owner: str | None
    action_by: dt.date | None
    beyond_team: str | None
    spend_forecast: int | None
    days_used: int | None
    rag: str | None
    rag_time: str | None
    rag_cost: str | None
    rag_benefit: str | None
    rag_outlook: str | None
    rag_before: str | None
    """The overall colour of the return before, whether or not this one is in."""
    why: list[dict[str, Any]] | None
    submitted_at: dt.datetime | None
    verified_at: dt.datetime | None
    sent_back_why: str | None


def given(
    session: Session,
    period: str,
    moment: dt.datetime,
    monitored: Sequence[tuple[str, str]],
    reach: Reach | None,
) -> list[Given]:
    """Return every project that owes a return for a month or gave one, by department and reference: all, or what `reach` sees.

    `moment` is when the month ended; `monitored` are the (lifecycle, stage) that report monthly.
    """
    p, r, h = Project, MonthlyReturn, History
    stood = (
        select(col(h.to_stage))
        .where(
            col(h.project_id) == col(p.id),
            col(h.at) <= moment.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        )
        .order_by(col(h.seq).desc())
        .limit(1)
        .correlate(p)
        .scalar_subquery()
    )
    stage = case((col(p.stage_since) < moment, col(p.stage)), else_=stood)  # most have not moved since
    earlier = aliased(MonthlyReturn)
    before = (
        select(col(earlier.rag))
        .where(
            col(earlier.project_id) == col(p.id), col(earlier.period) < period, col(earlier.rag).is_not(None)
        )
        .order_by(col(earlier.period).desc())
        .limit(1)
        .correlate(p)
        .scalar_subquery()
    )
    seen = within(reach) if reach is not None else None
    query = (
        select(
            col(p.id), col(p.reference), col(p.title), col(p.department), col(p.lifecycle), col(Person.name),
            stage, col(r.state), col(r.narrative), col(r.action), col(r.action_owner), col(r.action_by),
            col(r.beyond_team), col(r.spend_forecast), col(r.days_used), col(r.rag), col(r.rag_time), col(r.rag_cost),
            col(r.rag_benefit), col(r.rag_outlook), func.coalesce(col(r.rag_before), before), col(r.why), col(r.submitted_at),
            col(r.verified_at), col(r.sent_back_why),
        )
        .join(Person, col(Person.id) == col(p.manager_id))
        .outerjoin(r, and_(col(r.project_id) == col(p.id), col(r.period) == period))
        .where(or_(col(r.id).is_not(None), tuple_(col(p.lifecycle), stage).in_(monitored)))
        .order_by(col(p.department), col(p.id))
    )  # fmt: skip
    if seen is not None:
        query = query.where(seen)
    return [Given._make(row) for row in session.execute(query)]


class Amounts(NamedTuple):
    """Sums over a project's lines of savings, in whole pence; those counted here apart from those counted elsewhere."""

    project_id: int
    counted: bool
    """They count in this project, and not in another's (§2.2.7)."""
    first: int
    second: int


_COUNTED: ColumnElement[bool] = col(SavingLine.counted_in).is_(None)


def delivered(session: Session, months: Collection[str], year: int) -> list[Amounts]:
    """Return (delivered, the whole year's profile summed once for each month reported) over some months of a year."""
    e, y = SavingEntry, SavingYear
    newest = (
        select(col(e.line_id), col(e.period), func.max(e.number).label("number"))
        .where(col(e.period).in_(sorted(months)))
        .group_by(col(e.line_id), col(e.period))
        .subquery()
    )
    query = (
        select(
            col(SavingLine.project_id),
            _COUNTED,
            func.sum(e.delivered),
            func.coalesce(func.sum(y.expected), 0),
        )
        .join(
            newest,
            (newest.c.line_id == col(e.line_id))
            & (newest.c.period == col(e.period))
            & (newest.c.number == col(e.number)),
        )
        .join(SavingLine, col(SavingLine.id) == col(e.line_id))
        .outerjoin(y, and_(col(y.line_id) == col(e.line_id), col(y.year) == year))
        .group_by(col(SavingLine.project_id), _COUNTED)
    )
    return _amounts(session, query)


def expected(session: Session, period: str, year: int) -> list[Amounts]:
    """Return (expected by the end of the year as the month's returns say it, the year's profile of the same lines)."""
    f, y = SavingForecast, SavingYear
    newest = (
        select(col(f.line_id), func.max(f.number).label("number"))
        .where(col(f.period) == period)
        .group_by(col(f.line_id))
        .subquery()
    )
    query = (
        select(
            col(SavingLine.project_id), _COUNTED, func.sum(f.amount), func.coalesce(func.sum(y.expected), 0)
        )
        .join(
            newest,
            (newest.c.line_id == col(f.line_id))
            & (newest.c.number == col(f.number))
            & (col(f.period) == period),
        )
        .join(SavingLine, col(SavingLine.id) == col(f.line_id))
        .outerjoin(y, and_(col(y.line_id) == col(f.line_id), col(y.year) == year))
        .group_by(col(SavingLine.project_id), _COUNTED)
    )
    return _amounts(session, query)


def _amounts(session: Session, query: Any) -> list[Amounts]:
    # PostgreSQL sums whole numbers into decimals
    return [
        Amounts(project_id, bool(counted), int(first), int(second))
        for project_id, counted, first, second in session.execute(query)
    ]


def spent(session: Session, months: Collection[str]) -> dict[int, int]:
    """Return project id → whole pence spent in some months as the returns say it; who says nothing is not there."""
    query = (
        select(col(MonthlyReturn.project_id), func.sum(MonthlyReturn.spend))
        .where(col(MonthlyReturn.period).in_(sorted(months)), col(MonthlyReturn.spend).is_not(None))
        .group_by(col(MonthlyReturn.project_id))
    )
    return {project_id: int(total) for project_id, total in session.execute(query)}


class LibraryRow(NamedTuple):
    """A measure of a department's library with its value of a month, in steps of 10^-places; None where there is none."""

    id: int
    department: str
    code: str | None
    name: str
    kind: str
    unit: str
    places: int
    direction: str
    tolerance: int
    baseline: int | None
    target: int | None
    value: int | None
    recorded_at: dt.datetime | None
    recorded_by: str | None
    source: str | None


def library(session: Session, period: str, year: int, until: dt.date) -> list[LibraryRow]:
    """Return every library measure in use at `until` with its value of a month and its target of a financial year."""
    m, t, r = Measure, MeasureTarget, Reading
    agreed = (
        select(col(t.measure_id), func.max(t.number).label("number"))
        .where(or_(col(t.year) == year, col(t.year).is_(None)))
        .group_by(col(t.measure_id))
        .subquery()
    )
    newest = (
        select(col(r.measure_id), func.max(r.number).label("number"))
        .where(col(r.period) == period)
        .group_by(col(r.measure_id))
        .subquery()
    )
    query = (
        select(
            col(m.id), col(m.department), col(m.code), col(m.name), col(m.kind), col(m.unit), col(m.places),
            col(m.direction), col(m.tolerance), col(t.baseline), col(t.target), col(r.value), col(r.at),
            col(Person.name), col(r.source),
        )
        .outerjoin(agreed, agreed.c.measure_id == col(m.id))
        .outerjoin(t, and_(col(t.measure_id) == col(m.id), col(t.number) == agreed.c.number))
        .outerjoin(newest, newest.c.measure_id == col(m.id))
        .outerjoin(
            r,
            and_(
                col(r.measure_id) == col(m.id), col(r.period) == period, col(r.number) == newest.c.number
            ),
        )
        .outerjoin(Person, col(Person.id) == col(r.by))
        .where(
            col(m.department).is_not(None), or_(col(m.retired_on).is_(None), col(m.retired_on) > until)
        )
        .order_by(col(m.department), col(m.position), col(m.id))
    )  # fmt: skip
    return [LibraryRow._make(row) for row in session.execute(query)]
