"""A person advances a project: the lifecycle accepts or refuses, and everything that follows is one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlmodel import Session

from vfm_workflow.domain.lifecycle import BACK, Lifecycle, Step
from vfm_workflow.domain.roles import Actor, by_role
from vfm_workflow.domain.texts import clean
from vfm_workflow.errors import BadInput, NotAllowed, StaleRevision, Unready
from vfm_workflow.journeys import access, board, consulting, gate, review_dates
from vfm_workflow.journeys.effects import EFFECTS
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import holders, leave_fact
from vfm_workflow.store import history, projects
from vfm_workflow.store.projects import AnyProject, ProjectRow
from vfm_workflow.store.tables import DecisionRequest

MOST_REASON = 5_000


class Moved(NamedTuple):
    """What an event did."""

    reference: str
    event: str
    from_stage: str
    to_stage: str
    revision: int


def advance(
    session: Session,
    home: Home,
    reference: str,
    event: str,
    by: Actor,
    at: dt.datetime,
    *,
    reason: str = "",
    revision: int | None = None,
) -> Moved:
    """Fire `event` on a project for `by`; return what it did. State, history, decision and mail change together.

    Raises NotFound, UnknownEvent (with the stage's events), NotAllowed, StaleRevision (with what changed since
    `revision`), BadInput (a reason is missing) or Unready (with every unmet requirement).
    """
    project = projects.row_by_reference(session, reference)
    access.refuse_outsider(session, home, by, project, reference)
    lifecycle = home.lifecycle(session, project)
    refuse_stale(session, project, revision)
    step = lifecycle.step(project.stage, event)
    _refuse_stranger(session, home, project, step, by)
    refuse_disputed(project)
    reason = clean(reason)
    if step.spec.reason == "required" and not reason:
        raise BadInput({"reason": f"Say why: “{step.spec.label}” needs a reason"})
    if len(reason) > MOST_REASON:
        raise BadInput({"reason": f"The reason must be {MOST_REASON:,} characters or fewer"})
    unmet = gate.missing(session, home, project, step, at)
    if unmet:
        raise Unready(f"{project.reference} is not ready for “{step.spec.label}”.", unmet)
    if by.stands_for:
        by = by_role(by, projects.standing(project), step.spec.by)
    return fire(session, home, project, lifecycle, step, by, at, reason=reason)


def refuse_stale(session: Session, project: AnyProject, revision: int | None) -> None:
    """Raise StaleRevision, saying what changed since, where `revision` is not the project's own."""
    if revision is None or revision == project.revision:
        return
    changes = [
        f"{row.actor}: {row.event.replace('_', ' ')}"
        for row in history.since(session, projects.key(project), revision)
    ]
    raise StaleRevision(
        f"{project.reference} has changed since you opened it. Look at what changed, then do it again if it still fits.",
        changes,
    )


def refuse_disputed(project: AnyProject) -> None:
    """Raise NotAllowed while a decision on the project is disputed."""
    if project.disputed_at is not None:
        raise NotAllowed(
            f"{project.reference} is frozen: somebody says a decision was not theirs. An administrator must settle it first."
        )


def _refuse_stranger(session: Session, home: Home, project: AnyProject, step: Step, by: Actor) -> None:
    if step.spec.decided_by:
        raise NotAllowed(f"“{step.spec.label}” follows from the board's decision; nobody can fire it.")
    if not access.held(session, by, project, set(step.spec.by)):
        who = " or ".join(home.role_title(role) for role in step.spec.by)
        raise NotAllowed(f"Only the {who} of {project.reference} may do that: “{step.spec.label}”.")


def fire(
    session: Session,
    home: Home,
    project: AnyProject,
    lifecycle: Lifecycle,
    step: Step,
    by: Actor | None,
    at: dt.datetime,
    *,
    reason: str = "",
    request: DecisionRequest | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Moved:
    """Carry out a step that was found allowed and ready; return what it did. `request` is the decision behind it."""
    before = project.stage
    target = step.target if step.target != BACK else project.held_from or lifecycle.document.first_stage
    holds = lifecycle.stages[target].kind == "held"
    # from one held stage into another, it is still held from where it was live
    held_from = project.held_from if lifecycle.stages[before].kind == "held" else before
    entry = history.Entry(
        step.event, by, at, reason, detail, target, held_from if holds else None, "The board"
    )
    history.record(session, project, entry)
    for name in step.spec.effects:
        EFFECTS[name](session, project, request, at)
    if target != before and consulting.WORK & set(lifecycle.stages[before].asks_for):
        consulting.stage_left(session, home, project, at)
    if target != before and not (isinstance(project, ProjectRow) and project.open_requests == 0):
        board.settle_left(session, home, project, lifecycle, by, at, held=holds)
    if target != before and review_dates.ended_well(lifecycle.stages[target]):
        review_dates.begin(session, home, project, at)
    if step.target == BACK:
        board.reopen_held(session, home, project, lifecycle, at)
    if step.spec.opens:
        board.open_request(session, home, project, lifecycle, step.spec.opens, by, at)
    _leave_facts(session, home, project, lifecycle, step, before, by, at, reason)
    return Moved(project.reference, step.event, before, target, project.revision)


def _leave_facts(
    session: Session,
    home: Home,
    project: AnyProject,
    lifecycle: Lifecycle,
    step: Step,
    before: str,
    by: Actor | None,
    at: dt.datetime,
    reason: str,
) -> None:
    """Leave the outcome's notices for the digests of whoever they concern; the person who did it knows already."""
    if not step.spec.notify:
        return
    today = home.calendar.today(at).isoformat()
    item = {
        "project": project.reference,
        "event": step.spec.label,
        "from_stage": lifecycle.stages[before].title,
        "to_stage": lifecycle.stages[project.stage].title,
        "by": by.name if by else "The board",
        "on": today,
        "reason": reason,
    }
    for notice in step.spec.notify:
        people = holders(session, lifecycle, project, home.catalogue.notices[notice].to)
        people.discard(by.id if by else 0)
        leave_fact(
            session, notice, today, f"{project.reference}:{project.revision}", sorted(people), item, at
        )
