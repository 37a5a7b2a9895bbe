"""A department's card: its projects, measures and savings on one sheet, for its management team (§6.1, §7.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vfm_workflow.domain.calendar import month_name, year_name
from vfm_workflow.domain.milestones import expected
from vfm_workflow.domain.money import pounds
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import register
from vfm_workflow.journeys.reporting import mtfp
from vfm_workflow.journeys.reporting.parts import SOURCE, WAY, Asked, in_steps, many, paper, way
from vfm_workflow.journeys.reporting.quarter_tables import is_met, named
from vfm_workflow.reports.model import Cell, Column, Report, Section, Table, Text, Value, rows_of
from vfm_workflow.store import report_figures as store


def departments(asked: Asked) -> Iterable[tuple[str, str]]:
    """Return every department's code and name."""
    return store.departments(asked.session).items()


def make(asked: Asked) -> Report:
    """Return a department's card as it stands. Raises NotFound."""
    names = store.departments(asked.session)
    code = asked.key.strip().upper()
    if code not in names:
        raise NotFound(f"There is no department {asked.key[:20]}. There are: {', '.join(sorted(names))}.")
    calendar = asked.home.calendar
    month = calendar.month_before(asked.today)
    year = calendar.financial_year(asked.today)
    found = register.of(asked.session, asked.home, asked.at, register.Asked(year, department=code))
    total = found.counted
    money = (
        f"In {year_name(year)} the department expects {pounds(total.gross)} of savings; {pounds(total.delivered)} is "
        f"delivered, {pounds(total.verified)} verified and {pounds(total.banked)} banked."
    )
    projects = _projects(asked, code, month)
    count = many(len(projects.rows), "project")
    position = [
        Section("projects", "Projects", (Text(f"{names[code]} has {count}."), projects)),
        Section("measures", "Cost and performance", (_measures(asked, code, year, month),)),
        Section("savings", "Savings", (Text(money), _savings(found))),
    ]
    return paper(asked, "department", names[code], year, position=position, financial=[Text(money)])


def _projects(asked: Asked, code: str, month: str) -> Table:
    statuses = store.statuses(asked.session, month)
    late: dict[int, int] = {}
    for row in store.late(asked.session, asked.today):
        days = (expected(row.forecast, None, asked.today) - row.baseline).days
        late[row.project_id] = max(days, late.get(row.project_id, 0))
    columns = (
        Column("Project", wide=True),
        Column("Stage"),
        Column("Overall", "light"),
        Column("Year end", "light"),
        Column("As of"),
        Column("Slipped, days", "count"),
        Column("Action", wide=True),
        Column("Owner"),
        Column("By", "date"),
    )
    body: list[Sequence[Value]] = []
    for project in store.projects(asked.session, code):
        title, _ = mtfp.stage_of(asked.home, asked, project)
        said = statuses.get(project.id)
        body.append(
            (
                named(project),
                title,
                said.rag if said else None,
                said.outlook if said else None,
                month_name(said.period) if said else None,
                late.get(project.id, 0),
                said.action or None if said else None,
                said.owner or None if said else None,
                said.by.isoformat() if said and said.by else None,
            )
        )
    note = (
        SOURCE
        + "Status of the newest verified return. Slipped: the open milestone furthest behind the date CMT agreed."
    )
    return Table("projects", "Projects", columns, rows_of(body), note, empty="It has no project.")


def _measures(asked: Asked, code: str, year: int, month: str) -> Table:
    quarter = asked.home.calendar.quarter_before(asked.today)
    earlier = asked.home.calendar.quarter_months(quarter)[2]
    columns = (
        Column("Measure", wide=True),
        Column("Unit"),
        Column("Baseline", "number"),
        Column(month_name(earlier), "number"),
        Column("Now", "number"),
        Column("As of"),
        Column("Target", "number"),
        Column("Target met"),
    )
    body: list[Sequence[Value]] = []
    for target in store.targets(asked.session, year, month, earlier):
        if target.department != code:
            continue
        places = target.places
        answer = {True: "Yes", False: "No", None: "Not known"}[is_met(target)]
        body.append(
            (
                Cell(target.name, link=f"/measures/{target.code}"),
                target.unit,
                in_steps(target.baseline, places),
                in_steps(target.earlier, places),
                in_steps(target.value, places),
                month_name(target.period) if target.period else None,
                in_steps(target.target, places),
                answer,
            )
        )
    note = SOURCE + f"The department's measures as agreed for {year_name(year)} (§4.3), in their own units."
    return Table("measures", "Measures", columns, rows_of(body), note, empty="It has agreed no measure.")


def _savings(found: register.Register) -> Table:
    columns = (
        Column("Saving", wide=True),
        *WAY,
    )
    body: list[Sequence[Value]] = [
        (
            Cell(f"{row.line.reference} {row.line.title}", link=f"/savings/{row.line.id}"),
            *way(row.amounts),
        )
        for row in found.rows
        if row.counted
    ]
    note = SOURCE + f"£ in {year_name(found.year)}. Lines that another project counts are left out."
    return Table("savings", "Savings", columns, rows_of(body), note, total="All", empty="It has no saving.")
