"""Files of a project: added, listed, taken off, and fetched, always as a download and never as a page of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from vfm_workflow.domain.uploads import KINDS, MOST_FILES, size_text
from vfm_workflow.errors import LinkDead, NotFound
from vfm_workflow.journeys import consulting, decide, documents
from vfm_workflow.journeys.projects import open_project
from vfm_workflow.store import attachments, projects
from vfm_workflow.store.tables import Attachment, Version
from vfm_workflow.web.editing import REFUSED, editing, refusal
from vfm_workflow.web.held_links import MINUTES
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.pages.asked import LINK as CONSULT
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Page, Typed, Visit

router = APIRouter()
MEGABYTE = 1024 * 1024
MOST_BODY = 51 * MEGABYTE
"""Of this one route; the setting `upload_megabytes`, of 50 at most, is looked at before anything is read."""
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
TITLES = {"outline": "The outline", "recommendations": "The recommendations"}
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.get("/projects/{reference}/documents")
def show(visit: Page, reference: str) -> Response:
    """Show the files that the visitor may read, and a form to those who may add one."""
    return _page(visit, reference)


def allowed(visit: Page, request: Request) -> Visit:
    """Return the visit of somebody signed in whose body is not too large, before any of it is read."""
    visit.me()
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > _most(visit) + MEGABYTE:
        raise HTTPException(413)
    return visit


async def sent(request: Request, visit: Annotated[Visit, Depends(allowed)]) -> tuple[Typed, str, bytes]:
    """Return the form's fields, and the one file's name and bytes."""
    typed, name, data = Typed(), "", b""
    typed.lists = {}
    async with request.form(max_files=1, max_fields=10) as form:
        for key, value in form.multi_items():
            if isinstance(value, UploadFile):
                name, data = value.filename or "", await value.read(_most(visit) + 1)
            else:
                typed[key] = value.replace("\x00", "")
    return typed, name, data


@router.post("/projects/{reference}/documents", max_body_size=MOST_BODY)
def add(
    visit: Annotated[Visit, Depends(allowed)],
    upload: Annotated[tuple[Typed, str, bytes], Depends(sent)],
    reference: str,
) -> Response:
    """Add a file, or replace the one of the same name."""
    typed, name, data = upload
    try:
        with visit.write() as session:
            row = documents.add(
                session,
                visit.home,
                reference,
                typed.get("document", ""),
                visit.me(),
                visit.at,
                name=name,
                data=data,
                most_bytes=_most(visit),
                exempt=typed.get("exempt", ""),
            )
            kept = row.name
    except REFUSED as error:
        return _page(visit, reference, errors=refusal(error), typed=typed, status=error.status)
    return visit.go(f"/projects/{reference}/documents", f"“{kept}” is added.")


@router.post("/projects/{reference}/documents/{file_id}/remove")
def remove(visit: Page, reference: str, file_id: RowId) -> Response:
    """Take a file off its draft."""
    actor = visit.me()
    with visit.write() as session:
        documents.remove(session, visit.home, reference, file_id, actor, visit.at)
    return visit.go(f"/projects/{reference}/documents", "The document is taken off.")


@router.get("/projects/{reference}/documents/{file_id}")
def fetch(visit: Page, reference: str, file_id: RowId) -> Response:
    """Send a file of the drafts."""
    actor = visit.me()
    with visit.read() as session:
        project = open_project(session, visit.home, reference, actor)
        return download(documents.fetch(session, visit.home, project, file_id, actor, visit.today))


@router.get("/projects/{reference}/versions/{version_id}/documents/{digest}")
def fetch_frozen(visit: Page, reference: str, version_id: RowId, digest: Digest) -> Response:
    """Send a file that a frozen version has, whatever became of it since."""
    actor = visit.me()
    with visit.read() as session:
        project = open_project(session, visit.home, reference, actor)
        version = session.get(Version, version_id)
        if version is None or version.project_id != projects.key(project):
            raise NotFound(documents.GONE)
        snapshot = json.loads(version.snapshot)
        return download(documents.frozen(session, visit.home, project, snapshot, digest, actor, visit.today))


@router.get("/decide/{link_id}/documents/{digest}")
def fetch_deciding(visit: Page, link_id: RowId, digest: Digest) -> Response:
    """Send a file of the text that the holder of a decision link is asked about."""
    # the mark that web/pages/decide.py leaves in the browser which opened the link
    seal = visit.unsign(visit.cookie(f"vfm_link_{link_id}"), "decide-link", MINUTES * 60)
    if seal != link_id:
        raise NotFound(documents.GONE)
    with visit.read() as session:
        opened = decide.open_link(session, visit.home, link_id)
        if opened.vote is None:
            decide.refuse_dead(session, visit.home, opened, visit.at)
        asked = opened.asked
        project = projects.by_id(session, asked.request.project_id)
        return download(
            documents.frozen(session, visit.home, project, asked.snapshot, digest, None, visit.today)
        )


@router.get("/consult/{link_id}/documents/{file_id}")
def fetch_consulted(visit: Page, link_id: RowId, file_id: RowId) -> Response:
    """Send a file of the outline that the holder of a consultation's link is asked about."""
    if not CONSULT.holds(visit, link_id):
        raise NotFound(documents.GONE)
    with visit.read() as session:
        opened = consulting.open_link(session, visit.home, link_id)
        try:
            consulting.refuse_dead(session, visit.home, opened, visit.at)
        except LinkDead as dead:
            raise NotFound(documents.GONE) from dead
        row = attachments.one(session, projects.key(opened.project), file_id)
        if row is None or row.removed_at is not None or row.document != "outline":
            raise NotFound(documents.GONE)
        return download(row)


def _most(visit: Visit) -> int:
    return visit.app.settings.upload_megabytes * MEGABYTE


def download(row: Attachment) -> Response:
    """Return a file as a download that no browser runs, whatever is in it."""
    plain = "".join(char if char.isascii() and char not in '"\\%' else "_" for char in row.name)
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(row.name, safe='')}"
    headers = {
        "Content-Disposition": named,
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(row.data, media_type=row.media_type, headers=headers)


def _page(
    visit: Visit,
    reference: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = frame(visit, session, reference, "documents")
        project, lifecycle = context["project"], context["lifecycle"]
        if not visit.may("outline.read", project):
            raise NotFound(documents.GONE)
        may = {
            document: editing(visit, project, lifecycle, {document}, "outline.edit", title)
            for document, title in TITLES.items()
        }
        context |= {
            "files": documents.listing(session, visit.home, project, visit.me(), visit.today),
            "editing": may,
            "titles": TITLES,
            "taking": [(key, title) for key, title in TITLES.items() if may[key].open],
            "most": visit.app.settings.upload_megabytes,
            "most_files": MOST_FILES,
            "kinds": ", ".join(KINDS),
            "size_text": size_text,
        }
    return visit.page("documents/documents.html", context, status=status, errors=errors, typed=typed)
