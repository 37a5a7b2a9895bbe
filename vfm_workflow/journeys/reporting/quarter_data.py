"""What the quarterly report is made from: a few statements over all projects, put together once (§15.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from vfm_workflow.domain.calendar import Calendar, month_before, month_end
from vfm_workflow.domain.lifecycle import Stage
from vfm_workflow.domain.milestones import expected
from vfm_workflow.domain.profile import months_so_far, shared_out
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys.reporting.parts import Asked
from vfm_workflow.journeys.return_months import end_of
from vfm_workflow.store import report_figures as store
from vfm_workflow.store import returns
from vfm_workflow.store.report_figures import Claimed, Delivered, Late, ProjectRow, Said, Status, Target


@dataclass(frozen=True)
class Amounts:
    """Savings of some projects in the year so far, in whole pence."""

    delivered: int = 0
    """In verified returns."""
    profiled: int = 0
    """For the same months of the same lines: 1/12 of the year's amount a month."""
    unverified: int = 0
    """Reported, and not verified yet."""


@dataclass(frozen=True)
class Quarter:
    """Everything of a quarter. Its lists are in order of the projects' references."""

    name: str
    """Such as `2026-Q2`."""
    today: dt.date
    calendar: Calendar
    months: tuple[str, ...]
    """The months of the financial year up to the quarter's end."""
    departments: Mapping[str, str]
    projects: Sequence[ProjectRow]
    stages: Mapping[tuple[str, str], Stage]
    """(lifecycle digest, stage) → the stage."""
    rows: Sequence[Delivered]
    now: Mapping[int, Status]
    before: Mapping[int, Status]
    late: Sequence[Late]
    targets: Sequence[Target]
    claims: Sequence[Claimed]
    said: Sequence[Said]
    unverified: Sequence[tuple[int, str, str]]
    """(project id, month, state) of each return that is owed for the quarter and not verified."""
    year_expected: Mapping[int, int]
    """Project id → whole pence its profile expects in the whole financial year."""

    @property
    def year(self) -> int:
        return int(self.name[:4])

    def stage(self, project: ProjectRow) -> Stage | None:
        return self.stages.get((project.lifecycle, project.stage))

    @cached_property
    def by_id(self) -> Mapping[int, ProjectRow]:
        return {project.id: project for project in self.projects}

    @cached_property
    def reported(self) -> Sequence[ProjectRow]:
        """Projects that have a verified return up to the quarter's end and had not ended well before the year began."""
        first = self.months[0]
        return [p for p in self.projects if p.id in self.now and self.now[p.id].period >= first]

    @cached_property
    def amounts(self) -> Mapping[int, Amounts]:
        """Project id → its savings in the year so far."""
        return self.until(self.months[-1])

    def until(self, month: str) -> dict[int, Amounts]:
        """Return project id → its savings in the year up to and with a month."""
        found: dict[int, list[Delivered]] = {}
        for row in self.rows:
            if row.period <= month:
                found.setdefault(row.project_id, []).append(row)
        return {key: _amounts(some) for key, some in found.items()}

    @cached_property
    def claims_of(self) -> Mapping[int, Sequence[Claimed]]:
        """Project id → its claims."""
        found: dict[int, list[Claimed]] = {}
        for claim in self.claims:
            found.setdefault(claim.project_id, []).append(claim)
        return found

    @cached_property
    def worst(self) -> Mapping[int, tuple[Late, int, int]]:
        """Project id → its open milestone that is latest, with how late it is in calendar and in working days."""
        found: dict[int, tuple[Late, int, int]] = {}
        for row in self.late:
            reached = expected(row.forecast, None, self.today)
            days = (reached - row.baseline).days
            if days > 0 and (row.project_id not in found or days > found[row.project_id][1]):
                working = self.calendar.working_days_between(row.baseline, reached)
                found[row.project_id] = (row, days, working)
        return found

    def of_department(self, code: str) -> Iterator[ProjectRow]:
        return (project for project in self.projects if project.department == code)


def _amounts(rows: Sequence[Delivered]) -> Amounts:
    checked = [row for row in rows if row.verified]
    return Amounts(
        sum(row.pence for row in checked),
        shared_out(row.year_expected for row in checked),
        sum(row.pence for row in rows if not row.verified),
    )


def collect(asked: Asked) -> Quarter:
    """Return everything of the quarter that is asked for. Raises BadInput where it is none, or has not ended."""
    calendar = asked.home.calendar
    try:
        own = calendar.quarter_months(asked.key)
    except ValueError as error:
        raise BadInput({"quarter": str(error)}) from error
    last = own[2]
    if month_end(last) >= asked.today:
        ends = f"{month_end(last):%-d %B %Y}"
        raise BadInput({"quarter": f"The quarter {asked.key} has not ended yet: it ends on {ends}."})
    year = calendar.financial_year(month_end(last))
    months = tuple(months_so_far(last, calendar))
    earlier = month_before(own[0])
    session = asked.session
    projects = store.projects(session)
    return Quarter(
        name=asked.key,
        today=asked.today,
        calendar=calendar,
        months=months,
        departments=store.departments(session),
        projects=projects,
        stages=_stages(asked, projects),
        rows=store.delivered(session, months, year),
        now=store.statuses(session, last),
        before=store.statuses(session, earlier),
        late=store.late(session, asked.today),
        targets=store.targets(session, year, last, earlier),
        claims=store.claims(session, [f"{year}-Q{n}" for n in range(1, int(asked.key[-1]) + 1)]),
        said=store.commentary(session, "quarter", asked.key),
        unverified=_unverified(asked, own, projects),
        year_expected={r.project_id: r.ongoing + r.once for r in store.expected(session, [year])},
    )


def _stages(asked: Asked, projects: Sequence[ProjectRow]) -> dict[tuple[str, str], Stage]:
    found = {}
    for lifecycle, stage in {(project.lifecycle, project.stage) for project in projects}:
        known = asked.home.pinned(asked.session, lifecycle).stages.get(stage)
        if known is not None:
            found[lifecycle, stage] = known
    return found


def _unverified(
    asked: Asked, months: Sequence[str], projects: Sequence[ProjectRow]
) -> list[tuple[int, str, str]]:
    """Return the returns that are owed for some months, by the stage a project stood in at each one's end, and not verified."""
    states = store.states(asked.session, months)
    lifecycles = {project.id: project.lifecycle for project in projects}
    found = []
    for month in months:
        for project_id, stage in sorted(
            returns.stages_at(asked.session, end_of(month, asked.home.calendar)).items()
        ):
            state = states.get((project_id, month), "missing")
            lifecycle = asked.home.pinned(asked.session, lifecycles[project_id])
            known = lifecycle.stages.get(stage)
            owed = (known is not None and known.monitored) or state == "submitted"
            if owed and state != "verified":
                found.append((project_id, month, state))
    return sorted(found)
