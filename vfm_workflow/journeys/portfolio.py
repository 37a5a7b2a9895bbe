"""All projects at a glance: the figures over the list, and what each project waits for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_end, short_day
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import pages_projects as store
from vfm_workflow.store.listing import Row
from vfm_workflow.store.pages_projects import Deciding, Place


@dataclass(frozen=True, slots=True)
class Figures:
    """The council's projects at a moment."""

    live: int
    on_hold: int
    slipped_milestones: int
    slipped_projects: int
    period: str
    """The last month that has ended, such as `2026-10`."""
    period_due: dt.date
    returns_missing: int
    decisions: int
    decisions_late: int


@dataclass(frozen=True, slots=True)
class Glance:
    """What the list of projects shows besides its rows."""

    lifecycles: Mapping[str, Lifecycle]
    """Digest → lifecycle of every version that a project is pinned to."""
    deciding: Mapping[int, Sequence[Deciding]]
    """Project → the decisions open on it."""
    figures: Figures


def glance(session: Session, home: Home, at: dt.datetime) -> Glance:
    """Return the figures over the list and what its rows need besides themselves.

    It is kept until something happens to a project or a day begins, since all of it follows from the histories.
    """
    mark = (store.newest_history(session), home.calendar.today(at))
    kept_mark, kept = home.kept.get("portfolio", (None, None))
    if kept is None or kept_mark != mark:
        lifecycles = {row.lifecycle: home.lifecycle(session, row) for row in store.one_of_each(session)}
        deciding = store.deciding(session)
        kept = Glance(lifecycles, deciding, _figures(session, home, lifecycles, deciding, at))
        home.kept["portfolio"] = (mark, kept)
    late = replace(kept.figures, decisions_late=_late(kept.deciding, at))
    return Glance(kept.lifecycles, kept.deciding, late)


def _late(deciding: Mapping[int, Sequence[Deciding]], at: dt.datetime) -> int:
    return sum(each.deadline < at for some in deciding.values() for each in some)


def _figures(
    session: Session,
    home: Home,
    lifecycles: Mapping[str, Lifecycle],
    deciding: Mapping[int, Sequence[Deciding]],
    at: dt.datetime,
) -> Figures:
    counts = store.count_by_stage(session)
    kinds = {place: _kind(lifecycles, place) for place in counts}
    today = home.calendar.today(at)
    period = home.calendar.month_before(today)
    live = [place for place, kind in kinds.items() if kind == "live"]
    milestones, projects = store.count_slipped(session, live, today)
    asked = [each for some in deciding.values() for each in some]
    return Figures(
        live=sum(counts[place] for place in live),
        on_hold=sum(count for place, count in counts.items() if kinds[place] == "held"),
        slipped_milestones=milestones,
        slipped_projects=projects,
        period=period,
        period_due=home.calendar.return_due(period),
        returns_missing=_missing(session, home, lifecycles, list(counts), period),
        decisions=len(asked),
        decisions_late=_late(deciding, at),
    )


def _kind(lifecycles: Mapping[str, Lifecycle], place: Place) -> str:
    stage = lifecycles[place[0]].stages.get(place[1])
    return stage.kind if stage is not None else "live"


def _missing(
    session: Session, home: Home, lifecycles: Mapping[str, Lifecycle], places: Sequence[Place], period: str
) -> int:
    """Return how many projects owe the return for a month: those in a monitored stage at its end that gave none.

    Most have not moved since, so they are counted; only those that have are looked at in their history.
    """
    end = home.calendar.moment(month_end(period) + dt.timedelta(days=1), dt.time())
    monitored = [place for place in places if _monitored(lifecycles, place)]
    moved = store.moved_since(session, end, period)
    return store.without_return(session, monitored, period, end) + sum(
        _monitored(lifecycles, place) for place in moved
    )


def _monitored(lifecycles: Mapping[str, Lifecycle], place: Place) -> bool:
    stage = lifecycles[place[0]].stages.get(place[1]) if place[0] in lifecycles else None
    return stage is not None and stage.monitored


class Waiting(NamedTuple):
    """What a project waits for, since or until when, and whether that is over."""

    who: str
    note: str
    overdue: bool


def waits_for(
    home: Home, lifecycle: Lifecycle, row: Row, deciding: Sequence[Deciding], today: dt.date
) -> Waiting:
    """Return what a project waits for: a dispute to be settled, a board, or whoever its stage belongs to."""
    if row.disputed:
        return Waiting("Administrator", "A decision is disputed", False)
    if deciding:
        decision, deadline = deciding[-1]
        due = home.calendar.today(deadline)
        rule = lifecycle.decisions.get(decision)
        title = rule.title if rule is not None else decision
        return Waiting("The board", f"{title}, by {short_day(due)}", due < today)
    stage = lifecycle.stages.get(row.stage)
    if stage is None or stage.kind == "ended":
        return Waiting("", "", False)
    owner = home.role_title(stage.owner) if stage.owner else ""
    since = home.calendar.today(row.stage_since)
    if stage.limit_working_days is None:
        return Waiting(owner, f"Since {short_day(since)}", False)
    spent = home.calendar.working_days_between(since, today)
    note = f"{spent} of {stage.limit_working_days} working days"
    return Waiting(owner, note, spent > stage.limit_working_days)
