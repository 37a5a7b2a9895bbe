"""Which months a project owes a return for, and how all projects stand in a month (§6.1, §10.3)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import NamedTuple

from sqlmodel import Session

from vfm_workflow.domain.calendar import Calendar, month_after, month_end, month_name
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.monthly import State
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import access, projects
from vfm_workflow.store import returns as store
from vfm_workflow.store.due import stage_on
from vfm_workflow.store.tables import MonthlyReturn, Project

_PERIOD = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$", re.ASCII)


class Month(NamedTuple):
    """A month for which a return is expected or was begun: how it stands, and the day it is due."""

    period: str
    state: State
    due: dt.date


def refuse_no_month(period: str) -> None:
    """Raise NotFound where `period` is no month."""
    if not _PERIOD.match(period) or period < "2000-01":
        raise NotFound(f"“{period[:20]}” is no month: write it as 2026-10.")


def end_of(period: str, calendar: Calendar) -> str:
    """Return the moment a month ends, as the history writes moments."""
    after = month_end(period) + dt.timedelta(days=1)
    return calendar.moment(after, dt.time()).isoformat(timespec="milliseconds")


def is_monitored(lifecycle: Lifecycle, stage: str | None) -> bool:
    """Return whether projects in a stage report monthly."""
    return stage is not None and stage in lifecycle.stages and lifecycle.stages[stage].monitored


def expected(session: Session, home: Home, project: Project, at: dt.datetime) -> list[str]:
    """Return the months at whose end the project stood in a monitored stage, of those that have ended by `at`."""
    moves, lifecycle = store.moves(session, projects.key(project)), home.lifecycle(session, project)
    if not moves:
        return []
    last = home.calendar.month_before(home.calendar.today(at))
    month = home.calendar.today(dt.datetime.fromisoformat(moves[0][0])).strftime("%Y-%m")
    found = []
    while month <= last:
        if is_monitored(lifecycle, stage_on(moves, end_of(month, home.calendar))):
            found.append(month)
        month = month_after(month)
    return found


def periods(session: Session, home: Home, project: Project, at: dt.datetime) -> list[Month]:
    """Return the months a project owes a return for, and those it gave one for, oldest first."""
    rows = {row.period: row for row in store.of_project(session, projects.key(project))}
    months = sorted({*expected(session, home, project, at), *rows})
    return [Month(month, state_of(rows.get(month)), home.calendar.return_due(month)) for month in months]


def missing(session: Session, home: Home, project: Project, at: dt.datetime) -> list[Month]:
    """Return the months whose return is not in yet, due or not, oldest first."""
    return [month for month in periods(session, home, project, at) if month.state in ("missing", "draft")]


def state_of(row: MonthlyReturn | None) -> State:
    """Return how a return stands; `missing` before it was begun."""
    known: dict[str, State] = {"draft": "draft", "submitted": "submitted", "verified": "verified"}
    return known[row.state] if row is not None else "missing"


def refuse_unexpected(session: Session, home: Home, project: Project, period: str, at: dt.datetime) -> None:
    """Raise NotFound, saying why, where no return is expected for a month and none was begun."""
    refuse_no_month(period)
    if period in expected(session, home, project, at):
        return
    if store.find(session, projects.key(project), period) is not None:
        return
    name = month_name(period)
    if month_end(period) >= home.calendar.today(at):
        raise NotFound(
            f"{name} is not over yet. Its return can be written from the first day of the month after."
        )
    raise NotFound(
        f"{project.reference} owes no return for {name}: it was not in a stage that reports monthly."
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How one project stands in a month. `previous_rag` is the colour of the month before."""

    reference: str
    title: str
    department: str
    manager: str
    stage: str
    """The title of the stage it stood in at the month's end."""
    state: State
    rag: str | None
    previous_rag: str | None
    due: dt.date
    submitted_at: dt.datetime | None
    verified_at: dt.datetime | None


def overview(session: Session, home: Home, at: dt.datetime, period: str) -> list[Standing]:
    """Return how every project that owes or gave a return for a month stands, in order of reference.

    Raises NotFound for what is no month.
    """
    refuse_no_month(period)
    over = month_end(period) < home.calendar.today(at)
    stages = store.stages_at(session, end_of(period, home.calendar)) if over else {}
    rows = store.in_period(session, period)
    before = (month_end(period).replace(day=1) - dt.timedelta(days=1)).strftime("%Y-%m")
    earlier = store.in_period(session, before)
    due = home.calendar.return_due(period)
    found = []
    for project, manager in store.managed(session):
        key, lifecycle = projects.key(project), home.lifecycle(session, project)
        row, stage = rows.get(key), stages.get(key)
        if row is None and not is_monitored(lifecycle, stage):
            continue
        found.append(
            Standing(
                project.reference,
                project.title,
                project.department,
                manager,
                lifecycle.stages[stage].title if stage is not None and stage in lifecycle.stages else "",
                state_of(row),
                row.rag if row is not None else None,
                earlier[key].rag if key in earlier else None,
                due,
                row.submitted_at if row is not None else None,
                row.verified_at if row is not None else None,
            )
        )
    return found


def to_verify(session: Session, home: Home, by: Actor) -> list[tuple[Project, Month]]:
    """Return the returns that wait for `by` to verify them, oldest first."""
    found = [(row, project) for row, project in store.waiting(session) if row.submitted_by != by.id]
    standings = access.standings(session, [project for _, project in found])
    return [
        (project, Month(row.period, state_of(row), home.calendar.return_due(row.period)))
        for row, project in found
        if may(home.roles, by, "return.verify", standings[projects.key(project)])
    ]
