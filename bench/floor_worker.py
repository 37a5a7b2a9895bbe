"""The peers' raw driver, its transitions alone: the floor. It runs in their environment, from where they are."""

from __future__ import annotations

import gc
import json
import os
import sys
import time

sys.path.insert(0, sys.argv[1])

import common  # type: ignore[import-not-found]  # the peers', found on the path above
from engines.raw import Engine  # type: ignore[import-not-found]

engine, done = Engine(sys.argv[2]), 0
out = os.fdopen(os.dup(1), "w")
print(json.dumps({"ready": True}), file=out, flush=True)
for line in sys.stdin:
    if line.strip() == "check":
        print(
            json.dumps({"projects": done, "audit": engine.audit_rows(), "closed": engine.closed()}),
            file=out,
            flush=True,
        )
        continue
    count = int(line)
    projects = [engine.create(number) for number in range(count)]
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    for project in projects:
        for event in common.EVENTS:
            engine.move(project, event)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    done += count
    print(json.dumps({"wall": wall, "cpu": cpu}), file=out, flush=True)
os._exit(0)
