"""The action plan: its major elements, each with the six fields of §10.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.facts import PlanElement
from vfm_workflow.domain.money import pounds
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import gate, planning
from vfm_workflow.web.editing import REFUSED, editing, joined, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/projects/{reference}/plan")
def listing(visit: Page, reference: str) -> Response:
    """Show every element, with what it still lacks, and the totals."""
    with visit.read() as session:
        context = _context(visit, session, reference)
    elements: list[PlanElement] = context["elements"]
    context |= {
        "hours": sum(element.hours or 0 for element in elements),
        "gain_low": sum(element.gain_low or 0 for element in elements),
        "gain_high": sum(element.gain_high or 0 for element in elements),
    }
    return visit.page("plan/plan.html", context)


def _context(visit: Visit, session: Session, reference: str) -> dict[str, Any]:
    context = frame(visit, session, reference, "plan")
    project, lifecycle = context["project"], context["lifecycle"]
    known = gate.load_facts(session, visit.home, project, {"plan"}, visit.at)
    context["elements"] = known.plan
    context["editing"] = editing(visit, project, lifecycle, {"plan"}, "plan.edit", "The action plan")
    return context


@router.get("/projects/{reference}/plan/add")
def adding(visit: Page, reference: str) -> Response:
    """Show the form of a new element."""
    return _form(visit, reference, None)


@router.post("/projects/{reference}/plan/add")
def add(visit: Page, form: Form, reference: str) -> Response:
    """Add an element."""
    return _save(visit, form, reference, None)


@router.get("/projects/{reference}/plan/{element_id}")
def one(visit: Page, reference: str, element_id: RowId) -> Response:
    """Show an element's form."""
    return _form(visit, reference, element_id)


@router.post("/projects/{reference}/plan/{element_id}")
def change(visit: Page, form: Form, reference: str, element_id: RowId) -> Response:
    """Change or remove an element: `do` says which."""
    if form.get("do") != "remove":
        return _save(visit, form, reference, element_id)
    actor = visit.me()
    with visit.write() as session:
        planning.remove_element(session, visit.home, reference, element_id, actor, visit.at)
    return visit.go(f"/projects/{reference}/plan", "The element is removed.")


def _save(visit: Visit, form: Typed, reference: str, element_id: int | None) -> Response:
    actor = visit.me()
    try:
        with visit.write() as session:
            row = planning.save_element(
                session,
                visit.home,
                reference,
                actor,
                visit.at,
                element_id=element_id,
                form=joined(form, "target"),
            )
            said = f"“{row.title}” is saved."
    except REFUSED as error:
        return _form(visit, reference, element_id, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/plan", said)


def _form(
    visit: Visit,
    reference: str,
    element_id: int | None,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = _context(visit, session, reference)
    element = next((one for one in context["elements"] if one.id == element_id), None)
    if element is None and element_id is not None:
        raise NotFound(f"{reference} has no such element in its action plan.")
    context |= {"element": element, "amounts": _amounts(element)}
    return visit.page("plan/element.html", context, status=status, errors=errors, typed=typed)


def _amounts(element: PlanElement | None) -> dict[str, str]:
    """Return the amounts as a box holds them: pounds without their sign, which stands before the box."""
    low, high = (element.gain_low, element.gain_high) if element is not None else (None, None)
    return {
        "gain_low": "" if low is None else pounds(low).replace("£", ""),
        "gain_high": "" if high is None else pounds(high).replace("£", ""),
    }
