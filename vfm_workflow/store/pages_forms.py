"""What the pages with forms read, each by one statement."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from vfm_workflow.store.tables import Criterion, Person, SectionText, Version


class Section(NamedTuple):
    """A section's text, when it was last changed and by whom."""

    text: str
    at: dt.datetime
    by: str


def sections(session: Session, project_id: int, document: str) -> dict[str, Section]:
    """Return key → text of a project's `outline` or `recommendations`, without those nobody has written in."""
    query = (
        select(
            col(SectionText.key), col(SectionText.text), col(SectionText.updated_at), col(Person.name)
        )
        .join(Person, col(Person.id) == col(SectionText.updated_by))
        .where(col(SectionText.project_id) == project_id, col(SectionText.document) == document)
    )
    return {key: Section(text, at, by) for key, text, at, by in session.execute(query).tuples()}


def criteria(session: Session, project_id: int) -> dict[str, str]:
    """Return key → evidence of the criteria a project has chosen."""
    query = select(col(Criterion.key), col(Criterion.evidence)).where(col(Criterion.project_id) == project_id)
    return {key: evidence for key, evidence in session.execute(query).tuples()}


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
