"""The monthly return of all services for CMT (§2.2.4, §4.3), gathered by a few statements over all projects.

`monthly` is the one source of it: the page, and whatever prints it or writes it into a file, show what it returns
(`domain/monthly.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_end, month_name
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.monthly import (
    DepartmentMonth,
    MeasureMonth,
    Money,
    MonthlyReport,
    ProjectMonth,
    State,
)
from vfm_workflow.domain.profile import months_so_far, shared_out
from vfm_workflow.domain.rag import recalled
from vfm_workflow.domain.roles import Actor, reach
from vfm_workflow.errors import NotAllowed
from vfm_workflow.journeys import return_months
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import cmt_return as store
from vfm_workflow.store import pages_projects
from vfm_workflow.store.cmt_return import Amounts, Given, LibraryRow
from vfm_workflow.store.projects import department_names

__all__ = ["DepartmentMonth", "MeasureMonth", "Money", "MonthlyReport", "ProjectMonth", "monthly"]


def monthly(session: Session, home: Home, period: str, actor: Actor | None, at: dt.datetime) -> MonthlyReport:
    """Return the monthly return of all services for `period`, as far as `actor` may read returns; the operator reads all.

    A handful of statements, however many projects there are. Raises NotFound for what is no month, and NotAllowed for who
    reads no return, or only what is released.
    """
    return_months.refuse_no_month(period)
    calendar = home.calendar
    year = calendar.financial_year(month_end(period))
    mine = reach(home.roles, actor, "returns.read") if actor is not None else None
    if mine is not None and mine.scope in (None, "released"):
        raise NotAllowed("Your role does not read monthly returns before they are released.")
    monitored = _monitored(session, home) if month_end(period) < calendar.today(at) else []
    rows = store.given(
        session, period, calendar.moment(month_end(period) + dt.timedelta(days=1), dt.time()), monitored, mine
    )
    so_far = months_so_far(period, calendar)
    sums = _sums(store.delivered(session, so_far, year), store.expected(session, period, year))
    spent = store.spent(session, so_far)
    due, today = calendar.return_due(period), calendar.today(at)
    projects = [_project(row, home.pinned(session, row.lifecycle), due, today, sums, spent) for row in rows]
    measures = [
        row
        for row in store.library(session, period, year, month_end(period))
        if actor is None or mine is None or mine.scope == "all" or row.department == actor.department
    ]
    return MonthlyReport(
        period,
        month_name(period),
        year,
        month_end(calendar.quarter_months(f"{year}-Q4")[-1]),
        due,
        _departments(department_names(session), projects, measures),
    )


def _monitored(session: Session, home: Home) -> list[tuple[str, str]]:
    """Return every (lifecycle version, stage) that reports monthly, of the versions in use."""
    return [
        (project.lifecycle, key)
        for project in pages_projects.one_of_each(session)
        for key, stage in home.lifecycle(session, project).stages.items()
        if stage.monitored
    ]


def _sums(delivered: Sequence[Amounts], expected: Sequence[Amounts]) -> dict[tuple[int, bool], Money]:
    """Return (project, whether it counts here) → its money. A month's profile is 1/12 of the year, rounded once."""
    found: dict[tuple[int, bool], Money] = {}
    for row in delivered:
        found[row.project_id, row.counted] = Money(row.first, shared_out([row.second]))
    for row in expected:
        known = found.get((row.project_id, row.counted), Money())
        found[row.project_id, row.counted] = known + Money(expected=row.first, year_profile=row.second)
    return found


def _project(
    row: Given,
    lifecycle: Lifecycle,
    due: dt.date,
    today: dt.date,
    sums: Mapping[tuple[int, bool], Money],
    spent: Mapping[int, int],
) -> ProjectMonth:
    state = _STATES[row.state]
    why = tuple(recalled(one) for one in row.why or ())
    slip = next((reason.figures for reason in why if reason.rule == "time" and reason.figures), None)
    counted = sums.get((row.project_id, True), Money())
    stage = lifecycle.stages.get(row.stage or "")
    return ProjectMonth(
        reference=row.reference,
        title=row.title,
        department=row.department,
        manager=row.manager,
        stage=stage.title if stage is not None else "",
        state=state,
        due=due,
        overdue=state in ("missing", "draft") and due < today,
        submitted_at=row.submitted_at,
        verified_at=row.verified_at,
        sent_back_why=row.sent_back_why or "",
        overall=row.rag,
        time=row.rag_time,
        cost=row.rag_cost,
        benefit=row.rag_benefit,
        outlook=row.rag_outlook,
        before=row.rag_before,
        why=why,
        slip_days=slip["calendar_days"] if slip else 0 if row.rag_time else None,
        slip_working_days=slip["working_days"] if slip else 0 if row.rag_time else None,
        slipped=slip["title"] if slip else "",
        money=counted + sums.get((row.project_id, False), Money()),
        counted=counted,
        spent=spent.get(row.project_id),
        spend_forecast=row.spend_forecast,
        days_used=row.days_used,
        narrative=row.narrative or "",
        action=row.action or "",
        action_owner=row.action_owner or "",
        action_by=row.action_by,
        beyond_team=row.beyond_team or "",
    )


_STATES: Mapping[str | None, State] = {
    None: "missing",
    "draft": "draft",
    "submitted": "submitted",
    "verified": "verified",
}


def _departments(
    names: Mapping[str, str], projects: Sequence[ProjectMonth], measures: Sequence[LibraryRow]
) -> tuple[DepartmentMonth, ...]:
    by_project: dict[str, list[ProjectMonth]] = {}
    by_measure: dict[str, list[MeasureMonth]] = {}
    for project in projects:
        by_project.setdefault(project.department, []).append(project)
    for row in measures:
        by_measure.setdefault(row.department, []).append(_measure(row))
    return tuple(
        DepartmentMonth(code, name, tuple(by_project.get(code, ())), tuple(by_measure.get(code, ())))
        for code, name in names.items()
        if code in by_project or code in by_measure
    )


def _measure(row: LibraryRow) -> MeasureMonth:
    return MeasureMonth(
        row.code or "",
        row.name,
        row.kind,
        row.unit,
        row.places,
        row.direction,
        row.tolerance,
        row.baseline,
        row.target,
        row.value,
        row.recorded_at,
        row.recorded_by or "",
        row.source or "",
    )
