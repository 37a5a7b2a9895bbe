"""Signing in with the council's own accounts: away to its sign-in service, and back."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from vfm_workflow.errors import NotFound, SignInRefused, SignInServiceDown, VfmError
from vfm_workflow.journeys import signin
from vfm_workflow.logs import log
from vfm_workflow.oidc import Asked, Provider
from vfm_workflow.web.limits import allow, computer
from vfm_workflow.web.pages.signin import START, end
from vfm_workflow.web.visit import SESSION_COOKIE, Page, Visit, local_path

CALLBACK = "/sign-in/callback"
ASKED_COOKIE, SALT = "vfm_asked", "oidc"
SECONDS = 600
"""How long somebody may take at the service."""


def only_accounts(visit: Page) -> Visit:
    """Return the visit where people sign in with accounts. Raises NotFound anywhere else."""
    if not visit.accounts:
        raise NotFound("There is no such page.")
    return visit


Accounts = Annotated[Visit, Depends(only_accounts)]
router = APIRouter()


@router.get("/sign-in/begin")
def begin(visit: Accounts) -> Response:
    """Send the browser to the service. Nothing changes but a cookie that what comes back must fit."""
    query = visit.request.query_params
    confirm = bool(query.get("confirm"))
    allow(visit, "account-computer", computer(visit), "300/minute")
    asked = Asked()
    kept = {
        "asked": [asked.state, asked.nonce, asked.verifier],
        "next": local_path(query.get("next"), START),
        "confirm": confirm,
        "person": visit.actor.id if confirm and visit.actor is not None else None,
        "at": visit.at.timestamp(),
    }
    try:
        address = _provider(visit).address(asked, visit.at, fresh=confirm)
    except SignInServiceDown as error:
        return _failed(visit, error, kept)
    answer = RedirectResponse(address, status_code=303)
    visit.set_cookie(answer, ASKED_COOKIE, visit.sign(kept, SALT), SECONDS)
    return answer


@router.get(CALLBACK)
def back(visit: Accounts) -> Response:
    """Begin a session for whom the service vouches. What it sends fits one question of this browser, once."""
    allow(visit, "account-computer", computer(visit), "300/minute")
    kept = visit.unsign(visit.cookie(ASKED_COOKIE), SALT, SECONDS)
    if not isinstance(kept, dict):
        why = "This browser did not ask to sign in, or it took too long. Begin again."
        return _failed(visit, SignInRefused(why), {})
    hours = visit.app.settings.session_hours
    since = dt.datetime.fromtimestamp(kept["at"], dt.UTC)
    try:
        proof = _provider(visit).redeem(dict(visit.request.query_params), Asked(*kept["asked"]), visit.at)
        with visit.write() as session:
            secret, person = signin.by_account(
                session,
                visit.home,
                proof,
                visit.at,
                lasts=dt.timedelta(hours=hours),
                user_agent=visit.request.headers.get("user-agent", ""),
                fresh_since=since if kept["confirm"] else None,
                again=kept["person"],
            )
            end(visit, session)
            who = f"person {person.id}"
    except (SignInRefused, SignInServiceDown) as error:
        return _failed(visit, error, kept)
    log.info("signed in", who=who, how="account", computer=computer(visit))
    answer = visit.go(local_path(kept["next"], START))
    visit.set_cookie(answer, SESSION_COOKIE, secret, hours * 3600)
    visit.drop_cookie(answer, ASKED_COOKIE)
    return answer


def _failed(visit: Visit, error: VfmError, kept: dict[str, Any]) -> Response:
    """Return the page that says why nobody was signed in. Whoever was signed in before stays so."""
    again = {"next": kept.get("next", START), **({"confirm": "1"} if kept.get("confirm") else {})}
    context = {"why": str(error), "again": f"/sign-in?{urlencode(again)}"}
    answer = visit.page("signin/refused.html", context, status=error.status)
    visit.drop_cookie(answer, ASKED_COOKIE)
    return answer


def _provider(visit: Visit) -> Provider:
    """Return the council's service; what it says of itself is kept with the application."""
    state, settings = visit.request.app.state, visit.app.settings
    if not hasattr(state, "provider"):
        state.provider = Provider(
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_client_secret,
            settings.base_url + CALLBACK,
        )
    found: Provider = state.provider
    return found
