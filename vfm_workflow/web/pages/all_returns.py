"""Every project's return of a month, or of a quarter's three, for CMT and the Heads of Service (§2.2.4, §15.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.calendar import Calendar, month_end
from vfm_workflow.domain.roles import reach
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import returns
from vfm_workflow.journeys.returns import Standing
from vfm_workflow.store import listing, projects
from vfm_workflow.web.visit import Page, Visit

router = APIRouter()
MONTHS_OFFERED, QUARTERS_OFFERED = 12, 4


@dataclass
class Row:
    """A project with its return of each month shown, None where it owed none."""

    project: Standing
    months: dict[str, Standing] = field(default_factory=dict)


@router.get("/returns")
def overview(visit: Page, period: str = "", quarter: str = "", department: str = "") -> Response:
    """Show how every project stands in a month, by default the last that has ended, or in a quarter's months."""
    calendar = visit.home.calendar
    quarter, period = _asked(calendar, period, quarter)
    months = _months(calendar, period or calendar.month_before(visit.today), quarter)
    with visit.read() as session:
        rows = _rows(visit, session, months, department)
        departments = projects.departments(session)
    context = {
        "months": months,
        "quarter": quarter,
        "department": department,
        "departments": departments,
        "names": {entry.code: entry.name for entry in departments},
        "rows": rows,
        "counts": _counts(rows),
        "choices": _choices(visit),
        "today": visit.today,
        "chasing": visit.may("return.chase"),
        "due": {month: calendar.return_due(month) for month in months},
    }
    return visit.page("returns/overview.html", context)


def _asked(calendar: Calendar, period: str, quarter: str) -> tuple[str, str]:
    """Return (quarter, month) asked for: the list of both offers a quarter where a month is expected."""
    return (period, "") if "-Q" in period else (quarter, period)


def _months(calendar: Calendar, period: str, quarter: str) -> tuple[str, ...]:
    if not quarter:
        return (period,)
    try:
        return calendar.quarter_months(quarter)
    except ValueError as error:
        raise NotFound(str(error)) from error


def _rows(visit: Visit, session: Session, months: Sequence[str], department: str) -> list[Row]:
    """Return a row for each project that owed a return in any of the months and that the visitor may read."""
    found: dict[str, Row] = {}
    for month in months:
        for standing in returns.overview(session, visit.home, visit.at, month):
            found.setdefault(standing.reference, Row(standing)).months[month] = standing
    readable = _readable(visit, session)
    return [
        row
        for reference, row in sorted(found.items())
        if (readable is None or reference in readable) and department in ("", row.project.department)
    ]


def _readable(visit: Visit, session: Session) -> set[str] | None:
    """Return the references the visitor may read, None for all of them."""
    mine = reach(visit.home.roles, visit.me(), "returns.read")
    if mine.scope == "all":
        return None
    rows, _ = listing.page(session, reach=mine, limit=None)
    return {row.reference for row in rows}


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    """Return how many returns stand how, so that the numbers add up to the table."""
    counts = {"verified": 0, "submitted": 0, "draft": 0, "missing": 0}
    for row in rows:
        for standing in row.months.values():
            counts[standing.state] += 1
    return counts


def _choices(visit: Visit) -> list[tuple[str, str]]:
    """Return (key, kind) of the months and quarters to choose from, newest first."""
    calendar = visit.home.calendar
    month, quarter = calendar.month_before(visit.today), calendar.quarter_before(visit.today)
    found = []
    for _ in range(MONTHS_OFFERED):
        found.append((month, "month"))
        month = calendar.month_before(month_end(month).replace(day=1))
    for _ in range(QUARTERS_OFFERED):
        found.append((quarter, "quarter"))
        first = calendar.quarter_months(quarter)[0]
        quarter = calendar.quarter(month_end(calendar.month_before(month_end(first).replace(day=1))))
    return found
