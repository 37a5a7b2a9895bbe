"""What was stored since somebody last looked, for whoever watches that nothing breaks: rows only ever added are read once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, select, text
from sqlmodel import Session, col

from vfm_workflow.store.decisions import IS_OPEN
from vfm_workflow.store.history import link_hash
from vfm_workflow.store.mail_log import FAILED, NOT_SETTLED
from vfm_workflow.store.raw import done, rows
from vfm_workflow.store.tables import (
    Baseline,
    Bounce,
    DecisionRequest,
    DigestSent,
    History,
    Link,
    Milestone,
    MonthlyReturn,
    Occurrence,
    OutboxMail,
    Person,
    PersonChange,
    Project,
    Slot,
    Version,
    VoteRow,
)

_HISTORY = History.__table__  # type: ignore[attr-defined]
_AFTER: Any = bindparam("after")
_SINCE: Any = bindparam("since")
"""What is asked every simulated day is asked by statements that are built once: building one costs more than running it."""


def prepare(session: Session) -> None:
    """Add indexes that nobody needs but whoever watches: by the day of a digest, and by when a link was mailed."""
    for wanted in (
        "digest_day ON occurrence (digest_day)",
        "day ON digest_sent (day)",
        "issued ON link (issued_at)",
    ):
        session.execute(text(f"CREATE INDEX ix_watched_{wanted}"))


def history_after(session: Session, row_id: int) -> list[Mapping[str, Any]]:
    """Return the rows of every project's history after `row_id`, in the order in which they were written."""
    return [row._asdict() for row in rows(session, _history_after(), {"after": row_id})]


@cache
def _history_after() -> Any:
    return select(_HISTORY).where(_HISTORY.c.id > _AFTER).order_by(_HISTORY.c.id)


def hash_of(row: Mapping[str, Any]) -> str:
    """Return what a history row's hash must be, after the hash it names as the one before."""
    return link_hash(row["prev_hash"], row)


def detail_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the detail of a history row."""
    found: dict[str, Any] = json.loads(row["detail"])
    return found


class Standing(NamedTuple):
    """A project's row, as far as its history must agree with it."""

    id: int
    reference: str
    lifecycle: str
    stage: str
    held_from: str | None
    revision: int
    head: str
    manager_id: int
    sponsor_id: int


def standings(session: Session) -> list[Standing]:
    """Return every project's row."""
    return [Standing._make(row) for row in rows(session, _standings())]


@cache
def _standings() -> Any:
    return select(*(getattr(Project, name) for name in Standing._fields)).order_by(col(Project.id))


class Mail(NamedTuple):
    """A mail of the outbox."""

    id: int
    message_id: str
    notice: str
    to: str
    person_id: int | None
    created_at: dt.datetime
    not_before: dt.datetime
    state: str
    data: bytes


def mails_after(session: Session, mail_id: int) -> list[Mail]:
    """Return the mails written after `mail_id`, oldest first."""
    return [Mail._make(row) for row in rows(session, _mails_after(), {"after": mail_id})]


@cache
def _mails_after() -> Any:
    query = select(*(getattr(OutboxMail, name) for name in Mail._fields)).where(col(OutboxMail.id) > _AFTER)
    return query.order_by(col(OutboxMail.id))


def mail_states(session: Session, since: dt.datetime | None = None) -> dict[int, str]:
    """Return the state of every mail, by id; or of those that are open, or were written or settled since a moment."""
    m = OutboxMail
    query = select(col(m.id), col(m.state))
    parts = [query] if since is None else [query.where(NOT_SETTLED), query.where(col(m.settled_at) >= since)]
    return dict(sorted(tuple(row) for part in parts for row in done(session, part)))


def mail_count(session: Session) -> int:
    """Return how many mails there are."""
    return session.scalar(select(func.count()).select_from(OutboxMail)) or 0


def mail_bytes(session: Session) -> Iterator[tuple[int, bytes, dt.datetime | None]]:
    """Yield (id, bytes, when it was settled) of every mail."""
    m = OutboxMail
    query = select(col(m.id), col(m.data), col(m.settled_at)).order_by(col(m.id))
    for key, data, settled in session.execute(query.execution_options(yield_per=500)):
        yield key or 0, data, settled


class Claimed(NamedTuple):
    """What the ledger says of a digest: how many facts it told, and how many of them had been put off until that day.

    With one that was put off, the round that has come meanwhile counts as told too.
    """

    facts: int
    put_off: int


def digests_of(session: Session, day: dt.date, jobs: Collection[str]) -> dict[int, Claimed]:
    """Return person → what the ledger says of their digest of a day, of everybody whose digest of that day is claimed.
    `jobs` are the notices that digests tell."""
    found = {person: [0, 0] for (person,) in rows(session, _digests_claimed(), {"day": day})}
    for person, job, count, put_off in rows(session, _facts_told(), {"day": day}):
        if job in jobs and person in found:
            found[person][0] += count
            found[person][1] += put_off
    return {person: Claimed(*counts) for person, counts in found.items()}


@cache
def _digests_claimed() -> Any:
    return select(col(DigestSent.person_id)).where(col(DigestSent.day) == bindparam("day"))


@cache
def _facts_told() -> Any:
    o = Occurrence
    later = func.sum(case((col(o.period).startswith("later-"), 1), else_=0))
    told = select(col(o.person_id), col(o.job), func.count(), later).where(
        col(o.digest_day) == bindparam("day")
    )
    return told.group_by(col(o.person_id), col(o.job))


def told(session: Session, jobs: Collection[str]) -> list[tuple[str, str, dt.date]]:
    """Return (period, subject, day of the digest) of all that was told of some notices, once each."""
    o = Occurrence
    query = select(col(o.period), col(o.subject), col(o.digest_day)).where(
        col(o.job).in_(sorted(jobs)), col(o.digest_day).is_not(None)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query.distinct()) if row[2] is not None]


class Agreed(NamedTuple):
    """A date that a board agreed for a milestone."""

    milestone_id: int
    number: int
    date: dt.date
    request_id: int
    outcome: str | None
    state: str
    same_project: bool


def baselines(session: Session, projects: Collection[int] | None = None) -> list[Agreed]:
    """Return every agreed date with what the decision behind it came to, oldest first of each milestone; or of some
    projects' milestones."""
    query = _baselines() if projects is None else _baselines().where(_of(projects))
    return [Agreed._make(row) for row in done(session, query)]


def _of(projects: Collection[int]) -> Any:
    return col(Milestone.project_id).in_(sorted(projects))


@cache
def _baselines() -> Any:
    b, r, m = Baseline, DecisionRequest, Milestone
    return (
        select(
            col(b.milestone_id),
            col(b.number),
            col(b.date),
            col(b.request_id),
            col(r.outcome),
            col(r.state),
            col(r.project_id) == col(m.project_id),
        )
        .join(r, col(r.id) == col(b.request_id))
        .join(m, col(m.id) == col(b.milestone_id))
        .order_by(col(b.milestone_id), col(b.number))
    )


def milestone_baselines(
    session: Session, projects: Collection[int] | None = None
) -> dict[int, dt.date | None]:
    """Return milestone → the agreed date it shows, of every one or of some projects'."""
    query = _milestone_baselines() if projects is None else _milestone_baselines().where(_of(projects))
    return {key: day for key, day in done(session, query) if key is not None}


@cache
def _milestone_baselines() -> Any:
    return select(col(Milestone.id), col(Milestone.baseline))


class Cast(NamedTuple):
    """A vote with who asked for it and who wrote what it is on."""

    id: int
    slot_id: int
    request_id: int
    person_id: int
    asked_by: int
    frozen_by: int


def votes_after(session: Session, vote_id: int) -> list[Cast]:
    """Return the votes cast after `vote_id`, oldest first."""
    return [Cast._make(row) for row in rows(session, _votes_after(), {"after": vote_id})]


@cache
def _votes_after() -> Any:
    v, r, t = VoteRow, DecisionRequest, Version
    return (
        select(
            col(v.id), col(v.slot_id), col(v.request_id), col(v.person_id), col(r.asked_by), col(t.frozen_by)
        )
        .join(r, col(r.id) == col(v.request_id))
        .join(t, col(t.id) == col(v.version_id))
        .where(col(v.id) > _AFTER)
        .order_by(col(v.id))
    )


class Late(NamedTuple):
    """An open milestone that is later than a board agreed."""

    id: int
    project_id: int
    title: str
    forecast: dt.date


def late_milestones(session: Session) -> list[Late]:
    """Return the milestones that are not done and forecast for later than was agreed."""
    return [Late._make(row) for row in rows(session, _late_milestones())]


@cache
def _late_milestones() -> Any:
    m = Milestone
    query = select(col(m.id), col(m.project_id), col(m.title), col(m.forecast)).where(
        col(m.done_on).is_(None), col(m.baseline).is_not(None), col(m.forecast) > col(m.baseline)
    )
    return query.order_by(col(m.id))


def milestone_titles(session: Session) -> list[tuple[int, str]]:
    """Return (project, title) of every milestone."""
    found = session.execute(select(col(Milestone.project_id), col(Milestone.title)))
    return [(project, title) for project, title in found]


def returns_given(session: Session, since: str) -> set[tuple[int, str]]:
    """Return (project, month) of the returns that are in, of the months from `since` on."""
    return {(project, period) for project, period in rows(session, _returns_given(), {"since": since})}


@cache
def _returns_given() -> Any:
    r = MonthlyReturn
    return select(col(r.project_id), col(r.period)).where(col(r.state) != "draft", col(r.period) >= _SINCE)


class Waits(NamedTuple):
    """A seat of an open decision that has not voted."""

    slot_id: int
    person_id: int
    project_id: int
    decision: str
    opened_at: dt.datetime
    deadline: dt.datetime


def waiting_seats(session: Session) -> list[Waits]:
    """Return the seats that an open decision waits for, of projects on which nothing is disputed."""
    return sorted(Waits._make(row) for row in rows(session, _waiting_seats()))


@cache
def _waiting_seats() -> Any:
    s, r, v, p = Slot, DecisionRequest, VoteRow, Project
    return (
        select(col(s.id), col(s.person_id), col(r.project_id), col(r.decision), col(r.opened_at), col(r.deadline))
        .join(r, col(r.id) == col(s.request_id))
        .join(p, col(p.id) == col(r.project_id))
        .outerjoin(v, col(v.slot_id) == col(s.id))
        .where(IS_OPEN, col(s.vacated_at).is_(None), col(v.id).is_(None))
        .where(col(p.disputed_at).is_(None))
    )  # fmt: skip


def links_since(session: Session, since: dt.datetime) -> dict[int, set[str]]:
    """Return seat → Message-IDs of the mails with its links that were written since a moment."""
    found: dict[int, set[str]] = {}
    for slot_id, message_id in rows(session, _links_since(), {"since": since}):
        found.setdefault(slot_id or 0, set()).add(message_id or "")
    return found


@cache
def _links_since() -> Any:
    mine = col(Link.slot_id).is_not(None), col(Link.issued_at) >= _SINCE
    return select(col(Link.slot_id), col(Link.message_id)).where(*mine)


def undelivered(session: Session, since: dt.datetime) -> dict[int, int | None]:
    """Return mail → whose it was, of those that were given up or came back for good since a moment, and are lost still."""
    return {
        key or 0: person for query in _undelivered() for key, person in rows(session, query, {"since": since})
    }


@cache
def _undelivered() -> tuple[Any, Any]:
    m, b = OutboxMail, Bounce
    mails = select(col(m.id), col(m.person_id))
    failed = mails.where(col(m.settled_at) >= _SINCE, FAILED)
    back = mails.join(b, col(b.mail_id) == col(m.id)).where(col(b.at) >= _SINCE, col(b.kind) != "delayed")
    return failed, back.where(col(m.bounced_at) >= _SINCE)


def active_people(session: Session) -> dict[int, str]:
    """Return the role of everybody who is there, by id."""
    return {key or 0: role for key, role in rows(session, _active_people())}


@cache
def _active_people() -> Any:
    query = select(col(Person.id), col(Person.role)).where(col(Person.active).is_(True))
    return query.order_by(col(Person.id))


def addresses_changed(session: Session, after: int) -> list[tuple[int, int, str, str]]:
    """Return (row, person, old address, new address) of each change of address that was noted after a row."""
    found = rows(session, _addresses_changed(), {"after": after})
    noted = [(key or 0, who, json.loads(detail)) for key, who, detail in found]
    return [(key, who, detail["from"], detail["to"]) for key, who, detail in noted]


@cache
def _addresses_changed() -> Any:
    c = PersonChange
    query = select(col(c.id), col(c.person_id), col(c.detail))
    return query.where(col(c.id) > _AFTER, col(c.what) == "address").order_by(col(c.id))
