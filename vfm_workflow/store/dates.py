"""Milestones, the dates CMT agreed for them, and the positions of rows in a list."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from vfm_workflow.store.tables import Baseline, Milestone


def milestones(session: Session, project_id: int) -> list[Milestone]:
    """Return a project's milestones in order."""
    query = select(Milestone).where(col(Milestone.project_id) == project_id)
    return list(session.scalars(query.order_by(col(Milestone.position), col(Milestone.id))))


def next_position(session: Session, table: Any, project_id: int) -> int:
    """Return the place of a new row at the end of a project's list (`table` has `position` and `project_id`)."""
    return (session.scalar(_last_position(table), {"project": project_id}) or 0) + 1


@cache
def _last_position(table: Any) -> Any:
    return select(func.max(table.position)).where(table.project_id == bindparam("project"))


@cache
def _newest_baseline() -> Any:
    return select(func.max(Baseline.number)).where(col(Baseline.milestone_id) == bindparam("milestone"))


def agree(session: Session, milestone: Milestone, day: dt.date, request_id: int, at: dt.datetime) -> None:
    """Add a baseline that a decision set, beside those before it. The database refuses one without a decision."""
    newest = session.scalar(_newest_baseline(), {"milestone": milestone.id}) or 0
    assert milestone.id is not None
    session.add(
        Baseline(milestone_id=milestone.id, number=newest + 1, date=day, request_id=request_id, at=at)
    )
    session.flush()
    milestone.baseline = day
    session.flush()
