"""The pictures of reports, each drawn from the table that stands beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.pipeline import PipelineRow, PlanYear, by_stage
from vfm_workflow.journeys.reporting.quarter_data import Quarter
from vfm_workflow.reports.drawing import coverage, pipeline, savings_profile, target_years
from vfm_workflow.reports.drawing.coverage import Covered
from vfm_workflow.reports.drawing.pipeline import Stage
from vfm_workflow.reports.drawing.target_years import PlanYear as DrawnYear
from vfm_workflow.reports.model import Picture, Table


def stages(rows: Sequence[PipelineRow], last: PlanYear, table: Table) -> Picture:
    """Return a year's pipeline by stage against the target."""
    drawn = [
        Stage(title=title, weight=weight, amount=amount, weighted=part)
        for title, weight, _, amount, part in by_stage(rows, last.year)
    ]
    picture = pipeline.pipeline("stages", table.title, year=last.year, stages=drawn, target=last.target)
    return dataclasses.replace(picture, table=table)


def years(plan: Sequence[PlanYear], table: Table) -> Picture:
    """Return the weighted pipeline of each year of the plan against its target."""
    drawn = [DrawnYear(year=y.year, amount=y.expected, weighted=y.weighted, target=y.target) for y in plan]
    return dataclasses.replace(target_years.target_years("years", table.title, years=drawn), table=table)


def covered(found: Quarter, table: Table) -> Picture:
    """Return which departments have completed a project this year, and which have one under way."""
    drawn = [
        Covered(code=code, name=name, completed=int(row[1].value or 0), under_way=int(row[2].value or 0))
        for (code, name), row in zip(found.departments.items(), table.rows, strict=True)
    ]
    picture = coverage.coverage("coverage", table.title, year=found.year, departments=drawn)
    return dataclasses.replace(picture, table=table)


def profile(found: Quarter) -> Picture:
    """Return what verified returns delivered against the profile of the months reported, added up over the year so far."""
    profiled, delivered = [], []
    for month in found.months:
        so_far = found.until(month)
        profiled.append(sum(amounts.profiled for amounts in so_far.values()))
        delivered.append(sum(amounts.delivered for amounts in so_far.values()))
    title = f"Savings against profile, {year_name(found.year)} so far"
    return savings_profile.savings_profile(
        "profile", title, year=found.year, months=found.months, profiled=profiled, delivered=delivered
    )
