"""The savings register, read by a handful of set-based statements however many lines there are (§15, design §7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.claims import COUNTED
from vfm_workflow.domain.quality import Check
from vfm_workflow.domain.roles import Reach
from vfm_workflow.store.access import within
from vfm_workflow.store.raw import done
from vfm_workflow.store.tables import (
    Measure,
    MeasureTarget,
    MonthlyReturn,
    Project,
    Reading,
    RingFence,
    SavingAgreed,
    SavingClaim,
    SavingDestination,
    SavingEntry,
    SavingForecast,
    SavingLine,
    SavingShare,
    SavingYear,
)

Ids = Select[*tuple[Any, ...]]
"""A statement of the ids of lines, to stand inside the others: no list of ids goes to and fro."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are asked for."""

    reach: Reach | None = None
    department: str = ""
    cashable: bool | None = None
    project_id: int | None = None
    line_id: int | None = None
    left_out: Sequence[tuple[str, str]] = ()
    """(lifecycle, stage) of projects that ended with no saving to come. A line of theirs that was claimed stays."""


def chosen(wanted: Wanted) -> Ids:
    """Return the statement of the ids of the lines that are asked for."""
    query = select(col(SavingLine.id)).join(Project, col(Project.id) == col(SavingLine.project_id))
    parts: list[ColumnElement[bool]] = []
    if wanted.reach is not None and (seen := within(wanted.reach)) is not None:
        parts.append(seen)
    if wanted.department:
        parts.append(col(Project.department) == wanted.department)
    if wanted.cashable is not None:
        parts.append(col(SavingLine.cashable).is_(wanted.cashable))
    if wanted.project_id is not None:
        parts.append(col(SavingLine.project_id) == wanted.project_id)
    if wanted.line_id is not None:
        parts.append(col(SavingLine.id) == wanted.line_id)
    if wanted.left_out:
        claimed = exists().where(
            col(SavingClaim.line_id) == col(SavingLine.id), col(SavingClaim.state).in_(COUNTED)
        )
        live = tuple_(col(Project.lifecycle), col(Project.stage)).not_in(wanted.left_out)
        parts.append(or_(live, claimed))
    return query.where(*parts)


class Line(NamedTuple):
    """A line of savings with its project, the measure that must not fall, and where it is counted."""

    id: int
    title: str
    cashable: bool
    ongoing: bool
    budget_code: str
    project_id: int
    reference: str
    project: str
    department: str
    partner: str
    lifecycle: str
    stage: str
    counted_in: int | None
    parent_title: str | None
    parent_project: str | None
    check_id: int | None
    library_id: int | None
    """The library's measure whose readings the check takes over."""
    check: Check | None


def lines(session: Session, ids: Ids) -> list[Line]:
    """Return the lines, in order of project and position."""
    return [_line(tuple(row)) for row in done(session, _lines().where(col(SavingLine.id).in_(ids)))]


@cache
def _lines() -> Any:
    """Built once but for which of them: to build it takes longer than to run it for one project."""
    parent, other = aliased(SavingLine), aliased(Project)
    newest = (
        select(col(MeasureTarget.measure_id), func.max(MeasureTarget.number).label("number"))
        .group_by(col(MeasureTarget.measure_id))
        .subquery()
    )
    s, p, m, t = SavingLine, Project, Measure, MeasureTarget
    return (
        select(
            *map(col, (s.id, s.title, s.cashable, s.ongoing, s.budget_code)),
            *map(col, (p.id, p.reference, p.title, p.department, p.partner, p.lifecycle, p.stage)),
            col(s.counted_in), col(parent.title), col(other.reference),
            *map(col, (m.id, m.library_id, m.name, m.unit, m.places, m.direction, m.tolerance, t.baseline)),
        )
        .join(p, col(p.id) == col(s.project_id))
        .outerjoin(parent, col(parent.id) == col(s.counted_in))
        .outerjoin(other, col(other.id) == col(parent.project_id))
        .outerjoin(m, col(m.id) == col(s.cross_check))
        .outerjoin(newest, newest.c.measure_id == col(m.id))
        .outerjoin(t, and_(col(t.measure_id) == col(m.id), col(t.number) == newest.c.number))
        .order_by(col(p.id), col(s.position), col(s.id))
    )  # fmt: skip


def _line(row: tuple[Any, ...]) -> Line:
    check = Check(*row[17:]) if row[15] is not None else None
    return Line._make((*row[:17], check))


class Year(NamedTuple):
    """A financial year of a line's profile, in whole pence."""

    low: int
    expected: int
    high: int
    cost: int


def profiles(session: Session, ids: Ids) -> dict[int, dict[int, Year]]:
    """Return line → financial year → its profile as it stands."""
    y = SavingYear
    query = select(*map(col, (y.line_id, y.year, y.low, y.expected, y.high, y.cost))).where(
        col(y.line_id).in_(ids)
    )
    found: dict[int, dict[int, Year]] = {}
    for line_id, year, *amounts in done(session, query.order_by(col(y.line_id), col(y.year))):
        found.setdefault(line_id, {})[year] = Year(*amounts)
    return found


class Agreement(NamedTuple):
    """A profile as CMT agreed it: its number, when, by which decision, and year → (low, expected, high)."""

    number: int
    at: dt.datetime
    request_id: int
    years: dict[int, tuple[int, int, int]]


def agreements(session: Session, ids: Ids) -> dict[int, list[Agreement]]:
    """Return line → every profile that CMT agreed, the first one first."""
    a = SavingAgreed
    query = select(
        *map(col, (a.line_id, a.number, a.at, a.request_id, a.year, a.low, a.expected, a.high))
    ).where(col(a.line_id).in_(ids))
    found: dict[int, list[Agreement]] = {}
    for line_id, number, at, request, year, *amounts in done(
        session, query.order_by(col(a.line_id), col(a.number), col(a.year))
    ):
        rows = found.setdefault(line_id, [])
        if not rows or rows[-1].number != number:
            rows.append(Agreement(number, at, request, {}))
        low, expected, high = amounts
        rows[-1].years[year] = (low, expected, high)
    return found


class Delivered(NamedTuple):
    """What a month's newest entry says was delivered, in whole pence, and whether it may be claimed."""

    amount: int
    confirmed: bool
    source: str


def delivered(session: Session, ids: Ids, months: Collection[str]) -> dict[int, dict[str, Delivered]]:
    """Return line → month → what was delivered. It is confirmed by a verified return, or by Finance after the end."""
    e, newest = SavingEntry, _newest(SavingEntry, "line_id", "number", ids, months)
    query = (
        select(
            *map(col, (e.line_id, e.period, e.delivered, e.source)),
            col(MonthlyReturn.state),
        )
        .join(newest, _same(e, newest, "line_id", "period", "number"))
        .join(SavingLine, col(SavingLine.id) == col(e.line_id))
        .outerjoin(
            MonthlyReturn,
            and_(
                col(MonthlyReturn.project_id) == col(SavingLine.project_id),
                col(MonthlyReturn.period) == col(e.period),
            ),
        )
    )
    found: dict[int, dict[str, Delivered]] = {}
    for line_id, period, amount, source, state in done(session, query):
        confirmed = source == "finance" or state == "verified"
        found.setdefault(line_id, {})[period] = Delivered(amount, confirmed, source)
    return found


def _newest(table: Any, key: str, number: str, ids: Ids, months: Collection[str]) -> Any:
    """Return the subquery of the newest number of each key and month."""
    one = col(getattr(table, key))
    return (
        select(one, col(table.period), func.max(getattr(table, number)).label("number"))
        .where(one.in_(ids), col(table.period).in_(sorted(months)))
        .group_by(one, col(table.period))
        .subquery()
    )


def _same(table: Any, other: Any, *names: str) -> ColumnElement[bool]:
    return and_(*(col(getattr(table, name)) == other.c[name] for name in names))


def claimed(session: Session, ids: Ids, quarters: Collection[str]) -> dict[tuple[int, str], dict[str, int]]:
    """Return (line, quarter) → state → the amounts claimed together, in whole pence."""
    c = SavingClaim
    query = (
        select(col(c.line_id), col(c.quarter), col(c.state), func.sum(c.amount))
        .where(col(c.line_id).in_(ids), col(c.quarter).in_(sorted(quarters)))
        .group_by(col(c.line_id), col(c.quarter), col(c.state))
    )
    found: dict[tuple[int, str], dict[str, int]] = {}
    for line_id, quarter, state, amount in done(session, query):
        found.setdefault((line_id, quarter), {})[state] = int(amount)
    return found


def placed(session: Session, ids: Ids, quarters: Collection[str]) -> dict[int, dict[str, int]]:
    """Return line → destination → what of the quarters' banked amounts went there, in whole pence."""
    c, d = SavingClaim, SavingDestination
    query = (
        select(col(c.line_id), col(d.destination), func.sum(d.amount))
        .join(d, col(d.claim_id) == col(c.id))
        .where(col(c.line_id).in_(ids), col(c.quarter).in_(sorted(quarters)))
        .group_by(col(c.line_id), col(d.destination))
    )
    found: dict[int, dict[str, int]] = {}
    for line_id, destination, amount in done(session, query):
        found.setdefault(line_id, {})[destination] = int(amount)
    return found


def fenced(session: Session, ids: Ids, today: dt.date) -> dict[int, int]:
    """Return line → the pence that may be spent on nothing else on a day."""
    r = RingFence
    query = (
        select(col(r.line_id), func.sum(r.amount))
        .where(
            col(r.line_id).in_(ids),
            col(r.lifted_at).is_(None),
            col(r.from_day) <= today,
            or_(col(r.until_day).is_(None), col(r.until_day) >= today),
        )
        .group_by(col(r.line_id))
    )
    return {line_id: int(amount) for line_id, amount in done(session, query)}


def forecasts(session: Session, ids: Ids, months: Collection[str]) -> dict[int, int]:
    """Return line → what is expected at the end of the financial year of `months`, as the newest of their returns says."""
    f, newest = SavingForecast, _newest(SavingForecast, "line_id", "number", ids, months)
    query = select(col(f.line_id), col(f.amount)).join(
        newest, _same(f, newest, "line_id", "period", "number")
    )
    return {row[0]: row[1] for row in done(session, query.order_by(col(f.period)))}


def readings(session: Session, ids: Ids, months: Collection[str]) -> dict[int, dict[str, int]]:
    """Return measure → month → its newest reading, of the checks of the lines and of the library's that they take over."""
    checks = select(col(SavingLine.cross_check)).where(col(SavingLine.id).in_(ids))
    taken = select(col(Measure.library_id)).where(col(Measure.id).in_(checks))
    measures = checks.union(taken)
    r, newest = Reading, _newest(Reading, "measure_id", "number", measures, months)  # type: ignore[arg-type]  # a union is a select too
    query = select(col(r.measure_id), col(r.period), col(r.value)).join(
        newest, _same(r, newest, "measure_id", "period", "number")
    )
    found: dict[int, dict[str, int]] = {}
    for measure_id, period, value in done(session, query):
        found.setdefault(measure_id, {})[period] = value
    return found


def unverified(session: Session, ids: Ids, months: Collection[str]) -> set[tuple[int, str]]:
    """Return (project, month) of the returns that are not verified: what release must not show."""
    r = MonthlyReturn
    mine = select(col(SavingLine.project_id)).where(col(SavingLine.id).in_(ids))
    query = select(col(r.project_id), col(r.period)).where(
        col(r.project_id).in_(mine), col(r.period).in_(sorted(months)), col(r.state) != "verified"
    )
    return {(project_id, period) for project_id, period in done(session, query)}


def shares(session: Session, ids: Ids) -> dict[int, dict[str, dict[int, int]]]:
    """Return line → partner → financial year → the partner's own part, in whole pence. This council counts none of it."""
    s = SavingShare
    query = select(*map(col, (s.line_id, s.partner, s.year, s.amount))).where(col(s.line_id).in_(ids))
    found: dict[int, dict[str, dict[int, int]]] = {}
    for line_id, partner, year, amount in done(
        session, query.order_by(col(s.line_id), col(s.partner), col(s.year))
    ):
        found.setdefault(line_id, {}).setdefault(partner, {})[year] = amount
    return found


def reentered(months: Collection[str]) -> Ids:
    """Return the statement of the ids of the claimed lines that anything was said anew of for any of `months`."""
    e, c = SavingEntry, SavingClaim
    again = exists().where(
        col(e.line_id) == col(SavingLine.id), col(e.period).in_(sorted(months)), col(e.number) > 1
    )
    claims = exists().where(col(c.line_id) == col(SavingLine.id), col(c.state).in_(COUNTED))
    return select(col(SavingLine.id)).where(again, claims)


def agreed_in(project_ids: Collection[int]) -> Ids:
    """Return the statement of the ids of some projects' lines that CMT has agreed and that count where they are."""
    agreed = select(col(SavingAgreed.line_id))
    return select(col(SavingLine.id)).where(
        col(SavingLine.project_id).in_(sorted(project_ids)),
        col(SavingLine.counted_in).is_(None),
        col(SavingLine.id).in_(agreed),
    )


def years(session: Session) -> tuple[int, int] | None:
    """Return (first, last) financial year that any profile has, None without one."""
    first, last = session.execute(select(func.min(SavingYear.year), func.max(SavingYear.year))).one()
    return None if first is None else (first, last)
