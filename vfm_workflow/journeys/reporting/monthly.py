"""The monthly return of all services for the Corporate Management Team, as a paper (§2.2.4, §4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vfm_workflow.domain.calendar import month_before, month_name
from vfm_workflow.domain.money import pounds
from vfm_workflow.domain.rag import COLOURS
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import cmt_return
from vfm_workflow.journeys.cmt_return import MeasureMonth, MonthlyReport, ProjectMonth
from vfm_workflow.journeys.reporting.parts import SOURCE, Asked, in_steps, many, paper
from vfm_workflow.reports.model import Bullets, Cell, Column, Report, Section, Table, Text, Value, rows_of

OFFERED = 12
"""So many of the newest months are offered."""


def months(asked: Asked) -> Iterable[tuple[str, str]]:
    """Return the newest months that have ended, the newest first."""
    calendar = asked.home.calendar
    month = calendar.month_before(asked.today)
    found = []
    for _ in range(OFFERED):
        found.append((month, month_name(month)))
        month = month_before(month)
    return found


def make(asked: Asked) -> Report:
    """Return the month's return as whoever asks may read it. Raises NotFound or BadInput: no month, or not over."""
    found = cmt_return.monthly(asked.session, asked.home, asked.key, asked.by, asked.at)
    if asked.key > asked.home.calendar.month_before(asked.today):
        raise BadInput({"month": f"{found.month} is not over yet."})
    position = [
        Section("summary", "The month at a glance", (Bullets(tuple(_glance(found))),)),
        Section("missing", "Returns that are missing", (_missing(found),)),
        *_departments(found),
    ]
    return paper(asked, "returns", found.month, found.year, position=position, financial=[Text(money(found))])


def money(found: MonthlyReport) -> str:
    """Return what was delivered in the year so far, in a sentence."""
    total = found.money
    return (
        f"{pounds(total.delivered)} of savings is reported as delivered in the financial year up to {found.month}, of "
        f"{pounds(total.profiled)} profiled for the months reported."
    )


def _glance(found: MonthlyReport) -> list[str]:
    said = ", ".join(f"{found.count(colour)} {colour}" for colour in reversed(COLOURS))
    return [
        f"{many(len(found.projects), 'project')} owed a return: {said}, {len(found.missing)} not in.",
        money(found),
    ]


def _departments(found: MonthlyReport) -> Iterable[Section]:
    for one in found.departments:
        blocks = []
        if one.projects:
            blocks += [_statuses(one.projects, found), _stories(one.projects, found)]
        if one.measures:
            blocks.append(_measures(one.code, one.measures))
        yield Section(f"department_{one.code}", one.name, tuple(blocks))


def _named(project: ProjectMonth, found: MonthlyReport) -> Cell:
    return Cell(
        f"{project.reference} {project.title}", link=f"/projects/{project.reference}/returns/{found.period}"
    )


def _statuses(projects: Sequence[ProjectMonth], found: MonthlyReport) -> Table:
    columns = (
        Column("Project", wide=True),
        Column("Overall", "light"),
        Column("Month before", "light"),
        Column("Time", "light"),
        Column("Cost", "light"),
        Column("Benefit", "light"),
        Column("Year end", "light"),
        Column("Slipped, days", "count"),
        Column("Delivered", "money", sums=True),
        Column("Profiled", "money", sums=True),
        Column("Spent", "money", sums=True),
    )
    body: list[Sequence[Value]] = [
        (
            _named(project, found),
            project.overall,
            project.before,
            project.time,
            project.cost,
            project.benefit,
            project.outlook,
            project.slip_days,
            project.counted.delivered,
            project.counted.profiled,
            project.spent,
        )
        for project in projects
    ]
    note = (
        f"{SOURCE}Savings in £ of the financial year so far, over the months reported; lines that another project counts are "
        "left out."
    )
    code = projects[0].department
    return Table(
        f"status_{code}", "Status and savings", columns, rows_of(body), note, total="All", of_period=True
    )


def _stories(projects: Sequence[ProjectMonth], found: MonthlyReport) -> Table:
    columns = (
        Column("Project"),
        Column("Status", "light"),
        Column("What happened", wide=True),
        Column("Why", wide=True),
        Column("Action", wide=True),
        Column("Owner"),
        Column("By", "date"),
    )
    body: list[Sequence[Value]] = [
        (
            _named(project, found),
            project.overall,
            project.narrative or None,
            " ".join(reason.sentence for reason in project.reasons) or None,
            project.action or (f"Beyond the team: {project.beyond_team}" if project.beyond_team else None),
            project.action_owner or None,
            project.action_by.isoformat() if project.action_by else None,
        )
        for project in projects
        if not project.missing
    ]
    code = projects[0].department
    note = SOURCE + "What the return says; why is what the written rules found."
    return Table(f"story_{code}", "What happened and what is done", columns, rows_of(body), note)


def _measures(code: str, measures: Sequence[MeasureMonth]) -> Table:
    columns = (
        Column("Measure", wide=True),
        Column("Unit"),
        Column("Baseline", "number"),
        Column("Now", "number"),
        Column("Target", "number"),
        Column("Target met"),
    )
    body: list[Sequence[Value]] = [
        (
            Cell(f"{m.code} {m.name}", link=f"/measures/{m.code}"),
            m.unit,
            in_steps(m.baseline, m.places),
            in_steps(m.value, m.places),
            in_steps(m.target, m.places),
            {True: "Yes", False: "No", None: "Not known"}[m.met],
        )
        for m in measures
    ]
    note = SOURCE + "The department's measures as agreed for the financial year (§4.3), in their own units."
    return Table(f"measures_{code}", "Cost and performance", columns, rows_of(body), note, of_period=True)


def _missing(found: MonthlyReport) -> Table:
    columns = (
        Column("Project", wide=True),
        Column("Department"),
        Column("Project manager"),
        Column("Due", "date"),
        Column("How it stands"),
    )
    words = {"missing": "Not begun", "draft": "Begun, not submitted"}
    names = {department.code: department.name for department in found.departments}
    body: list[Sequence[Value]] = [
        (_named(one, found), names[one.department], one.manager, one.due.isoformat(), words[one.state])
        for one in found.missing
    ]
    note = SOURCE.strip()
    return Table(
        "missing", "Returns that are missing", columns, rows_of(body), note, empty="Every return is in."
    )
