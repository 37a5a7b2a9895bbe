"""Jobs: heavy work asked for once, claimed by lease, taken over where a process died, settled by its holder alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update
from sqlmodel import Session, col

from vfm_workflow.errors import NotFound
from vfm_workflow.store import queue
from vfm_workflow.store.outbox import insert_new
from vfm_workflow.store.tables import Job

OPEN = ("queued", "running")
MOST_ATTEMPTS = 3
"""A job that has ended so many processes is not begun once more."""


def ask(
    session: Session, kind: str, key: str, arguments: Mapping[str, Any], asked_by: int | None, at: dt.datetime
) -> Job:
    """Ask for a job and wake who does it; return it. Where the same work is open already, that is the job."""
    row = {"kind": kind, "key": key, "arguments": dict(arguments), "asked_by": asked_by, "asked_at": at}
    start = {"state": "queued", "attempts": 0, "done": 0, "total": 0, "said": ""}
    insert_new(session, Job, {**row, **start})
    queue.wake(session, queue.WORK)
    query = select(Job).where(col(Job.kind) == kind, col(Job.key) == key, col(Job.state).in_(OPEN))
    return session.scalars(query).one()


_FREE = or_(
    col(Job.state) == "queued", and_(col(Job.state) == "running", col(Job.lease_until) < bindparam("at"))
)
_OWED = select(select(col(Job.id)).where(_FREE).exists())
_CLAIM = select(Job).where(_FREE).order_by(col(Job.id)).limit(1).with_for_update(skip_locked=True)


def owed(session: Session, at: dt.datetime) -> bool:
    """Return whether a job waits, or was left in the middle by a process whose lease has run out."""
    return bool(session.scalar(_OWED, {"at": at}))


def claim(session: Session, worker: str, at: dt.datetime, lease: dt.timedelta) -> Job | None:
    """Claim the oldest job that is free at `at`; return it, with its holder in `lease_by`, or None.

    One that has ended `MOST_ATTEMPTS` processes in the middle is failed in passing.
    """
    while (job := session.scalars(_CLAIM, {"at": at}).first()) is not None:
        if job.attempts < MOST_ATTEMPTS:
            job.attempts += 1
            job.state, job.lease_until = "running", at + lease
            job.lease_by = f"{worker}/{job.attempts}"  # a holder that lost it to itself must not settle it
            session.flush()
            return job
        job.state, job.finished_at, job.lease_by, job.lease_until = "failed", at, None, None
        job.said = f"The process that did it ended in the middle, {MOST_ATTEMPTS} times. Tell whoever runs the system."
        session.flush()
    return None


def hold(session: Session, job_id: int, holder: str, lease_until: dt.datetime, **progress: Any) -> bool:
    """Lengthen a lease and write down progress (`done`, `total`, `said`). Return whether `holder` has the job still.

    It locks the row until the session's transaction ends, so that nobody takes the job over in between.
    """
    return _of_holder(session, job_id, holder, lease_until=lease_until, **progress)


def settle(
    session: Session,
    job_id: int,
    holder: str,
    state: str,
    said: str,
    result: Mapping[str, Any] | None,
    at: dt.datetime,
) -> bool:
    """Write how a job ended. Return whether `holder` had it still."""
    ended = {"state": state, "said": said, "finished_at": at, "lease_by": None, "lease_until": None}
    return _of_holder(session, job_id, holder, result=dict(result) if result is not None else None, **ended)


def give_back(session: Session, job_id: int, holder: str) -> None:
    """Let a job wait again for whoever comes next; this attempt does not count."""
    attempts = col(Job.attempts) - 1
    if _of_holder(
        session, job_id, holder, state="queued", attempts=attempts, lease_by=None, lease_until=None
    ):
        queue.wake(session, queue.WORK)


def _of_holder(session: Session, job_id: int, holder: str, **values: Any) -> bool:
    query = (
        update(Job)
        .where(col(Job.id) == job_id, col(Job.lease_by) == holder, col(Job.state) == "running")
        .values(**values)
        .returning(col(Job.id))
        .execution_options(synchronize_session=False)
    )
    return session.execute(query).first() is not None


def load(session: Session, job_id: int) -> Job:
    """Return a job. Raises NotFound."""
    found = session.get(Job, job_id)
    if found is None:
        raise NotFound(f"There is no job {job_id}.")
    return found


def ended_before(session: Session, kind: str, before: dt.datetime) -> list[Job]:
    """Return the jobs of a kind that ended before a moment, oldest first."""
    query = select(Job).where(col(Job.kind) == kind, col(Job.finished_at) < before)
    return list(session.scalars(query.order_by(col(Job.id))))


def newest(session: Session, asked_by: int | None, limit: int) -> list[Job]:
    """Return the newest jobs first: those somebody asked for, or with None everybody's."""
    query = select(Job).order_by(col(Job.id).desc()).limit(limit)
    return list(session.scalars(query if asked_by is None else query.where(col(Job.asked_by) == asked_by)))
