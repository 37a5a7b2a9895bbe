"""A return that has not come in is asked for, on its page and on the list of all services' returns."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.domain.calendar import month_name
from vfm_workflow.journeys import chasing
from vfm_workflow.web.visit import Form, Page, local_path

router = APIRouter()


@router.post("/projects/{reference}/returns/{period}/chase")
def chase(visit: Page, form: Form, reference: str, period: str) -> Response:
    """Ask for a return in its manager's next digest, and go back to where the button was."""
    actor = visit.me()
    with visit.write() as session:
        chasing.chase(session, visit.home, reference, period, actor, visit.at)
    said = f"The project manager is asked for the return of {reference} for {month_name(period)} in their next digest."
    return visit.go(local_path(form.get("back"), f"/projects/{reference}/returns/{period}"), said)
