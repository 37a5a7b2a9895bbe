"""Somebody's session ended while they typed, or is too old for what they want to do: what they typed is kept on the page
until they are signed in again.

Nothing of it is stored, and nothing sends itself: the person signs in in another tab and presses the button.
"""

from __future__ import annotations

from fastapi.responses import Response

from vfm_workflow.web.visit import Typed, Visit

LONG = 20
"""What is longer was written by a person, and is shown to be copied."""


def keep_for_sign_in(visit: Visit, form: Typed) -> Response:
    """Return a page with everything that was typed, ready to be sent again after signing in elsewhere (status 401)."""
    return _kept(visit, form, "", 401)


def keep_for_proof(visit: Visit, form: Typed, why: str) -> Response:
    """Return the same for somebody who must confirm first that it is they: `why` says so (status 403)."""
    return _kept(visit, form, why, 403)


def _kept(visit: Visit, form: Typed, confirm: str, status: int) -> Response:
    fields = [(name, value) for name, values in form.lists.items() for value in values]
    shown = [value for name, value in fields if len(value) > LONG and name not in ("revision", "nonce")]
    context = {"fields": fields, "shown": shown, "path": visit.path, "confirm": confirm}
    return visit.page("forms/signed_out.html", context, status=status)
