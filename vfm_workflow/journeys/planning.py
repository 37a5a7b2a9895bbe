"""The action plan (§10.2) and the conditions of an approval; with measures and savings, what a project promises."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.forms import parse_date, parse_hours
from vfm_workflow.domain.money import parse_pounds, pounds
from vfm_workflow.domain.roles import Actor, by_permission
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import access, advance
from vfm_workflow.journeys.double_counts import DoubleCount, double_counts
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.measures import agreed_target, remove_measure, save_measure, save_peers
from vfm_workflow.journeys.savings import is_agreed, remove_saving, save_saving
from vfm_workflow.journeys.writing import writable
from vfm_workflow.store import dates, history, projects
from vfm_workflow.store.tables import Condition, PlanRow, Project

__all__ = [
    "DoubleCount",
    "agreed_target",
    "discharge_condition",
    "double_counts",
    "is_agreed",
    "remove_element",
    "remove_measure",
    "remove_saving",
    "save_element",
    "save_measure",
    "save_peers",
    "save_saving",
]


def save_element(
    session: Session,
    home: Home,
    reference: str,
    by: Actor,
    at: dt.datetime,
    *,
    element_id: int | None = None,
    form: Mapping[str, str],
) -> PlanRow:
    """Add a major element to the action plan, or change one; return it.

    Fields, all as typed: title, scope, method, who, hours, target (a date), gain_low and gain_high (pounds a year), gain
    (in words). Only the title is needed: a draft may be incomplete, and the gate says what it lacks. Raises BadInput
    naming every bad field, NotFound or NotAllowed.
    """
    project = writable(session, home, reference, by, "plan", "plan.edit")
    row = None if element_id is None else _element(session, project, element_id)
    values = _read_element(Fields(form))
    if row is None:
        position = dates.next_position(session, PlanRow, projects.key(project))
        row = PlanRow(project_id=projects.key(project), position=position, **values)
        session.add(row)
        session.flush()
        _note(session, project, "element_added", by, at, {"id": row.id, "element": row.title})
        return row
    changed = {
        name: [_plain(getattr(row, name)), _plain(new)]
        for name, new in values.items()
        if getattr(row, name) != new
    }
    if changed:
        for name in changed:
            setattr(row, name, values[name])
        session.flush()
        _note(
            session,
            project,
            "element_changed",
            by,
            at,
            {"id": row.id, "element": row.title, "changed": changed},
        )
    return row


def _read_element(fields: Fields) -> dict[str, Any]:
    """Return the columns of an element. Raises BadInput."""
    values = {
        "title": fields.line("title", "The title", required="Write what this element of the plan is"),
        "scope": fields.text("scope", "The scope"),
        "method": fields.text("method", "The method"),
        "who": fields.line("who", "Who carries it out"),
        "hours": fields.read("hours", "The staff hours", parse_hours),
        "target": fields.read("target", "The target date", parse_date),
        "gain_low": fields.read("gain_low", "The low end of the gains", parse_pounds),
        "gain_high": fields.read("gain_high", "The high end of the gains", parse_pounds),
        "gain": fields.text("gain", "The gains in words"),
    }
    low, high = values["gain_low"], values["gain_high"]
    if isinstance(low, int) and isinstance(high, int) and low > high:
        fields.refuse(
            "gain_high", f"The high end of the gains must not be less than the low end, {pounds(low)}"
        )
    fields.finish()
    return values


def _plain(value: object) -> object:
    """Return a column's value as the history keeps it."""
    return value.isoformat() if isinstance(value, dt.date) else value


def remove_element(
    session: Session, home: Home, reference: str, element_id: int, by: Actor, at: dt.datetime
) -> None:
    """Remove an element of the action plan. Raises NotFound or NotAllowed."""
    project = writable(session, home, reference, by, "plan", "plan.edit")
    row = _element(session, project, element_id)
    session.delete(row)
    session.flush()
    _note(session, project, "element_removed", by, at, {"id": element_id, "element": row.title})


def _element(session: Session, project: Project, element_id: int) -> PlanRow:
    found = session.get(PlanRow, element_id)
    if found is None or found.project_id != project.id:
        raise NotFound(f"{project.reference} has no such element in its action plan.")
    return found


def discharge_condition(
    session: Session, home: Home, reference: str, condition_id: int, by: Actor, at: dt.datetime, how: str
) -> Condition:
    """Record that a condition CMT set is met, and how; return it. It stays listed, and cannot be taken back.

    Raises NotFound, NotAllowed (not theirs to say, or said already) or BadInput (how is missing).
    """
    project = access.seen(session, home, reference, by)
    if access.reads(session, home, by, "decisions.read", project) in (None, "released"):
        raise NotFound(f"{project.reference} has no such condition.")
    if not access.allowed(session, home, by, "condition.discharge", project):
        raise NotAllowed(
            f"You may not discharge a condition of {project.reference}. Its Head of Service or a member of CMT may."
        )
    advance.refuse_disputed(project)
    row = session.get(Condition, condition_id)
    if row is None or row.project_id != project.id:
        raise NotFound(f"{project.reference} has no such condition.")
    if row.discharged_at is not None:
        who = (
            projects.person(session, row.discharged_by).name if row.discharged_by is not None else "somebody"
        )
        raise NotAllowed(f"The condition “{row.text}” was discharged by the {who} already: {row.how}")
    fields = Fields({"how": how})
    said = fields.text(
        "how", "How it was met", required="Say how the condition was met, and where that can be seen"
    )
    fields.finish()
    row.discharged_at, row.discharged_by, row.how = at, by.id, said
    session.flush()
    by = by_permission(home.roles, by, "condition.discharge", projects.standing(project))
    entry = history.Entry("condition_discharged", by, at, said, {"id": condition_id, "condition": row.text})
    history.record(session, project, entry)
    return row


def _note(
    session: Session, project: Project, event: str, by: Actor, at: dt.datetime, detail: Mapping[str, Any]
) -> None:
    history.record(session, project, history.Entry(event, by, at, "", detail))
