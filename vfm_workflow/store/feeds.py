"""What machines read: projects' and the library's figures, a page at a time, by one statement each (docs/api.md).

Who sees what is released alone gets that alone: the statement itself leaves the rest out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.roles import Reach
from vfm_workflow.store.access import within
from vfm_workflow.store.tables import (
    Baseline,
    Milestone,
    MonthlyReturn,
    Project,
    SavingAgreed,
    SavingEntry,
    SavingLine,
    SavingYear,
)


@dataclass(frozen=True, slots=True)
class Window:
    """What somebody may see: which projects, and up to which month where a release clock says it (§6.2)."""

    reach: Reach
    through: str | None
    """The last month released; None for who sees everything at once."""
    library: bool
    """Whether they see the departments' library of measures."""
    library_released: bool = False
    """Whether of the library too they see what is released alone."""

    @property
    def released(self) -> bool:
        return self.reach.scope == "released"


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for; empty for everything."""

    project: str = ""
    department: str = ""
    measure: str = ""
    since: str = ""
    """The first month, such as `2026-04`."""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """One page of a list. Without a limit it is the whole of it."""

    offset: int = 0
    limit: int | None = None


def on_projects(window: Window, filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions on `project`."""
    wanted: list[ColumnElement[bool]] = []
    condition = within(window.reach)
    if condition is not None:
        wanted.append(condition)
    if filters.project:
        wanted.append(col(Project.reference) == filters.project)
    if filters.department:
        wanted.append(col(Project.department) == filters.department)
    return wanted


def in_months(column: Any, filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions on a month."""
    found = []
    if filters.since:
        found.append(column >= filters.since)
    if filters.until:
        found.append(column <= filters.until)
    return found


def is_verified(project_id: Any, period: Any, through: str) -> ColumnElement[bool]:
    """Return the condition that a month's return is verified and released."""
    r = MonthlyReturn
    return and_(
        period <= through,
        select(col(r.id))
        .where(col(r.project_id) == project_id, col(r.period) == period, col(r.state) == "verified")
        .exists(),
    )


def paged(session: Session, query: Any, order: Sequence[Any], cut: Cut) -> tuple[list[Any], int]:
    """Return the rows of a page and how many there are in all."""
    rows = list(session.execute(query.order_by(*order).offset(cut.offset).limit(cut.limit)))
    if cut.limit is None or (not cut.offset and len(rows) < cut.limit):
        return rows, cut.offset + len(rows)
    return rows, session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


# ------------------------------------------------------------------ savings


class Saving(NamedTuple):
    """A line of savings."""

    id: int
    project: str
    department: str
    title: str
    cashable: bool
    ongoing: bool
    budget_code: str
    counted_in: str | None
    """The project whose line counts it, where it is not this one (§2.2.7)."""


def savings(session: Session, window: Window, filters: Filters, cut: Cut) -> tuple[list[Saving], int]:
    """Return the lines of savings; of what is released alone, those that a board has agreed."""
    s, parent, other = SavingLine, aliased(SavingLine), aliased(Project)
    wanted = on_projects(window, filters)
    if window.released:
        wanted.append(select(col(SavingAgreed.year)).where(col(SavingAgreed.line_id) == col(s.id)).exists())
    query = (
        select(
            col(s.id), col(Project.reference), col(Project.department), col(s.title), col(s.cashable), col(s.ongoing),
            col(s.budget_code), col(other.reference),
        )
        .join(Project, col(Project.id) == col(s.project_id))
        .outerjoin(parent, col(parent.id) == col(s.counted_in))
        .outerjoin(other, col(other.id) == col(parent.project_id))
        .where(*wanted)
    )  # fmt: skip
    rows, total = paged(session, query, (col(Project.id), col(s.position), col(s.id)), cut)
    return [Saving._make(row) for row in rows], total


class Profile(NamedTuple):
    """A year of a line, in whole pence."""

    low: int
    expected: int
    high: int
    cost: int | None


def profiles(session: Session, line_ids: Collection[int], *, agreed: bool) -> dict[int, dict[int, Profile]]:
    """Return line → year → what is expected: as it stands, or with `agreed` as a board agreed it last."""
    found: dict[int, dict[int, Profile]] = {}
    ids = sorted(line_ids)
    if agreed:
        a = SavingAgreed
        query: Any = (
            select(col(a.line_id), col(a.year), col(a.low), col(a.expected), col(a.high), col(a.number))
            .where(col(a.line_id).in_(ids))
            .order_by(col(a.line_id), col(a.number))
        )
        newest: dict[int, int] = {}
        for line, year, low, expected, high, number in session.execute(query):
            if newest.get(line) != number:
                newest[line], found[line] = number, {}
            found[line][year] = Profile(low, expected, high, None)
        return found
    y = SavingYear
    query = select(col(y.line_id), col(y.year), col(y.low), col(y.expected), col(y.high), col(y.cost))
    for line, year, *amounts in session.execute(query.where(col(y.line_id).in_(ids))):
        found.setdefault(line, {})[year] = Profile(*amounts)
    return found


def delivered(
    session: Session, line_ids: Collection[int], window: Window, filters: Filters
) -> dict[int, dict[str, int]]:
    """Return line → month → whole pence delivered as they count."""
    e = SavingEntry
    wanted = [col(e.line_id).in_(sorted(line_ids)), *in_months(col(e.period), filters)]
    query = select(col(e.line_id), col(e.period), col(e.delivered)).where(*wanted)
    if window.released:
        query = query.join(SavingLine, col(SavingLine.id) == col(e.line_id)).where(
            is_verified(col(SavingLine.project_id), col(e.period), window.through or "")
        )
    found: dict[int, dict[str, int]] = {}
    for line, period, pence in session.execute(query.order_by(col(e.line_id), col(e.period), col(e.number))):
        found.setdefault(line, {})[period] = pence
    return found


# ------------------------------------------------------------------ returns and milestones


def returns(
    session: Session, window: Window, filters: Filters, cut: Cut
) -> tuple[list[tuple[MonthlyReturn, str, str]], int]:
    """Return (return, its project's reference, its department) by project and month; of what is released, the verified."""
    r = MonthlyReturn
    wanted = [*on_projects(window, filters), *in_months(col(r.period), filters)]
    if window.released:
        wanted += [col(r.state) == "verified", col(r.period) <= (window.through or "")]
    query = select(r.id.label("id")).join(Project, col(Project.id) == col(r.project_id)).where(*wanted)  # type: ignore[union-attr]
    ids, total = paged(session, query, (col(Project.id), col(r.period)), cut)
    rows = (
        select(r, col(Project.reference), col(Project.department))
        .join(Project, col(Project.id) == col(r.project_id))
        .where(col(r.id).in_([row.id for row in ids]))
        .order_by(col(Project.id), col(r.period))
    )
    return [(row, reference, department) for row, reference, department in session.execute(rows)], total


class MilestoneRow(NamedTuple):
    """A milestone with the date a board agreed last, and the first."""

    project: str
    department: str
    title: str
    baseline: dt.date | None
    first_baseline: dt.date | None
    forecast: dt.date
    done_on: dt.date | None


def milestones(
    session: Session, window: Window, filters: Filters, cut: Cut
) -> tuple[list[MilestoneRow], int]:
    """Return the milestones by project, in their order. Who sees what is released alone sees none: they are no figures."""
    m, b = Milestone, Baseline
    first = (
        select(col(b.date))
        .where(col(b.milestone_id) == col(m.id))
        .order_by(col(b.number))
        .limit(1)
        .correlate(m)
        .scalar_subquery()
    )
    wanted = [*on_projects(window, filters), *([literal(False)] if window.released else [])]
    query = (
        select(
            col(Project.reference), col(Project.department), col(m.title), col(m.baseline), first, col(m.forecast),
            col(m.done_on),
        )
        .join(Project, col(Project.id) == col(m.project_id))
        .where(*wanted)
    )  # fmt: skip
    rows, total = paged(session, query, (col(Project.id), col(m.position), col(m.id)), cut)
    return [MilestoneRow._make(row) for row in rows], total
