"""What is entered of one line of savings: what was delivered, claims, destinations and ring-fences, each with who and when."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.claims import COUNTED
from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import (
    Attachment,
    MonthlyReturn,
    Person,
    Project,
    RingFence,
    SavingClaim,
    SavingDestination,
    SavingEntry,
    SavingLine,
    SavingShare,
)


class Entry(NamedTuple):
    """What was said to be delivered in a month: a correction has a higher number than what it corrects."""

    period: str
    number: int
    amount: int
    at: dt.datetime
    by: str
    source: str
    state: str | None
    """Of the month's return; None where there is none."""


def entries(session: Session, line_id: int) -> list[Entry]:
    """Return everything that was ever entered as delivered on a line, oldest month first."""
    e = SavingEntry
    query = (
        select(
            *map(col, (e.period, e.number, e.delivered, e.at)),
            col(Person.name), col(e.source), col(MonthlyReturn.state),
        )
        .join(Person, col(Person.id) == col(e.by))
        .join(SavingLine, col(SavingLine.id) == col(e.line_id))
        .outerjoin(
            MonthlyReturn,
            and_(col(MonthlyReturn.project_id) == col(SavingLine.project_id), col(MonthlyReturn.period) == col(e.period)),
        )
        .where(col(e.line_id) == line_id)
        .order_by(col(e.period), col(e.number))
    )  # fmt: skip
    return [Entry._make(row) for row in session.execute(query)]


class Claim(NamedTuple):
    """A claim with the posts of whoever did what, and its document."""

    row: SavingClaim
    evidenced_by: str
    verified_by: str | None
    refused_by: str | None
    banked_by: str | None
    document: str | None


def of_line(session: Session, line_id: int) -> list[Claim]:
    """Return every claim of a line, newest first."""
    return _claims(session, _query().where(col(SavingClaim.line_id) == line_id))


def _query() -> Select[*tuple[Any, ...]]:
    put, checked, refused, banked = (aliased(Person) for _ in range(4))
    c = SavingClaim
    return (
        select(c, col(put.name), col(checked.name), col(refused.name), col(banked.name), col(Attachment.name))
        .join(put, col(put.id) == col(c.evidenced_by))
        .outerjoin(checked, col(checked.id) == col(c.verified_by))
        .outerjoin(refused, col(refused.id) == col(c.refused_by))
        .outerjoin(banked, col(banked.id) == col(c.banked_by))
        .outerjoin(Attachment, col(Attachment.id) == col(c.attachment_id))
        .order_by(col(c.quarter).desc(), col(c.id).desc())
    )


def _claims(session: Session, query: Select[*tuple[Any, ...]]) -> list[Claim]:
    return [Claim._make(row) for row in session.execute(query)]


class Destination(NamedTuple):
    """Where a part of a banked amount went."""

    claim_id: int
    destination: str
    amount: int
    note: str
    at: dt.datetime
    by: str


def destinations(session: Session, line_id: int) -> dict[int, list[Destination]]:
    """Return claim → where its banked amount went, oldest first."""
    d = SavingDestination
    query = (
        select(*map(col, (d.claim_id, d.destination, d.amount, d.note, d.at)), col(Person.name))
        .join(Person, col(Person.id) == col(d.by))
        .join(SavingClaim, col(SavingClaim.id) == col(d.claim_id))
        .where(col(SavingClaim.line_id) == line_id)
        .order_by(col(d.id))
    )
    found: dict[int, list[Destination]] = {}
    for row in session.execute(query):
        found.setdefault(row[0], []).append(Destination._make(row))
    return found


def placed(session: Session, claim_id: int) -> int:
    """Return how much of a claim is said where it went, in whole pence."""
    query = select(func.coalesce(func.sum(SavingDestination.amount), 0))
    return int(session.scalar(query.where(col(SavingDestination.claim_id) == claim_id)) or 0)


def unplaced(session: Session, claim_id: int) -> int:
    """Return how much of a claim is not said where it went yet, in whole pence; 0 for no claim."""
    row = session.get(SavingClaim, claim_id)
    return row.amount - placed(session, claim_id) if row is not None else 0


class Fence(NamedTuple):
    """A ring-fence with the posts of whoever set and lifted it."""

    row: RingFence
    set_by: str
    lifted_by: str | None


def fences(session: Session, line_id: int) -> list[Fence]:
    """Return every ring-fence of a line, newest first."""
    setter, lifter, r = aliased(Person), aliased(Person), RingFence
    query = (
        select(r, col(setter.name), col(lifter.name))
        .join(setter, col(setter.id) == col(r.set_by))
        .outerjoin(lifter, col(lifter.id) == col(r.lifted_by))
        .where(col(r.line_id) == line_id)
        .order_by(col(r.id).desc())
    )
    return [Fence._make(row) for row in session.execute(query)]


def share(session: Session, line_id: int, partner: str, year: int) -> SavingShare | None:
    """Return a partner's own part of a line in a year, None where none is said."""
    return session.get(SavingShare, (line_id, partner, year))


def is_claimed(session: Session, line_id: int) -> bool:
    """Return whether anything of a line is with Finance, verified or banked."""
    query = select(func.count()).where(
        col(SavingClaim.line_id) == line_id, col(SavingClaim.state).in_(COUNTED)
    )
    return bool(session.scalar(query))


class Waiting(NamedTuple):
    """A claim that waits for Finance: to be verified, to be banked, or for where it went."""

    id: int
    step: str
    """`verify`, `bank` or `place`."""
    project_id: int
    reference: str
    project: str
    department: str
    line_id: int
    line: str
    quarter: str
    amount: int
    left: int
    """What is still to be said where it went, of a banked claim; its whole amount before."""
    since: dt.datetime
    evidenced_by: int


STEPS = {"evidenced": "verify", "verified": "bank", "banked": "place"}


def waiting(session: Session) -> list[Waiting]:
    """Return every claim that waits for Finance, the longest wait first. One statement, however many there are.

    A banked claim waits until all of it has gone somewhere. What is not cashable releases no money: once it is verified,
    nothing of it waits.
    """
    found = []
    for key, state, *rest, over, put, verified, banked, by in rows(session, _waiting()):
        found.append(Waiting._make((key, STEPS[state], *rest, int(over), banked or verified or put, by)))
    return found


@cache
def _waiting() -> Any:
    """The clock asks it every minute: building the statement costs more than running it."""
    c, p, s = SavingClaim, Project, SavingLine
    d = SavingDestination
    spent = select(func.sum(d.amount)).where(col(d.claim_id) == col(c.id)).scalar_subquery()
    left = col(c.amount) - func.coalesce(spent, 0)
    since = func.coalesce(col(c.banked_at), col(c.verified_at), col(c.evidenced_at))
    return (
        select(
            *map(col, (c.id, c.state, p.id, p.reference, p.title, p.department, s.id, s.title, c.quarter, c.amount)),
            left, *map(col, (c.evidenced_at, c.verified_at, c.banked_at, c.evidenced_by)),
        )
        .join(s, col(s.id) == col(c.line_id))
        .join(p, col(p.id) == col(s.project_id))
        .where(
            or_(*(col(c.state) == state for state in STEPS)),
            or_(col(c.state) != "banked", left > 0),
            or_(col(c.state) != "verified", col(s.cashable).is_(True)),
        )
        .order_by(since, col(c.id))
    )  # fmt: skip
