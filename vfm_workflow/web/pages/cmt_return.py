"""The monthly return of all services, whole, for CMT: to be read in one go, filtered and printed (§2.2.4, §4.3)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.domain.calendar import month_end
from vfm_workflow.domain.rag import COLOURS
from vfm_workflow.journeys import cmt_return
from vfm_workflow.store import projects
from vfm_workflow.web.figures import in_unit
from vfm_workflow.web.visit import Page

router = APIRouter()
MONTHS_OFFERED = 12


@router.get("/returns/{period}")
def monthly(visit: Page, period: str, department: str = "", colour: str = "", missing: str = "") -> Response:
    """Show the month's return of every service the visitor may read: all of it, or a department's, a colour's, the missing."""
    with visit.read() as session:
        whole = cmt_return.monthly(session, visit.home, period, visit.me(), visit.at)
        names = projects.department_names(session)
    colour = colour if colour in (*COLOURS, "none") else ""
    shown = whole.only(department=department, colour=colour, missing=bool(missing))
    calendar = visit.home.calendar
    months = [calendar.month_before(visit.today)]
    while len(months) < MONTHS_OFFERED:
        months.append(calendar.month_before(month_end(months[-1]).replace(day=1)))
    context = {
        "report": shown,
        "whole": whole,
        "department": department,
        "colour": colour,
        "missing": bool(missing),
        "departments": names,
        "months": months if period in months else [period, *months],
        "in_unit": in_unit,
        "today": visit.today,
    }
    return visit.page("returns/monthly.html", context)
