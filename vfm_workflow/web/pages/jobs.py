"""Jobs: asked for, watched, and what they made fetched. Without JavaScript: a page says how far it is when it is loaded."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from sqlmodel import Session

from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import jobs as journey
from vfm_workflow.journeys import newer_lifecycle
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Job
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import Form, Page

router = APIRouter()
TYPES = {".zip": "application/zip", ".pdf": "application/pdf"}
SHOWN = 50
"""Rows of what a job would do; the rest is counted."""


@router.get("/jobs")
def listed(visit: Page) -> Response:
    """List the jobs one may see, and offer those one may ask for."""
    actor = visit.me()
    kinds = journey.offered(visit.home, actor)
    with visit.read() as session:
        jobs = journey.listed(session, visit.home, actor)
        context = {
            "jobs": jobs,
            "names": {job.id: _name(session, job) for job in jobs},
            "titles": {job.id: _title(job) for job in jobs},
            "kinds": kinds,
            "behind": newer_lifecycle.behind(session, visit.home) if newer_lifecycle.KIND in kinds else [],
            "shown": SHOWN,
            "everybody": visit.may(journey.SEES_ALL),
        }
    return visit.page("jobs/list.html", context)


@router.post("/jobs")
def ask(visit: Page, form: Form) -> Response:
    """Ask for a job, and show it. One that is open already is shown instead of a second."""
    actor = visit.me()
    with visit.write() as session:
        job = journey.ask(session, visit.home, form.get("kind", ""), actor, visit.at)
    return visit.go(f"/jobs/{job.id}")


@router.get("/jobs/{job_id}")
def show(visit: Page, job_id: RowId) -> Response:
    """Show how far a job is, to who asked for it and to administrators."""
    actor = visit.me()
    with visit.read() as session:
        job = journey.show(session, visit.home, job_id, actor)
        context = {
            "job": job,
            "name": _name(session, job),
            "title": _title(job),
            "may_fetch": bool(job.result and "file" in job.result) and job.asked_by == actor.id,
        }
    return visit.page("jobs/show.html", context)


@router.get("/jobs/{job_id}/file")
def fetch(visit: Page, job_id: RowId) -> Response:
    """Send the file that a job made, to who asked for it."""
    with visit.read() as session:
        made = journey.result(session, visit.home, job_id, visit.me(), visit.at)
    file = visit.app.loaded.data / "exports" / str(made["file"])
    if not file.is_file():
        raise NotFound(
            f"{made['file']} is not on this machine. It was written on {made['machine']}, into `exports` of its data folder."
        )
    name = str(made.get("name") or file.name)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(file, media_type=TYPES[file.suffix], filename=name, headers=headers)


def _name(session: Session, job: Job) -> str:
    return projects.person(session, job.asked_by).name if job.asked_by is not None else "the command line"


def _title(job: Job) -> str:
    kind = journey.KINDS.get(job.kind)
    return kind.called_of(job.arguments) if kind is not None else job.kind
