"""The tables of the quarterly report that are not about money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from vfm_workflow.domain.calendar import month_name, year_name
from vfm_workflow.domain.direction import meets, worse_by
from vfm_workflow.domain.rag import COLOURS
from vfm_workflow.journeys.reporting.parts import SOURCE, in_steps, many
from vfm_workflow.journeys.reporting.quarter_data import Quarter
from vfm_workflow.reports.model import Cell, Column, Table, Value, rows_of
from vfm_workflow.store.report_figures import ProjectRow, Status, Target

RULES = "Colours are worked out by the council's written rules from verified monthly returns."


def named(project: ProjectRow, page: str = "") -> Cell:
    """Return a project's reference and title, leading to a page of it."""
    return Cell(f"{project.reference} {project.title}", link=f"/projects/{project.reference}{page}")


def lights(found: Quarter) -> Table:
    """Return how many projects have each colour, this quarter and the last."""
    now = Counter(found.now[project.id].rag for project in found.reported)
    before = Counter(found.before[p.id].rag for p in found.reported if p.id in found.before)
    columns = (
        Column("Status", "light"),
        Column("Projects now", "count", sums=True),
        Column("Projects last quarter", "count", sums=True),
    )
    rows = [(colour, now[colour], before[colour]) for colour in COLOURS]
    note = SOURCE + RULES + " Last quarter counts those that reported then."
    return Table("lights", "Projects by status", columns, rows_of(rows), note, total="All", of_period=True)


def status(found: Quarter) -> Table:
    """Return every project that reported, with its statuses and what stands behind them."""
    columns = (
        Column("Project", wide=True),
        Column("Department"),
        Column("Overall", "light"),
        Column("Last quarter", "light"),
        Column("Time", "light"),
        Column("Cost", "light"),
        Column("Benefit", "light"),
        Column("Year end", "light"),
        Column("Slipped, days", "count", of_day=True),
        Column("As of"),
    )
    body: list[Sequence[Value]] = []
    for project in found.reported:
        said, before = found.now[project.id], found.before.get(project.id)
        link = f"/projects/{project.reference}/returns/{said.period}"
        late = found.worst.get(project.id)
        body.append(
            (
                named(project),
                found.departments.get(project.department, project.department),
                Cell(said.rag, link=link),
                before.rag if before is not None else None,
                said.time,
                said.cost,
                said.benefit,
                said.outlook,
                late[1] if late is not None else 0,
                Cell(said.period, month_name(said.period), link=link),
            )
        )
    note = (
        SOURCE
        + RULES
        + " The overall status is the worst of time, cost and benefit; the year end is an outlook apart."
    )
    return Table("status", "Status of every project", columns, rows_of(body), note, of_period=True)


def _rank(colour: str | None) -> int:
    """Return how bad a colour is; none counts as the best."""
    return [*COLOURS].index(colour) if colour in COLOURS else 0


def why(said: Status) -> str:
    """Return the sentences of the rules that found something."""
    return " ".join(str(row["sentence"]) for row in said.why if row.get("colour") in ("amber", "red"))


def actions(found: Quarter) -> Table:
    """Return what is done about each project that is amber or red: why it is, the action, its owner and its date."""
    columns = (
        Column("Project"),
        Column("Status", "light"),
        Column("Why", wide=True),
        Column("Action", wide=True),
        Column("Owner"),
        Column("By", "date"),
    )
    rows = []
    for project in sorted(found.reported, key=lambda p: -_rank(found.now[p.id].rag)):
        said = found.now[project.id]
        if said.rag not in ("amber", "red"):
            continue
        action = said.action or (f"Beyond the team: {said.beyond}" if said.beyond else "No plan")
        owner = said.owner or (project.manager if said.action else None)
        rows.append(
            (
                named(project, f"/returns/{said.period}"),
                said.rag,
                why(said) or said.narrative,
                action,
                owner,
                said.by.isoformat() if said.by else None,
            )
        )
    note = SOURCE + "Amber: a plan exists. Red: there is none, or it is beyond the team's control."
    return Table(
        "actions", "Plans of action", columns, rows_of(rows), note, empty="No project is amber or red."
    )


def slippage(found: Quarter) -> Table:
    """Return every open milestone that has slipped, the furthest of each project first."""
    columns = (
        Column("Project"),
        Column("Milestone", wide=True),
        Column("Agreed by CMT", "date"),
        Column("Now expected", "date"),
        Column("Days", "count"),
        Column("Working days", "count"),
    )
    rows = [
        (
            named(found.by_id[project_id], "/milestones"),
            late.title,
            late.baseline.isoformat(),
            max(late.forecast, found.today).isoformat(),
            days,
            working,
        )
        for project_id, (late, days, working) in sorted(
            found.worst.items(), key=lambda pair: (-pair[1][1], pair[0])
        )
    ]
    note = SOURCE + "The open milestone of each project that is furthest behind the date CMT agreed last."
    return Table(
        "slippage", "Slipped milestones", columns, rows_of(rows), note, empty="No open milestone has slipped."
    )


def moved(found: Quarter) -> tuple[list[ProjectRow], list[ProjectRow], list[ProjectRow]]:
    """Return the projects that improved, those that worsened, and those that reported for the first time."""
    better, worse, fresh = list[ProjectRow](), list[ProjectRow](), list[ProjectRow]()
    for project in found.reported:
        now, before = found.now[project.id].rag, found.before.get(project.id)
        if before is None or before.rag is None or now is None:
            fresh.append(project)
            continue
        change = _rank(now) - _rank(before.rag)
        if change:
            (better if change < 0 else worse).append(project)
    return better, worse, fresh


def movements(found: Quarter) -> Table:
    """Return every project whose status changed since the last quarter."""
    better, worse, fresh = moved(found)
    columns = (
        Column("Project", wide=True),
        Column("Last quarter", "light"),
        Column("Now", "light"),
        Column("Movement"),
    )
    rows = [
        (named(project), _before(found, project), found.now[project.id].rag, word)
        for word, some in (("Worse", worse), ("Better", better), ("First report", fresh))
        for project in some
    ]
    note = SOURCE + "The newest verified return of each quarter."
    return Table(
        "movements", "Projects whose status changed", columns, rows_of(rows), note, empty="None changed."
    )


def _before(found: Quarter, project: ProjectRow) -> str | None:
    return found.before[project.id].rag if project.id in found.before else None


def is_met(target: Target) -> bool | None:
    """Return whether a measure's value meets its target; None where it has none of the two."""
    if target.target is None or target.value is None:
        return None
    return meets(target.direction, target.value, target.target)


def _shown(found: Quarter) -> Iterator[tuple[Target, str, str]]:
    """Yield each measure that has a target and is reported on, with its owner and the page of its entries."""
    reported = {project.id for project in found.reported}
    for target in found.targets:
        if target.target is None:
            continue
        if target.project_id is None:
            yield target, found.departments.get(target.department or "", ""), f"/measures/{target.code}"
        elif target.project_id in reported:
            reference = found.by_id[target.project_id].reference
            yield target, reference, f"/projects/{reference}/measures"


def met(found: Quarter) -> tuple[int, int, int]:
    """Return (measures that met their target, measures with a figure, measures without one)."""
    answers = [is_met(target) for target, _, _ in _shown(found)]
    known = [answer for answer in answers if answer is not None]
    return sum(known), len(known), len(answers) - len(known)


def targets(found: Quarter) -> Table:
    """Return every measure with its target: baseline, last quarter, now, and whether it is met."""
    columns = (
        Column("Measure", wide=True),
        Column("Unit"),
        Column("Baseline", "number"),
        Column("Last quarter", "number"),
        Column("Now", "number"),
        Column("Target", "number"),
        Column("As of"),
        Column("Target met"),
        Column("Since last quarter"),
    )
    rows = []
    for target, owner, page in _shown(found):
        answer = is_met(target)
        rows.append(
            (
                Cell(f"{owner}: {target.name}", link=page),
                target.unit,
                *(
                    in_steps(value, target.places)
                    for value in (target.baseline, target.earlier, target.value, target.target)
                ),
                month_name(target.period) if target.period else None,
                {True: "Yes", False: "No", None: "No figure"}[answer],
                _direction(target),
            )
        )
    note = (
        SOURCE
        + f"Targets of {year_name(found.year)} for a department's measures, and as CMT agreed them for a project's. "
        "Values in the measure's own unit, not rounded."
    )
    return Table(
        "targets",
        "Service targets",
        columns,
        rows_of(rows),
        note,
        empty="No measure has a target.",
        of_period=True,
    )


def _direction(target: Target) -> str | None:
    """Return whether a measure is better or worse than it was; None where one of the two is not known."""
    if target.value is None or target.earlier is None:
        return None
    if target.value == target.earlier:
        return "The same"
    return "Worse" if worse_by(target.direction, target.value, target.earlier) > 0 else "Better"


def coverage(found: Quarter) -> Table:
    """Return for each department how many projects it completed this financial year, and how many are under way (§7.3)."""
    columns = (
        Column("Department", wide=True),
        Column("Completed this year", "count", sums=True),
        Column("Under way", "count", sums=True),
        Column("At least one completed"),
    )
    rows = []
    for code, name in found.departments.items():
        done = sum(1 for project in found.of_department(code) if _completed(found, project))
        live = sum(1 for project in found.of_department(code) if _live(found, project))
        rows.append((name, done, live, "Yes" if done else "Not yet"))
    note = (
        SOURCE
        + "Each department completes at least one project a year (§7.3). Completed: its implementation has ended."
    )
    return Table("coverage", "Projects by department", columns, rows_of(rows), note, total="All")


def _completed(found: Quarter, project: ProjectRow) -> bool:
    """Return whether a project stands in a stage that counts whole, entered this financial year: its work is done."""
    stage = found.stage(project)
    if stage is None or stage.weight_percent < 100:
        return False
    return found.calendar.financial_year(found.calendar.today(project.stage_since)) == found.year


def _live(found: Quarter, project: ProjectRow) -> bool:
    stage = found.stage(project)
    return stage is not None and stage.kind == "live" and stage.weight_percent < 100


def unverified(found: Quarter) -> Table:
    """Return every return that is owed for the quarter and not verified."""
    columns = (Column("Project", wide=True), Column("Month"), Column("How it stands"))
    words = {"missing": "Not begun", "draft": "Not submitted", "submitted": "Waits to be verified"}
    rows = [
        (named(found.by_id[project_id], f"/returns/{month}"), month_name(month), words[state])
        for project_id, month, state in found.unverified
    ]
    count = many(len(rows), "return")
    note = SOURCE + f"{count} of the quarter's months: none of their figures is counted in this report."
    return Table(
        "unverified", "Returns not verified", columns, rows_of(rows), note, empty="Every return is verified."
    )
