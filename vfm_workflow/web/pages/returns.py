"""Monthly returns: written by the project manager, verified by the Head of Service, read by CMT (§6.1, §15.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name
from vfm_workflow.domain.rag import TITLES
from vfm_workflow.errors import BadInput, NotAllowed, VfmError
from vfm_workflow.journeys import remarks, return_unchanged, returns
from vfm_workflow.journeys.return_unchanged import Unchanged
from vfm_workflow.store import forecasts, projects
from vfm_workflow.store import remarks as remark_store
from vfm_workflow.store import returns as store
from vfm_workflow.web import figures
from vfm_workflow.web.editing import REFUSED, joined, refusal
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/projects/{reference}/returns")
def listing(visit: Page, reference: str) -> Response:
    """Show every month the project reports, newest first, with its state and the day it is due."""
    with visit.read() as session:
        context = frame(visit, session, reference, "returns")
        project = context["project"]
        months = returns.periods(session, visit.home, project, visit.at)
        rows = {row.period: row for row in store.of_project(session, projects.key(project))}
    context |= {
        "months": list(reversed(months)),
        "rows": rows,
        "sent_back": {period for period, row in rows.items() if row.state == "draft" and row.sent_back_why},
        "today": visit.today,
        "mine": visit.may("return.submit", project),
    }
    return visit.page("returns/months.html", context)


@router.get("/projects/{reference}/returns/{period}")
def one(visit: Page, reference: str, period: str, unchanged: str = "") -> Response:
    """Show a month's return: as a form to who writes it, to be read by everybody else.

    `unchanged` shows it as it is if nothing has changed since the last one, where that can be said.
    """
    return _page(visit, reference, period, unchanged=bool(unchanged))


@router.post("/projects/{reference}/returns/{period}")
def write(visit: Page, form: Form, reference: str, period: str) -> Response:
    """Save the draft or submit it: `do` says which."""
    if visit.request.headers.get("x-autosave"):
        return _autosave(visit, form, reference, period)
    visit.me()
    typed, repeats = _typed(form), bool(form.get("unchanged"))
    try:
        wrong = _submit(visit, reference, period, typed) if form.get("do") == "submit" else {}
        if form.get("do") != "submit":
            _keep(visit, reference, period, typed)
    except REFUSED as error:
        wrong, status = refusal(error), error.status
        return _page(visit, reference, period, typed=typed, errors=wrong, status=status, unchanged=repeats)
    if wrong:
        return _page(visit, reference, period, typed=typed, errors=wrong, status=422, unchanged=repeats)
    if form.get("do") == "submit":
        return visit.go(
            f"/projects/{reference}/returns/{period}", f"The return for {month_name(period)} is submitted."
        )
    return visit.go(f"/projects/{reference}/returns/{period}", "The draft is saved. It is not submitted yet.")


def _typed(form: Typed) -> dict[str, str]:
    """Return what was typed, each date put together from its boxes."""
    return joined(form, *(name.removesuffix("-day") for name in form if name.endswith("-day")))


def _keep(visit: Visit, reference: str, period: str, typed: Mapping[str, str]) -> None:
    with visit.write() as session:
        returns.save_draft(session, visit.home, reference, period, visit.me(), visit.at, typed)


def _submit(visit: Visit, reference: str, period: str, typed: Mapping[str, str]) -> dict[str, str]:
    """Submit the return; return what is wrong with it. What was typed is then kept as its draft all the same."""
    text = typed.get("revision", "")
    revision = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    with visit.write() as session:
        try:
            returns.submit(session, visit.home, reference, period, visit.me(), visit.at, typed, revision)
        except BadInput as error:
            return error.fields
    return {}


def _autosave(visit: Visit, form: Typed, reference: str, period: str) -> Response:
    try:
        _keep(visit, reference, period, _typed(form))
    except VfmError as error:
        return JSONResponse({"saved": False, "message": str(error)}, error.status)
    return JSONResponse({"saved": True, "at": f"{visit.home.calendar.local(visit.at):%H:%M}"})


@router.post("/projects/{reference}/returns/{period}/verify")
def verify(visit: Page, reference: str, period: str) -> Response:
    """Verify a return."""
    actor = visit.me()
    try:
        with visit.write() as session:
            returns.verify(session, visit.home, reference, period, actor, visit.at)
    except NotAllowed as error:
        return _page(visit, reference, period, errors={"form": str(error)}, status=error.status)
    return visit.go(
        f"/projects/{reference}/returns/{period}", f"The return for {month_name(period)} is verified."
    )


@router.post("/projects/{reference}/returns/{period}/send-back")
def send_back(visit: Page, form: Form, reference: str, period: str) -> Response:
    """Send a return back to be corrected."""
    actor = visit.me()
    try:
        with visit.write() as session:
            reason = form.get("reason", "")
            returns.send_back(session, visit.home, reference, period, actor, visit.at, reason)
    except REFUSED as error:
        return _page(
            visit,
            reference,
            period,
            errors=refusal(error),
            reason=form.get("reason", ""),
            status=error.status,
        )
    return visit.go(
        f"/projects/{reference}/returns/{period}", "The return is sent back to its project manager."
    )


def _page(
    visit: Visit,
    reference: str,
    period: str,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    reason: str = "",
    status: int = 200,
    unchanged: bool = False,
) -> Response:
    with visit.read() as session:
        context = frame(visit, session, reference, "returns")
        project = context["project"]
        found = returns.form(session, visit.home, reference, period, visit.at, typed=typed)
        context |= _figures(session, project, period)
        offered = return_unchanged.offered(session, reference, period)
        repeated = (
            _repeated(visit, session, reference, period, typed, errors or {})
            if unchanged and (offered or typed is not None)
            else None
        )
        row = store.find(session, projects.key(project), period)
        said = remark_store.of(session, projects.key(project), subject=f"return:{period}")
    writes = visit.may("return.submit", project) and project.disputed_at is None
    context |= {
        "form": repeated.form if repeated is not None else found,
        "repeated": repeated,
        "offers_unchanged": offered and typed is None,
        "row": row,
        "status_titles": TITLES,
        "today": visit.today,
        "reason": reason,
        "writing": (writes and found.state in ("missing", "draft")) or typed is not None,
        "verifying": visit.may("return.verify", project)
        and row is not None
        and returns.may_check(row, visit.me()),
        "spent": row.spend if row is not None else None,
        "remarks": said,
        "remark_titles": remarks.TITLES,
        "saying": visit.may("remark.comment", project),
        "chasing": visit.may("return.chase", project),
    }
    template = "returns/form.html" if context["writing"] else "returns/return.html"
    if context["writing"] and repeated is not None:
        template = "returns/unchanged.html"
    return visit.page(template, context, status=status, errors=errors)


def _repeated(
    visit: Visit,
    session: Session,
    reference: str,
    period: str,
    typed: Mapping[str, str] | None,
    errors: Mapping[str, str],
) -> Unchanged | None:
    """Return the return as it is if nothing has changed, None where an error stands in a box that its page has not."""
    found = return_unchanged.unchanged(session, visit.home, reference, period, visit.at, typed)
    return found if set(errors) <= {*found.boxes, "form"} else None


def _figures(session: Session, project: Any, period: str) -> dict[str, Any]:
    """Return what was reported up to the month: for the small lines, and for the month itself."""
    key = projects.key(project)
    return {
        "readings": store.readings(session, key, period),
        "delivered": store.delivered(session, key, period),
        "expected": forecasts.expected(session, key, period),
        "spark": figures.spark,
        "unit_of": figures.unit_of,
        "valued": figures.valued,
    }
