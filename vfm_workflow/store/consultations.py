"""Consultations: who may be asked, who was asked last, and what is still open."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from vfm_workflow.store.raw import rows, seldom
from vfm_workflow.store.tables import Consultation, Link, Person, Project


def last_asked(session: Session) -> dict[str, int]:
    """Return consultee's key → the person who was asked for it last, of those who still work here."""
    newest = (
        select(col(Consultation.key), func.max(Consultation.asked_on).label("on"))
        .join(Person, col(Person.id) == col(Consultation.person_id))
        .where(col(Person.active).is_(True))
        .group_by(col(Consultation.key))
        .subquery()
    )
    query = (
        select(col(Consultation.key), func.max(Consultation.person_id))
        .join(Person, col(Person.id) == col(Consultation.person_id))
        .join(newest, (newest.c.key == col(Consultation.key)) & (newest.c.on == col(Consultation.asked_on)))
        .where(col(Person.active).is_(True))
        .group_by(col(Consultation.key))
    )
    return {key: who for key, who in session.execute(query) if who is not None}


def waiting(session: Session) -> list[tuple[Consultation, Project, Person]]:
    """Return the consultations that somebody was asked for by link and has not answered, oldest first."""
    return [(row, project, person) for row, project, person in seldom(session, _waiting())]


@cache
def _waiting() -> Any:
    return (
        select(Consultation, Project, Person)
        .join(Project, col(Project.id) == col(Consultation.project_id))
        .join(Person, col(Person.id) == col(Consultation.person_id))
        .where(col(Consultation.answered_on).is_(None))
        .order_by(col(Consultation.asked_on), col(Consultation.project_id), col(Consultation.key))
    )


def of(session: Session, project_id: int) -> list[Consultation]:
    """Return a project's consultations."""
    query = select(Consultation).where(col(Consultation.project_id) == project_id)
    return list(session.scalars(query.order_by(col(Consultation.key))))


def by_link(session: Session, project_id: int) -> set[str]:
    """Return the consultees whose answer, as it stands, came by the link in their mail."""
    found = rows(session, _by_link(), {"project": project_id})
    return {key for (key,) in found if key is not None}


@cache
def _by_link() -> Any:
    mine = col(Link.project_id) == bindparam("project")
    return select(col(Link.consultee)).where(
        mine, col(Link.used_at).is_not(None), col(Link.revoked_at).is_(None)
    )


def how(row: Consultation, by_link: bool) -> str:
    """Return how a consultation was answered: `link`, `self`, `recorded` for them by somebody else, or not yet (empty)."""
    if row.answered_on is None:
        return ""
    if by_link:
        return "link"
    return "self" if row.person_id is not None and row.answered_by == row.person_id else "recorded"


def people(session: Session, roles: Collection[str]) -> list[Person]:
    """Return the active people whose role is one of `roles`, in order of name."""
    query = select(Person).where(col(Person.role).in_(sorted(roles)), col(Person.active).is_(True))
    return list(session.scalars(query.order_by(col(Person.name), col(Person.id))))
