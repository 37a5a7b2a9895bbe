"""Figures for Power BI, Excel and other programs, by a token of somebody's own (docs/api.md). No page, no session."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from vfm_workflow.domain.csv_sheet import MOST_BYTES
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import api_readings, feeds
from vfm_workflow.journeys.feeds import FEEDS, Asked, Feed
from vfm_workflow.journeys.import_plan import Plan
from vfm_workflow.web import machine
from vfm_workflow.web.answers import as_json
from vfm_workflow.web.visit import Page, Visit

router = APIRouter()


def _listing(feed: Feed, *, csv: bool) -> Callable[[Visit], Response]:
    def listing(visit: Page) -> Response:
        """Answer with a page of a list."""
        held = machine.holder(visit, "read", "write")
        filters, cut, number = machine.asked(visit.request)
        with visit.read() as session:
            rows, total = feed.read(Asked(session, visit.home, held.actor, visit.at, filters, cut))
        return machine.page(visit, feed, rows, total, cut, number, csv=csv)

    listing.__name__ = f"{feed.name}_{'csv' if csv else 'json'}"
    return listing


for _feed in FEEDS.values():
    router.add_api_route(f"/api/{_feed.name}", _listing(_feed, csv=False), methods=["GET"])
    router.add_api_route(f"/api/{_feed.name}.csv", _listing(_feed, csv=True), methods=["GET"])


@router.get("/api/projects/{reference}")
def project(visit: Page, reference: str) -> Response:
    """Answer with one project and all its parts."""
    held = machine.holder(visit, "read", "write")
    with visit.read() as session:
        found = feeds.project(Asked(session, visit.home, held.actor, visit.at), reference)
    return as_json(found)


async def sent(request: Request) -> bytes:
    """Return the request's body."""
    return await request.body()


@router.post("/api/readings", max_body_size=MOST_BYTES)
def record(visit: Page, body: Annotated[bytes, Depends(sent)]) -> Response:
    """Record readings: all of them, or none and what is wrong with each. Sent again they change nothing."""
    held = machine.holder(visit, "write")
    with visit.write() as session:
        plan, batch = api_readings.record(session, visit.home, held.actor, visit.at, _json(body))
    return as_json({**_counts(plan), "batch": batch}, 422 if plan.bad else 200)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput({"body": "The body is no JSON"}) from error


def _counts(plan: Plan) -> dict[str, Any]:
    """Return what was done, in a program's words: a row is the place of a reading in the request, from 1."""
    found = plan.result()
    problems = [
        {"row": bad["line"], "field": bad["column"], "message": bad["message"]} for bad in found["problems"]
    ]
    counts = {name: 0 if problems else found[name] for name in ("new", "corrections", "unchanged")}
    return {"rows": found["rows"], **counts, "problems": problems}
