"""The schedule of the Medium Term Financial Plan: five years of the pipeline, weighted by stage, against the target (§4.4)."""

from __future__ import annotations

from collections.abc import Sequence

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.money import pounds
from vfm_workflow.domain.pipeline import PipelineRow, PlanYear, by_stage, plan
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.reporting import pictured
from vfm_workflow.journeys.reporting.parts import SOURCE, Asked, many, paper
from vfm_workflow.reports.model import Block, Cell, Column, Report, Section, Table, Text, Value, rows_of
from vfm_workflow.store import report_figures as store
from vfm_workflow.store.report_figures import ProjectRow

ROUNDED = "Whole pounds and pence; a weighted amount is rounded to the penny for each project, and totals are sums of those."


def make(asked: Asked) -> Report:
    """Return the plan as it stands."""
    rows = pipeline(asked)
    years = plan_years(asked, rows)
    last = years[-1]
    blocks = (
        Text(finding(last)),
        pictured.years(years, year_table(years)),
        pictured.stages(rows, last, stage_table(rows, last.year)),
    )
    position = Section(
        "position",
        "Position against the target",
        blocks,
    )
    appendix = Section(
        "projects", "Appendix: every project by year", (project_table(asked, rows),), appendix=True
    )
    period = f"{year_name(years[0].year)} to {year_name(last.year)}"
    return paper(
        asked,
        "mtfp",
        period,
        years[0].year,
        position=[position],
        financial=money_words(asked, rows, years),
        appendices=[appendix],
    )


def pipeline(asked: Asked) -> list[PipelineRow]:
    """Return what every project of any weight expects in the years of the plan, in order of reference."""
    years = asked.home.savings.mtfp.years
    amounts: dict[int, dict[int, store.Expected]] = {}
    for row in store.expected(asked.session, years):
        amounts.setdefault(row.project_id, {})[row.year] = row
    found = []
    for project in store.projects(asked.session):
        title, weight = stage_of(asked.home, asked, project)
        mine = amounts.get(project.id, {})
        if weight and mine:
            found.append(
                PipelineRow(
                    project.reference,
                    project.title,
                    project.department,
                    title,
                    weight,
                    {year: row.ongoing for year, row in mine.items()},
                    {year: row.cashable for year, row in mine.items()},
                    sum(row.once for row in mine.values()),
                )
            )
    return found


def stage_of(home: Home, asked: Asked, project: ProjectRow) -> tuple[str, int]:
    """Return the title of a project's stage and its weight in per cent."""
    stage = home.pinned(asked.session, project.lifecycle).stages.get(project.stage)
    return (stage.title, stage.weight_percent) if stage is not None else (project.stage, 0)


def plan_years(asked: Asked, rows: Sequence[PipelineRow] | None = None) -> list[PlanYear]:
    """Return each year of the plan with its target."""
    mtfp = asked.home.savings.mtfp
    return plan(pipeline(asked) if rows is None else rows, {year: mtfp.target(year) for year in mtfp.years})


def finding(last: PlanYear) -> str:
    """Return in a sentence how the last year of the plan stands against its target."""
    year = year_name(last.year)
    said = (
        f"For {year} the pipeline holds {pounds(last.expected)} a year, {pounds(last.weighted)} of it when each project is "
        f"weighted by its stage, against a target of {pounds(last.target)}"
    )
    if last.shortfall > 0:
        return f"{said}: {pounds(last.shortfall)} is still to be found."
    return f"{said}, which is met with {pounds(-last.shortfall)} over."


def year_table(years: Sequence[PlanYear]) -> Table:
    """Return the plan year by year."""
    columns = (
        Column("Financial year"),
        Column("Target", "money"),
        Column("Pipeline", "money"),
        Column("Of which cashable", "money"),
        Column("Weighted by stage", "money"),
        Column("Still to be found", "money"),
    )
    rows = [(year_name(y.year), y.target, y.expected, y.cashable, y.weighted, y.shortfall) for y in years]
    note = SOURCE + "£ a year, ongoing savings as each project's profile expects them. " + ROUNDED
    return Table("years", "The plan by year", columns, rows_of(rows), note)


def stage_table(rows: Sequence[PipelineRow], year: int) -> Table:
    """Return a year's pipeline by stage."""
    columns = (
        Column("Stage"),
        Column("Counts for", "percent"),
        Column("Projects", "count", sums=True),
        Column(f"Pipeline {year_name(year)}", "money", sums=True),
        Column("Weighted", "money", sums=True),
    )
    stages = [
        (title, weight * 10, count, expected, weighted)
        for title, weight, count, expected, weighted in by_stage(rows, year)
    ]
    note = SOURCE + "How far a stage's savings count is the lifecycle's own rule. " + ROUNDED
    return Table(
        "stages", f"The pipeline of {year_name(year)} by stage", columns, rows_of(stages), note, total="Total"
    )


def project_table(asked: Asked, rows: Sequence[PipelineRow]) -> Table:
    """Return every project's five years."""
    years = asked.home.savings.mtfp.years
    columns = (
        Column("Project"),
        Column("Department"),
        Column("Stage"),
        *(Column(year_name(year), "money", sums=True) for year in years),
        Column(f"Weighted {year_name(years[-1])}", "money", sums=True),
        Column("One-off, all years", "money", sums=True),
    )
    body: list[Sequence[Value]] = [
        (
            Cell(f"{row.project} {row.title}", link=f"/projects/{row.project}/savings"),
            row.department,
            row.stage,
            *(row.expected.get(year, 0) for year in years),
            row.weighted(years[-1]),
            row.once,
        )
        for row in rows
    ]
    note = SOURCE + "£ a year of ongoing savings. A line that another project counts is left out. " + ROUNDED
    return Table("projects", "Every project by year", columns, rows_of(body), note, total="Total")


def money_words(asked: Asked, rows: Sequence[PipelineRow], years: Sequence[PlanYear]) -> list[Block]:
    """Return what follows for money."""
    mtfp = asked.home.savings.mtfp
    percent = f"{mtfp.target_percent.normalize():f}"
    once = sum(row.once for row in rows)
    uncashed = years[-1].expected - years[-1].cashable
    said: list[Block] = [
        Text(
            f"The target is {percent}% of the net budget of {pounds(mtfp.net_budget * 100)} each year, on top of the years "
            f"before: {pounds(years[-1].target)} a year by {year_name(years[-1].year)}."
        ),
        Text(
            f"{many(len(rows), 'project')} expect savings. {pounds(uncashed)} of {year_name(years[-1].year)}'s pipeline is "
            "not cashable: better service for the same money, which closes no gap in the budget."
        ),
    ]
    if once:
        said.append(
            Text(
                f"One-off savings and receipts of {pounds(once)} stand beside the plan and in no year of it."
            )
        )
    return said
