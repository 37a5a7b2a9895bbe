"""Who works on a project beside its manager and sponsor, and who has leave to read its exempt text."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.domain.roles import MEMBER_ROLES
from vfm_workflow.journeys import exempt, members
from vfm_workflow.store import access as store
from vfm_workflow.store import projects
from vfm_workflow.web.editing import REFUSED, joined, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/projects/{reference}/members")
def listed(visit: Page, reference: str) -> Response:
    """Show who works on the project, and the form to add somebody."""
    return _members(visit, reference)


@router.post("/projects/{reference}/members")
def add(visit: Page, form: Form, reference: str) -> Response:
    """Add somebody to the project."""
    actor = visit.me()
    try:
        with visit.write() as session:
            members.add(
                session, visit.home, reference, form.get("address", ""), form.get("role", ""), actor, visit.at
            )
    except REFUSED as error:
        return _members(visit, reference, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/members", "They are added, and can see the project from now on.")


@router.post("/projects/{reference}/members/{person_id}")
def remove(visit: Page, form: Form, reference: str, person_id: RowId) -> Response:
    """Take somebody off the project."""
    actor = visit.me()
    with visit.write() as session:
        members.remove(session, visit.home, reference, person_id, form.get("role", ""), actor, visit.at)
    return visit.go(f"/projects/{reference}/members", "They are taken off the project.")


def _members(
    visit: Visit,
    reference: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = frame(visit, session, reference, "members")
        context |= {
            "rows": store.members(session, projects.key(context["project"])),
            "people": store.people_with(session),
            "roles": [(role, visit.home.role_title(role)) for role in MEMBER_ROLES],
            "role_title": visit.home.role_title,
        }
    return visit.page("members/members.html", context, errors=errors, typed=typed, status=status)


@router.get("/projects/{reference}/exempt")
def leave(visit: Page, reference: str) -> Response:
    """Show who has leave to read the exempt text, and the form to give it."""
    return _leave(visit, reference)


@router.post("/projects/{reference}/exempt")
def grant(visit: Page, form: Form, reference: str) -> Response:
    """Give somebody leave until a day."""
    actor, typed = visit.me(), joined(form, "until")
    try:
        with visit.write() as session:
            address, until = typed.get("address", ""), typed.get("until", "")
            exempt.grant(session, visit.home, reference, address, until, actor, visit.at)
    except REFUSED as error:
        return _leave(visit, reference, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/exempt", "They may read the exempt text until that day.")


@router.post("/projects/{reference}/exempt/{person_id}")
def end(visit: Page, reference: str, person_id: RowId) -> Response:
    """End somebody's leave."""
    actor = visit.me()
    with visit.write() as session:
        exempt.end(session, visit.home, reference, person_id, actor, visit.at)
    return visit.go(f"/projects/{reference}/exempt", "Their leave is ended.")


def _leave(
    visit: Visit,
    reference: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    home = visit.home
    roles = [key for key, spec in home.roles.items() if spec.may.get("exempt.read") == "granted"]
    with visit.read() as session:
        context = frame(visit, session, reference, "exempt")
        context |= {
            "rows": store.grants(session, projects.key(context["project"])),
            "people": store.people_with(session, roles),
            "today": visit.today,
        }
    return visit.page("members/exempt.html", context, errors=errors, typed=typed, status=status)
