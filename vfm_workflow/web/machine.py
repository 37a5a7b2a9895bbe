"""A request of a machine: whose token it shows, what it asks for, and the answer as JSON or CSV (docs/api.md)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response

from vfm_workflow.domain.library import parse_month
from vfm_workflow.errors import BadInput, LinkDead, NotFound
from vfm_workflow.journeys import tokens
from vfm_workflow.journeys.feeds import Feed, Row
from vfm_workflow.journeys.tokens import Held
from vfm_workflow.reports.sheets import csv_bytes
from vfm_workflow.store.feeds import Cut, Filters
from vfm_workflow.web.answers import TokenNeeded, as_json
from vfm_workflow.web.limits import allow, computer
from vfm_workflow.web.visit import Visit

MOST_PAGE, PAGE = 5_000, 500
FILTERS = ("project", "department", "measure", "from", "to")
KNOWN = ("page", "per_page", *FILTERS)


def holder(visit: Visit, *scopes: str) -> Held:
    """Return whose token a request shows. Raises TokenNeeded, NotAllowed (another scope's token) or TooManyTries."""
    token = _shown(visit.request.headers.get("authorization", ""))
    if not token:
        raise TokenNeeded("Show a token: Authorization: Bearer, or Basic with the token as the password.")
    try:
        with visit.read() as session:
            held = tokens.hold(session, visit.home, token, visit.at)
    except (NotFound, LinkDead) as error:
        allow(visit, "token", computer(visit), "60/minute")
        raise TokenNeeded("This token does not work: it has ended, or there is none such.") from error
    allow(visit, "api", str(held.id), "120/minute")
    visit.request.state.who = held.actor.id  # for the log of what is refused
    tokens.refuse_scope(held, *scopes)
    note_used(visit, held)
    return held


def note_used(visit: Visit, held: Held) -> None:
    """Note that a token was used, where that is news."""
    if held.is_news(visit.at):
        with visit.write() as session:
            tokens.note_used(session, held, visit.at)


def _shown(header: str) -> str:
    """Return the token of an Authorization header: a bearer's, or the password that Excel and Power BI send."""
    scheme, _, said = header.partition(" ")
    if scheme.lower() == "bearer":
        return said.strip()[:200]
    if scheme.lower() != "basic":
        return ""
    try:
        user, _, password = base64.b64decode(said.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return (password or user).strip()[:200]


def asked(request: Request) -> tuple[Filters, Cut, int]:
    """Return what a request filters by, its page, and that page's number. Raises BadInput naming each that is wrong."""
    given, wrong = request.query_params, dict[str, str]()
    for name in given:
        if name not in KNOWN:
            wrong[name[:40]] = f"There is no such parameter. There are: {', '.join(KNOWN)}"
    page = _number(given.get("page"), 1, 10**6, "page", wrong)
    size = _number(given.get("per_page"), PAGE, MOST_PAGE, "per_page", wrong)
    months = {name: _month(given.get(name, ""), name, wrong) for name in ("from", "to")}
    filters = Filters(
        project=given.get("project", "").strip().upper()[:40],
        department=given.get("department", "").strip().upper()[:40],
        measure=given.get("measure", "").strip().upper()[:40],
        since=months["from"],
        until=months["to"],
    )
    if wrong:
        raise BadInput(wrong)
    return filters, Cut((page - 1) * size, size), page


def _number(text: str | None, otherwise: int, most: int, name: str, wrong: dict[str, str]) -> int:
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= most):
        wrong[name] = f"Give a whole number from 1 to {most}"
        return otherwise
    return int(text)


def _month(text: str, name: str, wrong: dict[str, str]) -> str:
    if not text.strip():
        return ""
    try:
        return parse_month(text)
    except ValueError as error:
        wrong[name] = f"The month {error}"
        return ""


def page(
    visit: Visit, feed: Feed, rows: Sequence[Row], total: int, cut: Cut, number: int, *, csv: bool
) -> Response:
    """Return a page of a list, with the address of the next one."""
    more = cut.limit is not None and cut.offset + cut.limit < total
    following = _next(visit, number + 1) if more else None
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    if csv:
        cells = [[_cell(row[name]) for name in feed.columns] for row in rows]
        headers["Content-Disposition"] = f'attachment; filename="{feed.name}.csv"'
        return Response(csv_bytes(feed.columns, cells), headers=headers, media_type="text/csv; charset=utf-8")
    answer = {"data": rows, "page": number, "per_page": cut.limit, "total": total, "next": following}
    return as_json(answer, headers=headers)


def _next(visit: Visit, number: int) -> str:
    """Return the address of another page of what was asked for."""
    query = {**visit.request.query_params, "page": str(number)}
    return visit.home.url(f"{visit.request.url.path}?{urlencode(query)}")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, dt.date) else value
