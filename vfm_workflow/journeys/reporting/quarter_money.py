"""The money of the quarterly report: what was delivered against the profile, and its way through Finance (§15)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vfm_workflow.domain.calendar import month_name, year_name
from vfm_workflow.domain.money import pounds
from vfm_workflow.domain.pipeline import PlanYear
from vfm_workflow.journeys.reporting.mtfp import finding
from vfm_workflow.journeys.reporting.parts import SOURCE
from vfm_workflow.journeys.reporting.quarter_data import Amounts, Quarter
from vfm_workflow.journeys.reporting.quarter_tables import named
from vfm_workflow.reports.model import Block, Cell, Column, Table, Text, Value, rows_of, tenths
from vfm_workflow.store.report_figures import ProjectRow

PROFILED = (
    "Profiled: 1/12 of the year's expected amount for each month reported, rounded to the penny for each project. "
    "£, whole pence; totals are the sums of the rows."
)


def of(found: Quarter, project: ProjectRow) -> Amounts:
    """Return a project's savings in the year so far."""
    return found.amounts.get(project.id, Amounts())


def sentence(found: Quarter) -> str:
    """Return what was delivered in the year so far against the profile."""
    delivered = sum(of(found, project).delivered for project in found.projects)
    profiled = sum(of(found, project).profiled for project in found.projects)
    if not profiled and not delivered:
        return f"No savings were profiled for {year_name(found.year)} so far."
    share = tenths(delivered, profiled)
    percent = f", {share / 10:g}%" if share is not None else ""
    return (
        f"{pounds(delivered)} of savings is delivered in {year_name(found.year)} up to {month_name(found.months[-1])}, of "
        f"{pounds(profiled)} profiled for the months reported{percent}."
    )


MONEY = (
    Column("Delivered", "money", sums=True),
    Column("Profiled", "money", sums=True),
    Column("Difference", "money", sums=True),
    Column("Delivered, %", "percent"),
    Column("Profile, whole year", "money", sums=True, of_day=True),
    Column("Evidenced", "money", sums=True, of_day=True),
    Column("Verified", "money", sums=True, of_day=True),
    Column("Banked", "money", sums=True, of_day=True),
)


def _cells(found: Quarter, projects: Iterable[ProjectRow]) -> tuple[int | None, ...]:
    """Return some projects' amounts as MONEY has them: evidenced takes in what was verified, and that what was banked."""
    some = list(projects)
    delivered = sum(of(found, project).delivered for project in some)
    profiled = sum(of(found, project).profiled for project in some)
    claims = [claim for project in some for claim in found.claims_of.get(project.id, ())]
    evidenced, verified, banked = (
        sum(claim.amount for claim in claims if claim.state in states)
        for states in (("evidenced", "verified", "banked"), ("verified", "banked"), ("banked",))
    )
    year = sum(found.year_expected.get(project.id, 0) for project in some)
    share = tenths(delivered, profiled)
    return delivered, profiled, delivered - profiled, share, year, evidenced, verified, banked


def by_department(found: Quarter) -> Table:
    """Return the savings of each department."""
    rows = [(name, *_cells(found, found.of_department(code))) for code, name in found.departments.items()]
    note = SOURCE + PROFILED + " Evidenced includes verified, and verified includes banked."
    columns = (Column("Department", wide=True), *MONEY)
    return Table(
        "savings_departments",
        "Savings by department, year so far",
        columns,
        rows_of(rows),
        note,
        total="All",
        of_period=True,
    )


def by_project(found: Quarter) -> Table:
    """Return the savings of each project that delivered something, or was to."""
    rows: list[Sequence[Value]] = []
    for project in found.projects:
        amounts = of(found, project)
        if amounts != Amounts() or project.id in found.claims_of or found.year_expected.get(project.id):
            rows.append((_linked(project), *_cells(found, [project])))
    columns = (Column("Project", wide=True), *MONEY)
    note = SOURCE + PROFILED + " A line that another project counts is left out."
    return Table(
        "savings_projects",
        "Savings by project, year so far",
        columns,
        rows_of(rows),
        note,
        total="All",
        of_period=True,
    )


def _linked(project: ProjectRow) -> Cell:
    return named(project, "/savings")


def implications(found: Quarter, last: PlanYear) -> list[Block]:
    """Return what follows for money."""
    unverified = sum(of(found, project).unverified for project in found.projects)
    banked = sum(claim.amount for claim in found.claims if claim.state == "banked")
    said = [
        sentence(found),
        f"{pounds(banked)} of it is banked: taken out of a budget by Finance, with a journal.",
    ]
    if unverified:
        said.append(
            f"A further {pounds(unverified)} is reported and not verified, and is counted nowhere in this report."
        )
    said.append(finding(last))
    return [Text(" ".join(said))]
