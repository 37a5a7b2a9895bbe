"""The outbox and its ledger: inserts that happen once, and claims by lease (design §4.4–4.5, §6)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, delete, exists, func, select, update
from sqlmodel import Session, col

from vfm_workflow.store import queue
from vfm_workflow.store.mail_log import ABSENT, FOUND, NOT_SETTLED, RETRIED, UNKNOWN, UNTOLD
from vfm_workflow.store.raw import Raw, done, rows, seldom
from vfm_workflow.store.tables import Attempt, DigestSent, Occurrence, OutboxMail, Person

OPEN = ("waiting", "opening", "sending")


def insert_new(session: Session, table: Any, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is there already, or another's that may be there once. Return whether it was inserted.

    `rowcount` cannot be trusted for this on PostgreSQL, so the database itself says what it inserted.
    """
    adding = _insert_new(session.get_bind().dialect.name, table.__table__)
    return done(session, adding, row).first() is not None


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    """Return the dialect's own INSERT, which has a conflict clause. Loading PostgreSQL's takes a while: not on SQLite."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table).on_conflict_do_nothing().returning(*table.primary_key)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table).on_conflict_do_nothing().returning(*table.primary_key)


_ITEM = json.JSONEncoder(ensure_ascii=False).encode
_LEAVE = """INSERT INTO occurrence (job, period, subject, person_id, posted_at, digest_day, item)
VALUES (:job, :period, :subject, :person_id, :posted_at, NULL, :item) ON CONFLICT DO NOTHING"""


def leave(
    session: Session,
    job: str,
    period: str,
    subject: str,
    people: Sequence[int],
    item: Mapping[str, Any],
    at: dt.datetime,
) -> None:
    """Leave a fact for each person's next digest; one that waits or was said already stays as it is."""
    raw, text = Raw.of(session), _ITEM(item)
    fact = {"job": job, "period": period, "subject": subject, "posted_at": raw.moment(at), "item": text}
    raw.run_many(_LEAVE, [{**fact, "person_id": person_id} for person_id in people])


_SAY = """INSERT INTO occurrence (job, period, subject, person_id, posted_at, digest_day, item)
VALUES (:job, :period, :subject, :person_id, :posted_at, :digest_day, NULL)
ON CONFLICT DO NOTHING RETURNING person_id"""
Key = tuple[str, str, str, int]
"""(job, period, subject, person)."""


def say(session: Session, keys: Sequence[Key], day: dt.date, at: dt.datetime) -> set[Key]:
    """Put facts into the ledger as said on `day`; return those that nobody had said before."""
    session.flush()
    raw = Raw.of(session)
    fact = {"posted_at": raw.moment(at), "digest_day": raw.day(day)}
    new = set[Key]()
    for key in keys:
        job, period, subject, person_id = key
        row = {**fact, "job": job, "period": period, "subject": subject, "person_id": person_id}
        if raw.run(_SAY, row).fetchone() is not None:
            new.add(key)
    return new


_CLAIM = """INSERT INTO digest_sent (person_id, day, at) VALUES (:person_id, :day, :at)
ON CONFLICT DO NOTHING RETURNING person_id"""


def claim_digest(session: Session, person_id: int, day: dt.date, at: dt.datetime) -> bool:
    """Claim the one digest of a person and day. Return whether it is ours."""
    session.flush()
    raw = Raw.of(session)
    row = {"person_id": person_id, "day": raw.day(day), "at": raw.moment(at)}
    return raw.run(_CLAIM, row).fetchone() is not None


def unclaim_digest(session: Session, person_id: int, day: dt.date) -> None:
    """Give a claimed digest back: it turned out to be empty."""
    session.execute(
        delete(DigestSent).where(col(DigestSent.person_id) == person_id, col(DigestSent.day) == day)
    )


def digested(session: Session, first: dt.date, last: dt.date | None = None) -> set[int]:
    """Return who of those who are there had their digest of the day `first`, or of any day from it to `last`.

    It goes by the people, and not through every digest that there ever was.
    """
    return {person for (person,) in rows(session, _digested(), {"first": first, "last": last or first})}


@cache
def _digested() -> Any:
    d = DigestSent
    days = col(d.day) >= bindparam("first"), col(d.day) <= bindparam("last")
    told = exists().where(col(d.person_id) == col(Person.id), *days)
    return select(col(Person.id)).where(col(Person.active).is_(True), told)


_SAID = """SELECT o.job, o.period, o.subject, o.person_id FROM json_each(:keys) AS k CROSS JOIN occurrence AS o
WHERE o.job = json_extract(k.value, '$[0]') AND o.period = json_extract(k.value, '$[1]')
AND o.subject = json_extract(k.value, '$[2]') AND o.person_id = json_extract(k.value, '$[3]')"""
_SAID_POSTGRESQL = """SELECT o.job, o.period, o.subject, o.person_id
FROM json_array_elements(CAST(:keys AS json)) AS k (value) JOIN occurrence AS o
ON o.job = k.value ->> 0 AND o.period = k.value ->> 1 AND o.subject = k.value ->> 2
AND o.person_id = CAST(k.value ->> 3 AS integer)"""


def said(session: Session, keys: Sequence[Key]) -> set[Key]:
    """Return those of `keys` that were said before, or wait to be: each looked up by the ledger's primary key, in one
    statement. What it costs follows what is asked, and not all that a council ever said."""
    if not keys:
        return set()
    session.flush()
    raw = Raw.of(session)
    return set(raw.run(_SAID_POSTGRESQL if raw.postgresql else _SAID, {"keys": _ITEM(keys)}).fetchall())


def pending_facts(session: Session) -> list[Occurrence]:
    """Return what events left to be said and no digest has said yet, oldest first."""
    return [fact for (fact,) in seldom(session, _pending())]


@cache
def _pending() -> Any:
    o = Occurrence
    query = select(o).where(col(o.digest_day).is_(None))
    return query.order_by(col(o.posted_at), col(o.job), col(o.subject))


@dataclass(slots=True)
class NewMail:
    """A mail as it is written: its final bytes, whom it goes to, and from when on it may leave."""

    message_id: str
    notice: str
    why: str
    sender: str
    to: str
    person_id: int | None
    project_id: int | None
    subject: str
    data: bytes
    created_at: dt.datetime
    not_before: dt.datetime
    id: int = 0
    """Its number in the outbox, once it is there."""


_ADD = """INSERT INTO outbox (message_id, notice, why, sender, "to", person_id, project_id, subject, data,
created_at, not_before, next_try, state, attempts, answer, dealt_note)
VALUES (:message_id, :notice, :why, :sender, :to, :person_id, :project_id, :subject, :data,
:created_at, :not_before, :next_try, 'waiting', 0, '', '') RETURNING id"""


def add(session: Session, mail: NewMail) -> None:
    """Put a new mail into the outbox, in the session's transaction. One that may leave at once wakes who delivers.

    It goes by the driver, and is no row that the session holds: a board's vote writes a dozen mails at a time.
    """
    session.flush()
    raw = Raw.of(session)
    row = {name: getattr(mail, name) for name in NewMail.__slots__}
    may_leave = raw.moment(mail.not_before)
    moments = {"created_at": raw.moment(mail.created_at), "not_before": may_leave, "next_try": may_leave}
    mail.id = raw.run(_ADD, {**row, **moments}).fetchone()[0]
    if mail.not_before <= mail.created_at:
        queue.wake(session, queue.MAIL)


_MAY_LEAVE = """state IN ('waiting', 'opening', 'sending')
AND ((state = 'waiting' AND next_try <= :at) OR (state IN ('opening', 'sending') AND lease_until < :at))"""
_OWED = f"SELECT 1 FROM outbox WHERE {_MAY_LEAVE} LIMIT 1"  # noqa: S608  (its values are bound)
_FREE = f"SELECT id FROM outbox WHERE {_MAY_LEAVE} ORDER BY next_try, id LIMIT :most"  # noqa: S608
"""The states stand in it as the index of open mail has them. Delivery asks it every few seconds, and mostly in vain."""


CUT_OFF = "whoever was handing it over ended without saying what became of it"


def owed(session: Session, at: dt.datetime) -> bool:
    """Return whether any mail may leave at `at`, or was left in the middle by a worker whose lease has run out."""
    session.flush()
    raw = Raw.of(session)
    return raw.run(_OWED, {"at": raw.moment(at)}).fetchone() is not None


class Claim(NamedTuple):
    """A mail that is its worker's until the lease runs out."""

    id: int
    message_id: str
    sender: str
    to: str
    data: bytes
    not_before: dt.datetime
    attempts: int


_CLAIMED = """SELECT id, message_id, sender, "to", data, not_before, attempts, state, lease_until
FROM outbox WHERE id = :mail"""
_OPENING = """UPDATE outbox SET state = 'opening', lease_by = :worker, lease_until = :until, attempts = :tries
WHERE id = :mail"""
_SENDING = """UPDATE outbox SET state = 'sending', lease_until = :until
WHERE id = :mail AND lease_by = :worker AND state = 'opening' RETURNING id"""
_NOTED = """UPDATE outbox SET attempts = attempts + 1, answer = :said
WHERE id = :mail AND lease_by = :worker RETURNING id"""
_SETTLED = """UPDATE outbox SET attempts = attempts + 1, answer = :said, state = :becomes, lease_by = NULL,
lease_until = NULL, next_try = coalesce(:again, next_try), settled_at = :settled
WHERE id = :mail AND lease_by = :worker RETURNING id"""
_LOG = """INSERT INTO attempt (mail_id, at, outcome, code, answer)
VALUES (:mail, :at, :outcome, :code, :answer)"""
"""Delivery runs some six statements for each mail: on the driver they cost a fifth of what Core does."""


def claim(session: Session, worker: str, at: dt.datetime, lease: dt.timedelta, limit: int = 1) -> list[Claim]:
    """Claim up to `limit` mails that may leave at `at` (or whose lease ran out), oldest first.

    One whose worker ended while it was in DATA gets that into its log, as an attempt that nobody knows the end of, and
    counts as in doubt from then on: see `doubt`.
    """
    session.flush()
    raw, claimed = Raw.of(session), []
    free = f"{_FREE} FOR UPDATE SKIP LOCKED" if raw.postgresql else _FREE
    for (mail_id,) in raw.run(free, {"at": raw.moment(at), "most": limit}).fetchall():
        *row, state, leased = raw.run(_CLAIMED, {"mail": mail_id}).fetchone()
        held = Claim(*row)
        held = held._replace(data=bytes(held.data), not_before=raw.read_moment(held.not_before))
        tries = held.attempts
        if state == "sending":
            began = at if leased is None else raw.read_moment(leased) - lease
            _log(raw, mail_id, began, UNKNOWN, CUT_OFF)
            tries += 1
        mine = {"mail": mail_id, "worker": worker, "until": raw.moment(at + lease), "tries": tries}
        raw.run(_OPENING, mine)
        claimed.append(held._replace(attempts=tries))
    return claimed


def _log(raw: Raw, mail_id: int, at: dt.datetime, outcome: str, answer: str, code: int | None = None) -> None:
    line = {"mail": mail_id, "at": raw.moment(at), "outcome": outcome, "code": code, "answer": answer}
    raw.run(_LOG, line)


def enter_data(session: Session, mail_id: int, worker: str, until: dt.datetime) -> bool:
    """Mark a claimed mail as being in DATA, its lease anew until then. Return whether `worker` still held it."""
    raw = Raw.of(session)
    held = {"mail": mail_id, "worker": worker, "until": raw.moment(until)}
    return raw.run(_SENDING, held).fetchone() is not None


def note(session: Session, mail_id: int, worker: str, *, at: dt.datetime, outcome: str, answer: str) -> bool:
    """Write into a claimed mail's log what was learned of it. Only the holder of its lease may. Return whether it did."""
    raw = Raw.of(session)
    if raw.run(_NOTED, {"mail": mail_id, "worker": worker, "said": answer}).fetchone() is None:
        return False
    _log(raw, mail_id, at, outcome, answer)
    return True


def give_back(session: Session, mail_id: int, worker: str) -> None:
    """Let a claimed mail wait again, unless it may have been in DATA: then its lease has to run out first."""
    m = OutboxMail
    query = (
        update(m)
        .where(col(m.id) == mail_id, col(m.lease_by) == worker, col(m.state) == "opening")
        .values(state="waiting", lease_by=None, lease_until=None)
    )
    session.execute(query)


def settle(
    session: Session,
    mail_id: int,
    worker: str,
    *,
    state: str,
    at: dt.datetime,
    outcome: str,
    code: int | None,
    answer: str,
    next_try: dt.datetime | None,
) -> bool:
    """Write what became of a claimed mail, and the attempt. Only the holder of its lease may. Return whether it did."""
    raw = Raw.of(session)
    mine = {
        "mail": mail_id,
        "worker": worker,
        "said": answer,
        "becomes": state,
        "again": None if next_try is None else raw.moment(next_try),
        "settled": None if state == "waiting" else raw.moment(at),
    }
    if raw.run(_SETTLED, mine).fetchone() is None:
        return False
    _log(raw, mail_id, at, outcome, answer, code)
    return True


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is not known of a mail: it was in DATA, and nobody can say whether the relay took it."""

    since: dt.datetime | None = None
    """When it was first handed over without an answer; None where there is no doubt, or the relay has settled it."""
    asked: int = 0
    """How often the relay was asked since the last such time, and could not say."""
    times: int = 0
    """How often it was handed over without an answer since the relay, or a person, last decided that it goes again."""
    taken: bool = False
    """Whether the relay had taken it before that: it came back and was sent anew. What the relay knows is of that time."""


def doubt(session: Session, mail_id: int) -> Doubt:
    """Return the doubt a mail is in, read from its log."""
    since, asked, times, taken = None, 0, 0, False
    for outcome, at in rows(session, _attempts(), {"mail": mail_id}):
        if outcome == UNKNOWN:
            since, asked, times = since or at, 0, times + 1
        elif outcome == UNTOLD:
            asked += 1
        elif outcome in (ABSENT, FOUND, "sent"):  # it is known again; one that came back may be sent anew
            since, asked, times, taken = None, 0, 0, taken or outcome != ABSENT
        elif outcome == RETRIED:
            asked, times = 0, 0
    return Doubt(since, asked, times, taken)


@cache
def _attempts() -> Any:
    a = Attempt
    return select(col(a.outcome), col(a.at)).where(col(a.mail_id) == bindparam("mail")).order_by(col(a.id))


def waiting_count(session: Session, at: dt.datetime) -> int:
    """Return how many mails may leave at `at`."""
    query = (
        select(func.count())
        .select_from(OutboxMail)
        .where(NOT_SETTLED, col(OutboxMail.state) == "waiting", col(OutboxMail.next_try) <= at)
    )
    return session.scalar(query) or 0


def subject_of(session: Session, message_id: str) -> str:
    """Return the subject of the mail with that Message-ID, or the empty string."""
    return (
        session.scalar(select(col(OutboxMail.subject)).where(col(OutboxMail.message_id) == message_id)) or ""
    )


def newest(session: Session) -> int:
    """Return the id of the newest mail, 0 where there is none."""
    found = Raw.of(session).run("SELECT max(id) FROM outbox", {}).fetchone()[0]
    return found or 0


def written(session: Session, after: int, at: dt.datetime) -> list[OutboxMail]:
    """Return the mails written at `at` since the one of id `after`, oldest first."""
    if newest(session) == after:
        return []
    query = select(OutboxMail).where(col(OutboxMail.id) > after, col(OutboxMail.created_at) == at)
    return list(session.scalars(query.order_by(col(OutboxMail.id))))


def newest_to(session: Session, address: str, notice: str) -> OutboxMail | None:
    """Return the newest mail of a notice to an address."""
    query = select(OutboxMail).where(col(OutboxMail.to) == address, col(OutboxMail.notice) == notice)
    return session.scalars(query.order_by(col(OutboxMail.id).desc()).limit(1)).first()
