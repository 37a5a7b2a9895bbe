"""Milestones: agreed by CMT, forecast by the manager, done once; new dates only by a decision (§10.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import advance, rebaselining
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.rebaselining import Profile
from vfm_workflow.journeys.writing import clean, writable
from vfm_workflow.store import dates as store
from vfm_workflow.store import history, projects
from vfm_workflow.store.tables import Milestone, Project, ProposalRow

MOST_TITLE = 200
EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2100, 1, 1)


def milestone_of(session: Session, project: Project, milestone_id: int) -> Milestone:
    """Return a milestone of the project. Raises NotFound."""
    found = session.get(Milestone, milestone_id)
    if found is None or found.project_id != project.id:
        raise NotFound(f"{project.reference} has no such milestone.")
    return found


def add_milestone(
    session: Session, home: Home, reference: str, title: str, day: dt.date, by: Actor, at: dt.datetime
) -> Milestone:
    """Add a milestone with its date; return it. It has no baseline until CMT agrees one. Raises BadInput, NotAllowed."""
    project = _writable(session, home, reference, by)
    title = _title(title)
    _plausible(day, "forecast")
    position = store.next_position(session, Milestone, projects.key(project))
    row = Milestone(project_id=projects.key(project), position=position, title=title, forecast=day)
    session.add(row)
    session.flush()
    _note(session, project, "milestone_added", by, at, {"milestone": title, "date": day.isoformat()})
    return row


def _writable(session: Session, home: Home, reference: str, by: Actor) -> Project:
    """Return the project where its stage takes milestones or forecasts."""
    project = projects.by_reference(session, reference)
    lifecycle = home.lifecycle(session, project)
    stage = lifecycle.stages.get(project.stage)
    work = "milestones" if stage is not None and "milestones" in stage.asks_for else "forecasts"
    return writable(session, home, reference, by, work, "plan.edit")


def _title(text: str) -> str:
    title = " ".join(clean(text).split())
    if not title:
        raise BadInput({"title": "Write what is reached at this milestone"})
    if len(title) > MOST_TITLE:
        raise BadInput({"title": f"The title must be {MOST_TITLE} characters or fewer"})
    return title


def _plausible(day: dt.date, field: str) -> None:
    if not EARLIEST <= day < LATEST:
        raise BadInput({field: f"The year must be from {EARLIEST.year} to {LATEST.year - 1}"})


def change_milestone(
    session: Session,
    home: Home,
    reference: str,
    milestone_id: int,
    by: Actor,
    at: dt.datetime,
    *,
    title: str | None = None,
    forecast: dt.date | None = None,
    why: str = "",
) -> Milestone:
    """Rename a milestone or move its forecast; return it. The baseline stays. Raises BadInput, NotAllowed, NotFound."""
    project = _writable(session, home, reference, by)
    row = milestone_of(session, project, milestone_id)
    if title is not None and _title(title) != row.title:
        if row.baseline is not None:
            raise BadInput({"title": "CMT agreed this milestone by its name. Add a new one instead"})
        row.title = _title(title)
    if forecast is not None and forecast != row.forecast:
        move(session, project, row, forecast, by, at, why)
    session.flush()
    return row


def move(
    session: Session,
    project: Project,
    row: Milestone,
    forecast: dt.date,
    by: Actor,
    at: dt.datetime,
    why: str = "",
) -> None:
    """Move a milestone's forecast and record it. Raises BadInput where it is done already."""
    if row.done_on is not None:
        raise BadInput({f"milestone_{row.id}": f"“{row.title}” was done on {short_day(row.done_on)}"})
    _plausible(forecast, f"milestone_{row.id}")
    detail = {"milestone": row.title, "from": row.forecast.isoformat(), "to": forecast.isoformat()}
    row.forecast = forecast
    session.flush()
    _note(session, project, "forecast_moved", by, at, detail, why)


def finish_milestone(
    session: Session,
    home: Home,
    reference: str,
    milestone_id: int,
    done_on: dt.date,
    by: Actor,
    at: dt.datetime,
) -> Milestone:
    """Record that a milestone was reached on `done_on`; return it. Raises BadInput for a day still to come."""
    project = _writable(session, home, reference, by)
    row = milestone_of(session, project, milestone_id)
    finish(session, project, row, done_on, home.calendar.today(at), by, at)
    return row


def finish(
    session: Session,
    project: Project,
    row: Milestone,
    done_on: dt.date,
    today: dt.date,
    by: Actor,
    at: dt.datetime,
) -> None:
    """Record a milestone as done. Raises BadInput where the day is still to come or it was done before."""
    if row.done_on is not None:
        raise BadInput({f"done_on_{row.id}": f"“{row.title}” was done on {short_day(row.done_on)} already"})
    if done_on > today:
        raise BadInput(
            {f"done_on_{row.id}": f"{short_day(done_on)} is still to come: give the day it was reached"}
        )
    _plausible(done_on, f"done_on_{row.id}")
    row.done_on = done_on
    session.flush()
    _note(session, project, "milestone_done", by, at, {"milestone": row.title, "on": done_on.isoformat()})


def remove_milestone(
    session: Session, home: Home, reference: str, milestone_id: int, by: Actor, at: dt.datetime
) -> None:
    """Remove a milestone that CMT has not agreed. Raises NotAllowed for one it has."""
    project = _writable(session, home, reference, by)
    row = milestone_of(session, project, milestone_id)
    if row.baseline is not None:
        raise NotAllowed(f"CMT agreed “{row.title}”. Ask CMT for new dates instead of removing it.")
    title = row.title
    session.delete(row)
    session.flush()
    _note(session, project, "milestone_removed", by, at, {"milestone": title})


def propose(
    session: Session,
    home: Home,
    reference: str,
    changes: Mapping[int, dt.date],
    reason: str,
    by: Actor,
    at: dt.datetime,
    *,
    savings: Mapping[int, Profile] | None = None,
    targets: Mapping[int, int] | None = None,
) -> ProposalRow:
    """Draft what to ask CMT for anew; return the draft. `advance` with the event asks.

    `changes` are dates (milestone id → date), `savings` whole profiles (line id → year → low, expected, high in pence),
    `targets` in smallest steps (measure id → target; its baseline stays). Raises BadInput where one does not differ from
    what is agreed, or was never agreed, or a milestone is done.
    """
    project = _writable(session, home, reference, by)
    advance.refuse_disputed(project)
    fields = {
        **_wrong_dates(session, project, changes),
        **rebaselining.wrong_profiles(session, project, savings or {}),
        **rebaselining.wrong_targets(session, project, targets or {}),
    }
    if not changes and not savings and not targets:
        fields["changes"] = "Give a new date, profile or target for at least one thing that CMT agreed"
    if not clean(reason):
        fields["reason"] = NO_REASON if not savings and not targets else "Say why new figures are needed"
    if fields:
        raise BadInput(fields)
    wanted = {str(key): day.isoformat() for key, day in changes.items()}
    profiles = {
        str(key): {str(year): list(row) for year, row in years.items()}
        for key, years in (savings or {}).items()
    }
    aims = {str(key): target for key, target in (targets or {}).items()}
    draft = session.get(ProposalRow, projects.key(project))
    if draft is None:
        draft = ProposalRow(project_id=projects.key(project), reason=clean(reason), changes=wanted)
        session.add(draft)
    draft.reason, draft.changes, draft.savings, draft.targets = clean(reason), wanted, profiles, aims
    session.flush()
    return draft


NO_REASON = "Say why new dates are needed"


def _wrong_dates(session: Session, project: Project, changes: Mapping[int, dt.date]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for milestone_id, day in changes.items():
        row, name = milestone_of(session, project, milestone_id), f"milestone_{milestone_id}"
        if row.baseline is None:
            fields[name] = f"“{row.title}” has no agreed date yet: change its date on the milestones page"
        elif row.done_on is not None:
            fields[name] = f"“{row.title}” is done"
        elif day == row.baseline:
            fields[name] = f"{short_day(day)} is the date CMT agreed already"
        elif not EARLIEST <= day < LATEST:
            fields[name] = f"The year must be from {EARLIEST.year} to {LATEST.year - 1}"
    return fields


def _note(
    session: Session,
    project: Project,
    event: str,
    by: Actor,
    at: dt.datetime,
    detail: Mapping[str, str],
    why: str = "",
) -> None:
    history.record(session, project, history.Entry(event, by, at, clean(why), detail))
