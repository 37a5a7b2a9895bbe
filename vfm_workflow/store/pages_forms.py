"""What the pages with forms read, each by one statement."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.store.consultations import by_link
from vfm_workflow.store.tables import (
    Consultation,
    Criterion,
    Lesson,
    LessonAnswer,
    Person,
    Project,
    SectionText,
    Version,
)


class Section(NamedTuple):
    """A section's text, when it was last changed and by whom, and the paragraph by which it is exempt, if it is."""

    text: str
    at: dt.datetime
    by: str
    exempt: str


def sections(session: Session, project_id: int, document: str) -> dict[str, Section]:
    """Return key → text of a project's `outline` or `recommendations`, without those nobody has written in."""
    query = (
        select(
            col(SectionText.key),
            col(SectionText.text),
            col(SectionText.updated_at),
            col(Person.name),
            col(SectionText.exempt),
        )
        .join(Person, col(Person.id) == col(SectionText.updated_by))
        .where(col(SectionText.project_id) == project_id, col(SectionText.document) == document)
    )
    return {key: Section(*rest) for key, *rest in session.execute(query)}


def marks(session: Session, project_id: int, document: str) -> dict[str, str]:
    """Return key → the paragraph by which it is exempt, of the sections of a document that are marked now."""
    query = select(col(SectionText.key), col(SectionText.exempt)).where(
        col(SectionText.project_id) == project_id,
        col(SectionText.document) == document,
        col(SectionText.exempt) != "",
    )
    return dict(session.execute(query).all())


def criteria(session: Session, project_id: int) -> dict[str, str]:
    """Return key → evidence of the criteria a project has chosen."""
    query = select(col(Criterion.key), col(Criterion.evidence)).where(col(Criterion.project_id) == project_id)
    return dict(session.execute(query).all())


class Frozen(NamedTuple):
    """A version as a list shows it."""

    id: int | None
    number: int
    at: dt.datetime
    by: str


def versions(session: Session, project_id: int, subject: str) -> list[Frozen]:
    """Return the frozen versions of a project's `outline`, `recommendations` …, newest first."""
    query = (
        select(col(Version.id), col(Version.number), col(Version.frozen_at), col(Person.name))
        .join(Person, col(Person.id) == col(Version.frozen_by))
        .where(col(Version.project_id) == project_id, col(Version.subject) == subject)
        .order_by(col(Version.number).desc())
    )
    return [Frozen._make(row) for row in session.execute(query)]


class Learned(NamedTuple):
    """A lesson a project recorded."""

    id: int | None
    text: str
    on: dt.date
    by: str


def lessons(session: Session, project_id: int) -> list[Learned]:
    """Return the lessons a project recorded, oldest first."""
    query = (
        select(col(Lesson.id), col(Lesson.text), col(Lesson.on), col(Person.name))
        .join(Person, col(Person.id) == col(Lesson.by))
        .where(col(Lesson.project_id) == project_id)
        .order_by(col(Lesson.id))
    )
    return [Learned._make(row) for row in session.execute(query)]


class Taken(NamedTuple):
    """What a later project made of a lesson."""

    reference: str
    how: str


def taken_up(session: Session, project_id: int) -> dict[int, list[Taken]]:
    """Return lesson id → what later projects say they do about it, of the lessons a project recorded."""
    query = (
        select(col(LessonAnswer.lesson_id), col(Project.reference), col(LessonAnswer.how))
        .join(Lesson, col(Lesson.id) == col(LessonAnswer.lesson_id))
        .join(Project, col(Project.id) == col(LessonAnswer.project_id))
        .where(col(Lesson.project_id) == project_id)
        .order_by(col(Project.id))
    )
    found: dict[int, list[Taken]] = {}
    for key, reference, how in session.execute(query):
        found.setdefault(key, []).append(Taken(reference, how))
    return found


class Consulted(NamedTuple):
    """A consultation: asked when and by whom, answered when and by whom."""

    asked_on: dt.date
    asked_by: str
    answered_on: dt.date | None
    answered_by: str | None
    answer: str
    person: str | None
    """Who is asked by link, None where they were asked by other means."""
    person_id: int | None
    deadline: dt.date | None
    by_link: bool


def consultations(session: Session, project_id: int) -> dict[str, Consulted]:
    """Return consultee's key → the consultation, of those who were asked."""
    asker, answerer, asked = aliased(Person), aliased(Person), aliased(Person)
    linked = by_link(session, project_id)
    query = (
        select(
            col(Consultation.key),
            col(Consultation.asked_on),
            col(asker.name),
            col(Consultation.answered_on),
            col(answerer.name),
            col(Consultation.answer),
            col(asked.name),
            col(Consultation.person_id),
            col(Consultation.deadline),
        )
        .join(asker, col(asker.id) == col(Consultation.asked_by))
        .outerjoin(answerer, col(answerer.id) == col(Consultation.answered_by))
        .outerjoin(asked, col(asked.id) == col(Consultation.person_id))
        .where(col(Consultation.project_id) == project_id)
    )
    return {key: Consulted._make([*rest, key in linked]) for key, *rest in session.execute(query)}
