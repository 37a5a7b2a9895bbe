"""The mail server of a simulated council: it takes mail, defers, refuses, hangs up, is away, and remembers what it took."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from vfm_workflow.mail.transports import Answer, Outgoing, Transport
from vfm_workflow.simulation.chance import Chance

TAKEN = Answer("sent", 250, "2.0.0 queued")
AWAY = Answer("retry", None, "connection refused")
MOODS = {
    "deferred": Answer("retry", 451, "4.3.0 try again later"),
    "closed_at_mail": Answer("retry", None, "the server hung up before DATA"),
    "refused": Answer("failed", 550, "5.1.1 no such mailbox"),
    "deferred_after_data": Answer("retry", 452, "4.2.2 mailbox full"),
    "closed_at_data": Answer("unknown", None, "the server hung up during DATA"),
    "closed_after_dot": Answer("unknown", None, "the server hung up after the dot"),
}
BEFORE_DATA = ("deferred", "closed_at_mail", "refused")
WEIGHTS = {
    "deferred": 6.0, "closed_at_mail": 3.0, "refused": 0.5, "deferred_after_data": 3.0, "closed_at_data": 2.0,
    "closed_after_dot": 2.0,
}  # fmt: skip
"""How often each happens where something does."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that somebody's mailbox holds."""

    mail: Outgoing
    at: dt.datetime


def print_of(data: bytes) -> bytes:
    """Return a fingerprint of a mail's bytes."""
    return hashlib.sha256(data).digest()


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a mail server did since it was last asked; of each mail that anything happened to, how it stands now."""

    copies: Mapping[int, int]
    prints: Mapping[int, tuple[str, str, bytes]]
    early: Sequence[Arrival]
    altered: Sequence[int]
    excused: Mapping[int, int]
    asked_again: Mapping[int, int]
    refused: Collection[int]


@dataclass
class Relay(Transport):
    """Takes mail at the simulated moment `now`. `trouble` is the share of mails that something happens to."""

    chance: Chance
    now: Callable[[], dt.datetime]
    asks: bool = True
    """It can be asked what became of a mail (`look_up`)."""
    trouble: float = 0.0
    away_until: dt.datetime | None = None
    moment: Callable[[str, Outgoing], None] = lambda _where, _mail: None
    """Called at each moment of a hand-over at which its process may die or stand still; it may raise Died."""
    new: list[Arrival] = field(default_factory=list)
    """What came since it was last emptied by whoever reads it."""
    early: list[Arrival] = field(default_factory=list)
    """What came since somebody last looked whether it came too early."""
    copies: Counter[int] = field(default_factory=Counter)
    """Outbox id → how often its mail was taken."""
    taken: set[int] = field(default_factory=set)
    """Those that were taken since somebody last compared them with what was written."""
    prints: dict[int, tuple[str, str, bytes]] = field(default_factory=dict)
    """Outbox id → Message-ID, address and fingerprint of what was taken first."""
    altered: list[int] = field(default_factory=list)
    """Mails that came again and were not the same."""
    excused: Counter[int] = field(default_factory=Counter)
    """Outbox id → how often whoever handed it over could not have known whether it was taken."""
    asked_again: Counter[int] = field(default_factory=Counter)
    """Outbox id → how often somebody asked for a mail that did not arrive to be sent again."""
    refused: set[int] = field(default_factory=set)
    did: Counter[str] = field(default_factory=Counter)
    _noted: set[int] = field(default_factory=set)
    """Mails that were excused, asked for again or refused since `traffic` was last asked."""

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        """Take the mail, or not, as the day has it."""
        if self.away_until is not None and self.now() < self.away_until:
            self.did["away"] += 1
            return AWAY
        mood = self.chance.weighted(WEIGHTS) if self.trouble and self.chance.happens(self.trouble) else ""
        if mood:
            self.did[mood] += 1
        if mood in BEFORE_DATA:
            if mood == "refused":
                self.refused.add(mail.id)
                self._noted.add(mail.id)
            return MOODS[mood]
        self.moment("opening", mail)
        before_data()
        self.moment("in data", mail)
        if mood == "deferred_after_data":
            return MOODS[mood]
        if mood == "closed_at_data":
            self.excuse(mail.id)
            return MOODS[mood]
        self._take(mail)
        self.moment("after the dot", mail)
        if mood == "closed_after_dot":
            self.excuse(mail.id)
            return MOODS[mood]
        return TAKEN

    def _take(self, mail: Outgoing) -> None:
        seen = (mail.message_id, mail.to, print_of(mail.data))
        if self.prints.setdefault(mail.id, seen) != seen:
            self.altered.append(mail.id)
        self.copies[mail.id] += 1
        self.taken.add(mail.id)
        arrival = Arrival(mail, self.now())
        self.new.append(arrival)
        self.early.append(arrival)

    def excuse(self, mail_id: int) -> None:
        """Note that whoever handed a mail over could not know whether it was taken."""
        self.excused[mail_id] += 1
        self._noted.add(mail_id)

    def ask_again(self, mail_id: int) -> None:
        """Note that somebody asked for a mail to be sent again."""
        self.asked_again[mail_id] += 1
        self._noted.add(mail_id)

    def traffic(self) -> Traffic:
        """Return what was done since this was last asked, and begin anew."""
        told = Traffic(
            {key: self.copies[key] for key in self.taken},
            {key: self.prints[key] for key in self.taken},
            tuple(self.early),
            tuple(self.altered),
            {key: self.excused[key] for key in self._noted},
            {key: self.asked_again[key] for key in self._noted},
            self.refused & self._noted,
        )
        self.taken.clear()
        self.early.clear()
        self._noted.clear()
        return told

    def follow(self, traffic: Traffic) -> None:
        """Take over what another process's server did."""
        for key, count in traffic.copies.items():
            self.copies[key] = count  # how often in all
        self.prints.update(traffic.prints)
        self.taken.update(traffic.copies)
        self.early += traffic.early
        self.altered[:] = traffic.altered
        for key in traffic.excused:
            self.excused[key] = traffic.excused[key]
            self.asked_again[key] = traffic.asked_again[key]
        self.refused.update(traffic.refused)

    def look_up(self, mail: Outgoing, since: dt.datetime) -> Answer | None:
        """Return what became of a mail, where it can be asked; now and then it cannot say yet."""
        if not self.asks:
            return None
        self.did["asked"] += 1
        if self.trouble and self.chance.happens(self.trouble):
            return Answer("unknown", None, "the log cannot be read yet")
        if self.copies[mail.id]:
            return TAKEN
        return Answer("retry", None, "it never came")

    def close(self) -> None:
        """Do nothing: no connection stays open."""

    def describe(self) -> str:
        """Return what it is."""
        return "a simulated mail server"
