"""The record of a project's decisions: who decided what, on which text, and how that is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from vfm_workflow.domain.snapshot import fingerprint


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat of a board, and what was decided from it."""

    member: str
    role: str
    decided_by: str
    """The member, or `X for Y`; empty where nobody decided."""
    said: str
    reason: str
    conditions: tuple[str, ...]
    at: dt.datetime | None
    level: str
    """The level of assurance that was reached; empty where nobody decided."""
    known: str
    """How it is known who decided."""
    mail: str
    """The Message-ID of the mail with the link."""
    late: bool
    vacated_at: dt.datetime | None
    vacated_why: str
    disputed_at: dt.datetime | None
    settled_at: dt.datetime | None
    settled_by: str
    finding: str

    @property
    def voted(self) -> bool:
        return self.at is not None


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of an approval, and how it was met."""

    text: str
    set_by: str
    set_at: dt.datetime
    discharged_by: str
    discharged_at: dt.datetime | None
    how: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A board asked to decide one version of a text."""

    id: int
    title: str
    version_id: int
    version: int
    digest: str
    asked_by: str
    asked_at: dt.datetime
    deadline: dt.datetime
    level: str
    """The level of assurance that was asked for."""
    outcome: str
    closed_at: dt.datetime | None
    open: bool
    seats: tuple[Seat, ...]
    conditions: tuple[Condition, ...]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.digest)


@dataclass(frozen=True, slots=True)
class Consultation:
    """Somebody who was consulted before the board was asked (strategy §2.2.5)."""

    consulted: str
    asked_on: dt.date
    asked_by: str
    deadline: dt.date | None
    answered_on: dt.date | None
    answered_by: str
    answer: str


@dataclass(frozen=True, slots=True)
class Record:
    """Everything decided on a project, the newest first, and who was consulted."""

    council: str
    reference: str
    title: str
    department: str
    made_at: dt.datetime
    decisions: tuple[Decision, ...]
    consultations: tuple[Consultation, ...]


HEAD = (
    "Project", "Decision", "Version", "Fingerprint", "What", "Who", "Role", "Said", "Reason or text", "Level",
    "How it is known", "When",
)  # fmt: skip
Line = tuple[str, ...]


def lines(record: Record) -> Iterator[Line]:
    """Yield what happened, one thing a line, in the columns of HEAD; moments as ISO in UTC."""
    for decision in record.decisions:
        about = (record.reference, decision.title, str(decision.version), decision.fingerprint)
        for line in sorted(_happened(decision), key=lambda found: found[-1]):
            yield (*about, *line)
    for one in record.consultations:
        about = (record.reference, "Consultation", "", "")
        due = f"to answer by {one.deadline.isoformat()}" if one.deadline else ""
        yield (
            *about,
            "Consulted",
            one.consulted,
            "",
            "",
            due,
            "",
            f"asked by {one.asked_by}",
            one.asked_on.isoformat(),
        )
        if one.answered_on is not None:
            by = f"recorded by {one.answered_by}"
            yield (*about, "Answered", one.consulted, "", "", one.answer, "", by, one.answered_on.isoformat())


def _happened(decision: Decision) -> Iterator[Line]:
    by = f"to be decided by {_iso(decision.deadline)}"
    yield ("Asked", decision.asked_by, "", "", by, decision.level, "", _iso(decision.asked_at))
    for seat in decision.seats:
        yield from _seat(seat)
    for one in decision.conditions:
        yield ("Condition set", one.set_by, "", "", one.text, "", "", _iso(one.set_at))
        if one.discharged_at is not None:
            said = f"{one.text}: {one.how}"
            yield ("Condition met", one.discharged_by, "", "", said, "", "", _iso(one.discharged_at))
    if decision.closed_at is not None:
        yield ("Outcome", "The board", "", decision.outcome, "", "", "", _iso(decision.closed_at))


def _seat(seat: Seat) -> Iterator[Line]:
    if seat.vacated_at is not None:
        yield ("Seat empty", seat.member, seat.role, "", seat.vacated_why, "", "", _iso(seat.vacated_at))
    if seat.at is None:
        return
    what = "Late vote" if seat.late else "Vote"
    text = "; ".join(filter(None, (seat.reason, *(f"Condition: {one}" for one in seat.conditions))))
    yield (what, seat.decided_by, seat.role, seat.said, text, seat.level, seat.known, _iso(seat.at))
    if seat.disputed_at is not None:
        yield ("Disputed", seat.decided_by, seat.role, seat.said, "", "", "", _iso(seat.disputed_at))
    if seat.settled_at is not None:
        yield ("Dispute settled", seat.settled_by, "", "", seat.finding, "", "", _iso(seat.settled_at))


def _iso(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds")
