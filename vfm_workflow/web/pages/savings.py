"""Lines of savings: five financial years of low, expected, high and cost, and what each must not harm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.money import pounds
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import gate, planning
from vfm_workflow.journeys.savings import AMOUNTS, line_of
from vfm_workflow.store import pages_figures, projects
from vfm_workflow.web import figure_rows
from vfm_workflow.web.editing import REFUSED, editing, refusal
from vfm_workflow.web.figure_rows import SavingRow
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
YEARS = 6
"""The year under way and the five of the MTFP after it (§4.7)."""


@router.get("/projects/{reference}/savings/add")
def adding(visit: Page, reference: str) -> Response:
    """Show the form of a new line."""
    return _form(visit, reference, None)


@router.post("/projects/{reference}/savings/add")
def add(visit: Page, form: Form, reference: str) -> Response:
    """Add a line."""
    return _save(visit, form, reference, None)


@router.get("/projects/{reference}/savings/{line_id}")
def one(visit: Page, reference: str, line_id: RowId) -> Response:
    """Show a line's form."""
    return _form(visit, reference, line_id)


@router.post("/projects/{reference}/savings/{line_id}")
def change(visit: Page, form: Form, reference: str, line_id: RowId) -> Response:
    """Change or remove a line: `do` says which."""
    if form.get("do") != "remove":
        return _save(visit, form, reference, line_id)
    actor = visit.me()
    try:
        with visit.write() as session:
            planning.remove_saving(session, visit.home, reference, line_id, actor, visit.at)
    except REFUSED as error:
        return _form(visit, reference, line_id, errors=refusal(error), status=error.status)
    return visit.go(f"/projects/{reference}/savings", "The saving is removed.")


def _save(visit: Visit, form: Typed, reference: str, line_id: int | None) -> Response:
    actor = visit.me()
    try:
        with visit.write() as session:
            row = planning.save_saving(
                session, visit.home, reference, actor, visit.at, line_id=line_id, form=form
            )
            said = f"“{row.title}” is saved."
    except REFUSED as error:
        return _form(visit, reference, line_id, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/savings", said)


def _form(
    visit: Visit,
    reference: str,
    line_id: int | None,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = frame(visit, session, reference, "savings")
        context |= _line(visit, session, context, line_id)
    return visit.page("measures/saving.html", context, status=status, errors=errors, typed=typed)


def _line(visit: Visit, session: Session, context: Mapping[str, Any], line_id: int | None) -> dict[str, Any]:
    project, key = context["project"], projects.key(context["project"])
    rows = figure_rows.savings(session, project).rows
    row = next((row for row in rows if row.line.id == line_id), None)
    if row is None and line_id is not None:
        raise NotFound(f"{project.reference} has no such saving.")
    known = gate.load_facts(session, visit.home, project, {"measures"}, visit.at).measures
    stored = line_of(session, project, line_id) if line_id is not None else None
    return {
        "row": row,
        "agreed": stored is not None and planning.is_agreed(session, project, stored),
        "years": _years(visit, row),
        "amounts": _amounts(row),
        "checks": [(measure.id, measure.name) for measure in known if measure.kind == "performance"],
        "others": [(other, f"{ref}: {title}") for other, title, ref in pages_figures.of_others(session, key)],
        "editing": editing(visit, project, context["lifecycle"], {"savings"}, "plan.edit", "The savings"),
    }


def _years(visit: Visit, row: SavingRow | None) -> range:
    """Return the financial years to offer: six from the one under way or, if it is earlier, from the line's first."""
    now = visit.home.calendar.financial_year(visit.today)
    stored = list(row.years) if row is not None else []
    first = min([now, *stored])
    return range(first, max([first + YEARS - 1, *stored]) + 1)


def _amounts(row: SavingRow | None) -> dict[str, str]:
    """Return each box's amount: pounds without their sign, which stands before the box."""
    if row is None:
        return {}
    return {
        f"{part}_{year}": pounds(getattr(amounts, part)).replace("£", "")
        for year, amounts in row.years.items()
        for part in AMOUNTS
    }
