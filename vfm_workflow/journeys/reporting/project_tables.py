"""The tables of a project's own report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from vfm_workflow.domain.calendar import month_name, year_name
from vfm_workflow.domain.facts import LessonFact, MeasureFact, PlanElement
from vfm_workflow.domain.peers import median
from vfm_workflow.domain.snapshot import gains
from vfm_workflow.journeys import register
from vfm_workflow.journeys.register import Register
from vfm_workflow.journeys.released import Released
from vfm_workflow.journeys.reporting.parts import SOURCE, WAY, Asked, in_steps, way
from vfm_workflow.reports.decisions import Record
from vfm_workflow.reports.model import Block, Cell, Column, Table, Text, Value, rows_of
from vfm_workflow.store import pages_figures, projects
from vfm_workflow.store import returns as return_store
from vfm_workflow.store.tables import MonthlyReturn, Project

ALWAYS = "9999-12"


def status(asked: Asked, project: Project) -> tuple[Block, ...]:
    """Return the status of the newest return in a sentence, and every return, the newest first."""
    rows = [
        row for row in return_store.of_project(asked.session, projects.key(project)) if row.rag is not None
    ]
    if not rows:
        return (Text("No monthly return has been submitted yet."),)
    newest = rows[-1]
    why = " ".join(str(part["sentence"]) for part in newest.why if part.get("colour") == newest.rag)
    said = f"{(newest.rag or '').capitalize()} in {month_name(newest.period)}. {why}".strip()
    return Text(said), returns(list(reversed(rows)), project)


def returns(rows: Sequence[MonthlyReturn], project: Project) -> Table:
    """Return monthly returns as a table."""
    columns = (
        Column("Month"),
        Column("Overall", "light"),
        Column("Time", "light"),
        Column("Cost", "light"),
        Column("Benefit", "light"),
        Column("Year end", "light"),
        Column("Verified"),
        Column("What happened", wide=True),
        Column("Action, owner and date", wide=True),
    )
    body: list[Sequence[Value]] = [
        (
            Cell(
                row.period, month_name(row.period), link=f"/projects/{project.reference}/returns/{row.period}"
            ),
            row.rag,
            row.rag_time,
            row.rag_cost,
            row.rag_benefit,
            row.rag_outlook,
            "Yes" if row.state == "verified" else "Not yet",
            row.narrative,
            _action(row),
        )
        for row in rows
    ]
    note = SOURCE + "Colours are worked out by the council's written rules."
    return Table("returns", "Monthly returns", columns, rows_of(body), note, empty="None is released yet.")


def _action(row: MonthlyReturn) -> str | None:
    if row.beyond_team:
        return f"Beyond the team: {row.beyond_team}"
    owner = f" Owner: {row.action_owner}." if row.action_owner else ""
    by = f" By {row.action_by:%-d %B %Y}." if row.action_by else ""
    return f"{row.action}{owner}{by}" if row.action else None


def measures(asked: Asked, project: Project, facts: Sequence[MeasureFact]) -> Table:
    """Return each measure from its baseline to its target, with other councils' median beside it."""
    key = projects.key(project)
    readings, peers = (
        return_store.readings(asked.session, key, ALWAYS),
        pages_figures.peers(asked.session, key),
    )
    columns = (
        Column("Measure", wide=True),
        Column("Unit"),
        Column("Baseline", "number"),
        Column("Now", "number"),
        Column("As of"),
        Column("Target", "number"),
        Column("Other councils' median", "number"),
    )
    body: list[Sequence[Value]] = []
    for fact in facts:
        newest = readings[fact.id][-1] if readings.get(fact.id) else None
        middle = median((peer.value for peer in peers.get(fact.id, ())), fact.places)
        body.append(
            (
                Cell(fact.name, link=f"/projects/{project.reference}/measures"),
                fact.unit,
                in_steps(fact.baseline, fact.places),
                in_steps(newest.value if newest else None, fact.places),
                month_name(newest.period) if newest else None,
                in_steps(fact.target, fact.places),
                in_steps(*middle) if middle is not None else Cell(None),
            )
        )
    note = SOURCE + "Values in the measure's own unit."
    return Table(
        "measures", "Cost and performance", columns, rows_of(body), note, empty="There is no measure yet."
    )


def register_of(asked: Asked, project: Project) -> Register:
    """Return the register of a project's lines in the financial year under way."""
    year = asked.home.calendar.financial_year(asked.today)
    wanted = register.Asked(year, project_id=projects.key(project))
    return register.of(asked.session, asked.home, asked.at, wanted)


def savings(asked: Asked, project: Project) -> Iterable[Block]:
    """Yield what each line expects in each year, and how far it has come in this one."""
    key = projects.key(project)
    profiles = pages_figures.profiles(asked.session, key)
    lines = pages_figures.lines(asked.session, key)
    years = sorted({year for profile in profiles.values() for year in profile})
    columns = (
        Column("Saving", wide=True),
        Column("Kind"),
        *(Column(year_name(year), "money", sums=True) for year in years),
        Column("Counted in"),
    )
    body: list[Sequence[Value]] = []
    for line in lines:
        profile = profiles.get(line.id, {})
        cashable = "Cashable" if line.cashable else "Non-cashable"
        amounts = [profile[year].expected if year in profile else 0 for year in years]
        kind = f"{cashable}, {'ongoing' if line.ongoing else 'one-off'}"
        body.append((Cell(line.title, link=f"/savings/{line.id}"), kind, *amounts, line.parent_project))
    note = SOURCE + "£ a year as expected. A line that is counted in another project's counts there alone."
    yield Table(
        "profile",
        "Savings expected",
        columns,
        rows_of(body),
        note,
        total="All lines",
        empty="None is expected.",
    )
    yield _way(register_of(asked, project))


def _way(found: Register) -> Table:
    columns = (
        Column("Saving", wide=True),
        Column("Agreed first", "money", sums=True),
        *WAY,
    )
    body: list[Sequence[Value]] = [
        (
            Cell(row.line.title, link=f"/savings/{row.line.id}"),
            row.amounts.first,
            *way(row.amounts),
        )
        for row in found.rows
    ]
    note = (
        SOURCE
        + "What CMT agreed first stands beside what is expected now; evidenced includes verified, and that banked."
    )
    title = f"How far savings have come in {year_name(found.year)}"
    return Table("way", title, columns, rows_of(body), note, total="All lines", empty="There is no line yet.")


def decisions(asked: Asked, found: Record) -> Table:
    """Return what was decided, the newest first."""
    columns = (
        Column("Decision", wide=True),
        Column("Version"),
        Column("Asked", "date"),
        Column("Closed", "date"),
        Column("Outcome"),
        Column("Decided by", wide=True),
    )
    body = [
        (
            decision.title,
            f"{decision.version} ({decision.fingerprint})",
            _day(asked, decision.asked_at),
            _day(asked, decision.closed_at),
            decision.outcome,
            "; ".join(f"{seat.decided_by}: {seat.said}" for seat in decision.seats if seat.voted) or None,
        )
        for decision in found.decisions
    ]
    note = SOURCE + "The whole record is a report of its own."
    return Table(
        "decisions", "Decisions", columns, rows_of(body), note, empty="Nothing was put to a board yet."
    )


def conditions(asked: Asked, found: Record) -> Table:
    """Return every condition of an approval, and how it was met."""
    columns = (
        Column("Condition", wide=True),
        Column("Set by"),
        Column("Met", "date"),
        Column("How", wide=True),
    )
    body = [
        (c.text, c.set_by, _day(asked, c.discharged_at), c.how or None)
        for decision in found.decisions
        for c in decision.conditions
    ]
    return Table(
        "conditions", "Conditions", columns, rows_of(body), SOURCE.strip(), empty="No condition was set."
    )


def _day(asked: Asked, at: dt.datetime | None) -> str | None:
    """Return the council's own day of a moment."""
    return asked.home.calendar.today(at).isoformat() if at is not None else None


def plan(elements: Sequence[PlanElement]) -> Table:
    """Return the action plan: six fields of each element (§10.2)."""
    columns = (
        Column("Element"),
        Column("Scope", wide=True),
        Column("Method", wide=True),
        Column("Who"),
        Column("Staff hours", "count", sums=True),
        Column("Target date", "date"),
        Column("Gains", wide=True),
    )
    body = [
        (
            e.title,
            e.scope,
            e.method,
            e.who,
            e.hours,
            e.target.isoformat() if e.target else None,
            ". ".join(filter(None, (gains(e.gain_low, e.gain_high), e.gain))) or None,
        )
        for e in elements
    ]
    return Table("plan", "Action plan", columns, rows_of(body), SOURCE.strip(), total="All")


def lessons(found: Sequence[LessonFact]) -> Table:
    """Return the lessons learned."""
    return numbered([(number, lesson.text) for number, lesson in enumerate(found, 1)])


def numbered(rows: Sequence[tuple[int, str]]) -> Table:
    """Return numbered lessons."""
    columns = (Column("Number", "count"), Column("Lesson", wide=True))
    return Table("lessons", "Lessons", columns, rows_of(rows), SOURCE.strip())


def released_measures(found: Released, project: Project) -> Table:
    """Return each measure with its newest value that is released."""
    columns = (
        Column("Measure", wide=True),
        Column("Unit"),
        Column("Baseline", "number"),
        Column("Now", "number"),
        Column("As of"),
        Column("Target", "number"),
    )
    body = []
    for fact, values in found.measures:
        month = max(values)
        body.append(
            (
                Cell(fact.name, link=f"/projects/{project.reference}"),
                fact.unit,
                in_steps(fact.baseline, fact.places),
                in_steps(values[month], fact.places),
                month_name(month),
                in_steps(fact.target, fact.places),
            )
        )
    note = SOURCE + "Values in the measure's own unit."
    return Table(
        "measures", "Cost and performance", columns, rows_of(body), note, empty="No figure is released yet."
    )


def released_savings(found: Released, project: Project) -> Table:
    """Return what each line delivered in the months that are released."""
    columns = (Column("Saving", wide=True), Column("Delivered in the months released", "money", sums=True))
    body = [
        (Cell(line.title, link=f"/projects/{project.reference}"), pence) for line, pence in found.delivered
    ]
    return Table(
        "delivered",
        "Savings delivered",
        columns,
        rows_of(body),
        SOURCE + "£, of verified returns.",
        total="All",
    )
