"""A ballot that was filled in before its holder had signed in: kept in their own browser until they are back."""

from __future__ import annotations

import base64
import zlib

from fastapi.responses import Response

from vfm_workflow.web.visit import Typed, Visit

FIELDS = ("choice", "reason", "conditions")
SECONDS = 30 * 60
MOST = 3_500
"""Bytes a cookie may have in every browser. A longer text is on the page they sign in from, to be copied."""


def keep(visit: Visit, response: Response, link_id: int, form: Typed) -> bool:
    """Keep a ballot in a signed cookie; return whether it fitted. It decides nothing: only a form that is sent does."""
    packed = zlib.compress("\0".join(form.get(name, "") for name in FIELDS).encode(), 9)
    text = visit.sign([link_id, base64.urlsafe_b64encode(packed).decode()], "ballot")
    fits = len(text) <= MOST
    if fits:
        visit.set_cookie(response, _cookie(link_id), text, SECONDS)
    return fits


def kept(visit: Visit, link_id: int) -> Typed | None:
    """Return the ballot kept for a link, as typed; None where there is none."""
    found = visit.unsign(visit.cookie(_cookie(link_id)), "ballot", SECONDS)
    if not isinstance(found, list) or found[0] != link_id:
        return None
    texts = zlib.decompress(base64.urlsafe_b64decode(found[1])).decode().split("\0")
    return Typed(zip(FIELDS, texts, strict=True))


def drop(visit: Visit, response: Response, link_id: int) -> None:
    """Forget a ballot once it is recorded."""
    if visit.cookie(_cookie(link_id)) is not None:
        visit.drop_cookie(response, _cookie(link_id))


def _cookie(link_id: int) -> str:
    return f"vfm_ballot_{link_id}"
