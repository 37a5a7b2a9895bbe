"""The watch in a process of its own: it looks at an evening while the council lives through the next day.

It shares no memory with what it watches. What it needs to know is handed over each evening: the hour, who is there, what the
clock says it wrote and what the mail server did. The rest it reads from the database, as it stood that evening.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Literal

from vfm_workflow.journeys.post import Posted
from vfm_workflow.simulation.errors import Broken
from vfm_workflow.simulation.life import Worker
from vfm_workflow.simulation.relay import Traffic
from vfm_workflow.simulation.watch import Watch
from vfm_workflow.store.engine import Database

Look = Literal["day", "month", "whole", "end"]
PIN, PINNED = "pin", "pinned"


@dataclass(frozen=True)
class Evening:
    """What the watch is told of an evening, and what it is to look at."""

    now: dt.datetime
    staff: Mapping[str, Worker]
    posted: Sequence[Posted]
    ticked: Sequence[dt.datetime]
    traffic: Traffic
    looks: Sequence[Look]


@dataclass(frozen=True)
class Found:
    """What a look came to; `broken` is empty where nothing was wrong."""

    checked: Counter[str]
    broken: str = ""


def can_stand_aside() -> bool:
    """Return whether a second process is worth it, and can be had: by forking, which no process of many threads should do."""
    forks = hasattr(os, "fork") and hasattr(os, "sched_getaffinity")
    return forks and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


class Inline:
    """The watch in the council's own process."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def look(self, looks: Sequence[Look], posted: Sequence[Posted], ticked: Sequence[dt.datetime]) -> None:
        """Look at an evening. Raises Broken."""
        _look(self.watch, looks, posted, ticked)

    def end(self) -> Counter[str]:
        """Return what was looked at, how often."""
        return self.watch.checked

    def close(self) -> None:
        """Do nothing: there is no process to end."""


class Aside:
    """The watch in a process beside the council's, one evening behind."""

    def __init__(self, watch: Watch) -> None:
        self.watch, self._looking = watch, False
        self._checked: Counter[str] = Counter()
        self._day = watch.life.today
        self._pipe, theirs = Pipe()
        self._process = os.fork()
        if not self._process:
            self._pipe.close()
            _serve(watch, theirs)
        theirs.close()

    def look(self, looks: Sequence[Look], posted: Sequence[Posted], ticked: Sequence[dt.datetime]) -> None:
        """Let it look at an evening, once it has looked at the one before; come back when it reads that evening's rows.

        Raises Broken for what it found the evening before.
        """
        life = self.watch.life
        self._come_to_an_end()
        self._pipe.send(PIN)
        evening = Evening(
            life.now, dict(life.staff), tuple(posted), tuple(ticked), life.relay.traffic(), looks
        )
        if (said := self._pipe.recv()) != PINNED:
            raise RuntimeError(f"the watch said {said!r}")
        self._pipe.send(evening)
        self._looking, self._day = True, life.today

    def end(self) -> Counter[str]:
        """Wait for its last look; return what was looked at, how often. Raises Broken."""
        self._come_to_an_end()
        return self._checked

    def _come_to_an_end(self) -> None:
        if self._looking:
            self._looking = False
            found: Found = self._pipe.recv()
            if found.broken:
                raise Broken(found.broken, self._day)
            self._checked = found.checked

    def close(self) -> None:
        """Let the process end, and wait for it."""
        self._pipe.close()
        os.waitpid(self._process, 0)


def _look(
    watch: Watch, looks: Sequence[Look], posted: Sequence[Posted], ticked: Sequence[dt.datetime]
) -> None:
    for each in looks:
        if each == "day":
            watch.day(posted, ticked)
        elif each == "month":
            watch.month()
        elif each == "whole":
            watch.whole()
        else:
            watch.end()


def _serve(watch: Watch, pipe: Connection) -> None:
    """Look at evening after evening, until the council's process is gone. Never returns."""
    code = 1
    try:
        database = Database(
            watch.life.app.database.url, durable=False
        )  # a connection is not shared across a fork
        while _goes_on(pipe):
            _evening(watch, database, pipe)
        code = 0
    finally:
        os._exit(code)  # nothing of the other process is to be ended here a second time


def _goes_on(pipe: Connection) -> bool:
    """Wait for the next evening; return False where the council's process is gone."""
    try:
        said: object = pipe.recv()
    except EOFError:
        return False
    return said == PIN


def _evening(watch: Watch, database: Database, pipe: Connection) -> None:
    """Look at an evening, and say what was found. Its rows are held before it is told of: the council waits for that."""
    life = watch.life
    try:
        with database.read() as session:
            pinned = "SELECT count(*) FROM alembic_version"  # with its first row it reads that evening, whatever comes
            session.connection().exec_driver_sql(pinned)
            pipe.send(PINNED)
            evening: Evening = pipe.recv()
            life.now, life.staff = evening.now, dict(evening.staff)
            life.relay.follow(evening.traffic)
            watch.reads = lambda: nullcontext(session)
            _look(watch, evening.looks, evening.posted, evening.ticked)
    except Broken as broken:
        pipe.send(Found(watch.checked, str(broken)))
    except Exception as error:
        pipe.send(Found(watch.checked, f"the watch broke: {type(error).__name__}: {error}"))
        raise
    else:
        pipe.send(Found(watch.checked))
