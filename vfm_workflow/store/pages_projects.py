"""What the pages of projects and tasks read, each by one statement."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import or_, select
from sqlmodel import Session, col

from vfm_workflow.store.tables import History


def stage_moves(session: Session, project_id: int) -> list[tuple[dt.datetime, str]]:
    """Return (moment, stage entered) of each move of a project, oldest first."""
    query = (
        select(col(History.at), col(History.to_stage))
        .where(
            col(History.project_id) == project_id,
            or_(col(History.from_stage) != col(History.to_stage), col(History.seq) == 1),
        )
        .order_by(col(History.seq))
    )
    return [(dt.datetime.fromisoformat(at), stage) for at, stage in session.execute(query)]
