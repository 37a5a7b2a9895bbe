"""Files of figures as they were handed in, and what they add."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from vfm_workflow.errors import NotFound
from vfm_workflow.store.tables import ImportBatch, Job, Milestone, Person, SavingEntry, SavingLine


class BatchRow(NamedTuple):
    """A batch without its file."""

    id: int
    kind: str
    name: str
    source: str
    at: dt.datetime
    by: int | None
    who: str | None
    applied_at: dt.datetime | None
    result: dict[str, Any] | None


_B = ImportBatch
_ROWS = select(
    col(_B.id), col(_B.kind), col(_B.name), col(_B.source), col(_B.at), col(_B.by), col(Person.name), col(_B.applied_at),
    col(_B.result),
).outerjoin(Person, col(Person.id) == col(_B.by))  # fmt: skip


def newest(session: Session, kinds: Collection[str], limit: int) -> list[BatchRow]:
    """Return the newest batches of some kinds, newest first."""
    query = _ROWS.where(col(_B.kind).in_(sorted(kinds))).order_by(col(_B.id).desc()).limit(limit)
    return [BatchRow._make(row) for row in session.execute(query)]


def one(session: Session, batch_id: int) -> BatchRow:
    """Return a batch without its file. Raises NotFound."""
    row = session.execute(_ROWS.where(col(_B.id) == batch_id)).first()
    if row is None:
        raise NotFound(f"There is no import {batch_id}.")
    return BatchRow._make(row)


def whole(session: Session, batch_id: int) -> ImportBatch:
    """Return a batch with its file. Raises NotFound."""
    found = session.get(ImportBatch, batch_id)
    if found is None:
        raise NotFound(f"There is no import {batch_id}.")
    return found


def jobs_of(session: Session, kinds: Collection[str], batch_id: int) -> list[Job]:
    """Return the jobs that read or wrote a batch, newest first."""
    query = select(Job).where(col(Job.kind).in_(sorted(kinds)), col(Job.key) == f"batch {batch_id}")
    return list(session.scalars(query.order_by(col(Job.id).desc())))


def lines(session: Session, project_id: int) -> list[SavingLine]:
    """Return a project's lines of savings in order."""
    query = select(SavingLine).where(col(SavingLine.project_id) == project_id)
    return list(session.scalars(query.order_by(col(SavingLine.position), col(SavingLine.id))))


def milestones(session: Session, project_id: int) -> list[Milestone]:
    """Return a project's milestones in order."""
    query = select(Milestone).where(col(Milestone.project_id) == project_id)
    return list(session.scalars(query.order_by(col(Milestone.position), col(Milestone.id))))


def add_delivered(
    session: Session,
    line: SavingLine,
    period: str,
    number: int,
    pence: int,
    by: int,
    at: dt.datetime,
    batch_id: int,
) -> None:
    """Add what a line delivered in a month, as a file says it."""
    assert line.id is not None
    session.add(
        SavingEntry(
            line_id=line.id, period=period, number=number, delivered=pence, at=at, by=by, source="csv",
            batch_id=batch_id,
        )
    )  # fmt: skip
