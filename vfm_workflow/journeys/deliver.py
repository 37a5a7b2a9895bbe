"""The outbox is emptied: each mail claimed by lease, sent once, and what the server answered kept (design §4.5, §6)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sqlmodel import Session

from vfm_workflow.errors import DatabaseAway
from vfm_workflow.mail.transports import Answer, Outgoing, Transport
from vfm_workflow.store import outbox
from vfm_workflow.store.tables import OutboxMail

UnitOfWork = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction that commits at its end: delivery needs one for each step, so that a crash loses nothing."""

LEASE = dt.timedelta(minutes=15)
"""Longer than the ten minutes a server may take to answer DATA."""
WAITS = tuple(dt.timedelta(minutes=m) for m in (1, 5, 15, 60))
GIVE_UP = dt.timedelta(hours=48)


@dataclass(slots=True)
class Delivered:
    """What one run did, in mails."""

    sent: int = 0
    failed: int = 0
    deferred: int = 0
    unknown: int = 0
    subjects: list[str] = field(default_factory=list)

    @property
    def settled(self) -> int:
        """How many mails were tried."""
        return self.sent + self.failed + self.deferred + self.unknown


def _never() -> bool:
    return False


def deliver(
    work: UnitOfWork,
    transport: Transport,
    worker: str,
    at: dt.datetime,
    limit: int | None = None,
    ending: Callable[[], bool] = _never,
) -> Delivered:
    """Send every mail that may leave at `at`, up to `limit` and until `ending`; return what became of them.

    Claim (commit) → MAIL, RCPT → `sending` (commit) → DATA → settled with the server's words (commit). A mail found
    in `sending` was cut off by a crash: it is sent again, byte for byte the same, so that a receiver can tell.
    """
    done = Delivered()
    while not ending() and (limit is None or done.settled < limit):
        with work() as session:
            claimed = outbox.claim(session, worker, at, LEASE)
            mails = [_outgoing(row) for row in claimed]
            since = [row.not_before for row in claimed]
            attempts = [row.attempts for row in claimed]
        if not mails:
            return done
        for mail, free, tries in zip(mails, since, attempts, strict=True):
            answer = _one(work, transport, worker, at, mail, free, tries, done)
            if answer is not None and answer.outcome == "retry" and answer.code is None:
                return done  # nobody answered at all: the other mails need not wait out the same silence
    return done


def _outgoing(row: OutboxMail) -> Outgoing:
    assert row.id is not None
    return Outgoing(id=row.id, message_id=row.message_id, sender=row.sender, to=row.to, data=row.data)


def _one(
    work: UnitOfWork,
    transport: Transport,
    worker: str,
    at: dt.datetime,
    mail: Outgoing,
    free: dt.datetime,
    tries: int,
    done: Delivered,
) -> Answer | None:
    """Send one claimed mail and settle it; return the answer, or None where the lease was lost."""

    def before_data() -> None:
        with work() as session:
            if not outbox.enter_data(session, mail.id, worker):
                raise LeaseLost(mail.id)

    try:
        answer = transport.send(mail, before_data)
    except LeaseLost:
        return None  # another worker has it now, and settles it
    except DatabaseAway:
        with work() as session:  # it went away before DATA was said: nobody needs to wait for the lease
            outbox.give_back(session, mail.id, worker)
        return None
    try:
        outcome = _settle(work, worker, at, mail, free, tries, answer)
    except DatabaseAway:
        # Whether the first was kept is not known, and need not be: a settled mail has no lease any more.
        outcome = _settle(work, worker, at, mail, free, tries, answer)
    if outcome is not None:
        name = {"sent": "sent", "failed": "failed", "retry": "deferred", "unknown": "unknown"}[outcome]
        setattr(done, name, getattr(done, name) + 1)
    return answer


def _settle(
    work: UnitOfWork,
    worker: str,
    at: dt.datetime,
    mail: Outgoing,
    free: dt.datetime,
    tries: int,
    answer: Answer,
) -> str | None:
    """Write what became of a mail; return the outcome, or None where the lease was lost."""
    with work() as session:
        doubts = outbox.doubts(session, mail.id) if answer.outcome == "unknown" else 0
        state, outcome, next_try = _verdict(answer, at, free, tries, doubts, mail.id)
        settled = outbox.settle(
            session,
            mail.id,
            worker,
            state=state,
            at=at,
            outcome=outcome,
            code=answer.code,
            answer=answer.text,
            next_try=next_try,
        )
    return outcome if settled else None


class LeaseLost(Exception):
    """The lease ran out while the mail was being sent; somebody else holds it."""


def _verdict(
    answer: Answer, at: dt.datetime, free: dt.datetime, tries: int, doubts: int, mail_id: int
) -> tuple[str, str, dt.datetime | None]:
    """Return (state, outcome, next try) for an answer.

    What was refused for now is tried for 48 hours from when it was free to leave, then failed.
    """
    if answer.outcome == "sent":
        return "sent", "sent", None
    if answer.outcome == "failed":
        return "failed", "failed", None
    if answer.outcome == "unknown":
        # Accepted or not, nobody can say: it goes again with the same bytes once the lease would have run out.
        return ("unknown", "unknown", None) if doubts >= MOST_DOUBTS else ("waiting", "unknown", at + LEASE)
    if at - free > GIVE_UP:
        return "failed", "failed", None
    wait = WAITS[min(tries, len(WAITS) - 1)]
    return "waiting", "retry", at + wait + _jitter(mail_id, tries, wait)


MOST_DOUBTS = 2
"""So often a mail whose fate is unknown is sent again, before somebody is asked to look."""


def _jitter(mail_id: int, tries: int, wait: dt.timedelta) -> dt.timedelta:
    """Return up to a tenth of `wait`, the same for the same try, so that a thousand mails do not return at once."""
    digest = hashlib.sha256(f"{mail_id}:{tries}".encode()).digest()
    return wait * (digest[0] / 2550)
