"""The workers, and how they are killed: what a process was doing at that moment is noted."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shlex
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from tests.documentation import ROOT
from tests.faults.owing import Owing

READY = b"The clock runs."
FLOCK = "hhqqi4x"
AIM_SECONDS = 1.0
READY_SECONDS = 60.0
WRITE_LOCK = 120
"""The byte of SQLite's `-shm` file whose lock is the right to write."""


class Nursery:
    """The process that the workers are forked from; see `worker.serve`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VFM_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker"],
            cwd=ROOT,
            env={**kept, **environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, said: Path, *command: str) -> Worker:
        """Return a new process that runs a command of `vfm`, and writes of itself into `said`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        said.touch()
        self._process.stdin.write(f"{shlex.join([str(said), *command])}\n")
        self._process.stdin.flush()
        return Worker(int(self._process.stdout.readline()), said)

    def close(self) -> None:
        """End it, and with it every worker that still runs."""
        self._process.kill()
        self._process.communicate()


class Worker:
    """One process of `vfm`."""

    def __init__(self, pid: int, said: Path) -> None:
        self.pid = pid
        self._said = said

    def said(self) -> str:
        """Return what it has written of itself."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def lives(self) -> bool:
        """Return whether the process is there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def ready(self) -> bool:
        """Return whether its clock runs. Raises RuntimeError where it ended by itself."""
        if not self.lives():
            raise RuntimeError(f"a worker ended by itself: {self.said()}")
        return READY in self._said.read_bytes()

    def stop(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill -9, and wait until it is gone. It may have ended by itself."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        end = time.monotonic() + 30
        while self.lives():
            assert time.monotonic() < end, f"{self.pid} does not die"
            time.sleep(0.002)


class Crew:
    """Workers of one council. Whoever is killed is followed by another."""

    def __init__(
        self, owing: Owing, count: int, rng: random.Random, folder: Path, **environment: str
    ) -> None:
        self._owing, self._rng = owing, rng
        self._nursery = Nursery({**owing.environment, **environment})
        self._count = count
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self._shm: IO[bytes] | None = None
        self.started = 0
        self.workers: list[Worker] = []
        self.kills: Counter[str] = Counter()
        """What the killed were doing."""

    def __enter__(self) -> Crew:
        self.workers = [self._start() for _ in range(self._count)]
        return self

    def __exit__(self, *_: object) -> None:
        self._nursery.close()
        if self._shm is not None:
            self._shm.close()

    def _start(self) -> Worker:
        self.started += 1
        return self._nursery.start(self._folder / f"{self.started}.log", "worker")

    def kill_one(self, *, aimed: bool = False) -> None:
        """Kill -9 one worker whose clock runs, note what it was doing, and start another.

        One that is `aimed` waits a moment for somebody to be in DATA, the one phase in which a crash leaves a doubt.
        """
        self.wait(lambda: any(worker.ready() for worker in self.workers), READY_SECONDS)
        running = [worker for worker in self.workers if worker.ready()]
        victim = self._rng.choice(running)
        if aimed:
            victim = self._in_data(running) or victim
        victim.stop(signal.SIGSTOP)  # so that what is noted is what it did
        self.kills[self._doing(victim)] += 1
        victim.kill()
        self.workers[self.workers.index(victim)] = self._start()

    def _in_data(self, running: list[Worker]) -> Worker | None:
        end = time.monotonic() + AIM_SECONDS
        while time.monotonic() < end:
            for worker in running:
                if self._owing.held_by(worker.pid) == "sending":
                    return worker
        return None

    def _doing(self, worker: Worker) -> str:
        state = self._owing.held_by(worker.pid)
        if self._writes(worker.pid):
            if state is not None:
                return "settling" if state == "sending" else "entering DATA"
            return "posting" if self._owing.facts_waiting() else "claiming"
        return {"sending": "in DATA", "opening": "opening", None: "between"}[state]

    def _writes(self, pid: int) -> bool:
        """Return whether a process holds the database's write lock."""
        if self._shm is None:
            # Kept open: closing it would drop the locks that this process's own connections have on the file.
            self._shm = (self._owing.data / "vfm.sqlite3-shm").open("rb")
        asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, WRITE_LOCK, 1, 0)
        kind, _, _, _, holder = struct.unpack(FLOCK, fcntl.fcntl(self._shm, fcntl.F_GETLK, asked))
        return bool(kind != fcntl.F_UNLCK and holder == pid)

    def wait(self, until: Callable[[], bool], seconds: float) -> None:
        """Wait until something is true. Raises RuntimeError, with what the workers said, where it does not come true."""
        end = time.monotonic() + seconds
        while not until():
            for worker in self.workers:
                worker.ready()
            if time.monotonic() > end:
                said = "\n".join(worker.said()[-3000:] for worker in self.workers)
                raise RuntimeError(f"not settled after {seconds} seconds: {said}")
            time.sleep(0.02)

    def said(self) -> str:
        """Return what every worker that ever ran has written."""
        return "".join(path.read_text(errors="replace") for path in sorted(self._folder.glob("*.log")))
