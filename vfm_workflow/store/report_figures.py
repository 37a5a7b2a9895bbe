"""What reports are made of, each by one statement over all projects: at 100,000 of them no loop asks the database anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, or_, select
from sqlmodel import Session, col

from vfm_workflow.store.tables import (
    Commentary,
    Department,
    Measure,
    MeasureTarget,
    Milestone,
    MonthlyReturn,
    Person,
    Project,
    Reading,
    SavingClaim,
    SavingEntry,
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


class Delivered(NamedTuple):
    """What one line delivered in one month, as it counts, in whole pence."""

    project_id: int
    line_id: int
    period: str
    pence: int
    verified: bool
    """Whether the project's return for the month is verified, or Finance itself handed the figure in."""
    year_expected: int
    """What the line expects in the financial year of the month."""


def delivered(session: Session, months: Collection[str], year: int) -> list[Delivered]:
    """Return what every line that is counted here delivered in some months of one financial year."""
    e, line, r = SavingEntry, SavingLine, MonthlyReturn
    newest = (
        select(col(e.line_id), col(e.period), func.max(e.number).label("number"))
        .where(col(e.period).in_(sorted(months)))
        .group_by(col(e.line_id), col(e.period))
        .subquery()
    )
    checked = or_(col(r.state) == "verified", col(e.source) != "return")
    query = (
        select(
            col(line.project_id),
            col(e.line_id),
            col(e.period),
            col(e.delivered),
            func.coalesce(checked, False),
            func.coalesce(col(SavingYear.expected), 0),
        )
        .join(
            newest,
            (newest.c.line_id == col(e.line_id))
            & (newest.c.period == col(e.period))
            & (newest.c.number == col(e.number)),
        )
        .join(line, col(line.id) == col(e.line_id))
        .outerjoin(r, (col(r.project_id) == col(line.project_id)) & (col(r.period) == col(e.period)))
        .outerjoin(SavingYear, (col(SavingYear.line_id) == col(line.id)) & (col(SavingYear.year) == year))
        .where(col(line.counted_in).is_(None))
        .order_by(col(e.line_id), col(e.period))
    )
    return [Delivered(a, b, c, d, bool(checked), f) for a, b, c, d, checked, f in session.execute(query)]


class Status(NamedTuple):
    """What the newest verified return of a project up to a month says."""

    project_id: int
    period: str
    rag: str | None
    time: str | None
    cost: str | None
    benefit: str | None
    outlook: str | None
    narrative: str
    action: str
    owner: str
    by: dt.date | None
    beyond: str
    why: list[dict[str, Any]]
    """What each rule found: `rule`, `colour` and `sentence`."""


def statuses(session: Session, through: str) -> dict[int, Status]:
    """Return project id → what its newest verified return up to and with a month says."""
    r = MonthlyReturn
    newest = (
        select(col(r.project_id), func.max(r.period).label("period"))
        .where(col(r.state) == "verified", col(r.period) <= through)
        .group_by(col(r.project_id))
        .subquery()
    )
    query = select(
        col(r.project_id),
        col(r.period),
        col(r.rag),
        col(r.rag_time),
        col(r.rag_cost),
        col(r.rag_benefit),
        col(r.rag_outlook),
        col(r.narrative),
        col(r.action),
        col(r.action_owner),
        col(r.action_by),
        col(r.beyond_team),
        col(r.why),
    ).join(newest, (newest.c.project_id == col(r.project_id)) & (newest.c.period == col(r.period)))
    return {row[0]: Status._make(row) for row in session.execute(query)}


def states(session: Session, months: Collection[str]) -> dict[tuple[int, str], str]:
    """Return (project id, month) → the state of its return, of those that were begun."""
    r = MonthlyReturn
    query = select(col(r.project_id), col(r.period), col(r.state)).where(col(r.period).in_(sorted(months)))
    return {(row[0], row[1]): row[2] for row in session.execute(query)}


class Late(NamedTuple):
    """An open milestone that is, or will be, reached after the date CMT agreed."""

    project_id: int
    title: str
    baseline: dt.date
    forecast: dt.date


def late(session: Session, today: dt.date) -> list[Late]:
    """Return every open milestone that has slipped by its forecast, or by a day that has passed, the oldest date first."""
    m = Milestone
    query = (
        select(col(m.project_id), col(m.title), col(m.baseline), col(m.forecast))
        .where(
            col(m.done_on).is_(None),
            col(m.baseline).is_not(None),
            or_(col(m.forecast) > col(m.baseline), and_(col(m.forecast) < today, col(m.baseline) < today)),
        )
        .order_by(col(m.baseline), col(m.id))
    )
    return [Late._make(row) for row in session.execute(query)]


class Target(NamedTuple):
    """A measure with its target and its value up to a month, in steps of its unit."""

    id: int
    project_id: int | None
    department: str | None
    code: str | None
    name: str
    kind: str
    unit: str
    places: int
    direction: str
    tolerance: int
    baseline: int | None
    target: int | None
    period: str | None
    value: int | None
    earlier: int | None
    """Its value up to an earlier month."""


def targets(session: Session, year: int, through: str, earlier: str) -> list[Target]:
    """Return every measure that is not retired, with what it was up to a month and up to an earlier one.

    A library's measure has the target of the financial year; a project's its newest. A project's measure that takes over one
    of the library is left out: it would be said twice.
    """
    m, t = Measure, MeasureTarget
    numbered = (
        select(col(t.measure_id), func.max(t.number).label("number"))
        .where(or_(col(t.year).is_(None), col(t.year) == year))
        .group_by(col(t.measure_id))
        .subquery()
    )
    now, then = _values(through, "now"), _values(earlier, "then")
    query = (
        select(
            col(m.id), col(m.project_id), col(m.department), col(m.code), col(m.name), col(m.kind), col(m.unit),
            col(m.places), col(m.direction), col(m.tolerance), col(t.baseline), col(t.target),
            now.c.period, now.c.value, then.c.value,
        )
        .outerjoin(numbered, numbered.c.measure_id == col(m.id))
        .outerjoin(t, (col(t.measure_id) == col(m.id)) & (col(t.number) == numbered.c.number))
        .outerjoin(now, (now.c.measure_id == col(m.id)) & (now.c.nth == 1))
        .outerjoin(then, (then.c.measure_id == col(m.id)) & (then.c.nth == 1))
        .where(col(m.retired_on).is_(None), col(m.library_id).is_(None))
        .order_by(col(m.project_id), col(m.department), col(m.position), col(m.id))
    )  # fmt: skip
    return [Target._make(row) for row in session.execute(query)]


def _values(through: str, name: str) -> Any:
    """Return, as a table of the statement, each measure's values up to a month; the one whose `nth` is 1 counts.

    One pass in the order of the primary key. Joins with the newest month and with its newest number say the same, but
    PostgreSQL takes their result for a single row, and then compares every row with every other.
    """
    r = Reading
    nth = func.row_number().over(
        partition_by=col(r.measure_id), order_by=[col(r.period).desc(), col(r.number).desc()]
    )
    query = select(col(r.measure_id), col(r.period), col(r.value), nth.label("nth"))
    return query.where(col(r.period) <= through).subquery(name)


class Claimed(NamedTuple):
    """A quarter's claim of a line that is counted here, in whole pence."""

    id: int
    project_id: int
    line_id: int
    line: str
    cashable: bool
    ongoing: bool
    quarter: str
    amount: int
    state: str
    evidence: str
    check: str | None
    """The name of the measure that must not fall for it."""
    check_id: int | None
    budget_code: str
    journal: str


def claims(session: Session, quarters: Collection[str]) -> list[Claimed]:
    """Return every claim of some quarters, of lines that are counted here, in order of project and line."""
    c, line = SavingClaim, SavingLine
    query = (
        select(
            col(c.id), col(line.project_id), col(line.id), col(line.title), col(line.cashable), col(line.ongoing),
            col(c.quarter), col(c.amount), col(c.state), col(c.evidence), col(Measure.name), col(line.cross_check),
            col(c.budget_code), col(c.journal),
        )
        .join(line, col(line.id) == col(c.line_id))
        .outerjoin(Measure, col(Measure.id) == col(line.cross_check))
        .where(col(c.quarter).in_(sorted(quarters)), col(line.counted_in).is_(None))
        .order_by(col(line.project_id), col(line.position), col(line.id), col(c.quarter), col(c.id))
    )  # fmt: skip
    return [Claimed._make(row) for row in session.execute(query)]


def spent(session: Session, months: Collection[str]) -> dict[int, int]:
    """Return project id → whole pence spent on achieving its savings in some months, as its verified returns have it."""
    r = MonthlyReturn
    query = (
        select(col(r.project_id), func.sum(r.spend))
        .where(col(r.period).in_(sorted(months)), col(r.state) == "verified", col(r.spend).is_not(None))
        .group_by(col(r.project_id))
    )
    return {project_id: int(total) for project_id, total in session.execute(query)}


class Said(NamedTuple):
    """What a department says in a report; the department is empty for the whole council."""

    department: str
    text: str
    exempt: str
    by: str


def commentary(session: Session, kind: str, period: str) -> list[Said]:
    """Return what is said in a report, the whole council's first."""
    c = Commentary
    query = (
        select(col(c.department), col(c.text), col(c.exempt), col(Person.name))
        .join(Person, col(Person.id) == col(c.by))
        .where(col(c.kind) == kind, col(c.period) == period, col(c.text) != "")
        .order_by(col(c.department))
    )
    return [Said._make(row) for row in session.execute(query)]
