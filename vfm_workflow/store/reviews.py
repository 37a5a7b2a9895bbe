"""Benefits reviews of closed projects: those of one, and those that are open anywhere."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, exists, select
from sqlmodel import Session, col

from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import BenefitsReview, Person, SavingLine


def of(session: Session, project_id: int) -> list[BenefitsReview]:
    """Return a project's reviews in order."""
    query = select(BenefitsReview).where(col(BenefitsReview.project_id) == project_id)
    return list(session.scalars(query.order_by(col(BenefitsReview.number))))


def one(session: Session, project_id: int, number: int) -> BenefitsReview | None:
    """Return a project's review by its number, None where there is none."""
    query = select(BenefitsReview).where(
        col(BenefitsReview.project_id) == project_id, col(BenefitsReview.number) == number
    )
    return session.scalars(query).first()


def reviewers(session: Session, project_id: int) -> dict[int, str]:
    """Return the number of each review that is done → the post of whoever did it."""
    query = (
        select(col(BenefitsReview.number), col(Person.name))
        .join(Person, col(Person.id) == col(BenefitsReview.done_by))
        .where(col(BenefitsReview.project_id) == project_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def saves(session: Session, project_id: int) -> bool:
    """Return whether a project has any line of savings."""
    return bool(session.scalar(select(exists().where(col(SavingLine.project_id) == project_id))))


class Open(NamedTuple):
    """A review that nobody has done yet."""

    project_id: int
    number: int
    due_on: dt.date


def not_done(session: Session, until: dt.date) -> list[Open]:
    """Return the reviews due by a day that nobody has done, the first of each project, oldest first."""
    found: dict[int, Open] = {}
    for row in rows(session, _not_done(), {"until": until}):
        found.setdefault(row[0], Open._make(row))
    return list(found.values())


@cache
def _not_done() -> Any:
    r = BenefitsReview
    return (
        select(col(r.project_id), col(r.number), col(r.due_on))
        .where(col(r.done_on).is_(None), col(r.due_on) <= bindparam("until"))
        .order_by(col(r.due_on), col(r.id))
    )
