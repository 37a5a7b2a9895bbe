"""Who stands in for whom, and when (protocol, point 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.roles import Actor
from vfm_workflow.store.projects import ACTOR
from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import Deputy, Person

_PRINCIPALS = (
    select(*ACTOR)
    .join(Deputy, col(Deputy.person_id) == col(Person.id))
    .where(
        col(Deputy.deputy_id) == bindparam("deputy"),
        col(Deputy.ended_at).is_(None),
        col(Deputy.from_day) <= bindparam("day"),
        col(Deputy.until_day) >= bindparam("day"),
        col(Person.active).is_(True),
    )
    .order_by(col(Deputy.id))
)
"""Built once: every page of somebody who may be a deputy asks it."""


def principals_of(session: Session, deputy_id: int, day: dt.date) -> tuple[Actor, ...]:
    """Return the active people whom somebody stands in for on a day, as people who act."""
    return tuple(Actor(*row) for row in rows(session, _PRINCIPALS, {"deputy": deputy_id, "day": day}))


def _standing(day: Any) -> Select[Person]:
    return (
        select(Person)
        .join(Deputy, col(Deputy.deputy_id) == col(Person.id))
        .where(
            col(Deputy.ended_at).is_(None),
            col(Deputy.from_day) <= day,
            col(Deputy.until_day) >= day,
            col(Person.active).is_(True),
        )
    )


def deputy_on(session: Session, person_id: int, day: dt.date) -> Person | None:
    """Return the active person who stands in for somebody on a day, None where nobody does."""
    return session.scalars(_standing(day).where(col(Deputy.person_id) == person_id)).first()


def running(session: Session, day: dt.date) -> dict[int, int]:
    """Return person → their active deputy, for everybody who has one on a day."""
    return dict(tuple(row) for row in rows(session, _running(), {"day": day}))


@cache
def _running() -> Any:
    return _standing(bindparam("day")).with_only_columns(col(Deputy.person_id), col(Deputy.deputy_id))


class Stint(NamedTuple):
    """A deputyship with the posts of the two."""

    id: int
    person_id: int
    person: str
    deputy_id: int
    deputy: str
    from_day: dt.date
    until_day: dt.date


def stints(session: Session, day: dt.date, people: Collection[int] | None = None) -> list[Stint]:
    """Return the deputyships that run on `day` or are to come, in order of their first day.

    With `people`, those in which one of them is stood in for or stands in.
    """
    person, deputy, d = aliased(Person), aliased(Person), Deputy
    query = (
        select(
            col(d.id), col(d.person_id), col(person.name), col(d.deputy_id), col(deputy.name), col(d.from_day), col(d.until_day)
        )
        .join(person, col(person.id) == col(d.person_id))
        .join(deputy, col(deputy.id) == col(d.deputy_id))
        .where(col(d.ended_at).is_(None), col(d.until_day) >= day)
        .order_by(col(d.from_day), col(d.id))
    )  # fmt: skip
    if people is not None:
        ids = sorted(people)
        query = query.where(or_(col(d.person_id).in_(ids), col(d.deputy_id).in_(ids)))
    return [Stint._make(row) for row in session.execute(query)]


def overlapping(session: Session, person_id: int, first: dt.date, last: dt.date) -> Deputy | None:
    """Return a deputyship for somebody that shares a day with a period."""
    query = select(Deputy).where(
        col(Deputy.person_id) == person_id,
        col(Deputy.ended_at).is_(None),
        and_(col(Deputy.from_day) <= last, col(Deputy.until_day) >= first),
    )
    return session.scalars(query.order_by(col(Deputy.from_day)).limit(1)).first()
