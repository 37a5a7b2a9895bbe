"""Who is consulted before proposing, and what customers say (§2.2.5, §4.9.1)."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.evidence import evidence_warning
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.journeys import consult, gate
from vfm_workflow.store import consultations as store
from vfm_workflow.store import pages_forms, projects
from vfm_workflow.store.tables import Project
from vfm_workflow.web.editing import REFUSED, editing, joined, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
WORK = {"consultations"}


@router.get("/projects/{reference}/consultations")
def show(visit: Page, reference: str) -> Response:
    """Show who was asked, what they answered, and the log of customers' evidence."""
    return _page(visit, reference)


@router.post("/projects/{reference}/consultations/{key}")
def consultation(visit: Page, form: Form, reference: str, key: str) -> Response:
    """Ask a consultee, send the link again, take the question back, or record the answer: `do` says which."""
    actor, home, at = visit.me(), visit.home, visit.at
    try:
        with visit.write() as session:
            if form.get("do") == "ask":
                person, days = form.get("person", ""), form.get("days", "")
                consult.ask(session, home, reference, key, actor, at, person=person, working_days=days)
                said = "They are asked by mail." if person else "It is recorded that they were asked."
            elif form.get("do") == "send_again":
                address = consult.send_again(session, home, reference, key, actor, at)
                said = f"A new link is on its way to {address}. The one before no longer works."
            elif form.get("do") == "take_back":
                consult.take_back(session, home, reference, key, actor, at)
                said = "The question is taken back."
            else:
                consult.answer(session, home, reference, key, actor, at, form.get("answer", ""))
                said = "The answer is recorded."
    except REFUSED as error:
        typed = Typed(form)
        if form.get("do") != "answer":
            typed.pop("answer", None)
        typed |= {key: form.get("answer", ""), f"person_{key}": form.get("person", "")}
        typed[f"days_{key}"] = form.get("days", "")
        return _page(visit, reference, errors=refusal(error), typed=typed, status=error.status)
    return visit.go(f"/projects/{reference}/consultations", said)


@router.post("/projects/{reference}/evidence")
def add_evidence(visit: Page, form: Form, reference: str) -> Response:
    """Add a piece of customers' evidence."""
    actor = visit.me()
    typed = joined(form, "on")
    try:
        with visit.write() as session:
            consult.evidence_add(
                session,
                visit.home,
                reference,
                actor,
                visit.at,
                source=typed.get("source", ""),
                on=typed.get("on", ""),
                group=typed.get("group", ""),
                finding=typed.get("finding", ""),
            )
    except REFUSED as error:
        return _page(visit, reference, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/consultations#evidence", "The evidence is added.")


@router.post("/projects/{reference}/evidence/{evidence_id}")
def remove_evidence(visit: Page, reference: str, evidence_id: RowId) -> Response:
    """Remove a piece of evidence."""
    actor = visit.me()
    with visit.write() as session:
        consult.evidence_remove(session, visit.home, reference, evidence_id, actor, visit.at)
    return visit.go(f"/projects/{reference}/consultations#evidence", "The evidence is removed.")


def _mine(visit: Visit, session: Session, project: Project, lifecycle: Lifecycle) -> set[str]:
    """Return the consultees for whom whoever is signed in is asked and may answer now."""
    actor = visit.me()
    if not gate.is_open_for(lifecycle, project, WORK):
        return set()
    rows = store.of(session, projects.key(project))
    return {row.key for row in rows if consult.is_asked(session, visit.home, row, actor)}


def _page(
    visit: Visit,
    reference: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = frame(visit, session, reference, "consultations")
        project, lifecycle = context["project"], context["lifecycle"]
        evidence = consult.evidence(session, project)
        context |= {
            "consulted": pages_forms.consultations(session, projects.key(project)),
            "evidence": evidence,
            "warning": evidence_warning(evidence),
            "asking": editing(visit, project, lifecycle, WORK, "outline.edit", "Consultations"),
            "mine": _mine(visit, session, project, lifecycle),
            "people": [(row.address, row.name) for row in consult.candidates(session, visit.home, project)],
            "usual": consult.usual(session, visit.home, project),
        }
    return visit.page("consult/consultations.html", context, status=status, errors=errors, typed=typed)
