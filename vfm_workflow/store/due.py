"""What may be owed to somebody today, found across all projects by a handful of set-based queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.assurance import seat_name
from vfm_workflow.store.decisions import IS_OPEN
from vfm_workflow.store.history import is_move
from vfm_workflow.store.raw import Raw, rows
from vfm_workflow.store.tables import (
    Condition,
    Consultation,
    DecisionRequest,
    Department,
    History,
    Idea,
    Milestone,
    MonthlyReturn,
    Person,
    Project,
    Remark,
    Slot,
    VoteRow,
)


class Subject(NamedTuple):
    """A project as the clock needs it: what it is called, and who answers for it."""

    id: int
    reference: str
    title: str
    department: str
    lifecycle: str
    stage: str
    stage_since: dt.datetime
    manager_id: int
    head_id: int


def subjects(session: Session) -> dict[int, Subject]:
    """Return every project by id. The head is the department's, else the project's own sponsor."""
    return {row[0]: Subject(*row) for row in rows(session, _subjects())}


@cache
def _subjects() -> Any:
    """The statements here have no arguments but those bound, and are built once: the clock asks them every minute, and
    building one costs more than running it."""
    p = Project
    head = func.coalesce(col(Department.head_id), col(p.sponsor_id))
    columns = (p.id, p.reference, p.title, p.department, p.lifecycle, p.stage, p.stage_since, p.manager_id)
    return select(*map(col, columns), head).join(Department, col(Department.code) == col(p.department))


def active_by_role(session: Session) -> dict[str, list[int]]:
    """Return role → ids of the active people whose own role it is."""
    found: dict[str, list[int]] = {}
    for role, person_id in rows(session, _by_role()):
        if person_id is not None:
            found.setdefault(role, []).append(person_id)
    return found


@cache
def _by_role() -> Any:
    query = select(col(Person.role), col(Person.id)).where(col(Person.active).is_(True))
    return query.order_by(col(Person.id))


def stage_moves(session: Session, since: dt.datetime) -> dict[int, list[tuple[str, str]]]:
    """Return, for each project that moved since a moment, its moves as (ISO moment, stage entered), oldest first.

    Moves before it are folded into one. A project that has not moved since stands where it stands, and is left out: most
    of an old council's have ended, and their histories are not read.
    """
    found: dict[int, list[tuple[str, str]]] = {}
    asked = {"since": since, "iso": since.isoformat(timespec="milliseconds")}
    for project_id, at, stage in rows(session, _stage_moves(), asked):
        found.setdefault(project_id, []).append((at, stage))
    return found


@cache
def _stage_moves() -> Any:
    """The projects are gathered first, with the last move of each before the moment, and their histories are read from
    there on: a join walks everybody's, and one that looks for that move at each row goes through each history again and
    again."""
    h, before = History, aliased(History)
    last_before = (
        select(col(before.seq))
        .where(is_move(before), col(before.at) < bindparam("iso"), col(before.project_id) == col(Project.id))
        .order_by(col(before.seq).desc())
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )
    recent = (
        select(col(Project.id).label("id"), func.coalesce(last_before, 1).label("seq"))
        .where(col(Project.stage_since) >= bindparam("since"))
        .cte("recent")
        .prefix_with("MATERIALIZED")
    )
    return (
        select(col(h.project_id), col(h.at), col(h.to_stage))
        .join(recent, recent.c.id == col(h.project_id))
        .where(col(h.seq) >= recent.c.seq, is_move(h))
        .order_by(col(h.project_id), col(h.seq))
    )


def stage_on(moves: list[tuple[str, str]], moment: str) -> str | None:
    """Return the stage a project stood in at an ISO moment, or None before it began."""
    stage = None
    for at, entered in moves:
        if at > moment:
            break
        stage = entered
    return stage


def return_states(session: Session, since: str) -> dict[tuple[int, str], Row[Any]]:
    """Return (project, period) → (project_id, period, state, submitted_at) for the returns from month `since` on."""
    return {(row[0], row[1]): row for row in rows(session, _return_states(), {"since": since})}


@cache
def _return_states() -> Any:
    r = MonthlyReturn
    query = select(col(r.project_id), col(r.period), col(r.state), col(r.submitted_at))
    return query.where(col(r.period) >= bindparam("since"))


def verified_between(session: Session, first: str, last: str) -> tuple[int, int]:
    """Return (projects, returns) of the verified returns of the months `first` to `last`."""
    ((projects, returns),) = rows(session, _verified_between(), {"first": first, "last": last})
    return projects, returns


@cache
def _verified_between() -> Any:
    r = MonthlyReturn
    between = col(r.period) >= bindparam("first"), col(r.period) <= bindparam("last")
    query = select(func.count(col(r.project_id).distinct()), func.count())
    return query.where(col(r.state) == "verified", *between)


class OpenMilestone(NamedTuple):
    """A milestone that is not done."""

    id: int
    project_id: int
    title: str
    forecast: dt.date
    baseline: dt.date | None


class Slipped(NamedTuple):
    """A milestone that is not done and later than CMT agreed, with who heads its service."""

    id: int
    project_id: int
    title: str
    forecast: dt.date
    baseline: dt.date
    head_id: int


_SLIPPED = """WITH late AS MATERIALIZED (
SELECT id, project_id, title, forecast, baseline FROM milestone WHERE done_on IS NULL AND forecast > baseline
UNION ALL
SELECT id, project_id, title, forecast, baseline FROM milestone
WHERE id IN (SELECT id FROM milestone WHERE done_on IS NULL AND forecast < :today)
AND forecast <= baseline AND baseline < :today)
SELECT late.id, late.project_id, late.title, late.forecast, late.baseline, coalesce(d.head_id, p.sponsor_id)
FROM late JOIN project p ON p.id = late.project_id JOIN department d ON d.code = p.department
ORDER BY late.project_id, late.id"""


def slipped(session: Session, today: dt.date) -> Iterator[Slipped]:
    """Yield the open milestones later than CMT agreed: forecast past the baseline, or passed and not done.

    Each half walks a partial index of just such milestones, and the materialised step keeps the planner from starting
    at the departments, so that the cost follows the slips and not the milestones. The second half gathers ids first:
    SQLite then reads the rows in the order they are stored in, which keeps a large council's cost per slip a small one's.
    """
    raw = Raw.of(session)
    found = raw.run(_SLIPPED, {"today": today if raw.postgresql else today.isoformat()})
    while batch := found.fetchmany(500):
        for milestone_id, project_id, title, forecast, baseline, head_id in batch:
            if raw.postgresql:
                yield Slipped(milestone_id, project_id, title, forecast, baseline, head_id)
            else:
                day, agreed = dt.date.fromisoformat(forecast), dt.date.fromisoformat(baseline)
                yield Slipped(milestone_id, project_id, title, day, agreed, head_id)


def ahead(session: Session, today: dt.date, until: dt.date) -> Iterator[OpenMilestone]:
    """Yield the open milestones whose forecast lies between two days."""
    for row in rows(session, _ahead(), {"today": today, "until": until}):
        yield OpenMilestone._make(row)


@cache
def _ahead() -> Any:
    m = Milestone
    near = col(m.forecast) >= bindparam("today"), col(m.forecast) <= bindparam("until")
    query = select(col(m.id), col(m.project_id), col(m.title), col(m.forecast), col(m.baseline))
    ordered = query.order_by(col(m.project_id), col(m.forecast), col(m.id))
    return ordered.where(col(m.done_on).is_(None), *near)


def open_conditions(session: Session) -> list[tuple[int, int, str, dt.datetime, str]]:
    """Return (condition id, project id, text, set at, set by) of every condition not discharged."""
    found = map(tuple, rows(session, _open_conditions()))
    return [(*row[:4], seat_name(row[4], row[5])) for row in found]


@cache
def _open_conditions() -> Any:
    decider, member = aliased(Person), aliased(Person)
    return (
        select(
            col(Condition.id),
            col(Condition.project_id),
            col(Condition.text),
            col(Condition.set_at),
            col(decider.name),
            col(member.name),
        )
        .join(VoteRow, col(VoteRow.id) == col(Condition.vote_id))
        .join(decider, col(decider.id) == col(VoteRow.person_id))
        .join(Slot, col(Slot.id) == col(VoteRow.slot_id))
        .join(member, col(member.id) == col(Slot.person_id))
        .where(col(Condition.discharged_at).is_(None))
        .order_by(col(Condition.id))
    )


class OpenConsultation(NamedTuple):
    """A consultation with a deadline that nobody has answered, and who is asked."""

    project_id: int
    key: str
    asked_on: dt.date
    deadline: dt.date
    name: str


def open_consultations(session: Session) -> list[OpenConsultation]:
    """Return the consultations that somebody was asked for by link and has not answered."""
    return [OpenConsultation._make(row) for row in rows(session, _open_consultations())]


@cache
def _open_consultations() -> Any:
    c = Consultation
    return (
        select(col(c.project_id), col(c.key), col(c.asked_on), col(c.deadline), col(Person.name))
        .join(Person, col(Person.id) == col(c.person_id))
        .where(col(c.answered_on).is_(None), col(c.deadline).is_not(None))
        .order_by(col(c.project_id), col(c.key))
    )


class OpenIdea(NamedTuple):
    """A Member's idea without a reply."""

    id: int
    on: dt.date
    text: str
    department: str | None
    name: str


def open_ideas(session: Session) -> list[OpenIdea]:
    """Return the ideas that nobody has replied to, oldest first."""
    return [OpenIdea._make(row) for row in rows(session, _open_ideas())]


@cache
def _open_ideas() -> Any:
    return (
        select(col(Idea.id), col(Idea.on), col(Idea.text), col(Idea.department), col(Person.name))
        .join(Person, col(Person.id) == col(Idea.by))
        .where(col(Idea.replied_on).is_(None))
        .order_by(col(Idea.id))
    )


class OpenChallenge(NamedTuple):
    """A challenge without a reply."""

    id: int
    project_id: int
    on: dt.date
    text: str
    name: str


def open_challenges(session: Session) -> list[OpenChallenge]:
    """Return the challenges that nobody has replied to, oldest first."""
    return [OpenChallenge._make(row) for row in rows(session, _open_challenges())]


@cache
def _open_challenges() -> Any:
    return (
        select(col(Remark.id), col(Remark.project_id), col(Remark.on), col(Remark.text), col(Person.name))
        .join(Person, col(Person.id) == col(Remark.by))
        .where(col(Remark.kind) == "challenge", col(Remark.replied_on).is_(None))
        .order_by(col(Remark.id))
    )


def heads(session: Session) -> dict[str, list[int]]:
    """Return department → its head, of those that have one."""
    return {code: [head] for code, head in rows(session, _heads())}


@cache
def _heads() -> Any:
    query = select(col(Department.code), col(Department.head_id))
    return query.where(col(Department.head_id).is_not(None))


def open_decisions(session: Session) -> list[Row[Any]]:
    """Return (request id, project id, decision, deadline) of every open request, oldest first."""
    return sorted(rows(session, _open_decisions()), key=lambda row: row[0])


@cache
def _open_decisions() -> Any:
    """Put in order by the database, it would walk every request there ever was."""
    r = DecisionRequest
    return select(col(r.id), col(r.project_id), col(r.decision), col(r.deadline)).where(IS_OPEN)


def unvoted(session: Session, request_ids: list[int]) -> dict[int, list[str]]:
    """Return request → names of the members who have not decided yet; vacated seats wait for nobody."""
    found: dict[int, list[str]] = {}
    for request_id, name in rows(session, _unvoted(), {"requests": request_ids}):
        found.setdefault(request_id, []).append(name)
    return found


@cache
def _unvoted() -> Any:
    return (
        select(col(Slot.request_id), col(Person.name))
        .join(Person, col(Person.id) == col(Slot.person_id))
        .outerjoin(VoteRow, col(VoteRow.slot_id) == col(Slot.id))
        .where(
            col(Slot.request_id).in_(bindparam("requests", expanding=True)),
            col(VoteRow.id).is_(None),
            col(Slot.vacated_at).is_(None),
        )
        .order_by(col(Slot.id))
    )


def seat_counts(session: Session, request_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Return request → (members, votes); vacated seats do not count."""
    found = rows(session, _seat_counts(), {"requests": request_ids})
    return {request_id: (members, cast) for request_id, members, cast in found}


@cache
def _seat_counts() -> Any:
    return (
        select(col(Slot.request_id), func.count(col(Slot.id)), func.count(col(VoteRow.id)))
        .outerjoin(VoteRow, col(VoteRow.slot_id) == col(Slot.id))
        .where(
            col(Slot.request_id).in_(bindparam("requests", expanding=True)), col(Slot.vacated_at).is_(None)
        )
        .group_by(col(Slot.request_id))
    )
