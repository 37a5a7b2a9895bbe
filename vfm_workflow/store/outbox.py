"""The outbox and its ledger: inserts that happen once, and claims by lease (design §4.4–4.5, §6)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Table, and_, bindparam, delete, func, insert, or_, select, update
from sqlmodel import Session, col

from vfm_workflow.store import queue
from vfm_workflow.store.mail_log import ABSENT, FOUND, NOT_SETTLED, RETRIED, UNKNOWN, UNTOLD
from vfm_workflow.store.raw import Raw
from vfm_workflow.store.tables import Attempt, DigestSent, Occurrence, OutboxMail

OPEN = ("waiting", "opening", "sending")


def insert_new(session: Session, table: Any, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Insert the rows whose key is new; return the inserted rows' primary keys.

    `rowcount` cannot be trusted for this on PostgreSQL, so the database itself says what it inserted.
    """
    if not rows:
        return []
    target: Table = table.__table__
    adding = _insert(session.get_bind().dialect.name, target)
    # one statement of bounded size: SQLite allows 32,766 variables
    width = max(1, 900 // len(target.columns))
    found: list[Any] = []
    for start in range(0, len(rows), width):
        statement = adding.values(list(rows[start : start + width])).on_conflict_do_nothing()
        found += session.execute(statement.returning(*target.primary_key.columns)).all()
    return found


def _insert(dialect: str, table: Table) -> Any:
    """Return the dialect's own INSERT, which has a conflict clause. Loading PostgreSQL's takes a while: not on SQLite."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


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


def digested(session: Session, day: dt.date) -> set[int]:
    """Return the people whose digest of `day` was written already."""
    return set(session.scalars(select(col(DigestSent.person_id)).where(col(DigestSent.day) == day)))


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
    query = select(Occurrence).where(col(Occurrence.digest_day).is_(None))
    return list(
        session.scalars(
            query.order_by(col(Occurrence.posted_at), col(Occurrence.job), col(Occurrence.subject))
        )
    )


def add(session: Session, row: OutboxMail) -> None:
    """Put a mail into the outbox, in the session's transaction. One that may leave at once wakes who delivers."""
    session.add(row)
    session.flush()
    if row.next_try <= row.created_at:
        queue.wake(session, queue.MAIL)


_MAY_LEAVE = (
    NOT_SETTLED,
    or_(
        and_(col(OutboxMail.state) == "waiting", col(OutboxMail.next_try) <= bindparam("at")),
        and_(
            col(OutboxMail.state).in_(("opening", "sending")), col(OutboxMail.lease_until) < bindparam("at")
        ),
    ),
)
_OWED = select(select(col(OutboxMail.id)).where(*_MAY_LEAVE).exists())
_FREE = (
    select(col(OutboxMail.id))
    .where(*_MAY_LEAVE)
    .order_by(col(OutboxMail.next_try), col(OutboxMail.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
"""Built once: delivery asks it every few seconds, and mostly in vain."""


CUT_OFF = "whoever was handing it over ended without saying what became of it"


def owed(session: Session, at: dt.datetime) -> bool:
    """Return whether any mail may leave at `at`, or was left in the middle by a worker whose lease has run out."""
    return bool(session.scalar(_OWED, {"at": at}))


class Claim(NamedTuple):
    """A mail that is its worker's until the lease runs out."""

    id: int
    message_id: str
    sender: str
    to: str
    data: bytes
    not_before: dt.datetime
    attempts: int


_OUTBOX: Table = OutboxMail.__table__  # type: ignore[attr-defined]
_ATTEMPT: Table = Attempt.__table__  # type: ignore[attr-defined]
_CLAIMED = select(*(_OUTBOX.c[name] for name in Claim._fields), _OUTBOX.c.state, _OUTBOX.c.lease_until).where(
    _OUTBOX.c.id == bindparam("mail")
)
_OPENING = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id == bindparam("mail"))
    .values(
        state="opening",
        lease_by=bindparam("worker"),
        lease_until=bindparam("until"),
        attempts=bindparam("tries"),
    )
)
_SENDING = (
    update(_OUTBOX)
    .where(
        _OUTBOX.c.id == bindparam("mail"),
        _OUTBOX.c.lease_by == bindparam("worker"),
        _OUTBOX.c.state == "opening",
    )
    .values(state="sending", lease_until=bindparam("until"))
    .returning(_OUTBOX.c.id)
)
_MINE = update(_OUTBOX).where(_OUTBOX.c.id == bindparam("mail"), _OUTBOX.c.lease_by == bindparam("worker"))
_TRIED = {"attempts": _OUTBOX.c.attempts + 1, "answer": bindparam("said")}
_NOTED = _MINE.values(_TRIED).returning(_OUTBOX.c.id)
_SETTLED = _MINE.values(
    {
        **_TRIED,
        "state": bindparam("becomes"),
        "lease_by": None,
        "lease_until": None,
        "next_try": func.coalesce(bindparam("again", type_=_OUTBOX.c.next_try.type), _OUTBOX.c.next_try),
        "settled_at": bindparam("settled"),
    }
).returning(_OUTBOX.c.id)
_LOG = insert(_ATTEMPT)
"""The statements of delivery are built once, on the tables alone: building them and going by way of the ORM for each mail
cost more than running them."""


def claim(session: Session, worker: str, at: dt.datetime, lease: dt.timedelta, limit: int = 1) -> list[Claim]:
    """Claim up to `limit` mails that may leave at `at` (or whose lease ran out), oldest first.

    One whose worker ended while it was in DATA gets that into its log, as an attempt that nobody knows the end of, and
    counts as in doubt from then on: see `doubt`.
    """
    database, claimed = session.connection(), []
    for (mail_id,) in database.execute(_FREE, {"at": at, "most": limit}).all():
        assert mail_id is not None
        row = database.execute(_CLAIMED, {"mail": mail_id}).one()
        tries = row.attempts
        if row.state == "sending":
            began = at if row.lease_until is None else row.lease_until - lease
            _log(session, mail_id, began, UNKNOWN, CUT_OFF)
            tries += 1
        database.execute(_OPENING, {"mail": mail_id, "worker": worker, "until": at + lease, "tries": tries})
        claimed.append(Claim._make(row[: len(Claim._fields)])._replace(attempts=tries))
    return claimed


def _log(
    session: Session, mail_id: int, at: dt.datetime, outcome: str, answer: str, code: int | None = None
) -> None:
    line = {"mail_id": mail_id, "at": at, "outcome": outcome, "code": code, "answer": answer}
    session.connection().execute(_LOG, line)


def enter_data(session: Session, mail_id: int, worker: str, until: dt.datetime) -> bool:
    """Mark a claimed mail as being in DATA, its lease anew until then. Return whether `worker` still held it."""
    held = {"mail": mail_id, "worker": worker, "until": until}
    return session.connection().execute(_SENDING, held).first() is not None


def note(session: Session, mail_id: int, worker: str, *, at: dt.datetime, outcome: str, answer: str) -> bool:
    """Write into a claimed mail's log what was learned of it. Only the holder of its lease may. Return whether it did."""
    mine = {"mail": mail_id, "worker": worker, "said": answer}
    if session.connection().execute(_NOTED, mine).first() is None:
        return False
    _log(session, mail_id, at, outcome, answer)
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
    mine = {
        "mail": mail_id,
        "worker": worker,
        "said": answer,
        "becomes": state,
        "again": next_try,
        "settled": None if state == "waiting" else at,
    }
    if session.connection().execute(_SETTLED, mine).first() is None:
        return False
    _log(session, mail_id, at, outcome, answer, code)
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
    a = Attempt
    query = select(col(a.outcome), col(a.at)).where(col(a.mail_id) == mail_id).order_by(col(a.id))
    since, asked, times, taken = None, 0, 0, False
    for outcome, at in session.execute(query):
        if outcome == UNKNOWN:
            since, asked, times = since or at, 0, times + 1
        elif outcome == UNTOLD:
            asked += 1
        elif outcome in (ABSENT, FOUND, "sent"):  # it is known again; one that came back may be sent anew
            since, asked, times, taken = None, 0, 0, taken or outcome != ABSENT
        elif outcome == RETRIED:
            asked, times = 0, 0
    return Doubt(since, asked, times, taken)


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
    return session.scalar(select(func.max(OutboxMail.id))) or 0


def written(session: Session, after: int, at: dt.datetime) -> list[OutboxMail]:
    """Return the mails written at `at` since the one of id `after`, oldest first."""
    query = select(OutboxMail).where(col(OutboxMail.id) > after, col(OutboxMail.created_at) == at)
    return list(session.scalars(query.order_by(col(OutboxMail.id))))


def newest_to(session: Session, address: str, notice: str) -> OutboxMail | None:
    """Return the newest mail of a notice to an address."""
    query = select(OutboxMail).where(col(OutboxMail.to) == address, col(OutboxMail.notice) == notice)
    return session.scalars(query.order_by(col(OutboxMail.id).desc()).limit(1)).first()
