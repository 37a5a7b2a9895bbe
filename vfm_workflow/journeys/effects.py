"""What an event does besides moving the project: named functions a lifecycle document may list under `effects:`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from sqlalchemy import func, select
from sqlmodel import Session, col

from vfm_workflow.errors import NotAllowed
from vfm_workflow.store import projects
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.tables import Baseline, DecisionRequest, Milestone

Effect = Callable[[Session, AnyProject, DecisionRequest | None, dt.datetime], None]


def set_first_baselines(
    session: Session, project: AnyProject, request: DecisionRequest | None, at: dt.datetime
) -> None:
    """CMT agreed the timetable: each milestone without a baseline gets the date in the text CMT had before it (§10.3)."""
    for milestone, day in _frozen_dates(session, project, request):
        if milestone.baseline is None:
            _agree(session, milestone, day, request, at)


def set_agreed_baselines(
    session: Session, project: AnyProject, request: DecisionRequest | None, at: dt.datetime
) -> None:
    """CMT agreed new dates: each gets a new baseline beside the old one, and its forecast moves there."""
    for milestone, day in _frozen_dates(session, project, request):
        if milestone.done_on is None:
            milestone.forecast = day
            _agree(session, milestone, day, request, at)


def _frozen_dates(
    session: Session, project: AnyProject, request: DecisionRequest | None
) -> list[tuple[Milestone, dt.date]]:
    """Return the milestones with the dates that were frozen when the decision was asked for."""
    frozen = (request.changes if request else None) or {}
    rows = _milestones(session, project)
    return [(row, dt.date.fromisoformat(frozen[str(row.id)])) for row in rows if str(row.id) in frozen]


def _milestones(session: Session, project: AnyProject) -> list[Milestone]:
    query = select(Milestone).where(col(Milestone.project_id) == projects.key(project))
    return list(session.scalars(query.order_by(col(Milestone.position), col(Milestone.id))))


def _agree(
    session: Session, milestone: Milestone, day: dt.date, request: DecisionRequest | None, at: dt.datetime
) -> None:
    if request is None or request.id is None or milestone.id is None:
        raise NotAllowed(
            "Only a decision sets a baseline. List this effect on an event that is `decided_by:` one."
        )
    newest = (
        session.scalar(select(func.max(Baseline.number)).where(col(Baseline.milestone_id) == milestone.id))
        or 0
    )
    session.add(
        Baseline(milestone_id=milestone.id, number=newest + 1, date=day, request_id=request.id, at=at)
    )
    session.flush()
    milestone.baseline = day
    session.flush()


EFFECTS: Mapping[str, Effect] = {
    effect.__name__: effect for effect in (set_first_baselines, set_agreed_baselines)
}
