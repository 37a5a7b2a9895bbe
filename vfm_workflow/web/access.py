"""Who gets which page: one line for each route, applied to all of them before the page begins.

A route without a line stops the start. The journeys ask again what they need, so that the command line is held to the same.
Whoever may not read a thing gets the page of a thing that was never there; who may read it and not do this to it gets a 403.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from fastapi.routing import APIRoute

from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.store import access as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Project
from vfm_workflow.web.visit import Page, Visit

NO_PAGE = "There is no such page."
NOT_YOURS = "You may read this, but not do that here. Ask whoever it belongs to."


@dataclass(frozen=True, slots=True)
class Need:
    """What a route asks of whoever wants it."""

    of: Literal["anybody", "signed_in", "role", "project"]
    reads: str = ""
    """The permission without which there is no such thing (404)."""
    does: tuple[str, ...] = ()
    """Permissions of which one is needed to go on (403)."""
    released: bool = False
    """It shows no more than what is released, so the scope `released` is enough to read it."""
    besides: str = ""
    """A permission that opens it to somebody who reads no project; the page itself shows what that allows."""
    keeps: bool = False
    """A long form, whose text is never thrown away: the page itself answers who is signed out, and keeps what they typed
    until they are in again, and the journey who may not write here, so that they see it again."""
    fresh: bool = False
    """It changes who somebody is, or may do: whoever does it has proved lately that it is they (ASVS V7.5)."""


ANYBODY, SIGNED_IN = Need("anybody"), Need("signed_in")


def role(reads: str, *does: str, fresh: bool = False, released: bool = False) -> Need:
    """Return the need of a page that belongs to no project."""
    return Need("role", reads, does, released, fresh=fresh)


def project(reads: str, *does: str, released: bool = False, besides: str = "", keeps: bool = False) -> Need:
    """Return the need of a page of one project."""
    return Need("project", reads, does, released, besides, keeps)


P = "/projects/{reference}"
M = "/measures/{measure_code}"
FEEDS = ("projects", "measures", "readings", "savings", "returns", "milestones")
REMARKS = ("remark.comment", "remark.challenge", "remark.advise", "remark.recommend")
FINANCE = ("savings.verify", "savings.bank")
ACCESS: Mapping[tuple[str, str], Need] = {
    # Open: signing in, pages that say what the service is, links from mails (the link is the key), the demo's own pages.
    ("GET", "/"): ANYBODY,
    ("GET", "/sign-in"): ANYBODY,
    ("POST", "/sign-in"): ANYBODY,
    ("GET", "/sign-in/{token}"): ANYBODY,
    ("POST", "/sign-in/{token}"): ANYBODY,
    ("GET", "/sign-out"): ANYBODY,
    ("POST", "/sign-out"): ANYBODY,
    ("GET", "/about/accessibility"): ANYBODY,
    ("GET", "/about/lifecycle"): ANYBODY,
    ("GET", "/about/privacy"): ANYBODY,
    ("GET", "/d/{token}"): ANYBODY,
    ("GET", "/decide/{link_id}"): ANYBODY,
    ("POST", "/decide/{link_id}"): ANYBODY,
    ("POST", "/decide/{link_id}/again"): ANYBODY,
    ("GET", "/dispute/{token}"): ANYBODY,
    ("POST", "/dispute/{token}"): ANYBODY,
    ("GET", "/demo"): ANYBODY,
    ("GET", "/demo/mail/{mail_id}"): ANYBODY,
    ("GET", "/demo/mail/{mail_id}/body"): ANYBODY,
    ("GET", "/demo/people"): ANYBODY,
    ("POST", "/demo/clock"): ANYBODY,
    ("POST", "/demo/as/{person_id}"): ANYBODY,
    ("GET", "/sign-in/begin"): ANYBODY,
    ("GET", "/sign-in/callback"): ANYBODY,
    ("GET", "/decide/{link_id}/documents/{digest}"): ANYBODY,
    ("GET", "/c/{token}"): ANYBODY,
    ("GET", "/consult/{link_id}"): ANYBODY,
    ("POST", "/consult/{link_id}"): ANYBODY,
    ("POST", "/consult/{link_id}/again"): ANYBODY,
    ("GET", "/consult/{link_id}/documents/{file_id}"): ANYBODY,
    ("GET", "/i/{token}"): ANYBODY,
    ("GET", "/idea/{link_id}"): ANYBODY,
    ("POST", "/idea/{link_id}"): ANYBODY,
    ("POST", "/idea/{link_id}/again"): ANYBODY,
    ("GET", "/u/{seal}"): ANYBODY,
    ("POST", "/u/{seal}"): ANYBODY,
    # GOV.UK Notify tells what became of a mail; its token is the key.
    ("POST", "/notify/callback"): ANYBODY,
    # A token of somebody's own is the key: it says for whom a machine reads, and the answer is what they may read.
    ("GET", "/calendar/{secret}.ics"): ANYBODY,
    **{("GET", f"/api/{name}{end}"): ANYBODY for name in FEEDS for end in ("", ".csv")},
    ("GET", "/api/projects/{reference}"): ANYBODY,
    ("POST", "/api/readings"): ANYBODY,
    # One's own, and lists that show what is one's to see.
    ("GET", "/tasks"): SIGNED_IN,
    ("POST", "/tasks/decisions/{request_id}/link"): SIGNED_IN,
    ("GET", "/projects"): SIGNED_IN,
    ("GET", "/account"): SIGNED_IN,
    ("GET", "/account/data"): SIGNED_IN,
    ("GET", "/jobs"): SIGNED_IN,
    ("POST", "/jobs"): SIGNED_IN,
    ("GET", "/jobs/{job_id}"): SIGNED_IN,
    ("GET", "/jobs/{job_id}/file"): SIGNED_IN,
    ("POST", "/account/sessions"): SIGNED_IN,
    ("GET", "/account/mail"): SIGNED_IN,
    ("POST", "/account/mail"): SIGNED_IN,
    ("POST", "/account/mail/hours"): SIGNED_IN,
    ("GET", "/account/mail/later"): SIGNED_IN,
    ("POST", "/account/mail/later"): SIGNED_IN,
    ("POST", "/account/mail/later/end"): SIGNED_IN,
    ("GET", "/account/tokens"): SIGNED_IN,
    ("POST", "/account/tokens"): SIGNED_IN,
    ("POST", "/account/tokens/{token_id}/end"): SIGNED_IN,
    # Which files one may send hangs on their kind, which the journey knows.
    ("GET", "/imports"): SIGNED_IN,
    ("POST", "/imports"): SIGNED_IN,
    ("GET", "/imports/templates/{figures}.csv"): SIGNED_IN,
    ("GET", "/imports/{batch_id}"): SIGNED_IN,
    ("GET", "/imports/{batch_id}/file"): SIGNED_IN,
    ("POST", "/imports/{batch_id}/apply"): SIGNED_IN,
    ("GET", "/returns"): role("returns.read"),
    ("GET", "/returns/{period}"): role("returns.read"),
    ("GET", "/savings"): role("savings.read", released=True),
    ("GET", "/reports"): role("reports.read", released=True),
    # Who may read which report, and from when, the journey knows: some belong to a project.
    ("GET", "/reports/{kind}"): SIGNED_IN,
    ("POST", "/reports/{kind}"): SIGNED_IN,
    ("GET", "/reports/{kind}/{key}"): SIGNED_IN,
    ("POST", "/reports/{kind}/{key}"): SIGNED_IN,
    ("GET", "/reports/{kind}/{key}/commentary"): role("reports.read", "reports.comment"),
    ("POST", "/reports/{kind}/{key}/commentary"): role("reports.read", "reports.comment"),
    ("GET", "/reports/{kind}/{key}/issue"): role("reports.read", "reports.issue"),
    ("POST", "/reports/{kind}/{key}/issue"): role("reports.read", "reports.issue"),
    ("GET", "/reports/{kind}/{key}/addendum"): role("reports.read", "reports.issue"),
    ("POST", "/reports/{kind}/{key}/addendum"): role("reports.read", "reports.issue"),
    # By role alone.
    ("GET", "/projects/new"): role("project.read", "project.create"),
    ("POST", "/projects/new"): role("project.read", "project.create"),
    ("GET", "/ideas"): role("ideas.read"),
    ("POST", "/ideas"): role("ideas.read", "ideas.create"),
    ("POST", "/ideas/{idea_id}"): role("ideas.read", "ideas.reply"),
    ("GET", "/mail"): role("mail.read"),
    ("GET", "/mail/{mail_id}"): role("mail.read"),
    ("POST", "/mail/{mail_id}/retry"): role("mail.read", "mail.retry"),
    ("POST", "/mail/{mail_id}/dealt"): role("mail.read", "mail.retry"),
    ("GET", "/people"): role("people.edit"),
    ("GET", "/people/new"): role("people.edit"),
    ("POST", "/people/new"): role("people.edit", fresh=True),
    ("GET", "/people/departments"): role("people.edit"),
    ("POST", "/people/departments"): role("people.edit"),
    ("POST", "/people/departments/{code}/head"): role("people.edit", fresh=True),
    ("POST", "/people/departments/{code}/name"): role("people.edit"),
    ("POST", "/people/departments/{code}/remove"): role("people.edit"),
    ("GET", "/people/{person_id}"): role("people.edit"),
    ("POST", "/people/{person_id}"): role("people.edit", fresh=True),
    ("POST", "/people/{person_id}/address"): role("people.edit", fresh=True),
    ("POST", "/people/{person_id}/leave"): role("people.edit", fresh=True),
    ("POST", "/people/{person_id}/back"): role("people.edit", fresh=True),
    ("POST", "/people/{person_id}/shared"): role("people.edit", fresh=True),
    ("POST", "/people/{person_id}/deputies"): role("people.edit", fresh=True),
    ("POST", "/people/{person_id}/deputies/{deputy_id}/end"): role("people.edit"),
    ("GET", "/people/{person_id}/sessions"): role("people.edit"),
    ("POST", "/people/{person_id}/sessions/end"): role("people.edit"),
    ("POST", "/people/{person_id}/identity/forget"): role("people.edit", fresh=True),
    ("GET", "/me/deputies"): role("deputy.set"),
    ("POST", "/me/deputies"): role("deputy.set"),
    ("POST", "/me/deputies/{deputy_id}/end"): role("deputy.set"),
    # The library of measures. In which department somebody may change it, the journey asks.
    ("GET", "/measures"): role("reports.read", released=True),
    ("GET", "/measures/add"): role("reports.read", "library.edit"),
    ("POST", "/measures/add"): role("reports.read", "library.edit"),
    ("GET", M): role("reports.read", released=True),
    ("GET", f"{M}/edit"): role("reports.read", "library.edit"),
    ("POST", f"{M}/edit"): role("reports.read", "library.edit"),
    ("POST", f"{M}/retire"): role("reports.read", "library.edit"),
    ("GET", f"{M}/figures"): role("reports.read", "library.edit"),
    ("POST", f"{M}/figures"): role("reports.read", "library.edit"),
    ("POST", f"{M}/agree"): role("reports.read", "library.agree_finance", "library.agree_service"),
    ("GET", f"{M}/readings"): role("reports.read", "library.record"),
    ("POST", f"{M}/readings"): role("reports.read", "library.record"),
    ("GET", f"{M}/peers"): role("reports.read", "library.edit"),
    ("POST", f"{M}/peers"): role("reports.read", "library.edit"),
    # On a project. Who may fire which event stands in its lifecycle, and the journey asks it.
    ("GET", P): project("project.read", released=True),
    ("POST", f"{P}/events"): project("project.read"),
    ("GET", f"{P}/history"): project("history.read"),
    ("GET", f"{P}/decisions"): project("decisions.read"),
    ("POST", f"{P}/conditions/{{condition_id}}"): project("decisions.read", "condition.discharge"),
    ("GET", f"{P}/versions/{{version_id}}"): project("outline.read"),
    ("GET", f"{P}/versions/{{version_id}}/changes"): project("outline.read"),
    ("GET", f"{P}/dispute"): project("decisions.read", besides="dispute.settle"),
    ("POST", f"{P}/dispute"): project("decisions.read", "dispute.settle", besides="dispute.settle"),
    ("GET", f"{P}/members"): project("project.read", "members.edit"),
    ("POST", f"{P}/members"): project("project.read", "members.edit"),
    ("POST", f"{P}/members/{{person_id}}"): project("project.read", "members.edit"),
    ("GET", f"{P}/exempt"): project("exempt.read", "exempt.grant"),
    ("POST", f"{P}/exempt"): project("exempt.read", "exempt.grant"),
    ("POST", f"{P}/exempt/{{person_id}}"): project("exempt.read", "exempt.grant"),
    ("GET", f"{P}/outline"): project("outline.read"),
    ("POST", f"{P}/outline"): project("outline.read", "outline.edit", keeps=True),
    ("GET", f"{P}/recommendations"): project("outline.read"),
    ("POST", f"{P}/recommendations"): project("outline.read", "outline.edit", keeps=True),
    ("GET", f"{P}/consultations"): project("outline.read"),
    # Who may answer hangs on who was asked, which the journey knows.
    ("POST", f"{P}/consultations/{{key}}"): project("outline.read"),
    ("POST", f"{P}/evidence"): project("outline.read", "outline.edit"),
    ("POST", f"{P}/evidence/{{evidence_id}}"): project("outline.read", "outline.edit"),
    ("GET", f"{P}/milestones"): project("outline.read"),
    ("POST", f"{P}/milestones"): project("outline.read", "plan.edit"),
    ("GET", f"{P}/milestones/{{milestone_id}}"): project("outline.read"),
    ("POST", f"{P}/milestones/{{milestone_id}}"): project("outline.read", "plan.edit"),
    ("GET", f"{P}/rebaseline"): project("outline.read"),
    ("POST", f"{P}/rebaseline"): project("outline.read", "plan.edit"),
    ("GET", f"{P}/plan"): project("outline.read"),
    ("GET", f"{P}/plan/add"): project("outline.read"),
    ("POST", f"{P}/plan/add"): project("outline.read", "plan.edit"),
    ("GET", f"{P}/plan/{{element_id}}"): project("outline.read"),
    ("POST", f"{P}/plan/{{element_id}}"): project("outline.read", "plan.edit"),
    ("GET", f"{P}/measures"): project("outline.read"),
    ("GET", f"{P}/measures/add"): project("outline.read"),
    ("POST", f"{P}/measures/add"): project("outline.read", "plan.edit"),
    ("GET", f"{P}/measures/{{measure_id}}"): project("outline.read"),
    ("POST", f"{P}/measures/{{measure_id}}"): project("outline.read", "plan.edit"),
    ("GET", f"{P}/measures/{{measure_id}}/peers"): project("outline.read"),
    ("POST", f"{P}/measures/{{measure_id}}/peers"): project("outline.read", "plan.edit"),
    ("GET", f"{P}/savings"): project("savings.read"),
    ("GET", f"{P}/savings/add"): project("savings.read"),
    ("POST", f"{P}/savings/add"): project("savings.read", "plan.edit"),
    ("GET", f"{P}/savings/{{line_id}}"): project("savings.read"),
    ("POST", f"{P}/savings/{{line_id}}"): project("savings.read", "plan.edit"),
    ("GET", f"{P}/savings/{{line_id}}/register"): project("savings.read"),
    ("POST", f"{P}/savings/{{line_id}}/claims"): project("savings.read", "savings.claim"),
    # A partner reads the savings, and not what Finance was shown for them.
    ("GET", f"{P}/savings/{{line_id}}/claims/{{claim_id}}"): project("history.read"),
    ("GET", f"{P}/savings/{{line_id}}/claims/{{claim_id}}/document"): project("history.read"),
    ("POST", f"{P}/savings/{{line_id}}/claims/{{claim_id}}"): project("history.read", *FINANCE),
    ("POST", f"{P}/savings/{{line_id}}/delivered"): project("savings.read", "savings.verify"),
    ("POST", f"{P}/savings/{{line_id}}/shares"): project("savings.read", "savings.share"),
    ("POST", f"{P}/savings/{{line_id}}/ring-fences"): project("savings.read", "savings.bank"),
    ("POST", f"{P}/savings/{{line_id}}/ring-fences/{{fence_id}}"): project("savings.read", "savings.bank"),
    ("GET", f"{P}/reviews"): project("savings.read"),
    ("POST", f"{P}/reviews/{{number}}"): project("savings.read", "savings.review"),
    ("GET", f"{P}/returns"): project("returns.read"),
    ("GET", f"{P}/returns/{{period}}"): project("returns.read"),
    ("POST", f"{P}/returns/{{period}}"): project("returns.read", "return.submit", keeps=True),
    ("POST", f"{P}/returns/{{period}}/verify"): project("returns.read", "return.verify"),
    ("POST", f"{P}/returns/{{period}}/send-back"): project("returns.read", "return.verify"),
    ("POST", f"{P}/returns/{{period}}/chase"): project("returns.read", "return.chase"),
    ("GET", f"{P}/documents"): project("outline.read"),
    ("POST", f"{P}/documents"): project("outline.read", "outline.edit"),
    ("GET", f"{P}/documents/{{file_id}}"): project("outline.read"),
    ("POST", f"{P}/documents/{{file_id}}/remove"): project("outline.read", "outline.edit"),
    ("GET", f"{P}/versions/{{version_id}}/documents/{{digest}}"): project("outline.read"),
    ("GET", f"{P}/comments"): project("project.read", released=True),
    ("POST", f"{P}/comments"): project("project.read", *REMARKS, released=True),
    ("POST", f"{P}/comments/{{remark_id}}"): project("project.read", "remark.reply"),
    ("GET", f"{P}/lessons"): project("lessons.read"),
    ("POST", f"{P}/lessons"): project("lessons.read", "lessons.edit"),
    ("POST", f"{P}/lessons/answers"): project("lessons.read", "outline.edit"),
}


def routes(routers: Iterable[APIRouter]) -> Iterator[tuple[str, str]]:
    """Yield (method, path) of each route; HEAD is its GET."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                for method in sorted((route.methods or set()) - {"HEAD"}):
                    yield method, route.path


def refuse_unlisted(routers: Iterable[APIRouter]) -> None:
    """Raise LookupError naming each route that has no line in ACCESS: what nobody thought about, nobody gets."""
    missing = [f"{method} {path}" for method, path in routes(routers) if (method, path) not in ACCESS]
    if missing:
        raise LookupError(f"web/access.py does not say who may have: {', '.join(missing)}")


def guard(visit: Page) -> None:
    """Let the request on to its page. Raises SignInNeeded, NotFound, NotAllowed or ProofNeeded."""
    request = visit.request
    method = "GET" if request.method == "HEAD" else request.method
    need = ACCESS[method, request.scope["route"].path]
    if need.of == "anybody" or (need.keeps and visit.actor is None):
        return
    visit.me()
    if need.of == "role":
        _by_role(visit, need)
        if need.fresh:
            visit.prove()
    elif need.of == "project":
        _on_project(visit, need, request.path_params["reference"])


def _by_role(visit: Visit, need: Need) -> None:
    spec = visit.home.roles.get(visit.me().role)
    scope = spec.may.get(need.reads) if spec is not None else None
    if scope is None or (scope == "released" and not need.released):
        raise NotFound(NO_PAGE)
    if need.does and not any(visit.may(permission) for permission in need.does):
        raise NotAllowed(NOT_YOURS)


def _on_project(visit: Visit, need: Need, reference: str) -> None:
    with visit.read() as session:
        found = projects.by_reference(session, reference)
        visit.standings[projects.key(found)] = store.standing(session, found)
    if need.besides and visit.may(need.besides):
        return
    if not visit.may("project.read", found):
        raise NotFound(f"There is no project {reference}.")
    if not _readable(visit, need, found):
        if need.reads == "project.read":
            raise NotAllowed(NOT_YOURS)
        raise NotFound(NO_PAGE)
    if need.does and not need.keeps and not any(visit.may(permission, found) for permission in need.does):
        raise NotAllowed(NOT_YOURS)


def _readable(visit: Visit, need: Need, found: Project) -> bool:
    return visit.may(need.reads, found) if need.released else visit.whole(need.reads, found)


def opens(visit: Visit, found: Project, path: str) -> bool:
    """Return whether a page of the project, such as `/outline`, opens to whoever is signed in: what has a tab."""
    return _readable(visit, ACCESS["GET", f"{P}{path}"], found)
