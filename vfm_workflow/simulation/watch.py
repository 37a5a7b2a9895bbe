"""What must never break (design §4), looked at after each simulated day and month, and as a whole at the end of each year.

It watches from outside: from what was stored since yesterday, and from what the mail server took. It shares no code with
what it watches but the reading of rows, the hash of a history row and the calendar.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_end
from vfm_workflow.domain.lifecycle import BACK
from vfm_workflow.journeys import people, released
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.post import Posted
from vfm_workflow.simulation.counted import Counted
from vfm_workflow.simulation.errors import Broken
from vfm_workflow.simulation.life import Life
from vfm_workflow.simulation.owed import Owed
from vfm_workflow.simulation.relay import Relay, print_of
from vfm_workflow.store import audit, projects
from vfm_workflow.store import watching as store
from vfm_workflow.store.watching import Mail, Standing

GIVEN_UP_AFTER = dt.timedelta(hours=48)
DECIDING = ("vote", "decision_asked")
OPEN = ("waiting", "opening", "sending")


@dataclass(slots=True)
class Replayed:
    """A project as its history alone says it is."""

    revision: int
    head: str
    stage: str
    held_from: str | None
    manager_id: int
    sponsor_id: int


@dataclass
class Watch:
    """Watches one council from its first day."""

    life: Life
    checked: Counter[str] = field(default_factory=Counter)
    """What was looked at, how often."""
    _history: int = 0
    _mail: int = 0
    _vote: int = 0
    _replayed: dict[int, Replayed] = field(default_factory=dict)
    _mails: dict[int, tuple[str, str, bytes, dt.datetime]] = field(default_factory=dict)
    """Mail → its Message-ID, address, fingerprint and the moment it may leave, as they were when it was written."""
    _message_ids: set[str] = field(default_factory=set)
    _digests: set[tuple[int | None, dt.date]] = field(default_factory=set)
    _slots: set[int] = field(default_factory=set)
    _voters: set[tuple[int, int]] = field(default_factory=set)
    _agreed: dict[tuple[int, int], tuple[dt.date, int]] = field(default_factory=dict)
    _changed: set[int] = field(default_factory=set)
    """Projects of which a board was asked or has decided anything since the record was last verified."""
    _standings: list[Standing] = field(default_factory=list)
    _looked_at: dt.datetime | None = None
    """When it was last looked where each mail stands."""

    def __post_init__(self) -> None:
        self._first = self.life.today
        self.reads: Callable[[], AbstractContextManager[Session]] = self.life.app.read
        self.owed = Owed(self.life, self.checked)
        self.counted = Counted(self.life, self.checked)

    @property
    def home(self) -> Home:
        return self.life.home

    @property
    def relay(self) -> Relay:
        return self.life.relay

    # ---------------------------------------------------------------- a day

    def day(self, posted: Sequence[Posted], ticked: Sequence[dt.datetime]) -> None:
        """Look at what was stored and sent since the last day; `posted` is what the ticks say they wrote, and `ticked` when
        they were. Raises Broken."""
        with self.reads() as session:
            asked = self._replay(session)
            self._ballots(session)
            if asked:
                self._baselines(session, asked)
            self._new_mail(session, posted)
            self.owed.day(session, self._standings, ticked)
            self.counted.day(session)
        self._arrived()
        self.checked["days"] += 1

    def _replay(self, session: Session) -> set[int]:
        """Replay the new history and compare it with the projects; return those of which a board may have decided anything."""
        rows = store.history_after(session, self._history)
        self._standings = store.standings(session)
        standings = {each.id: each for each in self._standings}
        for number in dict.fromkeys(row["project_id"] for row in rows):
            if number not in self._replayed:
                self._begin(standings[number], [row for row in rows if row["project_id"] == number])
        decided = set[int]()
        for row in rows:
            self._follow(self._replayed[row["project_id"]], row, standings[row["project_id"]])
            if row["event"] == "vote" or row["from_stage"] != row["to_stage"]:
                decided.add(row["project_id"])
            self._history = row["id"]
            if row["event"] in DECIDING or row["from_stage"] != row["to_stage"]:
                self._changed.add(row["project_id"])
            self.owed.moved(row)
        for key, standing in standings.items():
            _agree(standing, self._replayed.get(key))
        self.checked["rows of history replayed"] += len(rows)
        return decided

    def _begin(self, standing: Standing, rows: Sequence[Mapping[str, Any]]) -> None:
        """Begin to follow a project. Who managed it first is who it says today, but for what its history takes back."""
        found = Replayed(0, "", self._first_stage(standing), None, standing.manager_id, standing.sponsor_id)
        for row in reversed(rows):
            self._hand_over(found, row, "from_id")
        self._replayed[standing.id] = found

    def _first_stage(self, standing: Standing) -> str:
        return str(self.life.lifecycles[standing.lifecycle].document.first_stage)

    @staticmethod
    def _hand_over(found: Replayed, row: Mapping[str, Any], name: str) -> None:
        if row["event"] == "manager_changed":
            found.manager_id = store.detail_of(row)[name]
        elif row["event"] == "sponsor_changed":
            found.sponsor_id = store.detail_of(row)[name]

    def _follow(self, now: Replayed, row: Mapping[str, Any], standing: Standing) -> None:
        where = f"{standing.reference}, row {row['seq']}"
        if row["seq"] != now.revision + 1:
            raise Broken(f"{where}: it follows row {now.revision}")
        if row["prev_hash"] != now.head or row["hash"] != store.hash_of(row):
            raise Broken(f"{where}: the chain is broken")
        if row["from_stage"] != now.stage:
            raise Broken(f"{where}: it starts from {row['from_stage']}, and the project stood in {now.stage}")
        target = self._target(now, row, standing)
        if row["to_stage"] != target:
            raise Broken(f"{where}: “{row['event']}” led to {row['to_stage']} and not to {target}")
        if row["event"] == "vote" and row["actor_id"] in (now.manager_id, now.sponsor_id):
            raise Broken(f"{where}: {row['actor']} decided on a project of their own")
        self.counted.moved(row, (now.manager_id, now.sponsor_id))
        self._hand_over(now, row, "to_id")
        stages = self.life.lifecycles[standing.lifecycle].stages
        if target != now.stage:
            held = stages[target].kind == "held"
            now.held_from = (
                (now.held_from if stages[now.stage].kind == "held" else now.stage) if held else None
            )
        now.revision, now.head, now.stage = row["seq"], row["hash"], target

    def _target(self, now: Replayed, row: Mapping[str, Any], standing: Standing) -> str:
        """Return where a row must lead, by the lifecycle's own document: only its events move a project."""
        lifecycle = self.life.lifecycles[standing.lifecycle]
        step = lifecycle.plan.get((now.stage, row["event"]))
        if step is None:
            if row["event"] in lifecycle.document.events:
                raise Broken(f"{standing.reference}: “{row['event']}” happened in {now.stage}")
            return now.stage
        return str(now.held_from) if step.target == BACK else str(step.target)

    def _ballots(self, session: Session) -> None:
        for cast in store.votes_after(session, self._vote):
            if cast.slot_id in self._slots or (cast.request_id, cast.person_id) in self._voters:
                raise Broken(f"vote {cast.id} is the second of a seat, or of a person")
            if cast.person_id in (cast.asked_by, cast.frozen_by):
                raise Broken(f"vote {cast.id} is on what the voter asked for or wrote")
            self._slots.add(cast.slot_id)
            self._voters.add((cast.request_id, cast.person_id))
            self._vote = cast.id
            self.checked["votes"] += 1

    def _baselines(self, session: Session, projects: Collection[int] | None = None) -> None:
        """Look at every agreed date, or those of some projects: none is changed or gone, each new one was approved."""
        found = {(row.milestone_id, row.number): row for row in store.baselines(session, projects)}
        shown = store.milestone_baselines(session, projects)
        for key, (day, request) in self._agreed.items():
            if key[0] not in shown and projects is not None:
                continue
            row = found.get(key)
            if row is None or (row.date, row.request_id) != (day, request):
                raise Broken(f"baseline {key[1]} of milestone {key[0]} was overwritten: it was {day}")
        newest: dict[int, dt.date] = {}
        for key, row in sorted(found.items()):
            approved = row.state == "decided" and row.outcome in ("approve", "approve_with_conditions")
            if key not in self._agreed and not (approved and row.same_project):
                raise Broken(f"baseline {key[1]} of milestone {key[0]} comes from no approval of its board")
            newest[key[0]] = row.date
            self._agreed[key] = (row.date, row.request_id)
        for milestone, now in shown.items():
            if now != newest.get(milestone):
                raise Broken(f"milestone {milestone} shows {now} and not what was agreed")
        self.checked["baselines compared"] += len(found)

    # ---------------------------------------------------------------- mail

    def _new_mail(self, session: Session, posted: Sequence[Posted]) -> None:
        days: dict[dt.date, dict[int, Mail]] = {}
        for mail in store.mails_after(session, self._mail):
            if mail.message_id in self._message_ids:
                raise Broken(f"two mails have the Message-ID {mail.message_id}")
            self._message_ids.add(mail.message_id)
            self._mails[mail.id] = (mail.message_id, mail.to, print_of(mail.data), mail.not_before)
            self._mail = mail.id
            self.owed.written(mail)
            self.checked["mails"] += 1
            if mail.notice == "digest" and mail.person_id is not None:
                day = self.life.calendar.today(mail.created_at)
                if (mail.person_id, day) in self._digests:
                    raise Broken(f"{mail.to} was written two digests on {day}")
                self._digests.add((mail.person_id, day))
                days.setdefault(day, {})[mail.person_id] = mail
        said = Counter[tuple[str, dt.date]]()
        for each in posted:
            if each.notice == "digest":
                said[each.to, self.life.calendar.today(each.not_before)] += each.facts
        jobs = [key for key, notice in self.home.catalogue.notices.items() if notice.deliver == "digest"]
        for day in sorted({*days, self.life.today}):
            self._told(store.digests_of(session, day, jobs), days.get(day, {}), said, day)

    def _told(
        self,
        ledger: Mapping[int, store.Claimed],
        mails: Mapping[int, Mail],
        said: Mapping[tuple[str, dt.date], int],
        day: dt.date,
    ) -> None:
        """Each digest has its facts in the ledger, as many as it says, and each claim of a digest has its mail."""
        if unsent := {person for person in ledger if (person, day) not in self._digests}:
            raise Broken(f"the digest of {day} is claimed for {sorted(unsent)} and was never written")
        for person, mail in mails.items():
            facts, put_off = ledger.get(person, (0, 0))
            told = said.get((mail.to, day), 0)
            if not facts or not facts - put_off <= told <= facts:
                raise Broken(f"{mail.to} was told {told} things on {day}, of which the ledger has {facts}")
            self.checked["digests"] += 1

    def _arrived(self) -> None:
        """What the mail server took is what was written, to whom, not too early, and not too often."""
        relay = self.relay
        if relay.altered:
            raise Broken(f"mail {relay.altered[0]} came a second time with other bytes")
        for key in sorted(relay.taken):
            count = relay.copies[key]
            written = self._mails.get(key)
            if written is None or written[:3] != relay.prints[key]:
                raise Broken(f"mail {key} was sent, and is not what was written")
            allowed = 1 + relay.asked_again[key]
            if (
                allowed > 1 or not relay.asks
            ):  # of one that was taken and goes again no relay can tell which it took
                allowed += relay.excused[key]
            if count > allowed:
                raise Broken(f"mail {key} to {written[1]} came {count} times; {allowed} can be explained")
            self.checked["mails taken"] += 1
        relay.taken.clear()
        for arrival in relay.early:
            written = self._mails[arrival.mail.id]
            if arrival.at < written[3]:
                raise Broken(f"mail {arrival.mail.id} left at {arrival.at}, before {written[3]}")
        relay.early.clear()

    # ---------------------------------------------------------------- a month, a year, and the end

    def month(self) -> None:
        """Look at what has changed since the last month: the record of each project that a board had to do with, each mail
        that was open then or was settled or written since, and what Members see; and at every agreed date. Raises Broken."""
        with self.reads() as session:
            self._verified(session, sorted(self._changed))
            self._baselines(session)
            self._settled(store.mail_states(session, self._looked_at), end=False)
            if store.mail_count(session) != len(self._mails):
                raise Broken("a mail is no longer in the outbox")
            self._released(session)
        self._changed.clear()
        self._looked_at = self.life.now
        self.checked["months verified"] += 1

    def whole(self) -> None:
        """Look at everything that is stored, however old, as it is done at the end of each year. Raises Broken."""
        with self.reads() as session:
            self._verified(session, None)
            self.counted.whole(session, self._first)
            states = store.mail_states(session)
            if lost := self._mails.keys() - states.keys():
                raise Broken(f"mail {min(lost)} is no longer in the outbox")
            self._settled(states, end=False)
            for key, data, settled in store.mail_bytes(session):
                if not data:
                    self._let_go(key, settled)
                elif print_of(data) != self._mails[key][2]:
                    raise Broken(f"the bytes of mail {key} were changed")
        self.checked["whole record verified"] += 1

    def end(self) -> None:
        """The same once everything that was owed has had the time to leave. Raises Broken."""
        self.month()
        self.whole()
        with self.reads() as session:
            self._settled(store.mail_states(session), end=True)

    def _verified(self, session: Session, projects: Collection[int] | None) -> None:
        for broken in audit.verify(session, projects):
            raise Broken(f"{broken.reference}, row {broken.seq}: {broken.what}")

    def _let_go(self, key: int, settled: dt.datetime | None) -> None:
        kept = self.home.calendar.rules.keep.mail_text_months
        if settled is None or self.life.now - settled < dt.timedelta(days=kept * 30):
            raise Broken(f"the text of mail {key} was let go before its {kept} months were over")
        self.checked["texts let go in time"] += 1

    def _settled(self, states: Mapping[int, str], *, end: bool) -> None:
        relay = self.relay
        for key, state in states.items():
            came = relay.copies[key]
            if state == "sent" and not came:
                raise Broken(f"mail {key} is “sent”, and never came")
            if state == "failed" and key not in relay.refused and not self._was_tried_long(key):
                raise Broken(f"mail {key} was given up before its time")
            if state == "failed" and came and not relay.excused[key] and not relay.asked_again[key]:
                raise Broken(f"mail {key} came, and is “failed”")
            if state == "unknown" and relay.excused[key] < 1:
                raise Broken(f"mail {key} is “unknown”, and nothing happened to it")
            if end and state in OPEN:
                raise Broken(f"mail {key} is still {state}: it was lost")

    def _was_tried_long(self, key: int) -> bool:
        return self.life.now - self._mails[key][3] > GIVEN_UP_AFTER

    def _released(self, session: Session) -> None:
        """No Member sees or is told a figure before the release clock lets it out (strategy §6.2)."""
        life, today = self.life, self.life.today
        wants = [key for key, notice in self.home.catalogue.notices.items() if _is_release(notice)]
        for period, subject, day in store.told(session, wants):
            clock = subject.removeprefix("released:")
            if self._out_from(period, clock) > day:
                raise Broken(f"the figures of {period} were announced to {clock} on {day}, too early")
        rows = store.standings(session)
        for number, worker in enumerate(life.of_role(*self._clocked())):
            if not rows:
                return
            row = rows[(today.toordinal() * 7 + number) % len(rows)]
            actor = people.actor_by_address(session, worker.address)
            project = projects.by_reference(session, row.reference)
            seen = released.of(session, self.home, project, actor, life.now)
            clock = str(self.home.roles[worker.role].release)
            months = {each.period for each in seen.returns}
            months.update(month for _, values in seen.measures for month in values)
            for month in months:
                quarter = life.calendar.quarter(month_end(month))
                if self._out_from(quarter, clock) > today:
                    raise Broken(f"{worker.name} sees {month} of {row.reference} on {today}, too early")
            self.checked["figures released"] += len(months)

    def _clocked(self) -> Collection[str]:
        return [key for key, role in self.home.roles.items() if role.release]

    def _out_from(self, quarter: str, clock: str) -> dt.date:
        """Return the earliest day on which a quarter may be seen: so many calendar months after its last day."""
        months = getattr(self.home.calendar.rules.release, clock)
        last = month_end(self.home.calendar.quarter_months(quarter)[2])
        index = last.year * 12 + last.month - 1 + months
        return month_end(f"{index // 12:04d}-{index % 12 + 1:02d}")


def _is_release(notice: Any) -> bool:
    return notice.when is not None and notice.when.what == "quarter_released"


def _agree(standing: Standing, replayed: Replayed | None) -> None:
    """Raise Broken where a project's row is not what its history says."""
    if replayed is None:
        raise Broken(f"{standing.reference} has no history")
    for name in ("revision", "head", "stage", "held_from", "manager_id", "sponsor_id"):
        row, told = getattr(standing, name), getattr(replayed, name)
        if row != told:
            raise Broken(f"{standing.reference}: its {name} is {row!r}, and its history says {told!r}")
