"""Links that ask one question of one person: a consultation's answer, or the reply to a Member's idea."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, select, update
from sqlmodel import Session, col

from vfm_workflow.store import decisions
from vfm_workflow.store.tables import Link, MailboxReader, Project

Purpose = Literal["consult", "idea"]


class Question(NamedTuple):
    """What a link asks: a project's consultee, or an idea. At most one link of a question is live."""

    purpose: Purpose
    project_id: int | None = None
    consultee: str | None = None
    idea_id: int | None = None


def of_link(link: Link) -> Question:
    """Return what a link asks."""
    purpose: Purpose = "consult" if link.purpose == "consult" else "idea"
    return Question(purpose, link.project_id, link.consultee, link.idea_id)


def _asks(question: Question) -> ColumnElement[bool]:
    if question.purpose == "idea":
        return and_(col(Link.purpose) == "idea", col(Link.idea_id) == question.idea_id)
    asked: list[ColumnElement[bool]] = [
        col(Link.purpose) == "consult",
        col(Link.project_id) == question.project_id,
    ]
    if question.consultee is not None:
        asked.append(col(Link.consultee) == question.consultee)
    return and_(*asked)


def revoke(session: Session, question: Question, why: str, at: dt.datetime, *, used: bool = False) -> None:
    """Revoke the live links of a question, of every consultee where it names none.

    With `used`, the one that was used too: what it had recorded has been replaced.
    """
    query = update(Link).where(_asks(question), col(Link.revoked_at).is_(None))
    if not used:
        query = query.where(col(Link.used_at).is_(None))
    done = query.values(revoked_at=at, revoked_why=why).execution_options(synchronize_session=False)
    session.execute(done)
    decisions.forget_links(session)


def newest(session: Session, question: Question) -> Link | None:
    """Return the newest link of a question, dead or alive."""
    query = _newest_idea() if question.purpose == "idea" else _newest_answer()
    return session.scalars(query, question._asdict()).first()


@cache
def _newest_idea() -> Any:
    """Built once: the clock asks for each idea and each consultation that waits, every minute."""
    mine = col(Link.purpose) == "idea", col(Link.idea_id) == bindparam("idea_id")
    return select(Link).where(*mine).order_by(col(Link.id).desc()).limit(1)


@cache
def _newest_answer() -> Any:
    mine = (
        col(Link.purpose) == "consult",
        col(Link.project_id) == bindparam("project_id"),
        col(Link.consultee) == bindparam("consultee"),
    )
    return select(Link).where(*mine).order_by(col(Link.id).desc()).limit(1)


def lock_project(session: Session, project_id: int) -> None:
    """Lock a project until the transaction ends, as a decision does; SQLite holds its one write lock already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(col(Project.id)).where(col(Project.id) == project_id).with_for_update())
        session.expire_all()


def lock_row(session: Session, table: Any, key: Any) -> None:
    """Lock one row of a table with an id, and let what was read of it be read again."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(col(table.id)).where(col(table.id) == key).with_for_update())
        session.expire_all()


def reads(session: Session, mailbox_id: int, person_id: int) -> bool:
    """Return whether somebody reads a shared mailbox and may act for it."""
    return session.get(MailboxReader, (mailbox_id, person_id)) is not None


def mailboxes_of(session: Session, person_id: int) -> set[int]:
    """Return the shared mailboxes that somebody reads."""
    mine = select(col(MailboxReader.mailbox_id)).where(col(MailboxReader.reader_id) == person_id)
    return set(session.scalars(mine))
