"""The monthly return of all services, as data (§2.2.4, §4.3): what each project and each library measure says of a month.

`journeys.cmt_return.monthly` fills it; the page, and whatever prints it or writes it into a file, show what stands here. All
money is whole pence; a measure's values are steps of 10^-places of its unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from vfm_workflow.domain.direction import meets, worse_by
from vfm_workflow.domain.rag import Reason

State = Literal["missing", "draft", "submitted", "verified"]
"""How a return stands; `missing` before it was begun, `draft` also where it was sent back."""


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
        return meets(self.direction, self.value, self.target)

    @property
    def fallen(self) -> bool | None:
        """Whether the value is worse than the baseline by more than the tolerance; None where either is missing."""
        if self.value is None or self.baseline is None:
            return None
        return worse_by(self.direction, self.value, self.baseline) > self.tolerance


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
