"""A simulated council: its people, its agenda, and the one way in which anybody does anything."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotFound, VfmError
from vfm_workflow.journeys import access, people
from vfm_workflow.journeys.home import Home
from vfm_workflow.simulation.chance import Chance
from vfm_workflow.simulation.errors import Died
from vfm_workflow.simulation.relay import Relay
from vfm_workflow.simulation.sizes import Sizes
from vfm_workflow.wiring import App

Doing = Callable[[Session, Any], Any]
"""Called with the session and the Actor; whoever acts by a link alone is nobody, and it is None."""
THROWN_AWAY, TWICE = 0.01, 0.01
"""Shares of what people do whose process dies before the commit, and that are sent twice, where there are faults."""


@dataclass(slots=True)
class Worker:
    """Somebody who works at the council, or a Member. Who takes over from them has another address."""

    address: str
    name: str
    role: str
    department: str
    care: float
    """How surely they do what they are asked for, from 0 to 1."""


@dataclass
class Life:
    """The council at the moment `now`, and everything that is still to happen in it."""

    app: App
    relay: Relay
    chance: Chance
    sizes: Sizes
    faults: bool
    now: dt.datetime
    staff: dict[str, Worker] = field(default_factory=dict)
    """Work address → who has it, of those who are there."""
    tally: Counter[str] = field(default_factory=Counter)
    """What was done, how often."""
    injected: Counter[str] = field(default_factory=Counter)
    """The faults, how often each."""
    refusals: Counter[str] = field(default_factory=Counter)
    """What was refused, by what it was and the kind of refusal."""
    moved: dict[str, str] = field(default_factory=dict)
    """A work address that somebody had → the one they got in its place."""
    _agenda: list[tuple[dt.datetime, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _born: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def home(self) -> Home:
        return self.app.home

    @property
    def calendar(self) -> Calendar:
        return self.home.calendar

    @cached_property
    def lifecycles(self) -> Mapping[str, Lifecycle]:
        """The lifecycles by their digests: a simulated council publishes no other."""
        return {each.digest: each for each in self.home.lifecycles.values()}

    @property
    def today(self) -> dt.date:
        return self.calendar.today(self.now)

    # ---------------------------------------------------------------- when

    def plan(self, at: dt.datetime, do: Callable[[], object]) -> None:
        """Put something on the agenda; of two at one moment the first planned comes first."""
        heapq.heappush(self._agenda, (max(at, self.now), next(self._numbers), do))

    def in_days(self, low: int, high: int, do: Callable[[], object]) -> None:
        """Plan something in so many working days, at a time of the working day; today's is within hours from now."""
        days = self.chance.between(low, high)
        day = self.calendar.add_working_days(self.today, days)
        at = self.calendar.moment(day, self.chance.working_time())
        if at <= self.now:
            at = self.now + self.chance.minutes(5, 120)
        self.plan(at, do)

    def live_until(self, end: dt.datetime) -> None:
        """Do everything on the agenda up to `end`."""
        while self._agenda and self._agenda[0][0] <= end:
            at, _, do = heapq.heappop(self._agenda)
            self.now = max(self.now, at)
            do()
        self.now = max(self.now, end)

    # ---------------------------------------------------------------- who

    def born(self) -> int:
        """Return a number that nobody has had: for the address of somebody new."""
        return next(self._born)

    def of_role(self, *roles: str, department: str = "") -> list[Worker]:
        """Return those who are there in a role, of one department where it is named."""
        return [
            each for each in self.staff.values() if each.role in roles and department in ("", each.department)
        ]

    def move(self, worker: Worker, address: str) -> None:
        """Note that somebody has another address from now on."""
        self.moved[worker.address] = address
        del self.staff[worker.address]
        worker.address = address
        self.staff[address] = worker

    def actor(self, session: Session, address: str) -> Actor:
        """Return somebody as they act now, with those they stand in for. Raises NotFound for a leaver.

        Whoever planned something before their address changed does it all the same.
        """
        while address in self.moved:
            address = self.moved[address]
        found = people.actor_by_address(session, address)
        return access.standing_in(session, self.home, found, self.now)

    # ---------------------------------------------------------------- doing

    def act(self, what: str, address: str, doing: Doing, *, tries: int = 3) -> Any:
        """Let somebody do something in a transaction of its own; return what came of it, None where nothing did.

        `address` is empty where a link is all they have.

        A refusal is as good as a success: it is counted. Where there are faults the process may die before the commit,
        and whoever it was tries again later; or what was done is sent a second time, which must change nothing that the
        first did not.
        """
        try:
            done = self._once(address, doing)
        except Died:
            self.injected["transactions thrown away"] += 1
            if tries:
                again = self.now + self.chance.minutes(1, 90)
                self.plan(again, lambda: self.act(what, address, doing, tries=tries - 1))
            return None
        except VfmError as refused:
            self.refusals[f"{what}: {type(refused).__name__}"] += 1
            return None
        self.tally[what] += 1
        if self.faults and self.chance.happens(TWICE):
            self._again(address, doing)
        return done

    def _once(self, address: str, doing: Doing) -> Any:
        dies = self.faults and self.chance.happens(THROWN_AWAY)
        with self.app.write() as session:
            done = doing(session, self.actor(session, address) if address else None)
            if dies:
                session.flush()
                raise Died
        return done

    def _again(self, address: str, doing: Doing) -> None:
        self.injected["forms sent twice"] += 1
        try:
            self._once(address, doing)
        except (Died, VfmError):
            return

    def look(self, asking: Callable[[Session], Any]) -> Any:
        """Return what somebody reads, None where it is not there any more."""
        with self.app.read() as session:
            try:
                return asking(session)
            except NotFound:
                return None
