"""Files that belong to a project's text."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import Attachment, Person


class File(NamedTuple):
    """A file as a list shows it, without its bytes."""

    id: int
    document: str
    name: str
    media_type: str
    size: int
    digest: str
    exempt: str
    added_at: dt.datetime
    added_by: str


_COLUMNS = (
    Attachment.id, Attachment.document, Attachment.name, Attachment.media_type, Attachment.size, Attachment.digest,
    Attachment.exempt, Attachment.added_at,
)  # fmt: skip


def listing(session: Session, project_id: int, document: str | None = None) -> list[File]:
    """Return the files of a project's draft (or of one of its documents), without those taken off, by name."""
    asked = {"project": project_id, "document": document}
    return [File(*row) for row in rows(session, _listing(document is None), asked)]


@cache
def _listing(every: bool) -> Any:
    query = (
        select(*map(col, _COLUMNS), col(Person.name))
        .join(Person, col(Person.id) == col(Attachment.added_by))
        .where(col(Attachment.project_id) == bindparam("project"), col(Attachment.removed_at).is_(None))
        .order_by(col(Attachment.document), col(Attachment.name), col(Attachment.id))
    )
    return query if every else query.where(col(Attachment.document) == bindparam("document"))


def held(session: Session, project_id: int) -> tuple[int, int]:
    """Return (how many files a project's draft has, their bytes together)."""
    query = select(func.count(col(Attachment.id)), func.coalesce(func.sum(Attachment.size), 0)).where(
        col(Attachment.project_id) == project_id, col(Attachment.removed_at).is_(None)
    )
    count, size = session.execute(query).one()
    return int(count), int(size)


def same(session: Session, project_id: int, document: str, name: str) -> Attachment | None:
    """Return the file of that name on a draft, whatever the case of its letters."""
    query = select(Attachment).where(
        col(Attachment.project_id) == project_id,
        col(Attachment.document) == document,
        func.lower(Attachment.name) == name.lower(),
        col(Attachment.removed_at).is_(None),
    )
    return session.scalars(query).first()


def one(session: Session, project_id: int, file_id: int) -> Attachment | None:
    """Return a project's file with its bytes, also one taken off its draft: a version may have frozen it."""
    row = session.get(Attachment, file_id)
    return row if row is not None and row.project_id == project_id else None


def by_digest(session: Session, project_id: int, digest: str, name: str) -> Attachment | None:
    """Return the newest file of a project with that content and name, taken off or not."""
    query = select(Attachment).where(
        col(Attachment.project_id) == project_id,
        col(Attachment.digest) == digest,
        col(Attachment.name) == name,
    )
    return session.scalars(query.order_by(col(Attachment.id).desc()).limit(1)).first()
