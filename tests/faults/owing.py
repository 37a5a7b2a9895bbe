"""What is owed: a council whose people are told facts by digest, and a ledger to compare with what came."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from email import message_from_bytes, policy
from pathlib import Path

from sqlalchemy import func, select
from sqlmodel import col

from tests.faults.worker import CLOCK, moved
from vfm_workflow import wiring
from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import people, posting, projects
from vfm_workflow.store import mail_log
from vfm_workflow.store.tables import Attempt, DigestSent, Occurrence, OutboxMail

HOUR = "09:00"
TOKEN = re.compile(r"fact-\d{6}")


class Owing:
    """A council in `folder` with as many people as are to be told something, at nine on a working morning to come."""

    def __init__(self, folder: Path, count: int) -> None:
        self.data = folder
        self.clock = folder / "rig-clock"
        self._day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
        self.app = wiring.build(data=str(folder), mail_from="vfm@wrenfold.example")
        self._numbers = itertools.count(1)
        self.left: dict[str, int] = {}
        """Each fact that was left to be told, with whom it is for."""
        self.next_day()
        self.people = self._populate(count)

    @property
    def at(self) -> dt.datetime:
        """The council's moment: this machine's clock, moved forward."""
        return moved(self.clock)

    @property
    def environment(self) -> dict[str, str]:
        """What a worker must be told to be one of this council's."""
        return {"VFM_DATA": str(self.data), "VFM_MAIL_FROM": "vfm@wrenfold.example", CLOCK: str(self.clock)}

    def next_day(self) -> None:
        """Go to nine o'clock of the next working day. No lease may be running: the clock jumps."""
        calendar = self.app.home.calendar
        self._day = calendar.add_working_days(self._day, 1)
        ahead = calendar.moment(self._day, HOUR) - dt.datetime.now(dt.UTC)
        draft = self.clock.with_suffix(".new")
        draft.write_text(str(ahead.total_seconds()))
        draft.replace(self.clock)

    def _populate(self, count: int) -> list[int]:
        with self.app.write() as session:
            people.add_department(session, code="SS", name="Street Scene")
            made = [
                people.add_person(
                    session,
                    self.app.home,
                    address=f"person{number}@wrenfold.example",
                    name=f"Person {number}",
                    role="project_manager",
                    department="SS",
                    at=self.at,
                )
                for number in range(count + 1)
            ]
            people.set_head(session, "SS", made[0].address, at=self.at)
            manager: Actor = people.actor_by_address(session, made[0].address)
            projects.create(
                session,
                self.app.home,
                title="Waste rounds",
                kind="delivery_model",
                department="SS",
                manager=made[0].address,
                by=manager,
                at=self.at,
                summary="Fewer rounds, the same bins.",
            )
            return [person.id for person in made[1:] if person.id is not None]

    def leave(self, people_ids: Sequence[int]) -> None:
        """Leave one fact for each of the people, as an event does; the clock folds it into their digest of the day."""
        at = self.at
        with self.app.write() as session:
            for person_id in people_ids:
                token = f"fact-{next(self._numbers):06d}"
                item = {"project": "VFM-0001", "page": "/returns", "period": token, "by": "Finance"}
                item["on"] = self.app.home.calendar.today(at).isoformat()
                posting.leave_fact(session, "return_chased", item["on"], token, [person_id], item, at)
                self.left[token] = person_id

    def settled(self) -> bool:
        """Return whether everything that was left has been told, and every mail has left for good."""
        with self.app.read() as session:
            facts = select(func.count()).select_from(Occurrence).where(col(Occurrence.digest_day).is_(None))
            mails = select(func.count()).select_from(OutboxMail).where(col(OutboxMail.state) != "sent")
            return not session.scalar(facts) and not session.scalar(mails)

    def facts_waiting(self) -> int:
        """Return how many facts nobody was told yet."""
        with self.app.read() as session:
            query = select(func.count()).select_from(Occurrence).where(col(Occurrence.digest_day).is_(None))
            return session.scalar(query) or 0

    def held_by(self, pid: int) -> str | None:
        """Return the state of the mail that a process has claimed, None where it has none."""
        query = select(col(OutboxMail.state)).where(col(OutboxMail.lease_by).contains(f":{pid}:"))
        with self.app.read() as session:
            return session.scalars(query).first()

    def ask_for_another_try(self) -> int:
        """Do what an administrator does with mails that are `unknown`; return how many there were."""
        with self.app.read() as session:
            query = select(col(OutboxMail.id)).where(col(OutboxMail.state) == "unknown")
            doubtful = [mail_id for mail_id in session.scalars(query) if mail_id is not None]
        for mail_id in doubtful:
            with self.app.write() as session:
                mail_log.retry(session, mail_id, self.at, "Administrator")
        return len(doubtful)

    def mails(self) -> list[OutboxMail]:
        """Return the outbox."""
        with self.app.read() as session:
            return list(session.scalars(select(OutboxMail).order_by(col(OutboxMail.id))))

    def attempts(self) -> Counter[tuple[str, str]]:
        """Return how often each mail has each outcome in its log, by (Message-ID, outcome)."""
        query = select(col(OutboxMail.message_id), col(Attempt.outcome)).join(
            Attempt, col(Attempt.mail_id) == col(OutboxMail.id)
        )
        with self.app.read() as session:
            return Counter((message_id, outcome) for message_id, outcome in session.execute(query))

    def ledger_faults(self) -> list[str]:
        """Return what is wrong with what was posted: a fact told never or twice, a digest too many or too few."""
        mails = [mail for mail in self.mails() if mail.notice == "digest"]
        told: Counter[str] = Counter()
        for mail in mails:
            body = message_from_bytes(mail.data, policy=policy.default).get_body(("plain",))
            assert body is not None
            told.update(f"{token} to {mail.person_id}" for token in set(TOKEN.findall(body.get_content())))
        owed = Counter(f"{token} to {person_id}" for token, person_id in self.left.items())
        calendar = self.app.home.calendar
        written = Counter((mail.person_id, calendar.today(mail.created_at)) for mail in mails)
        with self.app.read() as session:
            rows = session.execute(select(col(DigestSent.person_id), col(DigestSent.day)))
            claimed = Counter((person_id, day) for person_id, day in rows)
        return [
            *(
                f"{fact}: told {told[fact]} times, owed {owed[fact]}"
                for fact in owed | told
                if told[fact] != owed[fact]
            ),
            *(
                f"digest of {key}: written {written[key]} times, claimed {claimed[key]}"
                for key in written | claimed
                if (written[key], claimed[key]) != (1, 1)
            ),
        ]

    def close(self) -> None:
        """Let go of the database."""
        self.app.close()
