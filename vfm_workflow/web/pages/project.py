"""A project: its overview with the gate, its history, its decisions and their frozen texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.snapshot import SUBJECTS, Snapshot
from vfm_workflow.domain.texts import within_sentence
from vfm_workflow.errors import BadInput, NotFound, StaleRevision, Unready
from vfm_workflow.journeys import advance, exempt, planning
from vfm_workflow.journeys import record as records
from vfm_workflow.journeys.projects import open_project
from vfm_workflow.store import history, pages_decide, pages_record, projects
from vfm_workflow.store.tables import Project, Version
from vfm_workflow.web import project_overview, released
from vfm_workflow.web.diff import phrases
from vfm_workflow.web.history_words import entry
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Visit

router = APIRouter()

ROWS = 50
"""Rows of a history on one page."""


@router.post("/projects/{reference}/events")
def fire(visit: Page, form: Form, reference: str) -> Response:
    """Fire an event. A refusal shows the project again, with the reason as it was typed."""
    actor, event = visit.me(), form.get("event", "")
    revision = _revision(form)
    try:
        with visit.write() as session:
            open_project(session, visit.home, reference, actor)
            moved = advance.advance(
                session,
                visit.home,
                reference,
                event,
                actor,
                visit.at,
                reason=form.get("reason", ""),
                revision=revision,
            )
            lifecycle = visit.home.lifecycle(session, projects.by_reference(session, reference))
    except StaleRevision as error:
        stale = {"sentence": str(error), "revision": revision}
        return _overview(visit, reference, typed=form, status=error.status, stale=stale)
    except BadInput as error:
        errors = {f"{name}_{event}": sentence for name, sentence in error.fields.items()}
        return _overview(visit, reference, errors=errors, typed=form, status=error.status)
    except Unready as error:
        return _overview(visit, reference, typed=form, status=error.status, unready=str(error))
    label = lifecycle.document.events[event].label
    now = lifecycle.stages[moved.to_stage].title
    said = f" The project is now in the stage {now}." if moved.to_stage != moved.from_stage else ""
    return visit.go(f"/projects/{moved.reference}", f"Done: {within_sentence(label)}.{said}")


@router.post("/projects/{reference}/conditions/{condition_id}")
def discharge(visit: Page, form: Form, reference: str, condition_id: RowId) -> Response:
    """Record how a condition was met."""
    actor = visit.me()
    try:
        with visit.write() as session:
            project = open_project(session, visit.home, reference, actor)
            how = form.get("how", "")
            planning.discharge_condition(session, visit.home, reference, condition_id, actor, visit.at, how)
    except BadInput as error:
        errors = {f"{name}_{condition_id}": sentence for name, sentence in error.fields.items()}
        typed = {f"how_{condition_id}": form.get("how", "")}
        return _overview(visit, reference, errors=errors, typed=typed, status=error.status)
    return visit.go(f"/projects/{project.reference}#conditions", "The condition is discharged.")


@router.get("/projects/{reference}/history")
def timeline(visit: Page, reference: str) -> Response:
    """Show everything that happened, newest first."""
    number = visit.request.query_params.get("page", "")
    with visit.read() as session:
        context = frame(visit, session, reference, "history")
        project: Project = context["project"]
        pages = max((project.revision + ROWS - 1) // ROWS, 1)
        page = min(int(number) if number.isdecimal() and len(number) < 7 else 1, pages) or 1
        rows = pages_record.history_page(session, projects.key(project), (page - 1) * ROWS, ROWS)
        context["entries"] = [entry(row, context["lifecycle"]) for row in rows]
    return visit.page("project/history.html", {**context, "page": page, "pages": pages})


@router.get("/projects/{reference}/decisions")
def decisions(visit: Page, reference: str) -> Response:
    """Show who decided what, on which text: the record that prints as evidence."""
    with visit.read() as session:
        context = frame(visit, session, reference, "decisions")
        context["record"] = records.gather(session, visit.home, context["project"], visit.at)
    return visit.page("project/decisions.html", context)


@router.get("/projects/{reference}/versions/{version_id}")
def version(visit: Page, reference: str, version_id: RowId) -> Response:
    """Show a text as it was frozen."""
    with visit.read() as session:
        context = _version(visit, session, reference, version_id)
    return visit.page("project/version.html", context)


@router.get("/projects/{reference}/versions/{version_id}/changes")
def changes(visit: Page, reference: str, version_id: RowId) -> Response:
    """Show what a frozen text changed of the one before it."""
    with visit.read() as session:
        context = _version(visit, session, reference, version_id)
        before: Version | None = context["before"]
        if before is None:
            raise NotFound("This is the first version: there is none before it to compare it with.")
        was, now = (json.loads(row.snapshot) for row in (before, context["version"]))
        reads = visit.reads_exempt(context["project"])
        found = exempt.changed(session, context["project"], was, now, reads)
    context["changes"] = [(change.title, phrases(change.runs)) for change in found]
    return visit.page("project/changes.html", context)


def _version(visit: Visit, session: Session, reference: str, version_id: int) -> dict[str, Any]:
    context = frame(visit, session, reference, "versions")
    found = pages_record.version(session, projects.key(context["project"]), version_id)
    if found is None:
        raise NotFound(f"{context['project'].reference} has no such version.")
    row, frozen_by = found
    subject = SUBJECTS[row.subject].title if row.subject in SUBJECTS else row.subject
    return {
        **context,
        "version": row,
        "frozen_by": frozen_by,
        "subject": subject,
        "snapshot": _read(visit, session, context["project"], row),
        "before": pages_decide.version_before(session, row),
    }


def _read(visit: Visit, session: Session, project: Project, row: Version) -> Snapshot:
    """Return a frozen text as whoever is signed in may read it."""
    return exempt.shown(session, project, json.loads(row.snapshot), visit.reads_exempt(project))


def _revision(form: Mapping[str, str]) -> int | None:
    """Return the revision the page was loaded with. Raises BadInput for what is no number."""
    text = form.get("revision", "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise BadInput({"revision": "Load the project's page again, and do it there."})
    return int(text)


def _overview(
    visit: Visit,
    reference: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
    stale: Mapping[str, Any] | None = None,
    unready: str = "",
) -> Response:
    with visit.read() as session:
        context = project_overview.overview(visit, session, reference)
        lifecycle, key = context["lifecycle"], projects.key(context["project"])
        if stale is not None:
            since = history.since(session, key, stale["revision"])
            context["stale_changes"] = [entry(row, lifecycle) for row in since]
    context |= {"stale": stale, "unready": unready}
    return visit.page("project/overview.html", context, errors=errors, typed=typed, status=status)


@router.get("/projects/{reference}")
def show(visit: Page, reference: str) -> Response:
    """Show the project: all of it, or to Members what is released of it."""
    return released.page(visit, reference) or _overview(visit, reference)
