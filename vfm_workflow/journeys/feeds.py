"""What machines read for somebody: the same as their pages show them, and no more (docs/api.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.milestones import slippage
from vfm_workflow.domain.release import released_through
from vfm_workflow.domain.roles import Actor, reach
from vfm_workflow.domain.snapshot import SUBJECTS
from vfm_workflow.journeys import access
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import feeds as store
from vfm_workflow.store import feeds_measures as measure_store
from vfm_workflow.store import listing, projects
from vfm_workflow.store import released as released_store
from vfm_workflow.store.feeds import Cut, Filters, Window
from vfm_workflow.store.tables import MonthlyReturn

Row = dict[str, Any]
Rows = tuple[list[Row], int]
"""The rows of a page, and how many of what is paged there are in all."""


@dataclass(frozen=True)
class Asked:
    """A list that a machine asks for: for whom, when, and how much of it."""

    session: Session
    home: Home
    actor: Actor
    at: dt.datetime
    filters: Filters = field(default_factory=Filters)
    cut: Cut = field(default_factory=Cut)

    @property
    def today(self) -> dt.date:
        return self.home.calendar.today(self.at)

    def window(self, permission: str) -> Window:
        """Return what they may see of what `permission` opens."""
        mine = reach(self.home.roles, self.actor, permission)
        library = reach(self.home.roles, self.actor, "reports.read").scope
        through = released_through(self.home.calendar, self.home.roles, self.actor, self.today)
        return Window(mine, through, library is not None, library == "released")


@dataclass(frozen=True, slots=True)
class Feed:
    """A list: its columns in order, and how it is read."""

    name: str
    columns: tuple[str, ...]
    read: Callable[[Asked], Rows]


def steps(value: int | None, places: int) -> Decimal | None:
    """Return whole steps as the number they stand for: 7102 with 2 places is 71.02."""
    return Decimal(value).scaleb(-places) if value is not None else None


def pounds(pence: int | None) -> Decimal | None:
    """Return whole pence in pounds."""
    return steps(pence, 2)


def _projects(asked: Asked) -> Rows:
    window = asked.window("project.read")
    filters = asked.filters
    if filters.project:
        found = listing.one(asked.session, filters.project)
        rows = [found] if found is not None and _sees(asked, found.reference) else []
        total = len(rows)
    else:
        rows, total = listing.page(
            asked.session,
            department=filters.department or None,
            reach=window.reach,
            offset=asked.cut.offset,
            limit=asked.cut.limit,
        )
    colours: Mapping[int, str] = {}
    if window.released and window.through is not None:
        colours = released_store.ratings(asked.session, [row.id for row in rows], window.through)
    return [_project(row, window, colours) for row in rows], total


def _project(row: listing.Row, window: Window, colours: Mapping[int, str]) -> Row:
    """Return a project as a row. Its manager, its next milestone and today's colour are officers' to see."""
    whole = not window.released
    return {
        "reference": row.reference,
        "title": row.title,
        "kind": row.kind,
        "department": row.department,
        "stage": row.stage,
        "rag": row.rag if whole else colours.get(row.id),
        "manager": row.manager if whole else None,
        "next_milestone": row.milestone if whole else None,
        "next_forecast": row.forecast if whole else None,
        "next_agreed": row.baseline if whole else None,
    }


def _sees(asked: Asked, reference: str) -> bool:
    project = projects.by_reference(asked.session, reference)
    return access.allowed(asked.session, asked.home, asked.actor, "project.read", project)


def _measures(asked: Asked) -> Rows:
    window = asked.window("outline.read")
    year = asked.home.calendar.financial_year(asked.today)
    subjects = [key for key, subject in SUBJECTS.items() if "measures" in subject.needs]
    rows, total = measure_store.measures(asked.session, window, asked.filters, asked.cut, year, subjects)
    return [
        {
            **row._asdict(),
            "year": year_name(row.year) if row.year is not None else None,
            "tolerance": steps(row.tolerance, row.places),
            "baseline": steps(row.baseline, row.places),
            "target": steps(row.target, row.places),
        }
        for row in rows
    ], total


def _readings(asked: Asked) -> Rows:
    window = asked.window("returns.read")
    rows, total = measure_store.readings(asked.session, window, asked.filters, asked.cut)
    return [
        {
            "measure": row.code,
            "project": row.project,
            "department": row.department,
            "name": row.name,
            "unit": row.unit,
            "month": row.month,
            "value": steps(row.value, row.places),
            "numerator": pounds(row.numerator),
            "denominator": row.denominator,
            "corrected": row.number > 1,
            "reason": None if window.released else row.reason,
            "source": row.source,
            "recorded_at": row.recorded_at,
            "recorded_by": None if window.released else row.recorded_by,
        }
        for row in rows
    ], total


def _savings(asked: Asked) -> Rows:
    window = asked.window("savings.read")
    lines, total = store.savings(asked.session, window, asked.filters, asked.cut)
    ids = [line.id for line in lines]
    profiles = store.profiles(asked.session, ids, agreed=window.released)
    delivered = store.delivered(asked.session, ids, window, asked.filters)
    found: list[Row] = []
    for line in lines:
        by_year = _by_year(asked, delivered.get(line.id, {}))
        years = profiles.get(line.id, {})
        for year in sorted({*years, *(year for year, pence in by_year.items() if pence)}):
            profile = years.get(year)
            found.append(
                {
                    "project": line.project,
                    "department": line.department,
                    "saving": line.title,
                    "cashable": line.cashable,
                    "ongoing": line.ongoing,
                    "budget_code": line.budget_code,
                    "counted_in": line.counted_in,
                    "year": year_name(year),
                    "low": pounds(profile.low if profile is not None else 0),
                    "expected": pounds(profile.expected if profile is not None else 0),
                    "high": pounds(profile.high if profile is not None else 0),
                    "cost": pounds(profile.cost if profile is not None else 0),
                    "delivered": pounds(by_year.get(year, 0)),
                }
            )
    return found, total


def _by_year(asked: Asked, months: Mapping[str, int]) -> dict[int, int]:
    """Return financial year → whole pence of some months."""
    found: dict[int, int] = {}
    for month, pence in months.items():
        year = asked.home.calendar.financial_year(dt.date.fromisoformat(f"{month}-01"))
        found[year] = found.get(year, 0) + pence
    return found


OFFICERS = (
    "rag_time", "rag_cost", "rag_benefit", "rag_outlook", "action_owner", "action_by", "beyond_team", "spend",
    "spend_forecast", "days_used", "submitted_at", "verified_at",
)  # fmt: skip
"""What of a return is not shown to who sees what is released alone."""


def _returns(asked: Asked) -> Rows:
    window = asked.window("returns.read")
    rows, total = store.returns(asked.session, window, asked.filters, asked.cut)
    found = [_return(row, reference, department) for row, reference, department in rows]
    if window.released:
        found = [{**row, **dict.fromkeys(OFFICERS)} for row in found]
    return found, total


def _return(row: MonthlyReturn, reference: str, department: str) -> Row:
    return {
        "project": reference,
        "department": department,
        "month": row.period,
        "state": row.state,
        "rag": row.rag,
        "rag_time": row.rag_time,
        "rag_cost": row.rag_cost,
        "rag_benefit": row.rag_benefit,
        "rag_outlook": row.rag_outlook,
        "narrative": row.narrative,
        "action": row.action,
        "action_owner": row.action_owner,
        "action_by": row.action_by,
        "beyond_team": row.beyond_team,
        "spend": pounds(row.spend),
        "spend_forecast": pounds(row.spend_forecast),
        "days_used": row.days_used,
        "submitted_at": row.submitted_at,
        "verified_at": row.verified_at,
    }


def _milestones(asked: Asked) -> Rows:
    rows, total = store.milestones(asked.session, asked.window("outline.read"), asked.filters, asked.cut)
    return [
        {
            "project": row.project,
            "department": row.department,
            "milestone": row.title,
            "agreed": row.baseline,
            "first_agreed": row.first_baseline,
            "forecast": row.forecast,
            "done": row.done_on,
            "days_late": slippage(
                row.baseline, row.forecast, row.done_on, asked.today, asked.home.calendar
            ).calendar_days,
        }
        for row in rows
    ], total


FEEDS: Mapping[str, Feed] = {
    feed.name: feed
    for feed in (
        Feed(
            "projects",
            (
                "reference", "title", "kind", "department", "stage", "rag", "manager", "next_milestone", "next_forecast",
                "next_agreed",
            ),
            _projects,
        ),
        Feed(
            "measures",
            (
                "code", "project", "department", "library", "name", "kind", "unit", "places", "direction", "numerator",
                "denominator", "tolerance", "year", "baseline", "target", "agreed", "retired_on",
            ),
            _measures,
        ),
        Feed(
            "readings",
            (
                "measure", "project", "department", "name", "unit", "month", "value", "numerator", "denominator",
                "corrected", "reason", "source", "recorded_at", "recorded_by",
            ),
            _readings,
        ),
        Feed(
            "savings",
            (
                "project", "department", "saving", "cashable", "ongoing", "budget_code", "counted_in", "year", "low",
                "expected", "high", "cost", "delivered",
            ),
            _savings,
        ),
        Feed(
            "returns",
            (
                "project", "department", "month", "state", "rag", "rag_time", "rag_cost", "rag_benefit", "rag_outlook",
                "narrative", "action", "action_owner", "action_by", "beyond_team", "spend", "spend_forecast", "days_used",
                "submitted_at", "verified_at",
            ),
            _returns,
        ),
        Feed(
            "milestones",
            (
                "project", "department", "milestone", "agreed", "first_agreed", "forecast", "done", "days_late",
            ),
            _milestones,
        ),
    )
}  # fmt: skip
PARTS: Sequence[str] = ("measures", "readings", "savings", "returns", "milestones")
"""What a project's own address answers beside the project."""


def project(asked: Asked, reference: str) -> Row:
    """Return a project with all its parts. Raises NotFound, also where they may not know that there is one."""
    found = access.seen(asked.session, asked.home, reference, asked.actor)
    alone = replace(asked, filters=Filters(project=found.reference), cut=Cut())
    (row,), _ = _projects(alone)
    return {**row, **{name: FEEDS[name].read(alone)[0] for name in PARTS}}
