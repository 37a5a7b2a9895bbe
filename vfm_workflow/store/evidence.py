"""What customers said of a service (§4.9.1)."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import Session, col

from vfm_workflow.store.tables import Evidence


def of(session: Session, project_id: int) -> list[Evidence]:
    """Return the evidence of a project, newest first."""
    query = select(Evidence).where(col(Evidence.project_id) == project_id)
    return list(session.scalars(query.order_by(col(Evidence.on).desc(), col(Evidence.id).desc())))
