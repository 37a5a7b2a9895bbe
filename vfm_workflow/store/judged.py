"""The newest return of each project that a rule gave a colour, with why, by one statement for many projects."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select, tuple_
from sqlmodel import Session, col

from vfm_workflow.store.tables import MonthlyReturn, Project


class Judged(NamedTuple):
    """A project's newest return that has a colour."""

    project_id: int
    reference: str
    title: str
    period: str
    rag: str
    rag_time: str | None
    rag_cost: str | None
    rag_benefit: str | None
    rag_outlook: str | None
    rag_before: str | None
    why: list[dict[str, Any]]
    """What each rule found, as it was written down; empty for returns from before it was kept there."""


def newest(
    session: Session,
    project_ids: Collection[int] | None = None,
    left_out: Sequence[tuple[str, str]] = (),
) -> list[Judged]:
    """Return each project's newest return that has a colour, in order of reference; of some projects, or of all.

    `left_out` are the (lifecycle, stage) whose projects are not wanted, such as ended ones.
    """
    r, p = MonthlyReturn, Project
    last = select(col(r.project_id), func.max(r.period).label("period")).where(col(r.rag).is_not(None))
    if project_ids is not None:
        last = last.where(col(r.project_id).in_(sorted(project_ids)))
    inner = last.group_by(col(r.project_id)).subquery()
    query = (
        select(
            col(p.id),
            col(p.reference),
            col(p.title),
            col(r.period),
            col(r.rag),
            col(r.rag_time),
            col(r.rag_cost),
            col(r.rag_benefit),
            col(r.rag_outlook),
            col(r.rag_before),
            col(r.why),
        )
        .join(inner, (inner.c.project_id == col(r.project_id)) & (inner.c.period == col(r.period)))
        .join(p, col(p.id) == col(r.project_id))
        .order_by(col(p.id))
    )
    if left_out:
        query = query.where(tuple_(col(p.lifecycle), col(p.stage)).not_in(left_out))
    return [Judged._make(row) for row in session.execute(query)]
