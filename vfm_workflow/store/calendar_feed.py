"""What stands in a person's calendar: milestones and reviews of the projects that are theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from vfm_workflow.store.tables import BenefitsReview, Milestone


class OpenMilestone(NamedTuple):
    """A milestone that is not reached."""

    id: int
    project_id: int
    title: str
    forecast: dt.date
    baseline: dt.date | None


def milestones(session: Session, project_ids: Collection[int]) -> list[OpenMilestone]:
    """Return the open milestones of some projects, the nearest first."""
    m = Milestone
    query = (
        select(col(m.id), col(m.project_id), col(m.title), col(m.forecast), col(m.baseline))
        .where(col(m.project_id).in_(sorted(project_ids)), col(m.done_on).is_(None))
        .order_by(col(m.forecast), col(m.id))
    )
    return [OpenMilestone._make(row) for row in session.execute(query)]


def reviews(session: Session, project_ids: Collection[int]) -> list[BenefitsReview]:
    """Return the benefits reviews of some projects that are still to be held, the nearest first."""
    b = BenefitsReview
    query = select(b).where(col(b.project_id).in_(sorted(project_ids)), col(b.done_on).is_(None))
    return list(session.scalars(query.order_by(col(b.due_on), col(b.id))))
