"""Comments, challenges, advice and recommendations on a project (domain §3, §14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.journeys import remarks
from vfm_workflow.store import projects
from vfm_workflow.store import remarks as store
from vfm_workflow.store.tables import Project
from vfm_workflow.web import released
from vfm_workflow.web.editing import REFUSED, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/projects/{reference}/comments")
def show(visit: Page, reference: str, about: str = "") -> Response:
    """Show everything that was said of the project, and a form to those who may say more."""
    return _page(visit, reference, about=about)


@router.post("/projects/{reference}/comments")
def say(visit: Page, form: Form, reference: str) -> Response:
    """Make a remark."""
    actor = visit.me()
    try:
        with visit.write() as session:
            row = remarks.make(
                session,
                visit.home,
                reference,
                actor,
                visit.at,
                kind=form.get("kind", ""),
                text=form.get("text", ""),
                subject=form.get("subject", ""),
            )
            remark_id = row.id
    except REFUSED as error:
        return _page(visit, reference, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/comments#remark_{remark_id}", "It is recorded.")


@router.post("/projects/{reference}/comments/{remark_id}")
def reply(visit: Page, form: Form, reference: str, remark_id: RowId) -> Response:
    """Reply to a challenge."""
    actor = visit.me()
    try:
        with visit.write() as session:
            remarks.reply(session, visit.home, reference, remark_id, actor, visit.at, form.get("reply", ""))
    except REFUSED as error:
        typed = Typed({f"reply_{remark_id}": form.get("reply", "")})
        return _page(visit, reference, errors=refusal(error), typed=typed, status=error.status)
    return visit.go(f"/projects/{reference}/comments#remark_{remark_id}", "The reply is recorded.")


def _page(
    visit: Visit,
    reference: str,
    *,
    about: str = "",
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        if (context := released.frame(visit, session, reference)) is None:
            context = {**frame(visit, session, reference, "comments"), "frame": "project/_frame.html"}
        context |= _said(visit, session, context["project"], about)
    return visit.page("comments/comments.html", context, status=status, errors=errors, typed=typed)


def _said(visit: Visit, session: Session, project: Project, about: str) -> dict[str, Any]:
    me = visit.me()
    found = store.of(session, projects.key(project))
    if not visit.whole("project.read", project):  # what others say of it is not released
        found = [remark for remark in found if remark.by_id == me.id]
    kinds = remarks.kinds(session, visit.home, me, project)
    subjects = [("", "All of the project"), *remarks.DECISIONS.items()]
    if about and about not in dict(subjects) and about.startswith("return:"):
        subjects = [*subjects, (about, "A monthly return")]
    return {
        "remarks": list(reversed(found)),
        "titles": remarks.TITLES,
        "subject_title": remarks.subject_title,
        "kinds": [(kind, remarks.TITLES[kind]) for kind in kinds],
        "subjects": subjects,
        "about": about,
        "replying": visit.may("remark.reply", project),
    }
