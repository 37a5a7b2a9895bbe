"""What lines of savings are expected to have delivered by the end of a financial year."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import Session, col

from vfm_workflow.store.tables import SavingForecast, SavingLine


def newest(session: Session, project_id: int, months: Collection[str]) -> dict[int, int]:
    """Return line id → whole pence, as the newest forecast among the returns of `months` has it."""
    f = SavingForecast
    query = (
        select(col(f.line_id), col(f.amount))
        .join(SavingLine, col(SavingLine.id) == col(f.line_id))
        .where(col(SavingLine.project_id) == project_id, col(f.period).in_(sorted(months)))
        .order_by(col(f.line_id), col(f.period), col(f.number))
    )
    return {row.line_id: row.amount for row in session.execute(query)}
