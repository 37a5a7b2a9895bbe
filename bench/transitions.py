"""A durable transition with hash chain and outbox, beside the raw driver and the peers' engines.

The floor is transitions alone; beside the engines it is a whole project, its creation included, as their programs run it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import peers, postgres
from bench.timing import Row, Worker, interleaved, ratio

ROUNDS = 9
SHM = Path("/dev/shm")
PEERS = (
    ("django-fsm-2 with ORM", "django_fsm_db:sqlite-full", 2.5, 8),
    ("SpiffWorkflow", "spiff:sqlite-full", 5, 12),
    ("DBOS steps", "dbos_steps:sqlite-full", 8, 20),
    ("viewflow", "viewflow_db:sqlite-full", 15, 40),
)


def _ours(folder: Path, database: str = "sqlite", *, moves: bool = False) -> Worker:
    command = [sys.executable, "-m", "bench.engine_worker", database, *(["moves"] if moves else [])]
    return Worker("ours", command, {"BENCH_TMP": str(folder)}, peers.ROOT)


def _floor(mode: str, folder: Path) -> Worker:
    program = str(peers.ROOT / "bench" / "floor_worker.py")
    command = [peers.python(), program, str(peers.HERE), mode]
    return Worker("floor", command, {"BENCH_TMP": str(folder)}, folder)


def _peer(engine: str, folder: Path) -> Worker:
    return Worker(engine, peers.worker(engine), {"BENCH_TMP": str(folder)}, folder)


def rows() -> Iterator[Row]:
    """Yield the contract's rows for SQLite, on memory (the software alone) and on a real disk."""
    soft = Path(tempfile.mkdtemp(dir=SHM if SHM.is_dir() else None))
    disk = Path(tempfile.mkdtemp(dir=os.environ.get("BENCH_DISK", "/var/tmp")))
    for folder, name, fail, reach in ((soft, "soft", 8, 3), (disk, "disk", 2.5, 1.4)):
        found = interleaved([_floor("sqlite-full", folder), _ours(folder, moves=True)], ROUNDS, 0.4)
        yield Row(
            f"transition, SQLite {name}, times the floor",
            ratio(found["ours"], found["floor"]),
            fail,
            reach,
        )
    with postgres.cluster() as url:
        found = interleaved([_floor("pg", disk), _ours(disk, url, moves=True)], ROUNDS, 0.4)
        figure = ratio(found["ours"], found["floor"])
        yield Row("transition, PostgreSQL disk, times a five-statement floor", figure, 2, 0.8)
    for label, engine, fail, reach in PEERS:
        found = interleaved([_peer(engine, soft), _ours(soft)], 5, 0.4)
        yield Row(f"transition, faster than {label}", ratio(found[engine], found["ours"]), fail, reach, True)
