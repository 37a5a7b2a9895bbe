"""What reports are made of, each by one statement over all projects: at 100,000 of them no loop asks the database anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import and_, case, func, select
from sqlmodel import Session, col

from vfm_workflow.store.tables import (
    Department,
    Person,
    Project,
    SavingLine,
    SavingYear,
)


class ProjectRow(NamedTuple):
    """A project as reports name it."""

    id: int
    reference: str
    title: str
    department: str
    lifecycle: str
    """The digest of the version it is pinned to."""
    stage: str
    stage_since: dt.datetime
    kind: str
    manager: str


def projects(session: Session, department: str | None = None) -> list[ProjectRow]:
    """Return every project, or one department's, in order of reference."""
    p = Project
    query = (
        select(
            col(p.id),
            col(p.reference),
            col(p.title),
            col(p.department),
            col(p.lifecycle),
            col(p.stage),
            col(p.stage_since),
            col(p.kind),
            col(Person.name),
        )
        .join(Person, col(Person.id) == col(p.manager_id))
        .order_by(col(p.id))
    )
    if department is not None:
        query = query.where(col(p.department) == department)
    return [ProjectRow._make(row) for row in session.execute(query)]


def departments(session: Session) -> dict[str, str]:
    """Return code → name of every department, in order of name."""
    query = select(col(Department.code), col(Department.name)).order_by(col(Department.name))
    return {row.code: row.name for row in session.execute(query)}


class Expected(NamedTuple):
    """What one project expects in one financial year of lines counted here, in whole pence."""

    project_id: int
    year: int
    ongoing: int
    cashable: int
    """The part of `ongoing` that releases money."""
    once: int
    """One-off."""
    cost: int
    """Cost to achieve, of all its lines."""


def expected(session: Session, years: Collection[int]) -> list[Expected]:
    """Return what every project expects in some financial years. A line that is counted in another is left out (§2.2.7)."""
    line, year = SavingLine, SavingYear
    ongoing, cash = col(line.ongoing).is_(True), col(line.cashable).is_(True)
    query = (
        select(
            col(line.project_id),
            col(year.year),
            func.sum(case((ongoing, col(year.expected)), else_=0)),
            func.sum(case((and_(ongoing, cash), col(year.expected)), else_=0)),
            func.sum(case((ongoing, 0), else_=col(year.expected))),
            func.sum(col(year.cost)),
        )
        .join(year, col(year.line_id) == col(line.id))
        .where(col(line.counted_in).is_(None), col(year.year).in_(sorted(years)))
        .group_by(col(line.project_id), col(year.year))
    )
    return [Expected(row[0], row[1], *(int(value) for value in row[2:])) for row in session.execute(query)]
