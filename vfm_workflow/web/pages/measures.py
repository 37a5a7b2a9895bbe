"""Measures of cost and performance: where they began, where they stand, and how other councils do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.errors import BadInput, NotFound
from vfm_workflow.journeys import planning, taking_over
from vfm_workflow.journeys.measures import measure_of
from vfm_workflow.store.tables import Measure
from vfm_workflow.web import figure_rows, pictures
from vfm_workflow.web.editing import REFUSED, editing, refusal
from vfm_workflow.web.figure_rows import MeasureRow
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
LEAST_PEERS, SPARE_PEERS, MOST_PEERS = 5, 2, 50


@router.get("/projects/{reference}/measures")
def measures(visit: Page, reference: str) -> Response:
    """Show the measures and the savings they must not be harmed by (§3.8)."""
    return both(visit, reference, "measures")


@router.get("/projects/{reference}/savings")
def savings(visit: Page, reference: str) -> Response:
    """Show the same page, where links to a saving lead."""
    return both(visit, reference, "savings")


def both(visit: Visit, reference: str, tab: str) -> Response:
    """Return the page of measures and savings."""
    with visit.read() as session:
        context = _context(visit, session, reference, tab)
        project = context["project"]
        reads = visit.whole("savings.read", project)
        context["savings"] = figure_rows.savings(session, project) if reads else None
        everywhere = reads and visit.extent("project.read", project) == "all"
        doubles = planning.double_counts(session, visit.home) if everywhere else []
        context["profile"] = pictures.savings_of_year(session, visit, project, context["savings"])
    context["doubles"] = [double for double in doubles if project.reference in double.projects]
    return visit.page("measures/measures.html", context)


def _context(visit: Visit, session: Session, reference: str, tab: str = "measures") -> dict[str, Any]:
    context = frame(visit, session, reference, tab)
    project, lifecycle = context["project"], context["lifecycle"]
    context["measures"] = figure_rows.measures(session, visit.home, project, visit.at)
    context["trends"] = pictures.trends(context["measures"])
    context["scatters"] = pictures.scatters(context["measures"], visit.home.council_name)
    context["editing"] = editing(visit, project, lifecycle, {"measures"}, "plan.edit", "The measures")
    context["saving_editing"] = editing(visit, project, lifecycle, {"savings"}, "plan.edit", "The savings")
    return context


@router.get("/projects/{reference}/measures/add")
def adding(visit: Page, reference: str) -> Response:
    """Show the form of a new measure."""
    return _form(visit, reference, None)


@router.post("/projects/{reference}/measures/add")
def add(visit: Page, form: Form, reference: str) -> Response:
    """Add a measure."""
    return _save(visit, form, reference, None)


@router.get("/projects/{reference}/measures/{measure_id}")
def one(visit: Page, reference: str, measure_id: RowId) -> Response:
    """Show a measure's form."""
    return _form(visit, reference, measure_id)


@router.post("/projects/{reference}/measures/{measure_id}")
def change(visit: Page, form: Form, reference: str, measure_id: RowId) -> Response:
    """Change or remove a measure: `do` says which."""
    if form.get("do") != "remove":
        return _save(visit, form, reference, measure_id)
    actor = visit.me()
    try:
        with visit.write() as session:
            planning.remove_measure(session, visit.home, reference, measure_id, actor, visit.at)
    except REFUSED as error:
        return _form(visit, reference, measure_id, errors=refusal(error), status=error.status)
    return visit.go(f"/projects/{reference}/measures", "The measure is removed.")


def _save(visit: Visit, form: Typed, reference: str, measure_id: int | None) -> Response:
    actor = visit.me()
    try:
        with visit.write() as session:
            row = planning.save_measure(
                session, visit.home, reference, actor, visit.at, measure_id=measure_id, form=form
            )
            said = f"“{row.name}” is saved."
    except REFUSED as error:
        return _form(visit, reference, measure_id, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/measures", said)


def _form(
    visit: Visit,
    reference: str,
    measure_id: int | None,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = _context(visit, session, reference)
        row = _row(context, measure_id) if measure_id is not None else None
        context |= {"row": row, "agreed": None}
        context["shared"] = [
            (each.code, f"{each.code} {each.name}, {each.unit}")
            for each in taking_over.offered(session, context["project"].department)
        ]
        context["taken"] = ""
        if measure_id is not None:
            stored = measure_of(session, context["project"], measure_id)
            context["agreed"] = planning.agreed_target(session, context["project"], stored)
            taken = session.get(Measure, stored.library_id) if stored.library_id else None
            context["taken"] = taken.code if taken is not None else ""
    return visit.page("measures/measure.html", context, status=status, errors=errors, typed=typed)


def _row(context: Mapping[str, Any], measure_id: int) -> MeasureRow:
    rows: list[MeasureRow] = context["measures"]
    found = next((row for row in rows if row.fact.id == measure_id), None)
    if found is None:
        raise NotFound(f"{context['project'].reference} has no such measure.")
    return found


@router.get("/projects/{reference}/measures/{measure_id}/peers")
def peers(visit: Page, reference: str, measure_id: RowId) -> Response:
    """Show other councils' values as a form."""
    return _peers(visit, reference, measure_id)


@router.post("/projects/{reference}/measures/{measure_id}/peers")
def save_peers(visit: Page, form: Form, reference: str, measure_id: RowId) -> Response:
    """Save other councils' values."""
    actor = visit.me()
    try:
        named = named_peers(form)
        with visit.write() as session:
            planning.save_peers(
                session,
                visit.home,
                reference,
                measure_id,
                actor,
                visit.at,
                peers={name: form.get(f"value_{number}", "") for name, number in named.items()},
                source=form.get("source", ""),
            )
    except REFUSED as error:
        errors = {box_of(key, form): said for key, said in refusal(error).items()}
        return _peers(visit, reference, measure_id, errors=errors, typed=form, status=error.status)
    return visit.go(
        f"/projects/{reference}/measures#measure_{measure_id}", "The other councils’ figures are saved."
    )


def named_peers(form: Typed) -> dict[str, int]:
    """Return council → the number of its row. Raises BadInput where a value has no council, or a council two rows."""
    found: dict[str, int] = {}
    wrong: dict[str, str] = {}
    for number in range(1, MOST_PEERS + 1):
        name = " ".join(form.get(f"name_{number}", "").split())
        if name in found:
            wrong[f"name_{number}"] = f"{name} is there twice: keep one of the two"
        elif name:
            found[name] = number
        elif form.get(f"value_{number}", "").strip():
            wrong[f"name_{number}"] = "Write which council the value is of"
    if wrong:
        raise BadInput(wrong)
    return found


def box_of(key: str, form: Typed) -> str:
    """Return the box an error of the journey belongs to: `peer_` and a council's name is that council's row."""
    name = key.removeprefix("peer_")
    numbers = (n for n in range(1, MOST_PEERS + 1) if " ".join(form.get(f"name_{n}", "").split()) == name)
    number = next(numbers, None) if key.startswith("peer_") else None
    return f"value_{number}" if number is not None else key


def _peers(
    visit: Visit,
    reference: str,
    measure_id: int,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = _context(visit, session, reference)
    row = _row(context, measure_id)
    filled = len(row.peers)
    if typed is not None:
        filled = max(
            (n for n in range(1, MOST_PEERS + 1) if typed.get(f"name_{n}") or typed.get(f"value_{n}")),
            default=0,
        )
    context |= {"row": row, "boxes": min(MOST_PEERS, max(LEAST_PEERS, filled + SPARE_PEERS))}
    return visit.page("measures/peers.html", context, status=status, errors=errors, typed=typed)
