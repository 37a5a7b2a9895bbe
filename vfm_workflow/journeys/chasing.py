"""The performance officer asks for a return that has not come in (domain §3: chase)."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import access, returns
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import leave_fact
from vfm_workflow.journeys.projects import open_project


def chase(session: Session, home: Home, reference: str, period: str, by: Actor, at: dt.datetime) -> None:
    """Leave it for the project manager's next digest that a return is asked for: once a day, however often it is asked.

    Raises NotFound, or NotAllowed (not theirs to ask, or the return is in).
    """
    project = open_project(session, home, reference, by)
    if not access.allowed(session, home, by, "return.chase", project):
        raise NotAllowed("Your role does not ask for returns.")
    months = {month.period: month for month in returns.periods(session, home, project, at)}
    if period not in months:
        raise NotFound(f"{project.reference} owes no return for {period}.")
    if months[period].state not in ("missing", "draft"):
        raise NotAllowed(f"The return for {month_name(period)} is in.")
    today = home.calendar.today(at).isoformat()
    item = {
        "project": project.reference,
        "page": f"/returns/{period}",
        "period": month_name(period),
        "by": by.name,
        "on": today,
    }
    subject = f"{project.reference}:{period}"
    leave_fact(session, "return_chased", today, subject, [project.manager_id], item, at)
