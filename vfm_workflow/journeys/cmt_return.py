"""The monthly return of all services for CMT (§2.2.4, §4.3): what each project and each library measure says of a month.

`monthly` is the one source of it: the page, and whatever prints it or writes it into a file, show what it returns. All money
is whole pence; a measure's values are steps of 10^-places of its unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_end, month_name
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.profile import months_so_far, shared_out
from vfm_workflow.domain.rag import Reason, recalled
from vfm_workflow.domain.roles import Actor, reach
from vfm_workflow.errors import NotAllowed
from vfm_workflow.journeys import return_months
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.return_months import State
from vfm_workflow.store import cmt_return as store
from vfm_workflow.store import pages_projects
from vfm_workflow.store.cmt_return import Amounts, Given, LibraryRow
from vfm_workflow.store.projects import department_names


@dataclass(frozen=True, slots=True)
class Money:
    """Savings of this financial year up to the month, in whole pence.

    `delivered` and `profiled` are over the months reported; `expected` and `year_profile` over the lines whose return
    says what it expects by the end of the year. A sum of several is the sum of each field.
    """

    delivered: int = 0
    profiled: int = 0
    expected: int = 0
    year_profile: int = 0

    def __add__(self, other: Money) -> Money:
        """Return the two added up, field by field."""
        return Money(
            self.delivered + other.delivered,
            self.profiled + other.profiled,
            self.expected + other.expected,
            self.year_profile + other.year_profile,
        )


@dataclass(frozen=True, slots=True)
class ProjectMonth:
    """What one project says of the month. Colours are `green`, `amber`, `red`, or None where nothing is said."""

    reference: str
    title: str
    department: str
    """The department's code."""
    manager: str
    """The project manager's post."""
    stage: str
    """The title of the stage it stood in at the month's end."""
    state: State
    due: dt.date
    overdue: bool
    """The return is not in, and its day has passed."""
    submitted_at: dt.datetime | None
    verified_at: dt.datetime | None
    sent_back_why: str
    overall: str | None
    time: str | None
    cost: str | None
    benefit: str | None
    outlook: str | None
    """The status forecast for the end of the financial year."""
    before: str | None
    """The overall status of the return before."""
    why: tuple[Reason, ...]
    """What each rule found, the green ones too; `reasons` are the others."""
    slip_days: int | None
    """Calendar days that the worst open milestone was late when the return came in; None where that is not known."""
    slip_working_days: int | None
    slipped: str
    """That milestone's title; empty where none was late."""
    money: Money
    """All the project's lines, those counted in another project too."""
    counted: Money
    """The lines that count here: what a total adds up (§2.2.7)."""
    spent: int | None
    """Spent on achieving the savings this year up to the month; None where no return says anything."""
    spend_forecast: int | None
    days_used: int | None
    narrative: str
    action: str
    action_owner: str
    action_by: dt.date | None
    beyond_team: str

    @property
    def missing(self) -> bool:
        """Whether the month's return is not in."""
        return self.state in ("missing", "draft")

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What is off track and why: those of now before those of the year's end."""
        found = [reason for reason in self.why if reason.colour != "green"]
        return tuple(sorted(found, key=lambda reason: reason.status == "outlook"))


@dataclass(frozen=True, slots=True)
class MeasureMonth:
    """A measure of the department's library in the month."""

    code: str
    name: str
    kind: str
    """`unit_cost` or `performance`."""
    unit: str
    places: int
    direction: str
    """`lower` or `higher` is better."""
    tolerance: int
    baseline: int | None
    """Of the financial year; None where it is not agreed."""
    target: int | None
    value: int | None
    """None where nobody has recorded the month yet."""
    recorded_at: dt.datetime | None
    recorded_by: str
    source: str
    """`form`, `csv`, `api` or `return`; empty where there is no value."""

    @property
    def met(self) -> bool | None:
        """Whether the value is at the target or better; None where either is missing."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.direction == "lower" else self.value >= self.target

    @property
    def fallen(self) -> bool | None:
        """Whether the value is worse than the baseline by more than the tolerance; None where either is missing."""
        if self.value is None or self.baseline is None:
            return None
        worse = self.value - self.baseline if self.direction == "lower" else self.baseline - self.value
        return worse > self.tolerance


@dataclass(frozen=True, slots=True)
class DepartmentMonth:
    """A department's projects and library measures of the month."""

    code: str
    name: str
    projects: tuple[ProjectMonth, ...]
    measures: tuple[MeasureMonth, ...]

    @property
    def money(self) -> Money:
        """The sum over the lines that count in the department's projects."""
        return total(self.projects)


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """The whole return of a month, as far as the reader may see it."""

    period: str
    """Such as `2026-10`."""
    month: str
    """Such as `October 2026`."""
    year: int
    """The financial year, by the year in which it begins."""
    year_end: dt.date
    due: dt.date
    """The day the month's returns were due."""
    departments: tuple[DepartmentMonth, ...]
    """In order of code; one with neither projects nor measures is not there."""

    @property
    def projects(self) -> tuple[ProjectMonth, ...]:
        """Every project, by department and reference."""
        return tuple(chain.from_iterable(department.projects for department in self.departments))

    @property
    def missing(self) -> tuple[ProjectMonth, ...]:
        """The projects whose return is not in."""
        return tuple(project for project in self.projects if project.missing)

    @property
    def money(self) -> Money:
        """The sum over the lines that count: each saving once."""
        return total(self.projects)

    def count(self, colour: str | None) -> int:
        """Return how many projects have an overall colour; None for those that have none."""
        return sum(project.overall == colour for project in self.projects)

    def only(self, *, department: str = "", colour: str = "", missing: bool = False) -> MonthlyReport:
        """Return the part of it that is of a department, of an overall colour (`none` for without), or not in."""
        wanted = None if colour == "none" else colour
        kept = [
            replace(
                one,
                projects=tuple(
                    project
                    for project in one.projects
                    if (not colour or project.overall == wanted) and (project.missing or not missing)
                ),
                measures=() if colour or missing else one.measures,
            )
            for one in self.departments
            if department in ("", one.code)
        ]
        return replace(self, departments=tuple(one for one in kept if one.projects or one.measures))


def total(projects: Iterable[ProjectMonth]) -> Money:
    """Return the sum over the lines that count in some projects."""
    return sum((project.counted for project in projects), Money())


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
    rows = store.given(session, period, return_months.end_of(period, calendar), monitored, mine)
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
