"""Members' ideas."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.store.raw import seldom
from vfm_workflow.store.tables import Department, Idea, Person


class Proposed(NamedTuple):
    """An idea, with the posts of who had it and of who replied."""

    id: int
    on: dt.date
    by: str
    text: str
    reply: str
    replied_on: dt.date | None
    replied_by: str | None
    service: str | None
    """The name of the department it is about."""


def waiting(session: Session) -> list[Idea]:
    """Return the ideas that nobody has replied to, oldest first."""
    return [idea for (idea,) in seldom(session, _waiting())]


@cache
def _waiting() -> Any:
    """Built once: the clock asks it every minute."""
    return select(Idea).where(col(Idea.replied_on).is_(None)).order_by(col(Idea.id))


def listing(session: Session) -> list[Proposed]:
    """Return every idea: those still owed a reply first, oldest first, then those replied to, newest first."""
    author, replier = aliased(Person), aliased(Person)
    query = (
        select(
            col(Idea.id),
            col(Idea.on),
            col(author.name),
            col(Idea.text),
            col(Idea.reply),
            col(Idea.replied_on),
            col(replier.name),
            col(Department.name),
        )
        .join(author, col(author.id) == col(Idea.by))
        .outerjoin(replier, col(replier.id) == col(Idea.replied_by))
        .outerjoin(Department, col(Department.code) == col(Idea.department))
        .order_by(col(Idea.id))
    )
    rows = [Proposed._make(row) for row in session.execute(query)]
    waiting = [row for row in rows if row.replied_on is None]
    return waiting + [row for row in reversed(rows) if row.replied_on is not None]
