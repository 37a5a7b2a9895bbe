"""Calendar and data: one's own tokens, made, shown once, and ended."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import tokens as journey
from vfm_workflow.store import tokens as store
from vfm_workflow.web.ids import RowId
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()
MOST_ENDED = 10
"""Ended tokens that are still shown."""


@router.get("/account/tokens")
def tokens(visit: Page) -> Response:
    """Show one's tokens, and a form to make one."""
    return _page(visit)


@router.post("/account/tokens")
def make(visit: Page, form: Form) -> Response:
    """Make a token and show it: this once, because only its digest is kept."""
    actor = visit.me()
    visit.prove()
    try:
        with visit.write() as session:
            token, row = journey.make(session, visit.home, actor, visit.at, form)
            made = {"token": token, "scope": row.scope, "name": row.name, "until": row.expires_on}
    except BadInput as error:
        return _page(visit, errors=error.fields, typed=form, status=error.status)
    return _page(visit, made=made)


@router.post("/account/tokens/{token_id}/end")
def end(visit: Page, token_id: RowId) -> Response:
    """End one of one's own tokens."""
    actor = visit.me()
    with visit.write() as session:
        ended = journey.end(session, actor, token_id, visit.at)
    return visit.go("/account/tokens", "It is ended." if ended else "It was ended already.")


def _page(
    visit: Visit,
    *,
    made: Mapping[str, object] | None = None,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    actor = visit.me()
    with visit.read() as session:
        rows = store.of(session, actor.id)
    alive = [row for row in rows if journey.is_alive(row, visit.today)]
    context = {
        "alive": alive,
        "over": [row for row in rows if row not in alive][:MOST_ENDED],
        "scopes": journey.scopes(visit.home, actor),
        "titles": journey.SCOPES,
        "made": made,
    }
    return visit.page("account/tokens.html", context, status=status, errors=errors, typed=typed)
