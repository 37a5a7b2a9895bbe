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
from vfm_workflow.store.mail_log import ABSENT, FOUND, UNKNOWN, UNTOLD

UnitOfWork = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction that commits at its end: delivery needs one for each step, so that a crash loses nothing."""
Elapsed = Callable[[], dt.timedelta]
"""How long ago a run began."""

LEASE = dt.timedelta(minutes=15)
"""Longer than the ten minutes a server may take over DATA, when the lease begins anew."""
WAITS = tuple(dt.timedelta(minutes=m) for m in (1, 5, 15, 60))
GIVE_UP = dt.timedelta(hours=48)
MOST_DOUBTS = 2
"""So often a mail whose fate is unknown is sent again, before somebody is asked to look."""
MOST_ASKED = 2
"""So often a relay that cannot say yet is asked again, before the mail goes as if it could not be asked."""
COUNTED = {
    "sent": "sent",
    "failed": "failed",
    "retry": "deferred",
    UNKNOWN: "unknown",
    FOUND: "sent",
    UNTOLD: "unknown",
}


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


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that is ours until its lease runs out."""

    mail: Outgoing
    free: dt.datetime
    """When it might leave first: the 48 hours of trying are counted from there."""
    tries: int
    doubt: outbox.Doubt


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be written of a mail."""

    mail_id: int
    at: dt.datetime
    state: str
    outcome: str
    answer: Answer
    next_try: dt.datetime | None = None


@dataclass(slots=True)
class Courier:
    """Delivers for one process, one run at a time.

    A verdict that the database would not take, being full or locked, is kept and written before anything else is
    claimed: otherwise a mail that the relay has would go again.
    """

    work: UnitOfWork
    transport: Transport
    worker: str
    unwritten: list[Verdict] = field(default_factory=list)

    def run(
        self,
        at: dt.datetime,
        limit: int | None = None,
        elapsed: Elapsed = dt.timedelta,
        ending: Callable[[], bool] = _never,
    ) -> Delivered:
        """Send every mail that may leave at `at`, up to `limit` and until `ending`; return what became of them.

        Claim (commit) → MAIL, RCPT → `sending` (commit) → DATA → settled with the server's words (commit). A mail that
        was in DATA when its worker ended, or got no answer, is in doubt: the relay is asked, where it can be. Else it
        goes again, byte for byte the same, so that a receiver can tell.
        """
        done = Delivered()
        while self.unwritten:
            self._write(self.unwritten[0], done)
        while not ending() and (limit is None or done.settled < limit):
            now = at + elapsed()
            with self.work() as session:
                claimed = [_claimed(session, row) for row in outbox.claim(session, self.worker, now, LEASE)]
            if not claimed:
                return done
            for each in claimed:
                answer = self._one(each, lambda: at + elapsed(), done)
                if answer is not None and answer.outcome == "retry" and answer.code is None:
                    return done  # nobody answered at all: the other mails need not wait out the same silence
        return done

    def _one(self, claimed: Claimed, now: Callable[[], dt.datetime], done: Delivered) -> Answer | None:
        """Settle one claimed mail; return the answer to sending it, or None where it was not sent."""
        mail = claimed.mail

        def before_data() -> None:
            with self.work() as session:
                if not outbox.enter_data(session, mail.id, self.worker, now() + LEASE):
                    raise LeaseLost(mail.id)

        try:
            if claimed.doubt.since is not None and not self._clear(claimed, claimed.doubt.since, now(), done):
                return None
            answer = self.transport.send(mail, before_data)
        except LeaseLost:
            return None  # another worker has it now, and settles it
        except DatabaseAway:
            with (
                self.work() as session
            ):  # it went away before DATA was said: nobody needs to wait for the lease
                outbox.give_back(session, mail.id, self.worker)
            return None
        self._settle(_verdict(answer, now(), claimed), done)
        return answer

    def _clear(self, claimed: Claimed, since: dt.datetime, at: dt.datetime, done: Delivered) -> bool:
        """Ask the relay about a mail in doubt. Return whether it is to be sent again. Raises LeaseLost."""
        mail, doubt = claimed.mail, claimed.doubt
        answer = None if doubt.taken else self.transport.look_up(mail, since)
        if answer is not None and answer.outcome in ("sent", "failed"):
            outcome = FOUND if answer.outcome == "sent" else "failed"
            self._settle(Verdict(mail.id, at, answer.outcome, outcome, answer), done)
            return False
        if answer is not None and answer.outcome == "retry":
            with self.work() as session:
                if not outbox.note(session, mail.id, self.worker, at=at, outcome=ABSENT, answer=answer.text):
                    raise LeaseLost(mail.id)
            return True
        if answer is not None and doubt.asked < MOST_ASKED:
            self._settle(Verdict(mail.id, at, "waiting", UNTOLD, answer, at + LEASE), done)
            return False
        if doubt.times > MOST_DOUBTS:
            self._settle(Verdict(mail.id, at, "unknown", UNKNOWN, OFTEN), done)
            return False
        return True

    def _settle(self, verdict: Verdict, done: Delivered) -> None:
        self.unwritten.append(verdict)
        try:
            self._write(verdict, done)
        except DatabaseAway:
            # Whether the first was kept is not known, and need not be: a settled mail has no lease any more.
            self._write(verdict, done)

    def _write(self, verdict: Verdict, done: Delivered) -> None:
        """Write a verdict, or raise what the database said and keep it."""
        with self.work() as session:
            settled = outbox.settle(
                session,
                verdict.mail_id,
                self.worker,
                state=verdict.state,
                at=verdict.at,
                outcome=verdict.outcome,
                code=verdict.answer.code,
                answer=verdict.answer.text,
                next_try=verdict.next_try,
            )
        self.unwritten.remove(verdict)
        if settled:
            name = COUNTED[verdict.outcome]
            setattr(done, name, getattr(done, name) + 1)


OFTEN = Answer(
    "unknown", None, f"handed over {MOST_DOUBTS + 1} times, and each time cut off before an answer"
)


def deliver(
    work: UnitOfWork,
    transport: Transport,
    worker: str,
    at: dt.datetime,
    limit: int | None = None,
    ending: Callable[[], bool] = _never,
) -> Delivered:
    """Send every mail that may leave at `at`, once and by itself; return what became of them. See `Courier.run`."""
    return Courier(work, transport, worker).run(at, limit, ending=ending)


def _claimed(session: Session, row: outbox.Claim) -> Claimed:
    mail = Outgoing(id=row.id, message_id=row.message_id, sender=row.sender, to=row.to, data=row.data)
    doubt = outbox.doubt(session, row.id) if row.attempts else outbox.Doubt()
    return Claimed(mail, row.not_before, row.attempts, doubt)


class LeaseLost(Exception):
    """The lease ran out while the mail was being sent; somebody else holds it."""


def _verdict(answer: Answer, at: dt.datetime, claimed: Claimed) -> Verdict:
    """Return what an answer to sending means.

    What was refused for now is tried for 48 hours from when it was free to leave, then failed.
    """
    mail_id, tries = claimed.mail.id, claimed.tries
    if answer.outcome in ("sent", "failed"):
        return Verdict(mail_id, at, answer.outcome, answer.outcome, answer)
    if answer.outcome == "unknown":
        # Accepted or not, nobody can say yet: it is looked at again once the lease would have run out.
        often = claimed.doubt.times >= MOST_DOUBTS
        state, next_try = ("unknown", None) if often else ("waiting", at + LEASE)
        return Verdict(mail_id, at, state, UNKNOWN, answer, next_try)
    if at - claimed.free > GIVE_UP:
        return Verdict(mail_id, at, "failed", "failed", answer)
    wait = WAITS[min(tries, len(WAITS) - 1)]
    return Verdict(mail_id, at, "waiting", "retry", answer, at + wait + _jitter(mail_id, tries, wait))


def _jitter(mail_id: int, tries: int, wait: dt.timedelta) -> dt.timedelta:
    """Return up to a tenth of `wait`, the same for the same try, so that a thousand mails do not return at once."""
    digest = hashlib.sha256(f"{mail_id}:{tries}".encode()).digest()
    return wait * (digest[0] / 2550)
