"""What the list and the overview of projects read besides the list itself, each by one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_
from sqlmodel import Session, col

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
            or_(col(History.from_stage) != col(History.to_stage), col(History.seq) == 1),
        )
        .order_by(col(History.seq))
    )
    return [(dt.datetime.fromisoformat(at), stage) for at, stage in session.execute(query)]


class More(NamedTuple):
    """What a list says of a project besides its row: since when it stands where it does, and what it waits for."""

    stage_since: dt.datetime
    held_from: str | None
    disputed: bool
    decision: str | None
    """The open decision with the nearest deadline, if there is one."""
    deadline: dt.datetime | None


def more(session: Session, ids: Collection[int]) -> dict[int, More]:
    """Return id → what else a list says of some projects."""
    p, r = Project, DecisionRequest
    query = (
        select(col(p.id), col(p.stage_since), col(p.held_from), col(p.disputed_at), col(r.decision), col(r.deadline))
        .outerjoin(r, and_(col(r.project_id) == col(p.id), col(r.state) == "open"))
        .where(col(p.id).in_(sorted(ids)))
        .order_by(col(r.deadline).desc())
    )  # fmt: skip
    return {
        key: More(since, held, disputed is not None, decision, deadline)
        for key, since, held, disputed, decision, deadline in session.execute(query)
        if key is not None
    }


def one_of_each(session: Session) -> list[Project]:
    """Return one project of each lifecycle version that is in use."""
    first = select(func.min(Project.id)).group_by(col(Project.lifecycle))
    return list(session.scalars(select(Project).where(col(Project.id).in_(first))))


def count_by_stage(session: Session) -> dict[Place, int]:
    """Return (lifecycle version, stage) → how many projects stand there."""
    query = select(col(Project.lifecycle), col(Project.stage), func.count(col(Project.id))).group_by(
        col(Project.lifecycle), col(Project.stage)
    )
    return {(digest, stage): count for digest, stage, count in session.execute(query)}


def count_slipped(session: Session, places: Sequence[Place], today: dt.date) -> tuple[int, int]:
    """Return (milestones, projects): open milestones later than CMT agreed, of the projects that stand in `places`."""
    m = Milestone
    late = or_(col(m.forecast) > col(m.baseline), and_(col(m.forecast) < today, col(m.baseline) < today))
    query = (
        select(func.count(col(m.id)), func.count(func.distinct(col(m.project_id))))
        .join(Project, col(Project.id) == col(m.project_id))
        .where(col(m.done_on).is_(None), col(m.baseline).is_not(None), late, _standing(places))
    )
    milestones, projects = session.execute(query).one()
    return milestones, projects


def count_decisions(session: Session, at: dt.datetime) -> tuple[int, int]:
    """Return (open decisions, how many of them are past their deadline)."""
    r = DecisionRequest
    query = select(col(r.deadline)).where(col(r.state) == "open")
    deadlines = list(session.scalars(query))
    return len(deadlines), sum(deadline < at for deadline in deadlines)


def without_return(session: Session, places: Sequence[Place], period: str, since_before: dt.datetime) -> int:
    """Return how many projects have stood in one of `places` since before a moment and gave no return for a month."""
    query = select(func.count(col(Project.id))).where(
        _standing(places), col(Project.stage_since) < since_before, ~_given(period)
    )
    return session.scalar(query) or 0


def moved_since(session: Session, moment: dt.datetime, period: str) -> list[tuple[str, str]]:
    """Return (lifecycle version, stage at `moment`) of each project that has moved since and gave no return for a month."""
    text = moment.astimezone(dt.UTC).isoformat(timespec="milliseconds")
    before = (
        select(col(History.to_stage))
        .where(col(History.project_id) == col(Project.id), col(History.at) < text)
        .order_by(col(History.seq).desc())
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )
    query = select(col(Project.lifecycle), before).where(
        col(Project.stage_since) >= moment, col(Project.created_at) < moment, ~_given(period)
    )
    return [(digest, stage) for digest, stage in session.execute(query) if stage is not None]


def _standing(places: Sequence[Place]) -> ColumnElement[bool]:
    return tuple_(col(Project.lifecycle), col(Project.stage)).in_(list(places))


def _given(period: str) -> ColumnElement[bool]:
    r = MonthlyReturn
    return exists().where(
        col(r.project_id) == col(Project.id), col(r.period) == period, col(r.state) != "draft"
    )


def active_people(session: Session) -> list[Person]:
    """Return everybody who is active, project managers first, then in order of post."""
    managers_first = col(Person.role) != "project_manager"
    query = select(Person).where(col(Person.active).is_(True))
    return list(session.scalars(query.order_by(managers_first, col(Person.name), col(Person.id))))
