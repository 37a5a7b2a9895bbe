"""Measures of cost and performance: what is measured, from where to where, and how others do (§4.1, §4.5, §7.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.forms import parse_measured, parse_places
from vfm_workflow.domain.money import figure
from vfm_workflow.domain.roles import Actor
from vfm_workflow.domain.snapshot import SUBJECTS
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import taking_over
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.writing import writable
from vfm_workflow.store import figures, history, projects
from vfm_workflow.store.tables import Measure, MeasureTarget, PeerValue, Project

KINDS: Mapping[str, str] = {"unit_cost": "unit_cost", "performance": "performance"}
DIRECTIONS: Mapping[str, str] = {"lower": "lower", "higher": "higher"}
AGREED = ("name", "kind", "unit", "places", "direction")
"""What of a measure CMT's agreement covers besides its figures: a target in another unit is another target."""
MOST_PEERS = 50


def agreed_since(session: Session, project: Project, part: str) -> dt.datetime | None:
    """Return when the newest text with `part` (`measures`, `savings`) that CMT approved was frozen; None before any.

    Whatever was there by then is agreed, and only another decision changes it (design §4.6).
    """
    subjects = [key for key, subject in SUBJECTS.items() if part in subject.needs]
    return figures.approved_text(session, projects.key(project), subjects)


def measure_of(session: Session, project: Project, measure_id: int) -> Measure:
    """Return a measure of the project. Raises NotFound."""
    found = session.get(Measure, measure_id)
    if found is None or found.project_id != project.id:
        raise NotFound(f"{project.reference} has no such measure.")
    return found


def agreed_target(session: Session, project: Project, measure: Measure) -> MeasureTarget | None:
    """Return the baseline and target that CMT agreed, None where it has not agreed any.

    Figures typed after the text was frozen were not before CMT, so they are not what it agreed.
    """
    since = agreed_since(session, project, "measures")
    rows = [row for row in figures.targets(session, measure.id or 0) if since is not None and row.at <= since]
    return rows[-1] if rows else None


def save_measure(
    session: Session,
    home: Home,
    reference: str,
    by: Actor,
    at: dt.datetime,
    *,
    measure_id: int | None = None,
    form: Mapping[str, str],
) -> Measure:
    """Add a measure, or change one; return it. New figures are a new row beside the old.

    Fields: name, kind, unit, places, direction, numerator, denominator, baseline, target, all as typed; and `library`, the
    code of the department's measure whose words, unit and readings it takes over. Raises BadInput naming every bad field,
    NotFound, or NotAllowed: once CMT has agreed a measure, only CMT re-baselines it.
    """
    project = writable(session, home, reference, by, "measures", "plan.edit")
    row = None if measure_id is None else measure_of(session, project, measure_id)
    known_library = row.library_id if row is not None else None
    shared = taking_over.chosen(session, form.get("library", ""), known_library)
    fields = Fields({**form, **taking_over.definition(shared)} if shared is not None else form)
    values = read_definition(fields, row)
    values["library_id"] = (
        shared.id if shared is not None else known_library if "library" not in form else None
    )
    known = figures.targets(session, row.id or 0) if row is not None else []
    if row is not None and known and values["places"] != row.places:
        fields.refuse(
            "places", "The decimal places cannot change once figures are given: add another measure"
        )
    baseline, target = _figures(fields, values, known)
    fields.finish()
    if row is not None:
        _refuse_agreed(session, project, row, values, baseline, target)
    row, changed = _store(session, project, row, values)
    if baseline is not None and target is not None:
        changed.update(_new_target(session, row, known, baseline, target, by, at))
    if "library_id" in changed:
        changed["library"] = [_code(session, key) for key in changed.pop("library_id")]
    if changed:
        event = "measure_added" if measure_id is None else "measure_changed"
        detail = {"id": row.id, "measure": row.name, "changed": changed}
        history.record(session, project, history.Entry(event, by, at, "", detail))
    return row


def _code(session: Session, library_id: int | None) -> str:
    """Return what the library calls one of its measures, nothing for none."""
    found = session.get(Measure, library_id) if library_id else None
    return (found.code or "") if found is not None else ""


def read_definition(fields: Fields, row: Measure | None) -> dict[str, Any]:
    """Return what a form says a measure is: its name, kind, unit, places, direction, and what is divided by what."""
    kind = fields.choice("kind", KINDS, "Choose whether it measures unit cost or performance")
    usual = row.places if row is not None else 2 if kind == "unit_cost" else 0
    places = fields.read("places", "The decimal places", parse_places)
    return {
        "name": fields.line("name", "The name", required="Write what is measured"),
        "kind": kind,
        "unit": fields.line(
            "unit", "The unit", required="Write the unit, such as £ per household, % or days", most=60
        ),
        "places": usual if places is None else places,
        "direction": fields.choice("direction", DIRECTIONS, "Choose whether lower or higher is better"),
        "numerator": fields.line("numerator", "What is counted"),
        "denominator": fields.line("denominator", "What it is divided by"),
    }


def _figures(
    fields: Fields, values: Mapping[str, Any], known: list[MeasureTarget]
) -> tuple[int | None, int | None]:
    parse = partial(parse_measured, unit=values["unit"] or "the unit above", places=values["places"])
    given = [name for name in ("baseline", "target") if fields.typed.get(name, "").strip()]
    both = "The baseline and the target are agreed together: give the {} too"
    needed = {name: both.format(name) for name in ("baseline", "target")} if given or known else {}
    baseline = fields.read("baseline", "The baseline", parse, required=needed.get("baseline", ""))
    target = fields.read("target", "The target", parse, required=needed.get("target", ""))
    return baseline, target


def _refuse_agreed(
    session: Session,
    project: Project,
    row: Measure,
    values: Mapping[str, Any],
    baseline: int | None,
    target: int | None,
) -> None:
    agreed = agreed_target(session, project, row)
    if agreed is None:
        return
    same = all(getattr(row, name) == values[name] for name in AGREED)
    if not same or (baseline, target) != (agreed.baseline, agreed.target):
        was, to = figure(agreed.baseline, row.places), figure(agreed.target, row.places)
        raise NotAllowed(
            f"CMT agreed “{row.name}”: from {was} to {to} {row.unit}. Only a decision of CMT re-baselines it."
        )


def _store(
    session: Session, project: Project, row: Measure | None, values: Mapping[str, Any]
) -> tuple[Measure, dict[str, Any]]:
    """Write the definition; return the row with what changed: field → [old, new]."""
    if row is None:
        position = figures.next_position(session, Measure, projects.key(project))
        row = Measure(project_id=projects.key(project), position=position, **values)
        session.add(row)
        session.flush()
        return row, {name: ["", value] for name, value in values.items() if name != "library_id" or value}
    changed = {name: [getattr(row, name), new] for name, new in values.items() if getattr(row, name) != new}
    for name, (_, new) in changed.items():
        setattr(row, name, new)
    session.flush()
    return row, changed


def _new_target(
    session: Session,
    row: Measure,
    known: list[MeasureTarget],
    baseline: int,
    target: int,
    by: Actor,
    at: dt.datetime,
) -> dict[str, Any]:
    newest = known[-1] if known else None
    if newest is not None and (newest.baseline, newest.target) == (baseline, target):
        return {}
    number = newest.number + 1 if newest is not None else 1
    assert row.id is not None
    session.add(
        MeasureTarget(measure_id=row.id, number=number, baseline=baseline, target=target, at=at, by=by.id)
    )
    session.flush()
    old = (newest.baseline, newest.target) if newest is not None else (None, None)
    return {
        name: ["" if was is None else figure(was, row.places), figure(now, row.places)]
        for name, was, now in (("baseline", old[0], baseline), ("target", old[1], target))
        if was != now
    }


def remove_measure(
    session: Session, home: Home, reference: str, measure_id: int, by: Actor, at: dt.datetime
) -> None:
    """Remove a measure that CMT has not agreed and no return has reported. Raises NotAllowed, saying why not.

    Once CMT has approved anything of the project, a measure with figures stays.
    """
    project = writable(session, home, reference, by, "measures", "plan.edit")
    row = measure_of(session, project, measure_id)
    if agreed_target(session, project, row) is not None:
        raise NotAllowed(f"CMT agreed “{row.name}”, so it stays.")
    if figures.has_readings(session, measure_id):
        raise NotAllowed(f"Returns have reported “{row.name}”, so it stays.")
    if lines := figures.protecting(session, measure_id):
        raise NotAllowed(
            f"“{lines[0]}” names “{row.name}” as its quality check. Choose another measure there first."
        )
    given = figures.targets(session, measure_id)
    if given and figures.approved_text(session, projects.key(project), SUBJECTS) is not None:
        raise NotAllowed(
            f"CMT has decided on {project.reference}, and “{row.name}” has figures: they stay from then on. "
            "Change its words, or give it new figures."
        )  # the database keeps it too
    for part in [*given, *figures.peers(session, measure_id)]:
        session.delete(part)
    session.flush()
    session.delete(row)
    session.flush()
    entry = history.Entry("measure_removed", by, at, "", {"id": measure_id, "measure": row.name})
    history.record(session, project, entry)


def save_peers(
    session: Session,
    home: Home,
    reference: str,
    measure_id: int,
    by: Actor,
    at: dt.datetime,
    *,
    peers: Mapping[str, str],
    source: str,
) -> list[PeerValue]:
    """Set other councils' values of a measure (name → value as typed), with their source; return them (§4.5).

    A council left out or left empty is removed. Raises BadInput keyed by `source`, or by `peer_` and the council's name.
    """
    project = writable(session, home, reference, by, "measures", "plan.edit")
    measure = measure_of(session, project, measure_id)
    wanted, said = read_peers(measure, peers, source)
    changed = False
    for row in figures.peers(session, measure_id):
        value = wanted.pop(row.peer, None)
        if value is None:
            session.delete(row)
            changed = True
        elif (row.value, row.source) != (value, said):
            row.value, row.source, changed = value, said, True
    session.add_all(
        PeerValue(measure_id=measure_id, peer=name, value=value, source=said)
        for name, value in wanted.items()
    )
    session.flush()
    found = figures.peers(session, measure_id)
    if changed or wanted:
        values = {row.peer: figure(row.value, measure.places) for row in found}
        detail = {"id": measure_id, "measure": measure.name, "peers": values, "source": said}
        history.record(session, project, history.Entry("peers_saved", by, at, "", detail))
    return found


def read_peers(measure: Measure, peers: Mapping[str, str], source: str) -> tuple[dict[str, int], str]:
    """Return other councils' values as a form says them, in steps, and their source. Raises BadInput."""
    form = Fields({**{f"peer_{name}": value for name, value in peers.items()}, "source": source})
    parse = partial(parse_measured, unit=measure.unit, places=measure.places)
    wanted: dict[str, int] = {}
    for name in peers:
        title = " ".join(name.split())
        value = form.read(f"peer_{name}", title or "The value", parse)
        if value is not None and not title:
            form.refuse(f"peer_{name}", "Write which council the value is of")
        elif value is not None:
            wanted[title[:100]] = value
    required = "Say where the other councils' figures come from" if wanted else ""
    said = form.line("source", "The source", required=required, most=300)
    if len(wanted) > MOST_PEERS:
        form.refuse("source", f"Compare with at most {MOST_PEERS} councils")
    form.finish()
    return wanted, said
