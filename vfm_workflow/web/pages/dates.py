"""Milestones: agreed, forecast, done; and asking CMT for new dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.facts import MilestoneFact
from vfm_workflow.domain.forms import parse_date
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import dates
from vfm_workflow.store import facts, projects
from vfm_workflow.web import milestones, pictures
from vfm_workflow.web.editing import REFUSED, Editing, editing, joined, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/projects/{reference}/milestones")
def listing(visit: Page, reference: str) -> Response:
    """Show every milestone, its dates and its slippage."""
    return _listing(visit, reference)


@router.post("/projects/{reference}/milestones")
def add(visit: Page, form: Form, reference: str) -> Response:
    """Add a milestone."""
    actor = visit.me()
    try:
        day = _day(form, "forecast", "The date")
        with visit.write() as session:
            title = form.get("title", "")
            dates.add_milestone(session, visit.home, reference, title, day, actor, visit.at)
    except REFUSED as error:
        return _listing(
            visit, reference, errors=_with_title(refusal(error), form), typed=form, status=error.status
        )
    return visit.go(f"/projects/{reference}/milestones", "The milestone is added.")


def _with_title(errors: dict[str, str], form: Typed) -> dict[str, str]:
    """Say at once what is wrong with both fields: a bad date stops the form before its title is looked at."""
    if "forecast" in errors and not form.get("title", "").strip():
        return {"title": "Write what is reached at this milestone", **errors}
    return errors


def _day(form: Typed, name: str, label: str) -> dt.date:
    """Return a date of three boxes. Raises BadInput."""
    typed = joined(form, name).get(name, "")
    try:
        if not typed:
            raise ValueError("must be given, like 6 11 2026")
        return parse_date(typed)
    except ValueError as error:
        raise BadInput({name: f"{label} {error}"}) from error


def _listing(
    visit: Visit,
    reference: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = _context(visit, session, reference)
        step = asking_step(context)
    chart = pictures.milestones([row.fact for row in context["rows"]], visit.today, visit.home.calendar)
    context |= {"chart": chart, "may_ask": step is not None}
    return visit.page("dates/milestones.html", context, status=status, errors=errors, typed=typed)


def _context(visit: Visit, session: Session, reference: str, tab: str = "milestones") -> dict[str, Any]:
    context = frame(visit, session, reference, tab)
    project = context["project"]
    found = sorted(facts.milestones(session, projects.key(project)), key=_in_time)
    context["rows"] = milestones.rows(found, visit.today, visit.home.calendar)
    context["today"] = visit.today
    context["editing"] = may_edit(visit, context)
    return context


def _in_time(fact: MilestoneFact) -> tuple[dt.date, int]:
    """Return what milestones are sorted by: the date agreed or, where there is none yet, the forecast."""
    return fact.baseline or fact.forecast, fact.id


def may_edit(visit: Visit, context: Mapping[str, Any]) -> Editing:
    """Return whether whoever is signed in may change the project's dates now."""
    work = {"milestones", "forecasts"}
    return editing(visit, context["project"], context["lifecycle"], work, "plan.edit", "The milestones")


def asking_step(context: Mapping[str, Any]) -> str | None:
    """Return the event of the project's stage that asks for new dates, as its lifecycle names it; None without one."""
    steps = context["lifecycle"].steps(context["project"].stage)
    return next((step.event for step in steps if step.spec.on_page == "rebaseline"), None)


@router.get("/projects/{reference}/milestones/{milestone_id}")
def one(visit: Page, reference: str, milestone_id: RowId) -> Response:
    """Show one milestone with what may be done to it."""
    return _one(visit, reference, milestone_id)


def _one(
    visit: Visit,
    reference: str,
    milestone_id: int,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = _context(visit, session, reference)
        dates.milestone_of(session, context["project"], milestone_id)
    row = next(row for row in context["rows"] if row.fact.id == milestone_id)
    context |= {"row": row, "did": typed.get("do", "") if typed is not None else ""}
    return visit.page("dates/milestone.html", context, status=status, errors=errors, typed=typed)


@router.post("/projects/{reference}/milestones/{milestone_id}")
def change(visit: Page, form: Form, reference: str, milestone_id: RowId) -> Response:
    """Move, rename, finish or remove a milestone: `do` says which."""
    actor, home, at = visit.me(), visit.home, visit.at
    try:
        with visit.write() as session:
            if form.get("do") == "done":
                day = _day(form, f"done_on_{milestone_id}", "The day it was reached")
                row = dates.finish_milestone(session, home, reference, milestone_id, day, actor, at)
                said = f"“{row.title}” is done."
            elif form.get("do") == "remove":
                dates.remove_milestone(session, home, reference, milestone_id, actor, at)
                said = "The milestone is removed."
            else:
                said = _move(visit, session, reference, milestone_id, form)
    except REFUSED as error:
        return _one(visit, reference, milestone_id, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/milestones", said)


def _move(visit: Visit, session: Session, reference: str, milestone_id: int, form: Typed) -> str:
    project = projects.by_reference(session, reference)
    was = dates.milestone_of(session, project, milestone_id)
    day = _day(form, f"milestone_{milestone_id}", "The forecast")
    why = form.get("why", "")
    if was.baseline is not None and day != was.forecast and not why.strip():
        raise BadInput({"why": "Say why the forecast moves: it is read beside the new date"})
    row = dates.change_milestone(
        session,
        visit.home,
        reference,
        milestone_id,
        visit.me(),
        visit.at,
        title=form.get("title"),
        forecast=day,
        why=why,
    )
    return f"“{row.title}” is now forecast for {short_day(row.forecast)}."
