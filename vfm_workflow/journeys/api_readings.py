"""Readings from a program: looked at whole, then written whole, as a file's are. The same request twice changes nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.csv_sheet import MOST_ROWS
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import BadInput, NotAllowed
from vfm_workflow.journeys import library_readings
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.import_plan import Plan
from vfm_workflow.journeys.import_readings import change_of
from vfm_workflow.journeys.library import key
from vfm_workflow.journeys.library_readings import PERMISSIONS, Book, Read
from vfm_workflow.store import library as store
from vfm_workflow.store.tables import ImportBatch

FIELDS = ("measure", "month", "value", "numerator", "denominator", "reason")


def record(session: Session, home: Home, by: Actor, at: dt.datetime, sent: Any) -> tuple[Plan, int | None]:
    """Record the readings of a request; return what was done, and the number of its batch where anything was.

    `sent` is the request's JSON: `{"readings": [{"measure": "SS-01", "month": "2026-10", "value": "71.50"}, …]}`. With
    anything wrong the plan names it by row and nothing is written. Raises BadInput where it is of another form, or
    NotAllowed.
    """
    if not any(may(home.roles, by, name) for name in PERMISSIONS["api"]):
        raise NotAllowed("Your role does not record readings.")
    rows = _rows(sent)
    store.hold(session, [key(row) for row in store.measures(session)])
    book = Book.open(session, home, by, at, "api")
    plan, good = Plan(len(rows)), list[Read]()
    for number, row in enumerate(rows, 1):
        typed, problems = _typed(row)
        read = None
        if not problems:
            read, problems = book.read(typed, number)
        if read is None:
            plan.refuse(number, problems)
            continue
        good.append(read)
        if read.is_known:
            plan.known += 1
        else:
            plan.take(change_of(number, read), correction=read.was is not None)
    if plan.bad or not (plan.new or plan.corrections):
        return plan, None
    batch = _batch(session, plan, sent, by, at)
    library_readings.write(session, good, by, at, "api", batch)
    return plan, batch


def _rows(sent: Any) -> list[Any]:
    rows = sent.get("readings") if isinstance(sent, dict) else None
    if not isinstance(rows, list) or not rows:
        raise BadInput({"readings": "Send {“readings”: […]} with at least one reading"})
    if len(rows) > MOST_ROWS:
        raise BadInput({"readings": f"A request has {MOST_ROWS:,} readings at most"})
    return rows


def _typed(row: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Return a reading's fields as a form would hold them, and what is wrong with them."""
    if not isinstance(row, dict):
        return {}, {
            "": "A reading is an object, such as {“measure”: “SS-01”, “month”: “2026-10”, “value”: “71.50”}"
        }
    problems = {
        str(name)[:40]: f"There is no such field. The fields are: {', '.join(FIELDS)}"
        for name in row
        if name not in FIELDS
    }
    typed: dict[str, str] = {}
    for name in FIELDS:
        value = row.get(name)
        if value is None:
            typed[name] = ""
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            problems[name] = "Give a text or a number"
        elif isinstance(value, float):
            problems |= {} if _plain(value) else {name: "Write it as a text, such as “71.50”"}
            typed[name] = repr(value)
        else:
            typed[name] = str(value)
    return typed, problems


def _plain(value: float) -> bool:
    """Return whether a number is written with its decimals alone: neither 1e21 nor infinity is."""
    return repr(value).lstrip("-").replace(".", "", 1).isdigit()


def _batch(session: Session, plan: Plan, sent: Mapping[str, Any], by: Actor, at: dt.datetime) -> int:
    data = json.dumps(sent, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    batch = ImportBatch(
        kind="readings",
        name=f"{plan.rows:,} readings by program",
        source="api",
        digest=hashlib.sha256(data).hexdigest(),
        data=data,
        at=at,
        by=by.id,
        applied_at=at,
        result=plan.result(),
    )
    session.add(batch)
    session.flush()
    assert batch.id is not None
    return batch.id
