"""Where GOV.UK Notify tells what became of a mail. Its token is the key; no person and no browser comes here."""

from __future__ import annotations

import secrets
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from vfm_workflow.errors import BadInput
from vfm_workflow.mail import notify_receipt
from vfm_workflow.web.limits import allow, computer
from vfm_workflow.web.visit import Page

router = APIRouter()
log = structlog.get_logger()


async def body(request: Request) -> bytes:
    """Return the request's body."""
    return await request.body()


@router.post("/notify/callback")
def callback(visit: Page, data: Annotated[bytes, Depends(body)]) -> Response:
    """Take in a delivery receipt: 204 where it was read, now or before. The same receipt twice changes nothing.

    401 for a wrong token, and for any where the council has set none; 400 for what is no receipt.
    """
    token = visit.app.settings.notify_callback_token
    scheme, _, said = visit.request.headers.get("authorization", "").partition(" ")
    right = secrets.compare_digest(said.strip().encode(), token.encode())
    if not token or scheme.lower() != "bearer" or not right:
        allow(visit, "notify-token", computer(visit), "60/minute")
        log.warning("a receipt came without the right token", computer=computer(visit))
        return JSONResponse(
            {"error": "The token is not the one set here."}, 401, {"WWW-Authenticate": "Bearer"}
        )
    try:
        receipt = notify_receipt.read(data)
    except BadInput as error:
        return JSONResponse({"error": str(error)}, 400)
    visit.app.take_receipt(receipt, visit.at)
    return Response(status_code=204)
