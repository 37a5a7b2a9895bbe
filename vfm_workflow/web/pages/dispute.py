"""“This wasn't me”: a member disputes a decision recorded in their name, and an administrator settles it (point 11)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.decisions import OUTCOME_LABELS
from vfm_workflow.errors import BadInput, LinkDead, NotFound
from vfm_workflow.journeys import board, disputes, settling
from vfm_workflow.store import pages_decide, projects
from vfm_workflow.store.tables import DecisionRequest, Project
from vfm_workflow.web import decision_view, limits, project_frame
from vfm_workflow.web.pages.decide import BLANK
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
MINUTES = 30
MISSING = "Choose yes or no. Nothing was changed"
STALE = "This page had been open for too long, so nothing was changed. Choose again"


@router.api_route("/dispute/{token}", methods=["GET", "HEAD"])
def ask(visit: Page, token: str) -> Response:
    """Show what was recorded and ask whether it was theirs. Changes nothing."""
    return _page(visit, token, "ask")


@router.post("/dispute/{token}")
def dispute(visit: Page, form: Form, token: str) -> Response:
    """Freeze the project where the holder says it was not them. An empty form, as a scanner sends it, does nothing."""
    limits.allow(visit, "dispute", token, "10/minute")
    limits.allow(visit, "dispute-computer", limits.computer(visit), "300/minute")
    answer = form.only("mine")
    if answer not in ("yes", "no"):
        return _page(visit, token, "ask", errors={"mine": MISSING})
    nonce = visit.unsign(form.get("nonce"), "dispute-form", MINUTES * 60)
    try:
        with visit.read() as session:
            link, *_ = disputes.look_up(session, token, visit.at)
        if nonce is None or nonce != link.id:
            return _page(visit, token, "ask", errors={"mine": STALE})
        if answer == "yes":
            return _page(visit, token, "mine")
        with visit.write() as session:
            disputes.dispute(session, visit.home, token, visit.at)
    except LinkDead as dead:
        return _dead(visit, dead)
    return _page(visit, token, "done")


def _page(visit: Visit, token: str, how: str, *, errors: dict[str, str] | None = None) -> Response:
    try:
        with visit.read() as session:
            link, vote, _ = disputes.look_up(session, token, visit.at)
            request = session.get(DecisionRequest, vote.request_id)
            assert request is not None
            context = {
                **decision_view.head(visit, session, board.load(session, visit.home, request)),
                "how": "told" if how in ("ask", "mine") and link.used_at is not None else how,
                "link": link,
                "vote": vote,
                "said": OUTCOME_LABELS[vote.choice],  # type: ignore[index]  # a CHECKed choice
                "voter": settling.voter(session, vote),
                "known": settling.known(session, vote),
                "here": visit.request.url.path,
                "nonce": visit.sign(link.id, "dispute-form"),
            }
    except LinkDead as dead:
        return _dead(visit, dead)
    response = visit.page("dispute/page.html", context, status=422 if errors else 200, errors=errors)
    # The form stands on the token's own page: under `no-referrer` some browsers would post it without an origin.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _dead(visit: Visit, dead: LinkDead) -> Response:
    context = {**BLANK, "heading": "This link does not work", "said": [str(dead)]}
    return visit.page("decide/dead.html", context, status=dead.status)


@router.get("/projects/{reference}/dispute")
def record(visit: Page, reference: str) -> Response:
    """Show the disputed decisions of a project, to its readers and to administrators."""
    with visit.read() as session:
        return _record(visit, session, reference)


@router.post("/projects/{reference}/dispute")
def settle(visit: Page, form: Form, reference: str) -> Response:
    """An administrator has looked into it: record what they found and let the project go on."""
    actor = visit.me()
    try:
        with visit.write() as session:
            disputes.settle(session, visit.home, reference, actor, form.get("note", ""), visit.at)
    except BadInput as error:
        with visit.read() as session:
            return _record(visit, session, reference, errors=error.fields, typed=form)
    return visit.go(f"/projects/{reference}/dispute", "It is settled. The project can move again.")


def _record(
    visit: Visit,
    session: Session,
    reference: str,
    *,
    errors: dict[str, str] | None = None,
    typed: Typed | None = None,
) -> Response:
    may_settle = visit.may("dispute.settle")
    project = projects.by_reference(session, reference)
    rows = _rows(visit, session, project)
    context: dict[str, Any]
    if may_settle and not visit.whole("project.read", project):
        if not rows:  # who keeps the system need not know which projects there are
            raise NotFound(f"There is no project {reference}.")
        template = "dispute/settle.html"
        name = projects.department(session, project.department).name
        context = {"project": project, "department_name": name}
    else:
        template, context = "dispute/project.html", project_frame.frame(visit, session, reference, "dispute")
    context |= {
        "rows": rows,
        "open": any(row["settled_at"] is None for row in rows),
        "may_settle": may_settle,
        "technical": may_settle or visit.may("audit.read", project),
    }
    return visit.page(template, context, status=422 if errors else 200, errors=errors, typed=typed)


def _rows(visit: Visit, session: Session, project: Project) -> list[dict[str, Any]]:
    found = pages_decide.disputes(session, projects.key(project))
    names = projects.names(session, [row.settled_by for row in found if row.settled_by is not None])
    decisions = visit.home.lifecycle(session, project).decisions
    return [
        {
            **row._asdict(),
            "decision": decisions[row.decision].title,
            "choice": OUTCOME_LABELS[row.choice],  # type: ignore[index]  # a CHECKed choice
            "settled_by": names.get(row.settled_by or 0, ""),
        }
        for row in found
    ]
