"""Asking CMT for new dates, profiles and targets: what it agreed first and last stays beside what is proposed (§10.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.forms import parse_date
from vfm_workflow.errors import BadInput, Unready
from vfm_workflow.journeys import advance, dates, gate, rebaselining
from vfm_workflow.journeys.gate import Option
from vfm_workflow.journeys.rebaselining import Profile
from vfm_workflow.store import decisions, facts, projects
from vfm_workflow.store.tables import ProposalRow
from vfm_workflow.web import milestones, rebaseline_rows
from vfm_workflow.web.editing import REFUSED, joined, refusal
from vfm_workflow.web.pages.dates import may_edit
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
PAGE = "rebaseline"
"""The page that a lifecycle document names in an event's `on_page`."""


@router.get("/projects/{reference}/rebaseline")
def show(visit: Page, reference: str) -> Response:
    """Show the dates and figures CMT agreed, with a box for a new one beside each that is not done."""
    return _page(visit, reference)


@router.post("/projects/{reference}/rebaseline")
def propose(visit: Page, form: Form, reference: str) -> Response:
    """Save the proposal and, unless it is a draft, ask for it."""
    actor = visit.me()
    try:
        with visit.write() as session:
            changes = _changes(visit, session, reference, form)
            reason = form.get("reason", "")
            profiles, targets = _figures(session, reference, form)
            dates.propose(
                session,
                visit.home,
                reference,
                changes,
                reason,
                actor,
                visit.at,
                savings=profiles,
                targets=targets,
            )
            if form.get("do") != "draft":
                _ask(visit, session, reference, form)
    except Unready as error:
        errors = {item.field or f"form_{number}": item.sentence for number, item in enumerate(error.unmet)}
        return _page(visit, reference, errors=errors, typed=form, status=error.status)
    except REFUSED as error:
        return _page(visit, reference, errors=refusal(error), typed=form, status=error.status)
    if form.get("do") == "draft":
        return visit.go(f"/projects/{reference}/{PAGE}", "The proposal is saved. CMT has not been asked yet.")
    return visit.go(f"/projects/{reference}/milestones", "CMT is asked.")


def _changes(visit: Visit, session: Session, reference: str, form: Typed) -> dict[int, dt.date]:
    """Return the dates that were filled in. Raises BadInput with every one that is no date."""
    project = projects.by_reference(session, reference)
    changes: dict[int, dt.date] = {}
    wrong: dict[str, str] = {}
    for milestone in facts.milestones(session, projects.key(project)):
        name = f"milestone_{milestone.id}"
        typed = joined(form, name).get(name, "")
        if not typed or milestone.done_on is not None:
            continue
        try:
            changes[milestone.id] = parse_date(typed)
        except ValueError as error:
            wrong[name] = f"The new date of “{milestone.title}” {error}"
    if wrong:
        if not form.get("reason", "").strip():
            wrong["reason"] = "Say why new dates are needed"
        raise BadInput(wrong)
    return changes


def _figures(session: Session, reference: str, form: Typed) -> tuple[dict[int, Profile], dict[int, int]]:
    """Return the profiles and targets that were typed anew. Raises BadInput with every one that is none."""
    project = projects.by_reference(session, reference)
    wrong: dict[str, str] = {}
    found: tuple[dict[int, Profile], dict[int, int]] = ({}, {})
    try:
        found = (rebaselining.read_profiles(session, projects.key(project), form), found[1])
    except BadInput as error:
        wrong |= error.fields
    try:
        found = (found[0], rebaselining.read_targets(session, project, form))
    except BadInput as error:
        wrong |= error.fields
    if wrong:
        raise BadInput(wrong)
    return found


def _ask(visit: Visit, session: Session, reference: str, form: Typed) -> None:
    project = projects.by_reference(session, reference)
    option = _option(visit, session, project)
    if option is None:
        raise BadInput({"form": "CMT cannot be asked in this stage. Save the proposal as a draft"})
    revision = form.get("revision", "")
    advance.advance(
        session,
        visit.home,
        reference,
        option.event,
        visit.me(),
        visit.at,
        reason=form.get("reason", "").strip(),
        revision=int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else None,
    )


def _option(visit: Visit, session: Session, project: Any) -> Option | None:
    """Return the event that this page fires, as the project's lifecycle has it."""
    options = gate.options(session, visit.home, project, visit.me(), visit.at)
    return next((option for option in options if option.step.spec.on_page == PAGE), None)


def _page(
    visit: Visit,
    reference: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = frame(visit, session, reference, PAGE)
        project = context["project"]
        option = _option(visit, session, project)
        draft = session.get(ProposalRow, projects.key(project))
        found = facts.milestones(session, projects.key(project))
        figures = rebaseline_rows.of(session, project, draft)
        opened = {request.decision for request in decisions.open_requests(session, projects.key(project))}
    rows = milestones.rows(found, visit.today, visit.home.calendar)
    context |= {
        "rows": [row for row in rows if row.fact.baseline is not None],
        "option": option,
        "figures": figures,
        "proposed": _proposed(rows, draft),
        "reason": draft.reason if draft is not None else "",
        "drafted": draft is not None,
        "asked_already": option is not None and option.step.spec.opens in opened,
        "blocked": [item for item in option.unmet if item.page != PAGE] if option is not None else [],
        "editing": may_edit(visit, context),
    }
    return visit.page("dates/rebaseline.html", context, status=status, errors=errors, typed=typed)


def _proposed(rows: list[milestones.Row], draft: ProposalRow | None) -> dict[int, dt.date]:
    """Return the date each box begins with: the draft's, or the forecast of what has slipped."""
    if draft is not None:
        return {int(key): dt.date.fromisoformat(day) for key, day in draft.changes.items()}
    return {row.fact.id: row.fact.forecast for row in rows if row.state == "late" and row.slip.slipped}
