"""What an event does besides moving the project: named functions a lifecycle document may list under `effects:`.

Each uses what was frozen when the decision was asked for, so that what CMT agreed is what CMT had before it, whatever
was edited meanwhile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from sqlmodel import Session

from vfm_workflow.errors import NotAllowed
from vfm_workflow.store import dates, figures, projects
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.tables import DecisionRequest, Milestone

Effect = Callable[[Session, AnyProject, DecisionRequest | None, dt.datetime], None]


def set_first_baselines(
    session: Session, project: AnyProject, request: DecisionRequest | None, at: dt.datetime
) -> None:
    """CMT agreed the timetable: each milestone without a baseline gets the date in the text CMT had before it (§10.3)."""
    decided = _decision(request)
    for milestone, day in _frozen_dates(session, project, decided):
        if milestone.baseline is None:
            dates.agree(session, milestone, day, projects.key(decided), at)


def set_agreed_baselines(
    session: Session, project: AnyProject, request: DecisionRequest | None, at: dt.datetime
) -> None:
    """CMT agreed new dates: each gets a new baseline beside the old one, and its forecast moves there.

    Where it was asked for new targets or profiles with them, they stand from now on, beside what it agreed before.
    """
    decided = _decision(request)
    agree_figures(session, project, decided, at)
    for milestone, day in _frozen_dates(session, project, decided):
        if milestone.done_on is None:
            milestone.forecast = day
            dates.agree(session, milestone, day, projects.key(decided), at)


def agree_figures(
    session: Session, project: AnyProject, request: DecisionRequest | None, at: dt.datetime
) -> None:
    """CMT agreed targets and savings: the figures in the text CMT had before it stand, marked with the decision (§4.6)."""
    decided = _decision(request)
    frozen = decided.frozen or {}
    for measure_id, (baseline, target) in frozen.get("measures", {}).items():
        figures.agree_target(session, int(measure_id), baseline, target, decided, at)
    for line_id, years in frozen.get("savings", {}).items():
        profile = {int(year): tuple(row) for year, row in years.items()}
        figures.agree_profile(session, int(line_id), profile, decided, at)


def _decision(request: DecisionRequest | None) -> DecisionRequest:
    if request is None:
        raise NotAllowed(
            "Only a decision sets a baseline. List this effect on an event that is `decided_by:` one."
        )
    return request


def _frozen_dates(
    session: Session, project: AnyProject, request: DecisionRequest
) -> list[tuple[Milestone, dt.date]]:
    """Return the milestones with the dates that were frozen when the decision was asked for."""
    frozen = (request.frozen or {}).get("milestones", {})
    rows = dates.milestones(session, projects.key(project))
    return [(row, dt.date.fromisoformat(frozen[str(row.id)])) for row in rows if str(row.id) in frozen]


EFFECTS: Mapping[str, Effect] = {
    effect.__name__: effect for effect in (set_first_baselines, set_agreed_baselines, agree_figures)
}
