"""Cold start to the first answer, `vfm project list`, and the demo's memory."""

from __future__ import annotations

import contextlib
import http.client
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import council, peers
from bench.timing import Row, cpu_of

FIRST_ANSWER = [sys.executable, "-m", "bench.first_answer"]
VFM = [sys.executable, "-c", "from vfm_workflow.cli import main; main()"]
"""What the `vfm` script of the environment does."""
ROUNDS = 7
PORT = 18621
SEEDING = 600
"""Seconds the first demo of a version may take to be made."""


def rows() -> Iterator[Row]:
    """Yield the contract's rows."""
    folder = council.scratch()
    council.build(folder=folder).close()
    environment = {
        "VFM_HOME": str(folder / "home"),
        "VFM_DATA": str(folder / "var"),
        # A checkout is measured as what is installed: compiled once, whatever the shell says of byte code.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
    }
    for command in (FIRST_ANSWER, [*VFM, "project", "list"]):
        cpu_of(command, environment, peers.ROOT)
    ours, theirs, listing = [], [], []
    for _ in range(ROUNDS):
        ours.append(cpu_of(FIRST_ANSWER, environment, peers.ROOT))
        listing.append(cpu_of([*VFM, "project", "list"], environment, peers.ROOT))
        if peers.present():
            theirs.append(cpu_of([peers.python(), "dj_viewflow.py"], None, peers.HERE / "startup"))
    if theirs:
        figure = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        yield Row("cold start to first answer, CPU against Django with viewflow", figure, 2.0, 1.6)
    figure = statistics.median(a / b for a, b in zip(listing, ours, strict=True))
    yield Row("`vfm project list`, CPU against our own cold start", figure, 0.9, 0.65)
    yield Row("memory of the demo's process", _demo_memory(), 200, 120, unit=" MB")


def _demo_memory() -> float:
    """Return the resident memory of `vfm demo` after a visitor has looked at a few pages, in MB."""
    folder = council.scratch()
    command = [*VFM, "demo", "--port", str(PORT), "--dir", str(folder)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=peers.ROOT, env=dict(os.environ)
    )
    try:
        _wait(process)
        for path in ("/demo", "/demo/people", "/sign-in") * 5:
            _get(path)
        status = Path(f"/proc/{process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait until the demo answers. Raises RuntimeError where it ended, or took too long."""
    until = time.monotonic() + SEEDING
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError):
            if _get("/demo") == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("the demo did not start")


def _get(path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    connection.request("GET", path)
    return connection.getresponse().status
