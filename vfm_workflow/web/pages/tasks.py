"""My tasks: what waits for whoever is signed in."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.journeys import tasks
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.limits import allow
from vfm_workflow.web.visit import Page

router = APIRouter()


@router.get("/tasks")
def mine(visit: Page) -> Response:
    actor = visit.me()
    with visit.read() as session:
        found = tasks.waiting(session, visit.home, actor, visit.at)
    late = sum(task.late for task in found)
    return visit.page("tasks/mine.html", {"tasks": found, "late": late})


@router.post("/tasks/decisions/{request_id}/link")
def send_link(visit: Page, request_id: RowId) -> Response:
    """Mail a new link to decide, for whoever is signed in, to the address on record."""
    actor = visit.me()
    allow(visit, "remind", f"{request_id}:{actor.id}", "3/hour")
    with visit.write() as session:
        address = tasks.send_link(session, visit.home, request_id, actor, visit.at)
    return visit.go("/tasks", f"A new link is on its way to {address}. The one before no longer works.")
