"""What all projects expect and have completed, by where they stand: a few rows, however many projects there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from vfm_workflow.store.tables import Department, Project, SavingLine, SavingYear


class Placed(NamedTuple):
    """Projects of one stage whose amount of a year has the same sign and the same last two digits.

    Those two are what a weight of whole per cents is rounded by, so the sum of rounded amounts follows from them exactly.
    """

    lifecycle: str
    """The digest of the version they are pinned to."""
    stage: str
    year: int
    negative: bool
    odd: int
    """The last two digits of each amount in whole pence, without its sign."""
    projects: int
    amount: int
    """The sum of their amounts in whole pence."""


def expected_by_place(session: Session, years: Collection[int]) -> list[Placed]:
    """Return what projects expect of ongoing lines in some financial years. A line counted in another is left out (§2.2.7)."""
    line, year = SavingLine, SavingYear
    total = func.sum(col(year.expected))
    each = (
        select(col(line.project_id).label("project_id"), col(year.year).label("year"), total.label("total"))
        .join(year, col(year.line_id) == col(line.id))
        .where(col(line.ongoing).is_(True), col(line.counted_in).is_(None), col(year.year).in_(sorted(years)))
        .group_by(col(line.project_id), col(year.year))
        .subquery()
    )
    negative = case((each.c.total < 0, 1), else_=0).label("negative")
    odd = (func.abs(each.c.total) % 100).label("odd")
    query = (
        select(
            col(Project.lifecycle),
            col(Project.stage),
            each.c.year,
            negative,
            odd,
            func.count(),
            func.sum(each.c.total),
        )
        .join(each, each.c.project_id == col(Project.id))
        .group_by(col(Project.lifecycle), col(Project.stage), each.c.year, negative, odd)
    )
    return [
        Placed(a, b, c, bool(d), int(e), count, int(amount))
        for a, b, c, d, e, count, amount in session.execute(query)
    ]


class Standing(NamedTuple):
    """How many of a department's projects stand in a stage, and how many of them entered it since a moment."""

    department: str
    lifecycle: str
    stage: str
    projects: int
    entered: int


def standings(session: Session, since: dt.datetime) -> list[Standing]:
    """Return where every department's projects stand."""
    p = Project
    entered = func.sum(case((col(p.stage_since) >= since, 1), else_=0))
    query = select(col(p.department), col(p.lifecycle), col(p.stage), func.count(), entered).group_by(
        col(p.department), col(p.lifecycle), col(p.stage)
    )
    return [Standing(a, b, c, count, int(new)) for a, b, c, count, new in session.execute(query)]


def departments(session: Session) -> list[tuple[str, str]]:
    """Return (code, name) of every department, in order of name."""
    query = select(col(Department.code), col(Department.name)).order_by(col(Department.name))
    return [(code, name) for code, name in session.execute(query)]
