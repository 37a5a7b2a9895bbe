"""What people want of their mail: how often, at what hour, what not before which day."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, exists, or_, select
from sqlmodel import Session, col

from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import (
    Department,
    MailHours,
    NoticeChoice,
    Occurrence,
    Project,
    Snooze,
)


class Hours(NamedTuple):
    """When somebody wants their digest: local time, and the weekdays, 1 for Monday."""

    digest_at: str
    weekdays: str


def choices(session: Session, person_id: int | None = None) -> dict[tuple[int, str], str]:
    """Return (person, notice) → `daily`, `weekly` or `off`, of whoever chose, or of one person."""
    query, asked = _choices(person_id is None), {"person": person_id}
    return {(person, notice): choice for person, notice, choice in rows(session, query, asked)}


@cache
def _choices(everybodys: bool) -> Any:
    n = NoticeChoice
    query = select(col(n.person_id), col(n.notice), col(n.choice))
    return query if everybodys else query.where(col(n.person_id) == bindparam("person"))


def hours(session: Session) -> dict[int, Hours]:
    """Return person → when they want their digest, of whoever said."""
    return {person: Hours(time, days) for person, time, days in rows(session, _hours())}


@cache
def _hours() -> Any:
    m = MailHours
    return select(col(m.person_id), col(m.digest_at), col(m.weekdays))


def snoozes(session: Session) -> dict[tuple[int, str, str], dt.date]:
    """Return (person, notice, subject) → the day until which they put it off; what was not so on its day is among them."""
    found = rows(session, _snoozes())
    return {(person, notice, subject): until for person, notice, subject, until in found}


@cache
def _snoozes() -> Any:
    s = Snooze
    return select(col(s.person_id), col(s.notice), col(s.subject), col(s.until_day))


def choose(session: Session, person_id: int, notice: str, choice: str, at: dt.datetime) -> None:
    """Note what a person wants of a notice."""
    row = session.get(NoticeChoice, (person_id, notice))
    if row is None:
        session.add(NoticeChoice(person_id=person_id, notice=notice, choice=choice, set_at=at))
    elif row.choice != choice:
        row.choice, row.set_at = choice, at
    session.flush()


def hours_of(session: Session, person_id: int) -> Hours | None:
    """Return when a person wants their digest, or None where they left it to the council."""
    row = session.get(MailHours, person_id)
    return Hours(row.digest_at, row.weekdays) if row is not None else None


def set_hours(session: Session, person_id: int, wanted: Hours | None, at: dt.datetime) -> None:
    """Note when a person wants their digest; None leaves it to the council again."""
    row = session.get(MailHours, person_id)
    if wanted is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(MailHours(person_id=person_id, set_at=at, **wanted._asdict()))
    else:
        row.digest_at, row.weekdays, row.set_at = *wanted, at
    session.flush()


def snooze(
    session: Session, person_id: int, notice: str, subject: str, until: dt.date, at: dt.datetime
) -> None:
    """Put a fact off until a day, in place of any day before."""
    row = session.get(Snooze, (person_id, notice, subject))
    if row is None:
        session.add(Snooze(person_id=person_id, notice=notice, subject=subject, until_day=until, set_at=at))
    else:
        row.until_day, row.set_at = until, at
    session.flush()


def came_back(session: Session, person_id: int, notice: str, subject: str, today: dt.date) -> None:
    """Let go of a day until which a fact was put off: it has come, and the fact was said. The clock reads all there are."""
    s = Snooze
    mine = col(s.person_id) == person_id, col(s.notice) == notice, col(s.subject) == subject
    session.execute(delete(s).where(*mine, col(s.until_day) <= today))


def snoozed(session: Session, person_id: int, today: dt.date) -> list[Snooze]:
    """Return what a person has put off to a day after `today`, the next first."""
    s = Snooze
    query = select(s).where(col(s.person_id) == person_id, col(s.until_day) > today)
    return list(session.scalars(query.order_by(col(s.until_day), col(s.notice), col(s.subject))))


def forget_pending(session: Session, person_id: int, notice: str) -> None:
    """Drop what events left to be said of a notice that a person has switched off."""
    o = Occurrence
    unsaid: Any = col(o.digest_day).is_(None)
    session.execute(delete(o).where(unsaid, col(o.person_id) == person_id, col(o.job) == notice))


def ties(session: Session, person_id: int) -> set[str]:
    """Return `project_manager` and `head_of_service` as a person is one to anything, whatever their own role."""
    manages = exists().where(col(Project.manager_id) == person_id)
    heads = exists().where(col(Department.head_id) == person_id)
    sponsors = exists().where(col(Project.sponsor_id) == person_id)
    row = session.execute(select(manages, or_(heads, sponsors))).one()
    return {role for role, is_so in zip(("project_manager", "head_of_service"), row, strict=True) if is_so}
