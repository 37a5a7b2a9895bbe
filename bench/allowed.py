"""Allowed events of one row of a list: a look-up in the plan, against a new machine for each row."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench import council
from bench.timing import Row
from vfm_workflow.domain.machine import Position, compile_chart


def rows() -> Iterator[Row]:
    """Yield the contract's row."""
    app = council.build()
    lifecycle = app.home.lifecycles["vfm"]
    chart = compile_chart(lifecycle)
    stages = list(lifecycle.stages)
    lookups, machines = 20_000, 200
    start = time.process_time()
    for number in range(lookups):
        [step.event for step in lifecycle.steps(stages[number % len(stages)])]
    plan = (time.process_time() - start) / lookups
    start = time.process_time()
    for number in range(machines):
        [event.id for event in chart(model=Position(stages[number % len(stages)])).allowed_events]
    machine = (time.process_time() - start) / machines
    yield Row("allowed events of a row, a new machine's time over the plan's", machine / plan, 20, 400, True)
