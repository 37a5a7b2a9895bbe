"""The monthly returns of the demo council: filled in by the manager as the page asks, verified by the Head of Service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from vfm_workflow.demo.content import ProjectFile, ReturnEntry
from vfm_workflow.demo.replay import Impossible, Replay
from vfm_workflow.journeys import returns
from vfm_workflow.journeys.returns import ReturnForm


def submit(replay: Replay, project: ProjectFile, period: str, at: dt.datetime) -> None:
    """Fill in and submit the return for a month. What is off track without a plan is said to have none."""
    reference, entry = replay.reference(project), project.returns[period]
    with replay.act(f"The return of project {project.number} for {period}") as session:
        blank = returns.form(session, replay.home, reference, period, at)
        typed = _typed(replay, project, period, blank)
        if entry.action is None and _off_track(replay, session, reference, period, typed, at):
            typed["no_plan"] = "yes"
        by = replay.actor(session, project.pm)
        returns.submit(session, replay.home, reference, period, by, at, typed, blank.revision)


def _typed(replay: Replay, project: ProjectFile, period: str, form: ReturnForm) -> dict[str, str]:
    entry = project.returns[period]
    typed = {
        "narrative": replay.said(entry.narrative),
        "action": replay.said(entry.action or ""),
        "spend": str(entry.spend),
        "days_used": str(entry.days_used),
    }
    for measure in project.measures:
        if period not in measure.readings:
            raise Impossible(f"“{measure.name}” has no reading for {period}.")
        field = f"measure_{replay.id_of(project.number, 'measure', measure.key)}"
        typed[field] = measure.typed(measure.readings[period])
    amounts = shares(entry, [line.expected[0] for line in project.savings])
    typed.update({box.field: str(amount) for box, amount in zip(form.savings, amounts, strict=True)})
    typed.update({box.field: box.milestone.forecast.isoformat() for box in form.milestones})
    return typed


def shares(entry: ReturnEntry, weights: Sequence[int]) -> list[int]:
    """Return the whole pounds each line delivered: as the data say, or the month's total by the weight of each line.

    What does not divide goes to the first line.
    """
    if isinstance(entry.saving, tuple):
        return list(entry.saving)
    total = sum(weights)
    found = [entry.saving * weight // total if total else 0 for weight in weights]
    return [found[0] + entry.saving - sum(found), *found[1:]]


def _off_track(
    replay: Replay, session: Session, reference: str, period: str, typed: dict[str, str], at: dt.datetime
) -> bool:
    return returns.form(session, replay.home, reference, period, at, typed=typed).verdict.off_track


def verify(replay: Replay, project: ProjectFile, period: str, at: dt.datetime) -> None:
    """The Head of Service verifies the return for a month."""
    with replay.act(f"The return of project {project.number} for {period} is verified") as session:
        by = replay.actor(session, project.sponsor)
        returns.verify(session, replay.home, replay.reference(project), period, by, at)
