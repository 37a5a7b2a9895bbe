"""A very large council on a real PostgreSQL: list, slippage scan, pipeline and the quarterly report's data, and how they grow.

`python -m bench.portfolio_pg` measures 1,000 and 10,000 projects, with `--full` 10,000 and 100,000: of each, 8 milestones, 24
monthly returns, 2 lines of savings and 2 measures with 24 months. `--plans` prints the plan of every slow statement besides.
"""

from __future__ import annotations

import datetime as dt
import math
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, text
from sqlmodel import Session

from bench import council
from bench.timing import Row
from tests.postgres.server import Server
from vfm_workflow import wiring
from vfm_workflow.domain.calendar import month_after
from vfm_workflow.journeys import people, pipeline, portfolio, projects
from vfm_workflow.journeys.reporting.parts import Asked
from vfm_workflow.journeys.reporting.quarter_data import collect
from vfm_workflow.store import due, facts, listing, returns

SMALL, FULL = (1_000, 10_000), (10_000, 100_000)
ROUNDS, SAMPLE, SLOW_SECONDS = 3, 40, 0.005
AT = dt.datetime(2026, 10, 20, 9, 0, tzinfo=dt.UTC)
TODAY, QUARTER, FIRST_MONTH = AT.date(), "2026-Q2", "2024-10"
DEPARTMENTS = 8


def _months() -> list[str]:
    found = [FIRST_MONTH]
    while len(found) < 24:
        found.append(month_after(found[-1]))
    return found


PROJECTS = """
INSERT INTO project SELECT n, md5(n::text), 'VFM-' || lpad(n::text, 6, '0'), 'Project ' || md5(n::text), p.summary, p.kind,
  'D' || n % :departments, '', p.priorities, p.manager_id, p.sponsor_id, p.lifecycle,
  (ARRAY['closed', 'outline', 'initial_stage', 'lessons_learned', 'implementation'])[1 + least(n % 10, 4)],
  timestamptz '2026-01-10' + n % 250 * interval '1 day', NULL, NULL, (ARRAY['red', 'amber', 'green', 'green'])[1 + n % 4], NULL,
  26, p.head, p.created_at, p.created_by
FROM project p, generate_series(2, :count) n WHERE p.id = 1
"""
MILESTONES = """
INSERT INTO milestone (project_id, position, title, forecast, done_on, baseline)
SELECT p, m, 'Milestone ' || m, day, CASE WHEN day < :today AND (p * 7 + m) % 20 > 0 THEN day END, day
FROM (
  SELECT p, m, date '2025-01-01' + (p * 13 + m * 97) % 900 AS day FROM generate_series(1, :count) p, generate_series(0, 7) m
) d
"""
RETURNS = """
INSERT INTO monthly_return (project_id, period, state, draft, narrative, action, spend, days_used, rag, rag_time, rag_cost,
  rag_benefit, why, action_owner, beyond_team, sent_back_why, submitted_at, submitted_by, verified_at, verified_by)
SELECT p, period, CASE WHEN p % 20 = 0 AND period = :last THEN 'submitted' ELSE 'verified' END, '{}',
  repeat('Work went on. ', 8), '', 120000, 8, c, c, 'green', 'green',
  '[{"rule": "slippage", "colour": "green", "sentence": "No milestone is late."}]', '', '', '', :at, 1, :at, 2
FROM (
  SELECT p, period, (ARRAY['red', 'amber', 'green', 'green'])[1 + (p + ascii(right(period, 1))) % 4] AS c
  FROM generate_series(1, :count) p, unnest(CAST(:months AS text[])) period
) r
"""
SAVINGS = (
    """
    INSERT INTO saving_line (id, project_id, position, title, cashable, ongoing, budget_code)
    SELECT p * 2 + k, p, k, 'Line ' || k, k = 0, TRUE, 'D-' || p FROM generate_series(1, :count) p, generate_series(0, 1) k
    """,
    """
    INSERT INTO saving_year SELECT id, y, 900000, 1200000 + id % 97, 1500000, 10000
    FROM saving_line, generate_series(2024, 2030) y
    """,
    """
    INSERT INTO saving_entry (line_id, period, number, delivered, at, by, source)
    SELECT id, period, 1, 90000 + id % 1000, :at, 1, 'return' FROM saving_line, unnest(CAST(:months AS text[])) period
    """,
)
MEASURES = (
    """
    INSERT INTO measure (id, project_id, position, name, kind, unit, places, direction, numerator, denominator, tolerance)
    SELECT p * 2 + k, p, k, 'Measure ' || k, CASE k WHEN 0 THEN 'unit_cost' ELSE 'performance' END, '£', 2, 'lower', '', '', 0
    FROM generate_series(1, :count) p, generate_series(0, 1) k
    """,
    "INSERT INTO measure_target (measure_id, number, baseline, target, at, by) SELECT id, 1, 7100, 6400, :at, 1 FROM measure",
    """
    INSERT INTO reading (measure_id, period, number, value, at, by, source, reason)
    SELECT id, period, 1, 6400 + id % 700, :at, 1, 'return', '' FROM measure, unnest(CAST(:months AS text[])) period
    """,
)
HISTORY = """
INSERT INTO history (project_id, seq, at, actor, event, from_stage, to_stage, reason, detail, prev_hash, hash)
SELECT p.id, n, to_char(timestamp '2024-08-01' + n * interval '30 days', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'), 'A manager',
  CASE WHEN n = 1 THEN 'created' ELSE 'return_verified' END, p.stage, p.stage, '', '{}', md5(n::text), md5((n + 1)::text)
FROM project p, generate_series(1, 26) n WHERE p.id > 1
"""


def build(url: str, folder: Path, count: int) -> wiring.App:
    """Return a council with so many projects: one begun as everywhere, the others by statements over all of them."""
    app = wiring.build(home="", data=str(folder), database_url=url)
    with app.write() as session:
        for number in range(DEPARTMENTS):
            people.add_department(session, code=f"D{number}", name=f"Department {number}")
        for name, role in (("head", "head_of_service"), ("pm", "project_manager")):
            people.add_person(
                session,
                app.home,
                address=f"{name}@bench.example",
                name=name,
                role=role,
                department="D0",
                at=AT,
            )
        for number in range(DEPARTMENTS):
            people.set_head(session, f"D{number}", "head@bench.example", at=AT)
    with app.write() as session:
        by = people.actor_by_address(session, "pm@bench.example")
        kind = app.home.outline.kinds[0].key
        projects.create(
            session,
            app.home,
            title="Model",
            kind=kind,
            department="D0",
            manager=by.address,
            by=by,
            at=council.AT,
        )
    months = _months()
    values = {
        "count": count,
        "departments": DEPARTMENTS,
        "today": TODAY,
        "at": AT,
        "months": months,
        "last": months[-1],
    }
    with app.database.engine.begin() as connection:
        connection.execute(
            text("SET session_replication_role = replica")
        )  # a bulk load: no trigger, no journey
        for statement in (PROJECTS, MILESTONES, RETURNS, *SAVINGS, *MEASURES, HISTORY):
            connection.execute(text(statement), values)
        connection.execute(text("SET session_replication_role = origin"))
    with app.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    return app


# ------------------------------------------------------------------ what is measured


def _page(session: Session, app: wiring.App) -> object:
    return listing.page(session, limit=25)


def _worst_first(session: Session, app: wiring.App) -> object:
    return listing.page(session, sort="rag", limit=25)


def _glance(session: Session, app: wiring.App) -> object:
    app.home.kept.clear()
    return portfolio.glance(session, app.home, AT)


def _pictures(session: Session, app: wiring.App) -> object:
    app.home.kept.clear()
    return pipeline.pictures(session, app.home, AT, savings=True)


def _scan(session: Session, app: wiring.App) -> object:
    return sum(1 for _ in due.slipped(session, TODAY))


def _quarter(session: Session, app: wiring.App) -> object:
    return collect(Asked(session, app.home, QUARTER, AT))


def _one_by_one(session: Session, app: wiring.App) -> object:
    """Ask for some projects' share of the quarterly report, a project at a time."""
    last = app.home.calendar.quarter_months(QUARTER)[2]
    return [
        (
            returns.of_project(session, project),
            returns.delivered(session, project, last),
            returns.readings(session, project, last),
            facts.milestones(session, project),
        )
        for project in range(2, 2 + SAMPLE)
    ]


Work = Callable[[Session, wiring.App], object]
MEASURED: tuple[tuple[str, Work], ...] = (
    ("list of projects, a page of 25", _page),
    ("the same, the worst rating first", _worst_first),
    ("figures over the list", _glance),
    ("pictures under the list", _pictures),
    ("slippage scan", _scan),
    ("quarterly report's data", _quarter),
)


def seconds(app: wiring.App, work: Work, rounds: int = ROUNDS) -> float:
    """Return the median of some rounds, after one that warms the database up."""
    found = []
    for _ in range(rounds + 1):
        with app.read() as session:
            start = time.perf_counter()
            work(session, app)
            found.append(time.perf_counter() - start)
    return statistics.median(found[1:])


@dataclass(frozen=True)
class Measured:
    """Seconds of one thing in the smaller and in the larger council."""

    what: str
    few: float
    many: float

    @property
    def growth(self) -> float:
        """The exponent: 1 where ten times the projects take ten times as long."""
        return math.log10(self.many / self.few)


def measure(sizes: tuple[int, int], *, plans: bool = False) -> tuple[list[Measured], float]:
    """Return what was measured, and how many times faster the quarterly report's data are than project by project."""
    server, folder = Server(), council.scratch()
    try:
        few, many = (build(server.database(), folder / str(size), size) for size in sizes)
        found = [Measured(what, seconds(few, work), seconds(many, work)) for what, work in MEASURED]
        one_by_one = seconds(many, _one_by_one) * sizes[1] / SAMPLE
        if plans:
            _explain(many)
        few.close()
        many.close()
        return found, one_by_one / found[-1].many
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def rows(sizes: tuple[int, int] = SMALL) -> Iterator[Row]:
    """Yield how everything grows; nothing may grow much faster than the council does.

    The smaller pair has a line further off: the smallest council lies in memory whole, the next one does not.
    """
    fail = 1.15 if sizes == FULL else 1.3
    found, faster = measure(sizes)
    for each in found:
        yield Row(
            f"{each.what}: growth exponent, {sizes[0]:,} to {sizes[1]:,}", each.growth, fail, 1.0, unit=""
        )
    yield Row("quarterly report's data, faster than project by project", faster, 2, 8, True)


def _explain(app: wiring.App) -> None:
    """Print the plan of each statement that takes long."""
    engine: Engine = app.database.engine
    said: dict[str, tuple[str, Any]] = {}

    @event.listens_for(engine, "before_cursor_execute")
    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        said.setdefault(statement, (statement, parameters))

    for _, work in MEASURED:
        with app.read() as session:
            work(session, app)
    event.remove(engine, "before_cursor_execute", keep)
    with engine.connect() as connection:
        for statement, parameters in said.values():
            start = time.perf_counter()
            connection.exec_driver_sql(statement, parameters).fetchall()
            spent = time.perf_counter() - start
            if spent > SLOW_SECONDS:
                plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)
                print(f"\n{spent * 1000:.0f} ms: {' '.join(statement.split())[:400]}")
                print("\n".join(f"    {row[0]}" for row in plan))


def main() -> None:
    """Measure and print seconds besides the ratios."""
    sizes = FULL if "--full" in sys.argv else SMALL
    found, faster = measure(sizes, plans="--plans" in sys.argv)
    for each in found:
        print(
            f"{each.what:<40} {each.few * 1000:>9.1f} ms {each.many * 1000:>9.1f} ms   exponent {each.growth:.2f}"
        )
    print(f"quarterly report's data: {faster:.1f} × faster than project by project")


if __name__ == "__main__":
    main()
