"""What is released of projects: approved texts, and verified returns up to a month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from vfm_workflow.store.access import APPROVED
from vfm_workflow.store.tables import DecisionRequest, MonthlyReturn, Version


class Approved(NamedTuple):
    """A text that a board approved, frozen as it was then."""

    subject: str
    number: int
    snapshot: str
    approved_at: dt.datetime


def approved(session: Session, project_id: int) -> list[Approved]:
    """Return the newest approved text of each subject of a project, in the order in which they were approved."""
    r, v = DecisionRequest, Version
    query = (
        select(col(v.subject), col(v.number), col(v.snapshot), col(r.closed_at))
        .join(v, col(v.id) == col(r.version_id))
        .where(col(r.project_id) == project_id, col(r.state) == "decided", col(r.outcome).in_(APPROVED))
        .order_by(col(r.closed_at), col(r.id))
    )
    newest: dict[str, Approved] = {}
    for row in session.execute(query):
        newest.pop(row[0], None)
        newest[row[0]] = Approved._make(row)
    return list(newest.values())


def verified(session: Session, project_id: int, through: str) -> list[MonthlyReturn]:
    """Return a project's verified returns up to and with a month, oldest first."""
    query = select(MonthlyReturn).where(
        col(MonthlyReturn.project_id) == project_id,
        col(MonthlyReturn.state) == "verified",
        col(MonthlyReturn.period) <= through,
    )
    return list(session.scalars(query.order_by(col(MonthlyReturn.period))))


def ratings(session: Session, project_ids: Collection[int], through: str) -> dict[int, str]:
    """Return project id → the colour of its newest verified return up to a month, by one statement for all of them."""
    newest = (
        select(col(MonthlyReturn.project_id), func.max(MonthlyReturn.period).label("period"))
        .where(
            col(MonthlyReturn.project_id).in_(sorted(project_ids)),
            col(MonthlyReturn.state) == "verified",
            col(MonthlyReturn.period) <= through,
        )
        .group_by(col(MonthlyReturn.project_id))
        .subquery()
    )
    query = select(col(MonthlyReturn.project_id), col(MonthlyReturn.rag)).join(
        newest,
        (newest.c.project_id == col(MonthlyReturn.project_id))
        & (newest.c.period == col(MonthlyReturn.period)),
    )
    return {project_id: rag for project_id, rag in session.execute(query) if rag is not None}
