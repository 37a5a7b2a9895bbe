"""The monthly returns of the demo council: filled in by the manager as the page asks, verified by the Head of Service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from vfm_workflow.demo.entries import ProjectFile, ReturnEntry
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
        "action_owner": entry.owner,
        "action_by": entry.by.isoformat() if entry.by is not None else "",
        "beyond_team": entry.beyond_team,
        "spend": str(entry.spend),
        "spend_forecast": str(_spend_expected(entry, form)),
        "days_used": str(entry.days_used),
    }
    for measure in project.measures:
        if period not in measure.readings:
            raise Impossible(f"“{measure.name}” has no reading for {period}.")
        field = f"measure_{replay.id_of(project.number, 'measure', measure.key)}"
        typed[field] = measure.typed(measure.readings[period])
    weights = [line.expected[0] for line in project.savings]
    for box, amount in zip(form.savings, shares(entry.saving, weights), strict=True):
        typed[box.field] = str(amount)
    for box, amount in zip(form.savings, _expected(entry, form, weights), strict=True):
        typed[box.expected_field] = str(amount)
    typed.update({box.field: box.milestone.forecast.isoformat() for box in form.milestones})
    return typed


def _expected(entry: ReturnEntry, form: ReturnForm, weights: Sequence[int]) -> list[int]:
    """Return the whole pounds each line is expected to deliver in the year: as the data say, else as its profile does."""
    if entry.expected is None:
        return [box.year_profile // 100 for box in form.savings]
    return shares(entry.expected, weights)


def _spend_expected(entry: ReturnEntry, form: ReturnForm) -> int:
    """Return the whole pounds that achieving the savings is expected to cost in the year."""
    if entry.spend_expected is not None:
        return entry.spend_expected
    return max((form.allowed or 0) // 100, (form.spent_before or 0) // 100 + entry.spend)


def shares(amount: int | tuple[int, ...], weights: Sequence[int]) -> list[int]:
    """Return the whole pounds of each line: as the data say, or their total by the weight of each line.

    What does not divide goes to the first line.
    """
    if isinstance(amount, tuple):
        return list(amount)
    total = sum(weights)
    found = [amount * weight // total if total else 0 for weight in weights]
    return [found[0] + amount - sum(found), *found[1:]]


def _off_track(
    replay: Replay, session: Session, reference: str, period: str, typed: dict[str, str], at: dt.datetime
) -> bool:
    return returns.form(session, replay.home, reference, period, at, typed=typed).verdict.off_track


def verify(replay: Replay, project: ProjectFile, period: str, at: dt.datetime) -> None:
    """The Head of Service verifies the return for a month."""
    with replay.act(f"The return of project {project.number} for {period} is verified") as session:
        by = replay.actor(session, project.sponsor)
        returns.verify(session, replay.home, replay.reference(project), period, by, at)
