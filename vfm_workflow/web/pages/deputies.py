"""Who stands in for me: deputies for some days, named by whoever is away, or by the chief executive for others."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.journeys import deputies, people
from vfm_workflow.web.editing import REFUSED, joined, refusal
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/me/deputies")
def mine(visit: Page) -> Response:
    """Show who stands in for whom, and the form for one more."""
    visit.must("deputy.set")
    return _page(visit)


@router.post("/me/deputies")
def set_deputy(visit: Page, form: Form) -> Response:
    """Name a deputy."""
    actor = visit.must("deputy.set")
    typed = joined(form, "from_day", "until_day")
    try:
        with visit.write() as session:
            deputies.set_deputy(
                session,
                visit.home,
                person=typed.get("person", "") or actor.address,
                deputy=typed.get("deputy", ""),
                from_day=typed.get("from_day", ""),
                until_day=typed.get("until_day", ""),
                by=actor,
                at=visit.at,
            )
    except REFUSED as error:
        return _page(visit, errors=refusal(error), typed=form, status=error.status)
    return visit.go("/me/deputies", "The deputy is named.")


@router.post("/me/deputies/{deputy_id}/end")
def end_deputy(visit: Page, deputy_id: RowId) -> Response:
    """End a deputyship before its last day."""
    actor = visit.must("deputy.set")
    with visit.write() as session:
        deputies.end_deputy(session, visit.home, deputy_id, actor, visit.at)
    return visit.go("/me/deputies", "The deputyship is ended.")


def _page(
    visit: Visit,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    actor = visit.me()
    every = visit.home.roles[actor.role].may.get("deputy.set") == "all"
    with visit.read() as session:
        everybody = sorted(people.everybody(session), key=lambda person: person.name)
        context = {
            "stints": deputies.listed(session, visit.home, actor, visit.at),
            "every": every,
            "own": any(p.id == actor.id and deputies.may_have_deputy(visit.home, p) for p in everybody),
            "away": [(p.address, p.name) for p in everybody if deputies.may_have_deputy(visit.home, p)],
            "deputies": [
                (p.address, p.name)
                for p in everybody
                if deputies.may_be_deputy(visit.home, p) and (every or p.id != actor.id)
            ],
        }
    return visit.page("people/deputies.html", context, status=status, errors=errors, typed=typed)
