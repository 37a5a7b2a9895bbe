"""Forecasts of milestones, and days on which they were reached, from a file: what CMT agreed stays (§10.3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.csv_sheet import Column, Sheet
from vfm_workflow.domain.forms import parse_date
from vfm_workflow.journeys import dates, gate
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.import_plan import Asked, Change, Importer, Plan
from vfm_workflow.journeys.import_projects import ProjectFile
from vfm_workflow.store import imports as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Milestone, Project

COLUMNS = (
    Column("project", "The project's reference", "VFM-0001", required=True),
    Column("milestone", "The milestone's title as on the project's page", "Contract signed", required=True),
    Column("forecast", "The day it is expected, as 2026-11-06 or 6/11/2026", "2026-11-27"),
    Column("done", "The day it was reached; leave the forecast empty then", ""),
    Column("reason", "Why the forecast moves, for the project's history", "The supplier asked for two weeks"),
)


@dataclass(frozen=True, slots=True)
class Move:
    """A milestone that is expected on another day, or was reached."""

    project: Project
    milestone: Milestone
    forecast: dt.date | None
    done: dt.date | None
    reason: str


def plan(asked: Asked, sheet: Sheet) -> Plan:
    """Return what a file of milestones would do."""
    found = Plan(sheet.rows, bad=list(sheet.bad))
    open_file = ProjectFile(asked)
    known: dict[int, list[Milestone]] = {}
    seen: dict[int, int] = {}
    good: list[Move] = []
    for line in asked.rows(sheet, found):
        fields = Fields(line.cells)
        project = open_file.of(fields)
        if project is not None and _is_open(asked, fields, project):
            key = projects.key(project)
            if key not in known:
                known[key] = store.milestones(asked.session, key)
            move = _read(asked, fields, project, known[key], seen, line.number)
            if move is not None and not fields.problems:
                _take(found, line.number, move, good)
        found.refuse(line.number, fields.problems)

    def write(asked: Asked, batch: int) -> None:
        for move in good:
            _write(asked, move)

    found.write = write
    return found


def _is_open(asked: Asked, fields: Fields, project: Project) -> bool:
    lifecycle = asked.home.lifecycle(asked.session, project)
    if gate.is_open_for(lifecycle, project, {"milestones", "forecasts"}):
        return True
    stage = lifecycle.stages.get(project.stage)
    title = stage.title if stage is not None else project.stage
    fields.refuse(
        "project", f"{project.reference} is in the stage {title}, which does not take changes to milestones"
    )
    return False


def _read(
    asked: Asked, fields: Fields, project: Project, known: list[Milestone], seen: dict[int, int], line: int
) -> Move | None:
    row = _milestone(fields, project, known)
    forecast = fields.read("forecast", "The forecast", parse_date)
    done = fields.read("done", "The day it was reached", parse_date)
    reason = fields.line("reason", "The reason", most=500)
    if row is None or row.id is None or fields.problems:
        return None
    before = seen.setdefault(row.id, line)
    if before != line:
        fields.refuse("milestone", f"“{row.title}” is in line {before} already: keep one")
    elif (forecast is None) == (done is None):
        fields.refuse("forecast", "Give the day it is expected, or the day it was reached: one of the two")
    elif row.done_on is not None and row.done_on != done:
        fields.refuse("milestone", f"“{row.title}” was done on {short_day(row.done_on)}: that stays")
    elif done is not None and done > asked.today:
        fields.refuse("done", f"{short_day(done)} is still to come: give the day it was reached")
    elif forecast is not None and forecast < asked.today and forecast != row.forecast:
        said = f"{short_day(forecast)} has passed: give the day you now expect, or say in “done” that it was reached"
        fields.refuse("forecast", said)
    return Move(project, row, forecast, done, reason)


def _milestone(fields: Fields, project: Project, known: list[Milestone]) -> Milestone | None:
    typed = " ".join(fields.typed.get("milestone", "").split()).casefold()
    found = [row for row in known if row.title.casefold() == typed]
    if len(found) == 1:
        return found[0]
    if found:
        said = f"{project.reference} has {len(found)} milestones of that title: change them on its page"
    else:
        listed = "; ".join(row.title for row in known if row.done_on is None) or "none"
        said = f"{project.reference} has no such milestone. Still open there: {listed}"
    fields.refuse("milestone", said)
    return None


def _take(found: Plan, line: int, move: Move, good: list[Move]) -> None:
    row = move.milestone
    if (move.done is not None and row.done_on == move.done) or move.forecast == row.forecast:
        found.known += 1
        return
    now = (
        f"done on {short_day(move.done)}"
        if move.done is not None
        else short_day(move.forecast or row.forecast)
    )
    what = f"{move.project.reference} “{row.title}”"
    change = Change(line, what, short_day(row.forecast), now, move.reason)
    found.take(change, correction=False)
    good.append(move)


def _write(asked: Asked, move: Move) -> None:
    assert asked.by is not None
    if move.done is not None:
        dates.finish(asked.session, move.project, move.milestone, move.done, asked.today, asked.by, asked.at)
    elif move.forecast is not None:
        why = move.reason or f"Imported from {asked.name}"
        dates.move(asked.session, move.project, move.milestone, move.forecast, asked.by, asked.at, why)


IMPORTER = Importer(
    "milestones",
    "Milestones",
    "The day on which a milestone is now expected, or was reached. What CMT agreed stays beside it.",
    "figures.import",
    COLUMNS,
    plan,
)
