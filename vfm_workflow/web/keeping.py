"""Somebody's session ended while they typed: what they typed is kept on the page until they are signed in again.

Nothing of it is stored, and nothing sends itself: the person signs in in another tab and presses the button.
"""

from __future__ import annotations

from fastapi.responses import Response

from vfm_workflow.web.visit import Typed, Visit

LONG = 20
"""What is longer was written by a person, and is shown to be copied."""


def keep_for_sign_in(visit: Visit, form: Typed) -> Response:
    """Return a page with everything that was typed, ready to be sent again after signing in elsewhere (status 401)."""
    fields = [(name, value) for name, values in form.lists.items() for value in values]
    shown = [value for name, value in fields if len(value) > LONG and name not in ("revision", "nonce")]
    context = {"fields": fields, "shown": shown, "path": visit.path}
    return visit.page("forms/signed_out.html", context, status=401)
