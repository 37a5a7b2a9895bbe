"""The library of measures: what each department measures of its cost and its performance (§4.1–4.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.forms import parse_measured
from vfm_workflow.domain.library import next_code, parse_code
from vfm_workflow.domain.money import figure
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.measures import read_definition, read_peers
from vfm_workflow.journeys.reaching import must_reach
from vfm_workflow.store import figures, projects
from vfm_workflow.store import library as store
from vfm_workflow.store.tables import Measure, PeerValue

FIXED = ("kind", "unit", "places", "direction")
"""What of a measure cannot change once it has figures: a reading in another unit is another measure's."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What the library says of a project's measure for a month: the value, where it came from, who gave it and when."""

    period: str
    number: int
    value: int
    source: str
    """`form`, `csv` or `api`."""
    code: str
    """The library's measure, such as `SS-01`."""
    by: str
    at: dt.datetime


def imported_readings(session: Session, project_id: int, period: str) -> dict[int, Imported]:
    """Return measure id → the library's reading for a month, of the project's measures that take one over.

    A correction counts as soon as it is there. A measure whose unit or places are no longer the library's is left out.
    """
    return {
        row.measure_id: Imported(row.period, row.number, row.value, row.source, row.code, row.name, row.at)
        for row in store.given(session, project_id, period)
    }


def measure_of(session: Session, code: str) -> Measure:
    """Return the library's measure of that code. Raises NotFound."""
    found = store.by_code(session, code[:20])
    if found is None:
        raise NotFound(f"The library has no measure {code[:20]}.")
    return found


def key(row: Measure) -> int:
    """Return the id of a stored measure."""
    assert row.id is not None
    return row.id


def save(
    session: Session,
    home: Home,
    by: Actor,
    at: dt.datetime,
    *,
    code: str = "",
    form: Mapping[str, str],
) -> Measure:
    """Add a measure to a department's library, or change the one of that `code`; return it.

    Fields, all as typed: department and code (of a new one; without a code it gets the next), name, kind, unit, places,
    direction, numerator, denominator, tolerance. Raises BadInput naming every bad field, NotFound or NotAllowed.
    """
    row = measure_of(session, code) if code else None
    if row is not None:
        must_reach(home, by, "library.edit", row.department or "", "change the measures")
    fields = Fields(form)
    department = row.department or "" if row is not None else _department(session, home, fields, by)
    values = read_definition(fields, row)
    values["tolerance"] = _tolerance(fields, values) or 0
    given = _code(session, fields, department) if row is None else row.code
    if row is not None and _has_figures(session, row):
        for name in FIXED:
            if values[name] not in (None, getattr(row, name)):
                fields.refuse(
                    name, "This cannot change once figures are given: retire it and add another measure"
                )
    fields.finish()
    if row is not None:
        return _change(session, row, values, by, at)
    position = len(store.measures(session, department)) + 1
    row = Measure(department=department, code=given, position=position, **values)
    session.add(row)
    session.flush()
    shown = {name: ["", value] for name, value in values.items() if value not in ("", None)}
    store.note(session, key(row), by.id, at, {"added": ["", given], **shown})
    return row


def _department(session: Session, home: Home, fields: Fields, by: Actor) -> str:
    known = {row.code: row.code for row in projects.departments(session)}
    found = fields.choice("department", known, "Choose the department it belongs to") or ""
    if found:
        must_reach(home, by, "library.edit", found, "add to the measures")
    return found


def _code(session: Session, fields: Fields, department: str) -> str | None:
    if not department:
        return None
    known = {row.code or "" for row in store.measures(session, department)}
    code = fields.read("code", "The code", partial(parse_code, department=department))
    if code in known:
        fields.refuse("code", f"There is a measure {code} already")
    return code or next_code(department, known)


def _tolerance(fields: Fields, values: Mapping[str, Any]) -> int | None:
    def parse(text: str) -> int:
        found = parse_measured(text, values["unit"] or "the unit above", values["places"])
        if found < 0:
            raise ValueError("must be 0 or more")
        return found

    return fields.read("tolerance", "The tolerance", parse)


def _has_figures(session: Session, row: Measure) -> bool:
    return bool(figures.targets(session, key(row))) or figures.has_readings(session, key(row))


def _change(session: Session, row: Measure, values: Mapping[str, Any], by: Actor, at: dt.datetime) -> Measure:
    changed = {name: [getattr(row, name), new] for name, new in values.items() if getattr(row, name) != new}
    for name, (_, new) in changed.items():
        setattr(row, name, new)
    session.flush()
    if changed:
        if "tolerance" in changed:
            changed["tolerance"] = [figure(value, row.places) for value in changed["tolerance"]]
        store.note(session, key(row), by.id, at, changed)
    return row


def retire(
    session: Session, home: Home, code: str, by: Actor, at: dt.datetime, *, back: bool = False
) -> Measure:
    """Retire a measure, so that nothing new is asked of it and all of it stays; with `back` take it up again; return it.

    Raises NotFound or NotAllowed.
    """
    row = measure_of(session, code)
    must_reach(home, by, "library.edit", row.department or "", "retire the measures")
    if back == (row.retired_on is None):
        raise NotAllowed(f"{row.code} is {'not retired' if back else 'retired already'}.")
    today = home.calendar.today(at)
    was = row.retired_on
    row.retired_on = None if back else today
    session.flush()
    detail = {"retired": [was.isoformat() if was else "", "" if back else today.isoformat()]}
    store.note(session, key(row), by.id, at, detail)
    return row


def save_peers(
    session: Session,
    home: Home,
    code: str,
    by: Actor,
    at: dt.datetime,
    *,
    peers: Mapping[str, str],
    source: str,
) -> list[PeerValue]:
    """Set other councils' values of a measure (name → value as typed), with their source; return them (§4.9.2).

    A council left out or left empty is removed, and stays in what was changed. Raises BadInput as `measures.save_peers`.
    """
    row = measure_of(session, code)
    must_reach(home, by, "library.edit", row.department or "", "change the peers")
    wanted, said = read_peers(row, peers, source)
    known = {peer.peer: peer for peer in figures.peers(session, key(row))}

    def shown(value: int | None, source: str) -> str:
        return "" if value is None else f"{figure(value, row.places)} ({source})"

    changed: dict[str, list[str]] = {}
    for name in sorted({*known, *wanted}):
        was, value = known.get(name), wanted.get(name)
        if was is not None and (was.value, was.source) == (value, said):
            continue
        before = shown(was.value, was.source) if was is not None else ""
        changed[name] = [before, shown(value, said)]
        if was is None:
            session.add(PeerValue(measure_id=key(row), peer=name, value=value or 0, source=said))
        elif value is None:
            session.delete(was)
        else:
            was.value, was.source = value, said
    session.flush()
    if changed:
        store.note(session, key(row), by.id, at, changed)
    return figures.peers(session, key(row))
