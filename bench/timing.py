"""Interleaved rounds: A B C … A B C …; ratios are taken round by round, and the median is what counts."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the result: what, the figure, and the lines it must not and should cross."""

    what: str
    figure: float
    fail: float
    reach: float
    higher_is_better: bool = False
    unit: str = "×"

    @property
    def verdict(self) -> str:
        if self._is_within(self.reach):
            return "reached"
        return "ok" if self._is_within(self.fail) else "FAILS"

    def _is_within(self, limit: float) -> bool:
        return self.figure >= limit if self.higher_is_better else self.figure <= limit


class Worker:
    """An engine in a warm process of its own."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        log = Path(tempfile.gettempdir()) / f"bench-{name.replace(':', '-').replace(' ', '-')}.log"
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
            text=True,
            env={**os.environ, **environment},
            cwd=folder,
        )
        if not self._read():
            raise SystemExit(f"{name} did not start: see {log}")

    def _read(self) -> dict[str, float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else {}

    def ask(self, what: int | str) -> dict[str, float]:
        """Run `what` projects (or check); return what the process says."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


def interleaved(workers: Sequence[Worker], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return, for each worker, its wall seconds per project in each round. Every engine is checked at the end."""
    size = {}
    for worker in workers:
        worker.ask(2)
        size[worker.name] = max(2, int(seconds / max(worker.ask(4)["wall"] / 4, 1e-6)))
    found: dict[str, list[float]] = {worker.name: [] for worker in workers}
    for _ in range(rounds):
        for worker in workers:
            found[worker.name].append(worker.ask(size[worker.name])["wall"] / size[worker.name])
    for worker in workers:
        check = worker.ask("check")
        if check["closed"] != check["projects"]:
            raise SystemExit(f"{worker.name} lost projects: {check}")
        worker.close()
    return found


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def cpu_of(
    command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> float:
    """Return the CPU seconds of a whole process, as the operating system accounts them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})}, cwd=cwd
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
