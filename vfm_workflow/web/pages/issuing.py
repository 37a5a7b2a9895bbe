"""Issuing a report: what is said in it, the moment it is frozen, and its dated addenda (§15.2)."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.journeys import reporting
from vfm_workflow.store import issued as store
from vfm_workflow.store import projects
from vfm_workflow.web.editing import REFUSED, refusal
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
MARKS = (("", "Public"), ("3", "Exempt under paragraph 3"), ("4", "Exempt under paragraph 4"))


@router.get("/reports/{kind}/{key}/commentary")
def commentary(visit: Page, kind: str, key: str, department: str = "") -> Response:
    """Show what a department says in a report as a form."""
    return _commentary(visit, kind, key, department)


@router.post("/reports/{kind}/{key}/commentary")
def comment(visit: Page, form: Form, kind: str, key: str) -> Response:
    """Keep what is said."""
    department, actor = form.get("department", ""), visit.me()
    plain = reporting.plain_key(kind, key)
    try:
        with visit.write() as session:
            reporting.comment(
                session,
                visit.home,
                kind,
                plain,
                department,
                form.get("text", ""),
                actor,
                visit.at,
                exempt=form.get("exempt", ""),
            )
    except REFUSED as error:
        errors = refusal(error)
        return _commentary(visit, kind, key, department, errors=errors, typed=form, status=error.status)
    return visit.go(
        reporting.address(kind, key), "The commentary is kept. It stands in the report when it is issued."
    )


def _commentary(
    visit: Visit,
    kind: str,
    key: str,
    department: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    actor, plain = visit.me(), reporting.plain_key(kind, key)
    with visit.read() as session:
        choices = reporting.comments_for(session, visit.home, actor)
        codes = [code for code, _ in choices]
        chosen = department if department in codes else codes[0] if codes else department
        report = reporting.read(session, visit.home, kind, plain, actor, visit.at)
        known = store.commented(session, kind, plain, chosen)
    context = {
        "report": report,
        "here": reporting.address(kind, key),
        "choices": choices,
        "department": chosen,
        "known": known,
        "marks": MARKS,
    }
    return visit.page("reports/commentary.html", context, status=status, errors=errors, typed=typed)


@router.get("/reports/{kind}/{key}/issue")
def about_to_issue(visit: Page, kind: str, key: str) -> Response:
    """Show what issuing does, and what is not ready."""
    return _issue(visit, kind, key)


@router.post("/reports/{kind}/{key}/issue")
def issue(visit: Page, kind: str, key: str) -> Response:
    """Issue the report."""
    actor, plain = visit.me(), reporting.plain_key(kind, key)
    try:
        with visit.write() as session:
            reporting.issue(session, visit.home, kind, plain, actor, visit.at)
    except REFUSED as error:
        return _issue(visit, kind, key, errors=refusal(error), status=error.status)
    return visit.go(reporting.address(kind, key), "The report is issued. Officers may read it now.")


def _issue(
    visit: Visit, kind: str, key: str, *, errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    plain = reporting.plain_key(kind, key)
    with visit.read() as session:
        report = reporting.read(session, visit.home, kind, plain, visit.me(), visit.at)
        silent = reporting.silent(session, kind, plain)
        names = {row.code: row.name for row in projects.departments(session)}
    context = {
        "report": report,
        "here": reporting.address(kind, key),
        "silent": [names[code] for code in silent],
    }
    return visit.page("reports/issue.html", context, status=status, errors=errors)


@router.get("/reports/{kind}/{key}/addendum")
def about_to_add(visit: Page, kind: str, key: str) -> Response:
    """Show what was corrected since a report was issued, and ask what is said of it."""
    return _addendum(visit, kind, key)


@router.post("/reports/{kind}/{key}/addendum")
def add(visit: Page, form: Form, kind: str, key: str) -> Response:
    """Issue an addendum."""
    actor, plain = visit.me(), reporting.plain_key(kind, key)
    try:
        with visit.write() as session:
            reporting.addend(session, visit.home, kind, plain, actor, visit.at, form.get("text", ""))
    except REFUSED as error:
        return _addendum(visit, kind, key, errors=refusal(error), typed=form, status=error.status)
    return visit.go(reporting.address(kind, key), "The addendum is issued. It stands after the report.")


def _addendum(
    visit: Visit,
    kind: str,
    key: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    plain = reporting.plain_key(kind, key)
    with visit.read() as session:
        report = reporting.read(session, visit.home, kind, plain, visit.me(), visit.at)
        corrected = reporting.corrected(session, visit.home, kind, plain, visit.at)
    context = {"report": report, "here": reporting.address(kind, key), "corrected": corrected}
    return visit.page("reports/addendum.html", context, status=status, errors=errors, typed=typed)
