"""Files are put to a project's outline and recommendations, taken off, and fetched by those who may read them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain import uploads
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput, NotFound
from vfm_workflow.journeys import access
from vfm_workflow.journeys import exempt as exempt_text
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.writing import DOCUMENTS, writable
from vfm_workflow.store import attachments as store
from vfm_workflow.store import history, projects
from vfm_workflow.store.attachments import File
from vfm_workflow.store.tables import Attachment, Project

EXEMPT = ("", "3", "4")
GONE = "There is no such document."


def add(
    session: Session,
    home: Home,
    reference: str,
    document: str,
    by: Actor,
    at: dt.datetime,
    *,
    name: str,
    data: bytes,
    most_bytes: int,
    exempt: str = "",
) -> Attachment:
    """Put a file to a project's outline or recommendations; return it. One of the same name is replaced.

    Raises BadInput saying why it cannot be kept, NotFound or NotAllowed.
    """
    if document not in DOCUMENTS or exempt not in EXEMPT:
        raise BadInput({"document": "Choose what the document belongs to"})
    project = writable(session, home, reference, by, document, "outline.edit")
    checked = uploads.check(name, data, most_bytes)
    digest = hashlib.sha256(data).hexdigest()
    before = store.same(session, projects.key(project), document, checked.name)
    if before is not None and (before.digest, before.exempt) == (digest, exempt):
        return before
    if before is not None:
        before.removed_at = at
    elif store.held(session, projects.key(project))[0] >= uploads.MOST_FILES:
        raise BadInput(
            {"file": f"A project holds at most {uploads.MOST_FILES} documents. Take one off first"}
        )
    row = Attachment(
        project_id=projects.key(project),
        document=document,
        name=checked.name,
        media_type=checked.media_type,
        size=len(data),
        digest=digest,
        data=data,
        exempt=exempt,
        added_at=at,
        added_by=by.id,
    )
    session.add(row)
    session.flush()
    detail = {**_detail(row), "replaces": before.digest if before is not None else ""}
    history.record(session, project, history.Entry("document_added", by, at, "", detail))
    return row


def remove(session: Session, home: Home, reference: str, file_id: int, by: Actor, at: dt.datetime) -> None:
    """Take a file off its draft; a version that froze it still has it. Raises NotFound or NotAllowed."""
    project = projects.by_reference(session, reference)
    row = store.one(session, projects.key(project), file_id)
    today = home.calendar.today(at)
    if row is None or row.removed_at is not None or not _readable(session, home, by, project, row, today):
        raise NotFound(GONE)
    writable(session, home, reference, by, row.document, "outline.edit")
    row.removed_at = at
    session.flush()
    history.record(session, project, history.Entry("document_removed", by, at, "", _detail(row)))


def _detail(row: Attachment) -> dict[str, Any]:
    # an exempt document's name may say what it must not: the history is read by more than its readers
    name = row.name if not row.exempt else "an exempt document"
    return {"id": row.id, "document": row.document, "name": name, "digest": row.digest}


def listing(session: Session, home: Home, project: Project, reader: Actor, today: dt.date) -> list[File]:
    """Return the files on a project's drafts that `reader` may read."""
    exempt = exempt_text.may_read(session, home, reader, project, today)
    found = store.listing(session, projects.key(project))
    return [file for file in found if exempt or not file.exempt]


def fetch(
    session: Session, home: Home, project: Project, file_id: int, reader: Actor, today: dt.date
) -> Attachment:
    """Return a file on a project's drafts with its bytes. Raises NotFound where there is none, or none for `reader`."""
    row = store.one(session, projects.key(project), file_id)
    if row is None or row.removed_at is not None or not _readable(session, home, reader, project, row, today):
        raise NotFound(GONE)
    return row


def _readable(
    session: Session, home: Home, reader: Actor, project: Project, row: Attachment, today: dt.date
) -> bool:
    if row.exempt:
        return exempt_text.may_read(session, home, reader, project, today)
    return access.reads(session, home, reader, "outline.read", project) not in (None, "released")


def frozen(
    session: Session,
    home: Home,
    project: Project,
    snapshot: Mapping[str, Any],
    digest: str,
    reader: Actor | None,
    today: dt.date,
) -> Attachment:
    """Return a file that a frozen text has, by the digest frozen with it, with its bytes.

    `reader` is None for whoever holds a link to decide on that text. Raises NotFound.
    """
    rows = [row for part in snapshot["parts"] if part["key"] == "documents" for row in part["rows"]]
    named = {row[-1].replace(" ", ""): row[0] for row in rows}
    row = store.by_digest(session, projects.key(project), digest, named[digest]) if digest in named else None
    if row is None or (reader is not None and not _readable(session, home, reader, project, row, today)):
        raise NotFound(GONE)
    return row
