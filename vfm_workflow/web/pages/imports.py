"""Imports: a file is sent, looked at, and done. The work is a job; these pages say how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session
from starlette.datastructures import UploadFile

from vfm_workflow.domain.csv_sheet import MOST_BYTES
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import importing, jobs
from vfm_workflow.journeys.import_people import IMPORTER as PEOPLE
from vfm_workflow.reports.sheets import csv_bytes
from vfm_workflow.store import imports as store
from vfm_workflow.store.tables import Job
from vfm_workflow.web.editing import REFUSED, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import Page, Typed, Visit

router = APIRouter()
MOST_BODY = MOST_BYTES + 64 * 1024
OPEN = ("queued", "running")


@router.get("/imports")
def listed(visit: Page) -> Response:
    """Show the files that were sent, and a form to send one."""
    return _list(visit)


async def sent(request: Request) -> tuple[Typed, str, bytes]:
    """Return the form's fields, and the one file's name and bytes, a little more than is allowed where it is too large."""
    typed, name, data = Typed(), "", b""
    typed.lists = {}
    async with request.form(max_files=1, max_fields=10) as form:
        for key, value in form.multi_items():
            if isinstance(value, UploadFile):
                name, data = value.filename or "", await value.read(MOST_BYTES + 1)
            else:
                typed[key] = value.replace("\x00", "")
    return typed, name, data


@router.post("/imports", max_body_size=MOST_BODY)
def send(visit: Page, upload: Annotated[tuple[Typed, str, bytes], Depends(sent)]) -> Response:
    """Take a file, and have it looked at."""
    actor = visit.me()
    typed, name, data = upload
    try:
        if typed.get("kind", "") not in {each.name for each in importing.offered(visit.home, actor)}:
            raise BadInput({"kind": "Choose what is in the file"})
        with visit.write() as session:
            batch = importing.take(session, visit.home, typed["kind"], name, data, actor, visit.at)
            assert batch.id is not None
            jobs.ask_import(session, visit.home, batch.id, actor, visit.at, apply=False)
    except REFUSED as error:
        return _list(visit, errors=refusal(error), typed=typed, status=error.status)
    return visit.go(f"/imports/{batch.id}")


@router.get("/imports/templates/{figures}.csv")
def template(visit: Page, figures: str) -> Response:
    """Send a file with the columns of a kind of import, and one row to write over."""
    found = importing.must_import(visit.home, visit.me(), figures)
    rows = [[column.example for column in found.columns]]
    headers = {"Content-Disposition": f'attachment; filename="{found.name}.csv"'}
    return Response(
        csv_bytes([column.name for column in found.columns], rows),
        headers=headers,
        media_type="text/csv; charset=utf-8",
    )


@router.get("/imports/{batch_id}")
def show(visit: Page, batch_id: RowId) -> Response:
    """Show how far a file is, and what it would do or did."""
    return _show(visit, batch_id)


@router.post("/imports/{batch_id}/apply")
def apply(visit: Page, batch_id: RowId) -> Response:
    """Have all of a file done. People are imported only by who has proved lately that it is they."""
    actor = visit.me()
    with visit.read() as session:
        batch = importing.show(session, visit.home, batch_id, actor)
    if batch.row.kind == PEOPLE.name:
        visit.prove()
    try:
        with visit.write() as session:
            jobs.ask_import(session, visit.home, batch_id, actor, visit.at, apply=True)
    except REFUSED as error:
        return _show(visit, batch_id, errors=refusal(error), status=error.status)
    return visit.go(f"/imports/{batch_id}")


@router.get("/imports/{batch_id}/file")
def file(visit: Page, batch_id: RowId) -> Response:
    """Send a file as it was handed in."""
    with visit.read() as session:
        importing.show(session, visit.home, batch_id, visit.me())
        batch = store.whole(session, batch_id)
    plain = "".join(char if char.isascii() and char not in '"\\%' else "_" for char in batch.name)
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(batch.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    }
    return Response(batch.data, headers=headers, media_type="application/octet-stream")


def _list(
    visit: Visit,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    actor = visit.me()
    kinds = importing.offered(visit.home, actor)
    if not kinds:
        visit.must("figures.import")
    with visit.read() as session:
        batches = importing.listed(session, visit.home, actor)
    options = [(each.name, each.title) for each in kinds]
    context = {
        "kinds": kinds,
        "options": [("", "Choose"), *options] if len(options) > 1 else options,
        "batches": batches,
    }
    return visit.page("imports/list.html", context, status=status, errors=errors, typed=typed)


def _show(
    visit: Visit, batch_id: int, *, errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    with visit.read() as session:
        batch = importing.show(session, visit.home, batch_id, visit.me())
        job = _job(session, batch)
    context = {"batch": batch, "job": job, "open": job is not None and job.state in OPEN}
    return visit.page("imports/batch.html", context, status=status, errors=errors)


def _job(session: Session, batch: importing.Batch) -> Job | None:
    """Return the newest job on a batch, None where the command line did it."""
    found = store.jobs_of(session, [importing.job_kind(batch.row.kind)], batch.row.id)
    return found[0] if found else None
