"""Our engine in one process, speaking the peers' worker protocol: projects a line in, JSON of seconds out."""

from __future__ import annotations

import gc
import json
import os
import sys
import time

from sqlalchemy import text

from bench import council


def main() -> None:
    """Serve until stdin ends. Arguments: `sqlite` or a PostgreSQL URL; `moves` to create before the clock starts."""
    url = sys.argv[1] if sys.argv[1] != "sqlite" else ""
    app = council.build(url)
    by = council.manager(app)
    only_moves = "moves" in sys.argv[2:]
    gc.freeze()
    out, done = os.fdopen(os.dup(1), "w"), 0
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        if line.strip() == "check":
            print(json.dumps({"projects": done, **_check(app)}), file=out, flush=True)
            continue
        count = int(line)
        before = [council.create(app, by, f"P{number}") for number in range(count)] if only_moves else []
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(count):
            reference = before[number] if only_moves else council.create(app, by, f"P{number}")
            for event in council.EVENTS:
                council.move(app, by, reference, event)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        done += count
        print(json.dumps({"wall": wall, "cpu": cpu}), file=out, flush=True)
    os._exit(0)


def _check(app: council.wiring.App) -> dict[str, int]:
    with app.read() as session:
        audit = session.scalar(text("SELECT count(*) FROM history WHERE event <> 'created'"))
        closed = session.scalar(text("SELECT count(*) FROM project WHERE stage = 'closed'"))
        facts = session.scalar(text("SELECT count(*) FROM occurrence"))
    if facts != audit:
        raise SystemExit(f"{facts} facts in the outbox for {audit} transitions")
    return {"audit": int(audit or 0), "closed": int(closed or 0)}


if __name__ == "__main__":
    main()
