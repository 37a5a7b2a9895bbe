"""The council's pipeline of savings and its departments' projects, as pictures beside the list of projects (§4.4, §7.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from sqlmodel import Session

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.lifecycle import Stage as LifecycleStage
from vfm_workflow.domain.pipeline import weighted
from vfm_workflow.journeys.home import Home
from vfm_workflow.reports.drawing.coverage import Covered, coverage
from vfm_workflow.reports.drawing.pipeline import Stage, pipeline
from vfm_workflow.reports.drawing.target_years import PlanYear, target_years
from vfm_workflow.reports.model import Picture
from vfm_workflow.store import pages_projects
from vfm_workflow.store import pipeline as store
from vfm_workflow.store.pipeline import Placed, Standing

Stages = Mapping[tuple[str, str], LifecycleStage | None]
"""(Lifecycle version, stage) → what the lifecycle says of it."""


def pictures(session: Session, home: Home, at: dt.datetime, *, savings: bool) -> list[Picture]:
    """Return the pipeline of the plan's last year, its five years, and the departments; without `savings` these alone.

    They are kept, as the same list, until something happens to a project or a day begins, since all of it follows from the
    histories.
    """
    departments = store.departments(session)
    mark = (pages_projects.newest_history(session), home.calendar.today(at), departments)
    kept_mark, kept = home.kept.get("pipeline", (None, None))
    if kept is None or kept_mark != mark:
        covered = _coverage(session, home, at, departments)
        kept = {True: [*_savings(session, home), covered], False: [covered]}
        home.kept["pipeline"] = (mark, kept)
    found: list[Picture] = kept[savings]
    return found


def _stages(session: Session, home: Home, places: Iterable[tuple[str, str]]) -> Stages:
    return {(digest, stage): home.pinned(session, digest).stages.get(stage) for digest, stage in places}


def _savings(session: Session, home: Home) -> tuple[Picture, Picture]:
    mtfp = home.savings.mtfp
    rows = store.expected_by_place(session, mtfp.years)
    stages = _stages(session, home, {(row.lifecycle, row.stage) for row in rows})
    years = [_year(rows, stages, year, mtfp.target(year)) for year in mtfp.years]
    last = mtfp.years[-1]
    return (
        pipeline(
            "pipeline",
            f"The pipeline of savings for {year_name(last)}",
            year=last,
            stages=by_stage([row for row in rows if row.year == last], stages),
            target=mtfp.target(last),
        ),
        target_years("plan-years", "The five years of the Medium Term Financial Plan", years=years),
    )


def by_stage(rows: Sequence[Placed], stages: Stages) -> list[Stage]:
    """Return a year's stages, the surest first, of those that count at all."""
    found: dict[tuple[int, str], Stage] = {}
    for row in rows:
        stage = stages[row.lifecycle, row.stage]
        if stage is None or not stage.weight_percent:
            continue
        key = (-stage.weight_percent, stage.title)
        entry = found.setdefault(
            key, Stage(title=stage.title, weight=stage.weight_percent, amount=0, weighted=0)
        )
        entry["amount"] += row.amount
        entry["weighted"] += weighted_sum(row, stage.weight_percent)
    return [found[key] for key in sorted(found)]


def weighted_sum(row: Placed, percent: int) -> int:
    """Return the sum of its projects' weighted amounts, each rounded to the penny as `domain.pipeline` does it."""
    sign = -1 if row.negative else 1
    whole = abs(row.amount) - row.projects * row.odd
    return sign * (whole // 100 * percent + row.projects * weighted(row.odd, percent))


def _year(rows: Sequence[Placed], stages: Stages, year: int, target: int) -> PlanYear:
    found = by_stage([row for row in rows if row.year == year], stages)
    return PlanYear(
        year=year,
        amount=sum(stage["amount"] for stage in found),
        weighted=sum(stage["weighted"] for stage in found),
        target=target,
    )


def _coverage(
    session: Session, home: Home, at: dt.datetime, departments: Sequence[tuple[str, str]]
) -> Picture:
    """Completed: it entered a stage that counts whole in this financial year, so its implementation has ended."""
    calendar = home.calendar
    year = calendar.financial_year(calendar.today(at))
    first = dt.date.fromisoformat(calendar.quarter_months(f"{year}-Q1")[0] + "-01")
    rows = store.standings(session, calendar.moment(first, dt.time()))
    stages = _stages(session, home, {(row.lifecycle, row.stage) for row in rows})
    return coverage(
        "coverage",
        f"Projects by department, {year_name(year)}",
        year=year,
        departments=[_covered(code, name, rows, stages) for code, name in departments],
    )


def _covered(code: str, name: str, rows: Sequence[Standing], stages: Stages) -> Covered:
    own = [(row, stages[row.lifecycle, row.stage]) for row in rows if row.department == code]
    return Covered(
        code=code,
        name=name,
        completed=sum(row.entered for row, stage in own if stage is not None and stage.weight_percent == 100),
        under_way=sum(
            row.projects
            for row, stage in own
            if stage is not None and stage.kind == "live" and stage.weight_percent < 100
        ),
    )
