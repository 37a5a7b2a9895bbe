"""The outline and the recommendations: one long form each, saved as it is typed, read as prose by everybody else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sqlmodel import Session

from vfm_workflow.domain.outline import PARAGRAPHS, words
from vfm_workflow.errors import NotAllowed, VfmError
from vfm_workflow.journeys import drafting
from vfm_workflow.journeys.drafting import Draft
from vfm_workflow.store import pages_forms, projects
from vfm_workflow.web import drafts
from vfm_workflow.web.drafts import Submitted
from vfm_workflow.web.editing import editing
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Visit

router = APIRouter()
TITLES = {"outline": "Outline", "recommendations": "Recommendations"}


@router.get("/projects/{reference}/outline")
def outline(visit: Page, reference: str) -> Response:
    """Show the outline: as a form to who may write it now, as prose to who reads."""
    return _page(visit, reference, "outline")


@router.get("/projects/{reference}/recommendations")
def recommendations(visit: Page, reference: str) -> Response:
    """Show the recommendations."""
    return _page(visit, reference, "recommendations")


@router.post("/projects/{reference}/outline")
def save_outline(visit: Page, form: Form, reference: str) -> Response:
    """Save the outline's draft."""
    return _save(visit, form, reference, "outline")


@router.post("/projects/{reference}/recommendations")
def save_recommendations(visit: Page, form: Form, reference: str) -> Response:
    """Save the recommendations' draft."""
    return _save(visit, form, reference, "recommendations")


def _save(visit: Visit, form: Form, reference: str, document: str) -> Response:
    if visit.request.headers.get("x-autosave"):
        return _autosave(visit, form, reference, document)
    visit.me()
    submitted = drafts.read(form, visit.home, document)
    try:
        draft = _store(visit, reference, document, submitted)
    except NotAllowed as error:
        draft = Draft(submitted.marks, {"form": str(error)})
        return _page(visit, reference, document, submitted, draft, status=error.status)
    if draft.problems:
        return _page(visit, reference, document, submitted, draft, status=409 if draft.theirs else 422)
    if form.get("then") == "check":
        return visit.go(f"/projects/{reference}#next", "The draft is saved.")
    return visit.go(
        f"/projects/{reference}/{document}", "The draft is saved. You can come back to it at any time."
    )


def _store(visit: Visit, reference: str, document: str, submitted: Submitted) -> Draft:
    with visit.write() as session:
        draft = drafting.save(
            session,
            visit.home,
            reference,
            document,
            visit.me(),
            visit.at,
            texts=submitted.texts,
            criteria=submitted.criteria,
            marks=submitted.marks,
            exempt=submitted.exempt,
        )
    return replace(draft, problems={**draft.problems, **submitted.problems})


def _autosave(visit: Visit, form: Form, reference: str, document: str) -> Response:
    """Save what is being typed and answer app.js: `revision` is what the form must carry to its next save."""
    submitted = drafts.read(form, visit.home, document, by_itself=True)
    try:
        draft = _store(visit, reference, document, submitted)
    except VfmError as error:
        return JSONResponse({"saved": False, "message": str(error)}, error.status)
    reply: dict[str, Any] = {"revision": drafts.pack(draft.marks)}
    if draft.problems:
        reply |= {"saved": False, "message": _said(visit, document, draft)}
    else:
        reply |= {"saved": True, "at": f"{visit.home.calendar.local(visit.at):%H:%M}"}
    return JSONResponse(reply, 409 if draft.theirs else 422 if draft.problems else 200)


def _said(visit: Visit, document: str, draft: Draft) -> str:
    titles = {section.key: section.title for section in visit.home.outline.sections(document)}
    titles |= {f"criterion_{entry.key}": entry.title for entry in visit.home.outline.criteria}
    names = " and ".join(f"“{titles.get(key, key)}”" for key in draft.problems)
    if draft.theirs:
        return f"somebody else has changed {names} since you opened it. Save, and both texts are shown. The rest is saved."
    return f"{names}: {'. '.join(draft.problems.values())}. The rest is saved."


def _page(
    visit: Visit,
    reference: str,
    document: str,
    submitted: Submitted | None = None,
    draft: Draft | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = frame(visit, session, reference, document)
        context |= _written(visit, session, context, document, submitted, draft)
    return visit.page("writing/draft.html", context, status=status, errors=draft.problems if draft else None)


def _written(
    visit: Visit,
    session: Session,
    context: dict[str, Any],
    document: str,
    submitted: Submitted | None,
    draft: Draft | None,
) -> dict[str, Any]:
    project, title = context["project"], TITLES[document]
    may = editing(visit, project, context["lifecycle"], {document}, "outline.edit", f"The {title.lower()}")
    reads = may.open or visit.reads_exempt(project)
    found = drafts.show(session, visit.home, project, document, submitted, draft, reads_exempt=reads)
    return {
        "document": document,
        "paragraphs": PARAGRAPHS,
        "heading": title,
        "editing": may,
        "form_shown": may.open or submitted is not None,  # what was typed is never taken away
        "written": found,
        "total_words": sum(words(part.text) for part in found.parts),
        "versions": pages_forms.versions(session, projects.key(project), document),
    }
