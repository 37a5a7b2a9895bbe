"""What was claimed and delivered of savings, row by row, for whoever watches that each is counted once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, select
from sqlmodel import Session, col

from vfm_workflow.store.raw import done, rows
from vfm_workflow.store.tables import MonthlyReturn, SavingClaim, SavingDestination, SavingEntry, SavingLine


class Claim(NamedTuple):
    """A claim, with what of it went anywhere, in whole pence."""

    id: int
    line_id: int
    project_id: int
    counted_in: int | None
    quarter: str
    amount: int
    state: str
    evidenced_at: dt.datetime
    evidenced_by: int
    verified_by: int | None
    placed: int


def claims(session: Session, lines: Collection[int] | None = None) -> list[Claim]:
    """Return every claim there is, or those of some lines, oldest first."""
    query = _claims()
    if lines is not None:
        query = query.where(col(SavingClaim.line_id).in_(sorted(lines)))
    return [Claim._make(row) for row in done(session, query)]


@cache
def _claims() -> Any:
    c, s, d = SavingClaim, SavingLine, SavingDestination
    placed = (
        select(func.coalesce(func.sum(d.amount), 0)).where(col(d.claim_id) == col(c.id)).scalar_subquery()
    )
    return (
        select(
            *map(col, (c.id, c.line_id, s.project_id, s.counted_in, c.quarter, c.amount, c.state)),
            *map(col, (c.evidenced_at, c.evidenced_by, c.verified_by)), placed,
        )
        .join(s, col(s.id) == col(c.line_id))
        .order_by(col(c.id))
    )  # fmt: skip


class AtFinance(NamedTuple):
    """The state in which a claim waits for Finance, and since when."""

    state: str
    since: dt.datetime


def at_finance(session: Session) -> dict[int, AtFinance]:
    """Return claim → how it waits: to be verified, banked where it releases money, or for the rest of it to go somewhere."""
    since = {"evidenced": 2, "verified": 3, "banked": 4}
    found = {}
    for row in rows(session, _at_finance()):
        claim, state, *_, cashable, amount, placed = row
        goes_on = {"evidenced": True, "verified": cashable, "banked": placed < amount}
        if goes_on.get(state, False):
            found[claim] = AtFinance(state, row[since[state]])
    return found


@cache
def _at_finance() -> Any:
    c, s, d = SavingClaim, SavingLine, SavingDestination
    placed = select(func.coalesce(func.sum(d.amount), 0)).where(col(d.claim_id) == col(c.id))
    return select(
        *map(col, (c.id, c.state, c.evidenced_at, c.verified_at, c.banked_at, s.cashable, c.amount)),
        placed.scalar_subquery(),
    ).join(s, col(s.id) == col(c.line_id))


class Delivered(NamedTuple):
    """What a line delivered in a month as it was said last, in whole pence."""

    line_id: int
    period: str
    amount: int
    confirmed: bool
    """By a verified return, or by Finance."""


def delivered(session: Session, lines: Collection[int] | None = None) -> list[Delivered]:
    """Return what each line, or each of some, delivered in each month of which anything is said."""
    query = _delivered()
    if lines is not None:
        query = query.where(col(SavingEntry.line_id).in_(sorted(lines)))
    newest = {
        (line, period): rest for line, period, *rest in done(session, query)
    }  # the highest number comes last
    return [
        Delivered(line, period, amount, source == "finance" or state == "verified")
        for (line, period), (amount, source, state) in newest.items()
    ]


@cache
def _delivered() -> Any:
    e, s, r = SavingEntry, SavingLine, MonthlyReturn
    return (
        select(*map(col, (e.line_id, e.period, e.delivered, e.source, r.state)))
        .join(s, col(s.id) == col(e.line_id))
        .outerjoin(r, and_(col(r.project_id) == col(s.project_id), col(r.period) == col(e.period)))
        .order_by(col(e.line_id), col(e.period), col(e.number))
    )


def returns_touched(session: Session, projects: Collection[int], since: dt.datetime) -> set[tuple[int, str]]:
    """Return (project, month) of the returns of some projects that were handed in since a moment."""
    found = rows(session, _touched(), {"projects": sorted(projects), "since": since})
    return {(project, period) for project, period in found}


@cache
def _touched() -> Any:
    r = MonthlyReturn
    theirs = col(r.project_id).in_(bindparam("projects", expanding=True))
    return select(col(r.project_id), col(r.period)).where(theirs, col(r.submitted_at) >= bindparam("since"))
