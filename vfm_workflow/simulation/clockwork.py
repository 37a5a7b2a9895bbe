"""The processes that tick and deliver: one, or with faults two that die, stand still and come between each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmodel import Session

from vfm_workflow.errors import DatabaseBusy
from vfm_workflow.journeys.deliver import LEASE, Courier
from vfm_workflow.journeys.post import Posted, post_due
from vfm_workflow.mail.transports import Outgoing
from vfm_workflow.simulation.errors import Broken, Died
from vfm_workflow.simulation.life import Life

DIES, DIES_IN_DATA, BUSY, BETWEEN, STALLS, DIES_TICKING, TICKS_TWICE = (
    0.001,
    0.004,
    0.001,
    0.01,
    0.002,
    0.02,
    0.03,
)
"""Shares: of a worker's commits before and after which it dies, of hand-overs in which it does, of commits that find the
database locked, at which the other worker comes between, of hand-overs in which a worker stands still, of ticks that are
thrown away, and of ticks after which the other worker ticks as well."""
AWAY_A_DAY, DOWN_A_DAY, TROUBLED_A_DAY = 0.02, 0.008, 0.1
"""Shares of days on which the mail server is away for hours, every worker goes down, and the mail server is in trouble."""
BUSY_TEXT = "The database was busy (simulated)."


@dataclass(eq=False)
class Process:
    """One worker: what it counts its lease from, and what it has in its hands."""

    name: str
    courier: Courier
    began: dt.datetime
    handing_over: Outgoing | None = None
    """In DATA, or after it and not settled yet."""
    since: dt.datetime | None = None
    """When that DATA began, and with it the lease."""


@dataclass
class Clockwork:
    """Ticks and delivers at the moments it is told to."""

    life: Life
    processes: list[Process] = field(default_factory=list)
    down_until: dt.date | None = None
    posted: list[Posted] = field(default_factory=list)
    """What the ticks wrote since somebody last emptied it."""
    ticked: list[dt.datetime] = field(default_factory=list)
    """When each of those ticks was."""
    _now: Process | None = None
    _inside: bool = False
    _made: int = 0

    def __post_init__(self) -> None:
        self.life.relay.moment = self._at_hand_over
        self.processes = [self._process() for _ in range(2 if self.life.faults else 1)]

    def _process(self) -> Process:
        self._made += 1
        name = f"worker {self._made}"
        process = Process(name, Courier(lambda: self._work(name), self.life.relay, name), self.life.now)
        return process

    # ---------------------------------------------------------------- days

    def morning(self) -> None:
        """Draw what the day brings: a mail server in trouble or away, workers that are down for days."""
        life, chance = self.life, self.life.chance
        if not life.faults:
            return
        life.relay.trouble = 0.2 if chance.happens(TROUBLED_A_DAY) else 0.01
        if chance.happens(AWAY_A_DAY):
            life.relay.away_until = life.now + chance.minutes(30, 60 * 70)
            life.injected["mail server away"] += 1
        if self.down_until is None and chance.happens(DOWN_A_DAY):
            self.down_until = life.today + dt.timedelta(days=chance.weighted({1: 4, 3: 3, 8: 2, 22: 1}))
            life.injected["workers down for days"] += 1
        if self.down_until is not None and life.today >= self.down_until:
            self.down_until = None

    def calm(self) -> None:
        """Let everything work from now on."""
        self.down_until, self.life.faults = None, False
        self.life.relay.trouble, self.life.relay.away_until = 0.0, None

    def beat(self, *, tick: bool = True) -> None:
        """Tick, and deliver what may leave, with each process in turn."""
        if self.down_until is not None:
            self.life.injected["beats missed"] += 1
            return
        places = list(range(len(self.processes)))
        if len(places) > 1 and self.life.chance.happens(0.5):
            places.reverse()
        if tick:
            self._tick()
        for place in places:  # who works in a place may change: one dies while another delivers
            self._deliver(self.processes[place])

    # ---------------------------------------------------------------- ticking

    def _tick(self) -> None:
        life = self.life
        if life.faults and life.chance.happens(DIES_TICKING):
            life.injected["ticks thrown away"] += 1
            try:
                with life.app.write() as session:
                    _post(session, life)
                    session.flush()
                    raise Died
            except Died:
                pass
        self._ticked()
        if life.faults and life.chance.happens(TICKS_TWICE):
            life.injected["ticked again"] += 1
            before = len(self.posted)
            self._ticked()
            if again := self.posted[before:]:
                raise Broken(f"a second tick at the same moment wrote {len(again)} mails more: {again[0]}")

    def _ticked(self) -> None:
        with self.life.app.write() as session:
            self.posted += _post(session, self.life)
        self.ticked.append(self.life.now)
        self.life.tally["ticks"] += 1

    def tidy(self) -> None:
        """Let go of what has been kept long enough, as the clock of every worker does."""
        if self.down_until is None:
            for name, count in self.life.app.tidy(self.life.now)._asdict().items():
                self.life.tally[f"let go: {name.replace('_', ' ')}"] += count

    # ---------------------------------------------------------------- delivering

    def _deliver(self, process: Process) -> None:
        """Let a process deliver; one that dies is followed by another, after its lease or before."""
        life, before, outer = self.life, self._now, self._inside
        self._now, process.began = process, life.now
        try:
            done = process.courier.run(life.now, elapsed=lambda: life.now - process.began)
            life.tally["mails sent"] += done.sent
        except Died:
            life.injected["workers killed"] += 1
            self._excuse(process)
            self.processes[self.processes.index(process)] = self._process()
        except DatabaseBusy:
            life.injected["database locked"] += 1
        finally:
            if not process.courier.unwritten:
                process.handing_over = None
            self._now, self._inside = before, outer

    def _excuse(self, process: Process) -> None:
        """Note that nobody could know whether the mail a process held was taken."""
        held = process.handing_over
        if held is not None:
            self.life.relay.excuse(held.id)

    @contextmanager
    def _work(self, name: str) -> Iterator[Session]:
        """Open a transaction of a worker: it may die before or after, find the database locked, or not be alone."""
        life = self.life
        if life.faults:
            self._before_commit()
        with life.app.write() as session:
            yield session
            if life.faults and life.chance.happens(DIES):
                raise Died
        if life.faults and life.chance.happens(DIES):
            raise Died

    def _before_commit(self) -> None:
        chance = self.life.chance
        if chance.happens(BUSY):
            raise DatabaseBusy(BUSY_TEXT)
        if chance.happens(BETWEEN):
            self._let_another_between()

    def _let_another_between(self) -> None:
        if self._inside or len(self.processes) < 2 or self._now is None:
            return
        self._inside = True
        self.life.injected["workers interleaved"] += 1
        mine = self._now
        try:
            self._deliver(next(each for each in self.processes if each is not mine))
        finally:
            self._inside = False

    def _at_hand_over(self, where: str, mail: Outgoing) -> None:
        """Called by the relay while a process hands a mail over."""
        process = self._now
        if process is None:
            return
        life = self.life
        if where == "opening":
            process.handing_over = None
        elif where == "in data":
            self._refuse_both(process, mail)
            process.handing_over, process.since = mail, life.now
        if not life.faults:
            return
        if life.chance.happens(DIES_IN_DATA):
            life.injected[f"killed {where}"] += 1
            raise Died
        # Standing still for longer than a lease just before DATA repeats a mail even where the relay can be asked:
        # docs/reliability.md says so. It is drawn where the relay cannot be asked.
        if life.chance.happens(STALLS) and not (where == "in data" and life.relay.asks):
            self._stall(process)

    def _stall(self, process: Process) -> None:
        """Stand still, perhaps for longer than the lease, while the other worker goes on."""
        life = self.life
        life.injected["workers stood still"] += 1
        life.now += life.chance.minutes(1, 40)
        self._let_another_between()

    def _refuse_both(self, process: Process, mail: Outgoing) -> None:
        """Excuse a mail that another process stands still over; raise Broken where its lease is not over."""
        for other in self.processes:
            held = other.handing_over
            if other is process or held is None or held.id != mail.id:
                continue
            if other.since is not None and self.life.now - other.since < LEASE:
                raise Broken(f"{process.name} hands mail {mail.id} over while {other.name} does")
            self._excuse(other)


def _post(session: Session, life: Life) -> list[Posted]:
    return post_due(session, life.home, life.now)
