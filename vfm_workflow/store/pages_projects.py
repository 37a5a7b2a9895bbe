"""What the list and the overview of projects read besides the list itself, each by one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import and_, bindparam, exists, func, or_, select, tuple_
from sqlmodel import Session, col

from vfm_workflow.store.decisions import IS_OPEN
from vfm_workflow.store.history import is_move
from vfm_workflow.store.tables import (
    DecisionRequest,
    History,
    Milestone,
    MonthlyReturn,
    Person,
    Project,
)

Place = tuple[str, str]
"""The digest of a lifecycle version, and a stage of it."""


def stage_moves(session: Session, project_id: int) -> list[tuple[dt.datetime, str]]:
    """Return (moment, stage entered) of each move of a project, oldest first."""
    query = (
        select(col(History.at), col(History.to_stage))
        .where(
            col(History.project_id) == project_id,
            is_move(),
        )
        .order_by(col(History.seq))
    )
    return [(dt.datetime.fromisoformat(at), stage) for at, stage in session.execute(query)]


_OPEN = (
    select(col(DecisionRequest.project_id), col(DecisionRequest.decision), col(DecisionRequest.deadline))
    .where(IS_OPEN)
    .order_by(col(DecisionRequest.deadline).desc())
)


class Deciding(NamedTuple):
    """An open decision of a project."""

    decision: str
    deadline: dt.datetime


def deciding(session: Session) -> dict[int, list[Deciding]]:
    """Return project → its open decisions, the nearest deadline last."""
    found: dict[int, list[Deciding]] = {}
    for project_id, decision, deadline in session.execute(_OPEN):
        found.setdefault(project_id, []).append(Deciding(decision, deadline))
    return found


_ONE_OF_EACH = select(Project).where(
    col(Project.id).in_(select(func.min(Project.id)).group_by(col(Project.lifecycle)))
)


def one_of_each(session: Session) -> list[Project]:
    """Return one project of each lifecycle version that is in use."""
    return list(session.scalars(_ONE_OF_EACH))


_BY_STAGE = select(col(Project.lifecycle), col(Project.stage), func.count(col(Project.id))).group_by(
    col(Project.lifecycle), col(Project.stage)
)


def count_by_stage(session: Session) -> dict[Place, int]:
    """Return (lifecycle version, stage) → how many projects stand there."""
    return {(digest, stage): count for digest, stage, count in session.execute(_BY_STAGE)}


_STANDING = tuple_(col(Project.lifecycle), col(Project.stage)).in_(bindparam("places", expanding=True))
_SLIPPED = (
    select(func.count(col(Milestone.id)), func.count(func.distinct(col(Milestone.project_id))))
    .join(Project, col(Project.id) == col(Milestone.project_id))
    .where(
        col(Milestone.done_on).is_(None),
        col(Milestone.baseline).is_not(None),
        or_(
            col(Milestone.forecast) > col(Milestone.baseline),
            and_(col(Milestone.forecast) < bindparam("today"), col(Milestone.baseline) < bindparam("today")),
        ),
        _STANDING,
    )
)


def count_slipped(session: Session, places: Sequence[Place], today: dt.date) -> tuple[int, int]:
    """Return (milestones, projects): open milestones later than CMT agreed, of the projects that stand in `places`."""
    milestones, projects = session.execute(_SLIPPED, {"places": list(places), "today": today}).one()
    return milestones, projects


_GIVEN = exists().where(
    col(MonthlyReturn.project_id) == col(Project.id),
    col(MonthlyReturn.period) == bindparam("period"),
    col(MonthlyReturn.state) != "draft",
)
_OWING = select(func.count(col(Project.id))).where(
    _STANDING, col(Project.stage_since) < bindparam("moment"), ~_GIVEN
)


def without_return(session: Session, places: Sequence[Place], period: str, moment: dt.datetime) -> int:
    """Return how many projects have stood in one of `places` since before a moment and gave no return for a month."""
    return session.scalar(_OWING, {"places": list(places), "period": period, "moment": moment}) or 0


_STOOD = (
    select(col(History.to_stage))
    .where(col(History.project_id) == col(Project.id), col(History.at) < bindparam("text"))
    .order_by(col(History.seq).desc())
    .limit(1)
    .correlate(Project)
    .scalar_subquery()
)
_MOVED = select(col(Project.lifecycle), _STOOD).where(
    col(Project.stage_since) >= bindparam("moment"), col(Project.created_at) < bindparam("moment"), ~_GIVEN
)


def moved_since(session: Session, moment: dt.datetime, period: str) -> list[Place]:
    """Return (lifecycle version, stage at `moment`) of each project that has moved since and gave no return for a month."""
    text = moment.astimezone(dt.UTC).isoformat(timespec="milliseconds")
    rows = session.execute(_MOVED, {"moment": moment, "text": text, "period": period})
    return [(digest, stage) for digest, stage in rows if stage is not None]


def active_people(session: Session) -> list[Person]:
    """Return everybody who is active, project managers first, then in order of post."""
    managers_first = col(Person.role) != "project_manager"
    query = select(Person).where(col(Person.active).is_(True))
    return list(session.scalars(query.order_by(managers_first, col(Person.name), col(Person.id))))


_NEWEST = select(func.max(History.id))


def newest_history(session: Session) -> int:
    """Return the id of the newest row of all histories: it changes whenever anything happens to a project."""
    return session.connection().scalar(_NEWEST) or 0
