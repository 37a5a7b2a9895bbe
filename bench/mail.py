"""A digest rendered, against the same template without its CSS inlined."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from bench import council
from bench.timing import Row
from vfm_workflow.mail.council import Council
from vfm_workflow.mail.render import Group, Renderer
from vfm_workflow.mail.samples import DAY, SAMPLES, TASKS_URL


def rows() -> Iterator[Row]:
    """Yield the contract's row."""
    app = council.build()
    path, catalogue = app.loaded.folders.search_path("notifications"), app.home.catalogue
    who = Council(app.home.council_name, "#6f1a52", app.home.base_url)
    renderers = [Renderer(path, catalogue, who, inline=inline) for inline in (True, False)]
    groups = [Group("milestone_slipped", [SAMPLES["milestone_slipped"]] * 10)]
    times: list[list[float]] = [[], []]
    for _ in range(25):
        for renderer, found in zip(renderers, times, strict=True):
            start = time.process_time()
            for _ in range(20):
                renderer.digest("Head of Service", groups, TASKS_URL, DAY)
            found.append(time.process_time() - start)
    figure = statistics.median(a / b for a, b in zip(*times, strict=True))
    yield Row("a digest, against the same without inlining", figure, 1.15, 1.0)
