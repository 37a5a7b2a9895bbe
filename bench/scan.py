"""The slippage scan into digests: our set-based query beside the peers' lazy ORM loop, its growth and its memory."""

from __future__ import annotations

import datetime as dt
import gc
import json
import math
import os
import random
import resource
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import insert, text

from bench import council, peers
from bench.timing import Row
from vfm_workflow.domain.milestones import slippage
from vfm_workflow.store import due
from vfm_workflow.store.tables import Milestone, Project

TODAY = dt.date(2026, 6, 1)
PROGRAM = [sys.executable, "-m", "bench.scan"]
ROUNDS = 5


def build(folder: Path, count: int) -> council.wiring.App:
    """Return a council with `count` projects of eight milestones, one in forty open and late, as the peers' data are."""
    app = council.build(folder=folder)
    by = council.manager(app)
    first = council.create(app, by, "Model")
    chance = random.Random(7)
    with app.write() as session:
        model = (
            session.execute(text("SELECT * FROM project WHERE reference = :r"), {"r": first}).mappings().one()
        )
        session.execute(
            text("DROP TRIGGER milestone_new")
        )  # a bulk load, not a journey: the dates are invented
        rows = [
            {
                **{
                    name: value
                    for name, value in dict(model).items()
                    if name not in ("priorities", "stage_since", "created_at")
                },
                "id": n,
                "uuid": str(uuid.UUID(int=n)),
                "reference": f"VFM-{n:06d}",
                "priorities": [],
                "stage_since": council.AT,
                "created_at": council.AT,
            }
            for n in range(2, count + 1)
        ]
        for start in range(0, len(rows), 5000):
            session.execute(insert(Project), rows[start : start + 5000])
        batch = []
        for project in range(1, count + 1):
            for position in range(8):
                day = TODAY + dt.timedelta(days=chance.randint(-180, 180))
                done = day if day < TODAY and chance.random() < 0.95 else None
                batch.append(
                    {
                        "project_id": project,
                        "position": position,
                        "title": f"M{position}",
                        "forecast": day,
                        "done_on": done,
                        "baseline": day,
                    }
                )
            if len(batch) >= 20000:
                session.execute(insert(Milestone), batch)
                batch = []
        if batch:
            session.execute(insert(Milestone), batch)
    with app.database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return app


def scan(app: council.wiring.App) -> int:
    """Find every slip, with its days, grouped by who must hear of it; return how many there are."""
    owed: dict[int, list[tuple[int, int]]] = {}
    with app.read() as session:
        for row in due.slipped(session, TODAY):
            slip = slippage(row.baseline, row.forecast, None, TODAY, app.home.calendar)
            owed.setdefault(row.head_id, []).append((row.id, slip.working_days))
    return sum(map(len, owed.values()))


def main() -> None:
    """Build, or scan what was built and print seconds and memory. Arguments: build|scan, folder, count."""
    folder = Path(sys.argv[2])
    if sys.argv[1] == "build":
        build(folder, int(sys.argv[3])).close()
        return
    app = council.reopen(folder)
    with app.read() as session:
        session.execute(text("SELECT 1"))
    gc.freeze()  # as the server does once it has started
    before, seconds, found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, [], 0
    for _ in range(5):
        start = time.process_time()
        found = scan(app)
        seconds.append(time.process_time() - start)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"cpu": statistics.median(seconds), "mib": grown, "found": found}))


def _built(count: int) -> Path:
    """Return the folder of a council with `count` projects."""
    folder = council.scratch()
    subprocess.run([*PROGRAM, "build", str(folder), str(count)], check=True, cwd=peers.ROOT)
    return folder


def _scanned(folder: Path) -> dict[str, float]:
    """Return the CPU seconds, memory growth and finds of a scan in a process of its own."""
    out = subprocess.run(
        [*PROGRAM, "scan", str(folder)], check=True, capture_output=True, text=True, cwd=peers.ROOT
    )
    found: dict[str, float] = json.loads(out.stdout)
    return found


def rows() -> Iterator[Row]:
    """Yield the contract's rows for the scan: small and large in turn, and the median of the rounds' ratios."""
    os.environ.setdefault("BENCH_TMP", "/dev/shm")
    folders = _built(10_000), _built(100_000)
    rounds = [(_scanned(folders[0]), _scanned(folders[1])) for _ in range(ROUNDS)]
    small = statistics.median(each["cpu"] for each, _ in rounds)
    if peers.present():
        environment = {**os.environ, "BENCH_FAN": os.environ["BENCH_TMP"]}
        program = [peers.python(), str(peers.HERE / "fanout.py")]
        subprocess.run(
            [*program, "build", "sqlite", "10000"], check=True, env=environment, cwd=os.environ["BENCH_TMP"]
        )
        out = subprocess.run(
            [*program, "run", "sqlite", "10000", "orm_lazy"],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
            cwd=os.environ["BENCH_TMP"],
        )
        lazy = json.loads(out.stdout)["cpu"]
        yield Row("slippage scan, 10,000 projects, faster than a lazy ORM loop", lazy / small, 100, 450, True)
    growth = statistics.median(math.log10(large["cpu"] / few["cpu"]) for few, large in rounds)
    yield Row("its growth exponent, 10,000 to 100,000", growth, 1.15, 1.0, unit="")
    yield Row("its memory growth at 100,000", max(large["mib"] for _, large in rounds), 25, 10, unit=" MiB")


if __name__ == "__main__":
    main()
