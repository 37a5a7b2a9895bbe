"""A person's dates for the calendar they subscribe to. Its address is the key, and is written into no log."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.errors import LinkDead, NotFound
from vfm_workflow.journeys import calendar_feed, tokens
from vfm_workflow.web.limits import allow, computer
from vfm_workflow.web.machine import note_used
from vfm_workflow.web.visit import Page

router = APIRouter()


@router.get("/calendar/{secret}.ics")
def calendar(visit: Page, secret: str) -> Response:
    """Send the calendar; 404 for an address that never was, 410 for one that has ended."""
    try:
        with visit.read() as session:
            held = tokens.hold(session, visit.home, secret, visit.at)
            if held.scope != "calendar":
                raise NotFound(tokens.NOT_KNOWN)  # a program's token is no address: it would stand in logs
    except (NotFound, LinkDead) as error:
        allow(visit, "calendar-computer", computer(visit), "60/minute")
        return Response(f"{error}\n", error.status, media_type="text/plain; charset=utf-8")
    allow(visit, "calendar", str(held.id), "30/minute")
    note_used(visit, held)
    with visit.read() as session:
        found = calendar_feed.feed(session, visit.home, held.actor, visit.at)
    headers = {"Content-Disposition": 'inline; filename="value-for-money.ics"'}
    return Response(found, headers=headers, media_type="text/calendar; charset=utf-8")
