"""Members' ideas, and the reply each is owed (§14.1)."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.journeys import ideas
from vfm_workflow.store import projects
from vfm_workflow.web.editing import REFUSED, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/ideas")
def listing(visit: Page) -> Response:
    """Show every idea, those still owed a reply first."""
    return _page(visit)


@router.post("/ideas")
def propose(visit: Page, form: Form) -> Response:
    """Put an idea into the inbox."""
    actor = visit.me()
    try:
        with visit.write() as session:
            ideas.propose(
                session, visit.home, actor, visit.at, form.get("text", ""), form.get("department", "")
            )
    except REFUSED as error:
        return _page(visit, errors=refusal(error), typed=form, status=error.status)
    return visit.go("/ideas", "Your idea is sent. It is owed a reply.")


@router.post("/ideas/{idea_id}")
def reply(visit: Page, form: Form, idea_id: RowId) -> Response:
    """Reply to an idea."""
    actor = visit.me()
    try:
        with visit.write() as session:
            ideas.reply(session, visit.home, idea_id, actor, visit.at, form.get("reply", ""))
    except REFUSED as error:
        name = f"reply_{idea_id}"
        errors = {name if key == "text" else key: said for key, said in refusal(error).items()}
        typed = Typed({name: form.get("reply", "")})
        return _page(visit, errors=errors, typed=typed, status=error.status)
    return visit.go("/ideas", "The reply is sent.")


def _page(
    visit: Visit, *, errors: Mapping[str, str] | None = None, typed: Typed | None = None, status: int = 200
) -> Response:
    with visit.read() as session:
        found = ideas.listing(session)
        services = [(row.code, row.name) for row in projects.departments(session)]
    context = {
        "waiting": [idea for idea in found if idea.replied_on is None],
        "answered": [idea for idea in found if idea.replied_on is not None],
        "services": [("", "None in particular"), *services],
        "proposing": visit.may("ideas.create"),
        "replying": visit.may("ideas.reply"),
    }
    return visit.page("ideas/ideas.html", context, status=status, errors=errors, typed=typed)
