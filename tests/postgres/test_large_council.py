"""A council as the bench makes it: what is measured there finds what is there, and compares no row with every other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from bench import portfolio_pg as bench
from tests.postgres.server import Server
from vfm_workflow.journeys import pipeline
from vfm_workflow.journeys.reporting.parts import Asked
from vfm_workflow.journeys.reporting.quarter_data import collect
from vfm_workflow.store import listing, report_figures
from vfm_workflow.wiring import App

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]
COUNT = 600


@pytest.fixture(scope="module")
def large(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A council of some hundred projects, each with its two years of returns."""
    folder: Path = tmp_path_factory.mktemp("large")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("VFM_HOME", raising=False)
        app = bench.build(server.database(), folder, COUNT)
    yield app
    app.close()


def test_every_measured_thing_finds_what_was_made(large: App) -> None:
    with large.read() as session:
        rows, total = listing.page(session, limit=25)
        quarter = collect(Asked(session, large.home, bench.QUARTER, bench.AT))
        drawn = {each.key: each for each in pipeline.pictures(session, large.home, bench.AT, savings=True)}
        slipped = bench._scan(session, large)
    assert (len(rows), total, len(quarter.projects)) == (25, COUNT, COUNT)
    assert len(quarter.rows) == COUNT * 2 * 6
    assert len(quarter.targets) == COUNT * 2
    assert all(target.value is not None and target.earlier is not None for target in quarter.targets)
    assert slipped
    weights = [stage["weight"] for stage in drawn["pipeline"].drawing["stages"]]
    assert weights == sorted(weights, reverse=True)
    assert len(weights) == 5


def test_the_quarters_measures_are_not_compared_with_one_another(large: App) -> None:
    """Joins of newest months were taken for one row, and 20,000 measures then took 400 million comparisons."""
    asked: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    engine = large.database.engine
    event.listen(engine, "before_cursor_execute", keep)
    with large.read() as session:
        report_figures.targets(session, 2026, "2026-09", "2026-06")
    event.remove(engine, "before_cursor_execute", keep)
    statement, parameters = next(pair for pair in asked if "measure_target" in pair[0])
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {statement}", parameters).scalars()
        shown = "\n".join(plan)
    removed = sum(int(count) for count in re.findall(r"Rows Removed by Join Filter: (\d+)", shown))
    assert removed < COUNT * 2 * 24, shown


def test_a_bulk_load_leaves_the_guards_as_they_were(large: App) -> None:
    with large.database.engine.connect() as connection:
        assert connection.scalar(text("SHOW session_replication_role")) == "origin"
