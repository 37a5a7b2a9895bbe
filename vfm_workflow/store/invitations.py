"""Calendar entries of milestones: where what is so now differs from what each person was mailed last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, false, func, not_, null, or_, select, union_all, update
from sqlmodel import Session, col

from vfm_workflow.store.outbox import insert_new
from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import Department, Invitation, Milestone, NoticeChoice, Project


class Wanted(NamedTuple):
    """An entry that somebody's calendar should have and has not, or has otherwise."""

    milestone_id: int
    project_id: int
    person_id: int
    title: str
    day: dt.date
    sequence: int | None
    """Of the newest one they were mailed, None where there was none."""
    was: dt.date | None
    """The day it said, None where it was cancelled."""


class Unwanted(NamedTuple):
    """An entry in somebody's calendar that should be there no more."""

    milestone_id: int
    project_id: int
    person_id: int
    title: str
    day: dt.date
    sequence: int
    done_on: dt.date | None
    theirs: bool
    """Whether the project is still theirs, as its manager or the head of its service."""


def _head() -> Any:
    return func.coalesce(col(Department.head_id), col(Project.sponsor_id))


def wanted(session: Session, notice: str, today: dt.date) -> list[Wanted]:
    """Return the entries that differ from what agreed milestones still ahead say now.

    The project manager has them unless switched off, the head of the service where they chose them.
    """
    found = rows(session, _wanted(), {"notice": notice, "today": today})
    return [Wanted._make(row) for row in found]


@cache
def _wanted() -> Any:
    """Built once: the clock asks it every minute, and building it costs more than running it."""
    choice = col(NoticeChoice.choice)
    manager = _differing(col(Project.manager_id)).where(func.coalesce(choice, "daily") != "off")
    head = _differing(_head()).where(choice != "off", _head() != col(Project.manager_id))
    both = union_all(manager, head).subquery()
    return select(both).order_by(both.c.project_id, both.c.day, both.c.id, both.c.person_id)


def _differing(person: Any) -> Any:
    """Return the query of the open milestones whose newest entry of `person` says something else, or is missing."""
    m, p, d, i, c = Milestone, Project, Department, Invitation, NoticeChoice
    was = case((col(i.cancelled).is_(True), null()), else_=col(i.day)).label("was")
    columns: tuple[Any, ...] = (
        col(m.id),
        col(m.project_id),
        person.label("person_id"),
        col(m.title),
        col(m.forecast).label("day"),
    )
    return (
        select(*columns, col(i.sequence), was)
        .join(p, col(p.id) == col(m.project_id))
        .join(d, col(d.code) == col(p.department))
        .outerjoin(i, and_(col(i.milestone_id) == col(m.id), col(i.person_id) == person))
        .outerjoin(c, and_(col(c.person_id) == person, col(c.notice) == bindparam("notice")))
        .where(
            col(m.done_on).is_(None),
            col(m.baseline).is_not(None),
            col(m.forecast) >= bindparam("today"),
            or_(
                col(i.milestone_id).is_(None),
                col(i.cancelled).is_(True),
                col(i.day) != col(m.forecast),
                col(i.title) != col(m.title),
            ),
        )
    )


def unwanted(
    session: Session, notice: str, today: dt.date, ended: Collection[tuple[str, str]]
) -> list[Unwanted]:
    """Return the entries still ahead of milestones that were reached, of projects that ended or are somebody else's now,
    and of whoever switched them off and would have a wrong day. `ended` are (lifecycle, stage) in which a project ends."""
    found = rows(session, _unwanted(frozenset(ended)), {"notice": notice, "today": today})
    return [Unwanted._make(row) for row in found]


@cache
def _unwanted(ended: frozenset[tuple[str, str]]) -> Any:
    m, p, d, i, c = Milestone, Project, Department, Invitation, NoticeChoice
    theirs = or_(col(i.person_id) == col(p.manager_id), col(i.person_id) == _head())
    over = or_(false(), *(and_(col(p.lifecycle) == of, col(p.stage) == stage) for of, stage in sorted(ended)))
    return (
        select(
            col(i.milestone_id),
            col(m.project_id),
            col(i.person_id),
            col(i.title),
            col(i.day),
            col(i.sequence),
            col(m.done_on),
            theirs,
        )
        .join(m, col(m.id) == col(i.milestone_id))
        .join(p, col(p.id) == col(m.project_id))
        .join(d, col(d.code) == col(p.department))
        .outerjoin(c, and_(col(c.person_id) == col(i.person_id), col(c.notice) == bindparam("notice")))
        .where(
            col(i.cancelled).is_(False),
            col(i.day) >= bindparam("today"),
            or_(
                col(m.done_on).is_not(None),
                not_(theirs),
                over,
                and_(func.coalesce(col(c.choice), "daily") == "off", col(m.forecast) != col(i.day)),
            ),
        )
        .order_by(col(m.project_id), col(i.milestone_id), col(i.person_id))
    )


def note(
    session: Session,
    milestone_id: int,
    person_id: int,
    sequence: int | None,
    day: dt.date,
    title: str,
    at: dt.datetime,
    *,
    cancelled: bool = False,
) -> int | None:
    """Note the entry that follows `sequence` (None: the first); return its own sequence, None where somebody else did."""
    session.flush()
    said = {"day": day, "title": title, "cancelled": cancelled, "sent_at": at}
    if sequence is None:
        row = {"milestone_id": milestone_id, "person_id": person_id, "sequence": 0, **said}
        return 0 if insert_new(session, Invitation, row) else None
    i = Invitation
    query = (
        update(i)
        .where(
            col(i.milestone_id) == milestone_id, col(i.person_id) == person_id, col(i.sequence) == sequence
        )
        .values(sequence=sequence + 1, **said)
        .returning(col(i.sequence))
        .execution_options(synchronize_session=False)
    )
    found: int | None = session.execute(query).scalar_one_or_none()
    return found
