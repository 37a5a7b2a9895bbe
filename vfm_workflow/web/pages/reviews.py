"""Benefits reviews of a project that has ended: when, and what each found."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.journeys import reviews as journey
from vfm_workflow.journeys.review_dates import ended_well
from vfm_workflow.store import projects
from vfm_workflow.store import reviews as store
from vfm_workflow.web.editing import REFUSED, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/projects/{reference}/reviews")
def show(visit: Page, reference: str) -> Response:
    """Show the reviews, with a form for the next one to those who do it."""
    return _page(visit, reference)


@router.post("/projects/{reference}/reviews/{number}")
def review(visit: Page, form: Form, reference: str, number: RowId) -> Response:
    """Record what a review found."""
    actor = visit.me()
    try:
        with visit.write() as session:
            journey.review(session, visit.home, reference, number, actor, visit.at, form=form)
    except REFUSED as error:
        return _page(visit, reference, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/reviews", "The benefits review is recorded.")


def _page(
    visit: Visit,
    reference: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = frame(visit, session, reference, "reviews")
        project, key = context["project"], projects.key(context["project"])
        rows = store.of(session, key)
        names = store.reviewers(session, key)
    mine = visit.may("savings.review", project) and visit.me().id != project.manager_id
    context |= {
        "rows": rows,
        "names": names,
        "said": journey.SAID,
        "following": next((row for row in rows if row.done_on is None), None),
        "mine": mine and project.disputed_at is None,
        "ended": ended_well(context["lifecycle"].stages.get(project.stage)),
        "months": visit.home.savings.benefits_review_months,
    }
    return visit.page("register/reviews.html", context, status=status, errors=errors, typed=typed)
