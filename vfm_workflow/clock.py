"""The clock: APScheduler wakes two journeys, post what is due and empty the outbox (design §6).

It owns no state: what is due is computed, and settled by keys in the database, so any number of clocks may
beat, stop and start again.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]  # ships no types
from apscheduler.jobstores.memory import MemoryJobStore  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from vfm_workflow.logs import log
from vfm_workflow.wiring import App

TICK_SECONDS = 60
DELIVER_SECONDS = 20
BATCH = 100
"""Mails sent between two looks at whether the clock is to stop. What is left stays in the outbox."""


class Clock:
    """Beats for one council in this process: ticks every minute, delivers every 20 seconds, at `App.now()`.

    In a demo that is the visitor's moment. A beat that fails is logged, and the next one comes all the same.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._scheduler: BackgroundScheduler | None = None

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
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=dt.UTC,
        )
        now = dt.datetime.now(dt.UTC)
        for job, seconds in ((self._tick, TICK_SECONDS), (self._deliver, DELIVER_SECONDS)):
            scheduler.add_job(job, "interval", seconds=seconds, next_run_time=now, id=job.__name__.strip("_"))
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """Stop beating: no new beat begins, the mail being sent is finished and settled, then it returns."""
        if self._scheduler is None:
            return
        self._stopping.set()
        self._scheduler.pause()
        self._scheduler.shutdown(wait=True)
        self._scheduler = None

    def _tick(self) -> None:
        self._beat("tick", self._post)

    def _deliver(self) -> None:
        self._beat("deliver", self._drain)

    def _post(self) -> None:
        if posted := self._app.tick(self._app.now()):
            log.info("posted", mails=len(posted))

    def _drain(self) -> None:
        while not self._stopping.is_set():
            done = self._app.deliver(self._app.now(), BATCH)
            counts = {name: getattr(done, name) for name in ("sent", "failed", "deferred", "unknown")}
            if count := sum(counts.values()):
                log.info("delivered", **counts)
            if count < BATCH:
                return

    def _beat(self, name: str, work: Callable[[], None]) -> None:
        """Do one beat; log what goes wrong. The database may be away for an hour, the clock must not be."""
        try:
            work()
        except Exception:
            log.exception("a beat failed", beat=name)
