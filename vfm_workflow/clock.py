"""The clock: APScheduler wakes what is to be done: post what is due, empty the outbox, do the jobs (design §6).

It owns no state: what is due is computed, and settled by keys and leases in the database, so any number of clocks may
beat, stop and start again. Who is woken to deliver differs by database, and both ways stand here: on SQLite this
process looks by itself, on PostgreSQL the queue calls whoever is free, and the clock sees that no call is lost.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]  # ships no types
from apscheduler.jobstores.memory import MemoryJobStore  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from vfm_workflow.logs import log
from vfm_workflow.store import queue
from vfm_workflow.wiring import App

TICK_SECONDS = 60
DELIVER_SECONDS = 20
TIDY_SECONDS = 6 * 3600
"""What is kept too long by a few hours harms nobody."""
BATCH = 100
"""Mails sent between two looks at the outbox. What is left stays there, for whoever looks next."""

Look = Callable[[], bool]
"""Does some of what there is to do; returns whether there may be more."""


class Waker(Protocol):
    """How the looks of this process come about."""

    @property
    def beats(self) -> Mapping[str, Callable[[], None]]:
        """What is to be done every 20 seconds, by name."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class InProcess:
    """On SQLite: every 20 seconds this process looks itself, until nothing is left."""

    def __init__(self, looks: Mapping[str, Look], stopping: threading.Event) -> None:
        self._stopping = stopping
        self.beats = {name: self._to_the_end(look) for name, look in looks.items()}

    def start(self) -> None:
        """Nothing to begin: the beats are all."""

    def stop(self) -> None:
        """Nothing to end."""

    def _to_the_end(self, look: Look) -> Callable[[], None]:
        def beat() -> None:
            while not self._stopping.is_set() and look():
                pass

        return beat


class Queued:
    """On PostgreSQL: the queue calls a look where mail was written; every 20 seconds calls that got lost are made again."""

    def __init__(self, app: App, looks: Mapping[str, Look]) -> None:
        self._app = app
        self.beats = {"sweep": self._sweep}
        calls = {name: self._once(name, look) for name, look in looks.items()}
        self._queue = queue.Queue(app.database.libpq_url(), calls)

    def start(self) -> None:
        """Begin to answer calls."""
        self._queue.start()

    def stop(self) -> None:
        """Answer no more calls. Those that wait are left to the other processes."""
        self._queue.stop()

    def _sweep(self) -> None:
        self._queue.remove_stalled()
        queue.sweep(self._app.database, self._app.owed(self._app.now()))

    def _once(self, name: str, look: Look) -> Callable[[], None]:
        def call() -> None:
            if look():
                with self._app.write() as session:
                    queue.wake(session, name)  # another process may take the next hundred

        return lambda: beat(name, call)


def beat(name: str, work: Callable[[], None]) -> None:
    """Do one beat; log what goes wrong. The database may be away for an hour, the clock must not be."""
    try:
        work()
    except Exception:
        log.exception("a beat failed", beat=name)


class Clock:
    """Beats for one council in this process: ticks every minute, looks what is to be done, at `App.now()`.

    In a demo that is the visitor's moment. A beat that fails is logged, and the next one comes all the same.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._scheduler: BackgroundScheduler | None = None
        looks: dict[str, Look] = {queue.MAIL: self._deliver, queue.WORK: self._work}
        self._waker: Waker = (
            Queued(app, looks) if app.database.has_queue else InProcess(looks, self._stopping)
        )

    @property
    def running(self) -> bool:
        """Whether the clock beats."""
        return self._scheduler is not None

    def start(self) -> None:
        """Begin to beat, at once and then regularly. Does nothing where it beats already."""
        if self._scheduler is not None:
            return
        self._stopping.clear()
        # A memory store and these three settings: with others APScheduler skips a month in silence after
        # downtime, or fires twice. Interval triggers know no local time: no hour happens twice in October.
        scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(3 + len(self._waker.beats))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=dt.UTC,
        )
        now = dt.datetime.now(dt.UTC)
        scheduler.add_job(
            beat, "interval", ("tick", self._tick), seconds=TICK_SECONDS, next_run_time=now, id="tick"
        )
        beats = dict(self._waker.beats)
        if self._app.settings.bounce_folder:
            beats["bounces"] = self._bounces
        scheduler.add_job(
            beat, "interval", ("tidy", self._tidy), seconds=TIDY_SECONDS, next_run_time=now, id="tidy"
        )
        for name, work in beats.items():
            scheduler.add_job(
                beat, "interval", (name, work), seconds=DELIVER_SECONDS, next_run_time=now, id=name
            )
        self._waker.start()
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """Stop beating: no new beat begins, the mail being sent is finished and settled, then it returns."""
        if self._scheduler is None:
            return
        self._stopping.set()
        self._scheduler.pause()
        self._waker.stop()
        self._scheduler.shutdown(wait=True)
        self._scheduler = None

    def _tick(self) -> None:
        if posted := self._app.tick(self._app.now()):
            log.info("posted", mails=len(posted))

    def _tidy(self) -> None:
        tidied = self._app.tidy(self._app.now())
        if any(tidied):
            log.info("let go", **tidied._asdict())

    def _bounces(self) -> None:
        if taken := self._app.read_bounces(Path(self._app.settings.bounce_folder), self._app.now()):
            log.info("came back", reports=len(taken), matched=sum(each.mail_id is not None for each in taken))

    def _deliver(self) -> bool:
        done = self._app.deliver(self._app.now(), BATCH, self._stopping.is_set)
        counts = {name: getattr(done, name) for name in ("sent", "failed", "deferred", "unknown")}
        if done.settled:
            log.info("delivered", **counts)
        return done.settled >= BATCH or self._stopping.is_set()  # who ends leaves the rest to another

    def _work(self) -> bool:
        return self._app.do_job(self._stopping.is_set)
