"""A clock for tests: it ticks when told, and tells what was said to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import col

from tests.people import PEOPLE, Council, address
from vfm_workflow.journeys.post import Posted
from vfm_workflow.store.tables import Occurrence, Person

TIMES = ("07:30", "08:00")
"""When the clock finds something to do on a day on which nothing happens."""


class Said(NamedTuple):
    """A fact as somebody was told it."""

    day: dt.date
    job: str
    period: str
    subject: str
    to: str
    """A key of `tests.people.PEOPLE`, or the address of somebody who is not among them."""


def at(council: Council, day: dt.date, time: str = "09:00") -> dt.datetime:
    """Move the council to `day` and the council's own `time`; return the moment."""
    council.at = council.home.calendar.moment(day, time)
    return council.at


def tick(council: Council, day: dt.date, time: str = "07:30") -> list[Posted]:
    """Let the clock tick once."""
    return council.app.tick(at(council, day, time))


def days(start: dt.date, count: int) -> Iterator[dt.date]:
    return (start + dt.timedelta(days=offset) for offset in range(count))


def walk(council: Council, start: dt.date, end: dt.date, times: Sequence[str] = TIMES) -> list[Posted]:
    """Let the clock tick on every day from `start` up to and with `end`."""
    return [
        posted
        for day in days(start, (end - start).days + 1)
        for time in times
        for posted in tick(council, day, time)
    ]


def said(council: Council, job: str | None = None, to: str | None = None) -> list[Said]:
    """Return what digests have said, oldest first."""
    keys = {address(key): key for key in PEOPLE}
    with council.app.read() as session:
        query = (
            select(Occurrence, col(Person.address))
            .join(Person, col(Person.id) == col(Occurrence.person_id))
            .where(col(Occurrence.digest_day).is_not(None))
            .order_by(col(Occurrence.digest_day), col(Occurrence.job), col(Occurrence.period), col(Person.id))
        )
        rows = [
            Said(row.digest_day, row.job, row.period, row.subject, keys.get(mail, mail))
            for row, mail in session.execute(query)
            if row.digest_day is not None
        ]
    return [row for row in rows if job in (None, row.job) and to in (None, row.to)]


def when(council: Council, job: str, to: str | None = None) -> list[dt.date]:
    """Return the days on which a notice was given."""
    return [row.day for row in said(council, job, to)]


def running(council: Council, start: dt.date, *, milestone: dt.date | None = None, **project: str) -> str:
    """Take a new project to its implementation on `start`, by the usual journeys; return its reference."""
    at(council, start)
    reference = council.create(**project)
    council.outline_ready(reference, milestone=milestone or start + dt.timedelta(days=400))
    manager = project.get("manager", "manager")
    council.do(reference, "submit_outline", manager)
    council.approve(reference)
    council.recommendations_ready(reference)
    council.do(reference, "submit_recommendations", manager)
    council.approve(reference)
    return reference
