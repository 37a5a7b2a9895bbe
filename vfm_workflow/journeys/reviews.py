"""Benefits reviews: a closed project's savings are looked at again, on days that config/savings.yaml sets (§10.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import access, advance
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import history, projects
from vfm_workflow.store import reviews as store
from vfm_workflow.store.tables import BenefitsReview

Sustained = Literal["yes", "partly", "no"]
SUSTAINED: Mapping[str, Sustained] = {"yes": "yes", "partly": "partly", "no": "no"}
SAID: Mapping[str, str] = {
    "yes": "The savings are still there, and quality kept",
    "partly": "Part of them is",
    "no": "They are not",
}


def review(
    session: Session,
    home: Home,
    reference: str,
    number: int,
    by: Actor,
    at: dt.datetime,
    *,
    form: Mapping[str, str],
) -> BenefitsReview:
    """Record what a benefits review found; return it.

    Fields, as typed: sustained (`yes`, `partly` or `no`) and finding. Done once: what was found later is the next review's.
    Whoever managed the project does not review it. Raises BadInput, NotAllowed or NotFound.
    """
    project = access.seen(session, home, reference, by)
    if not access.allowed(session, home, by, "savings.review", project):
        raise NotAllowed(f"You may not review the benefits of {project.reference}.")
    advance.refuse_disputed(project)
    row = store.one(session, projects.key(project), number)
    if row is None:
        raise NotFound(f"{project.reference} has no such benefits review.")
    if row.done_on is not None:
        raise NotAllowed(f"This review was done on {short_day(row.done_on)}.")
    if by.id == project.manager_id:
        raise NotAllowed("You managed the project, so somebody else must review its benefits.")
    earlier = next((one for one in store.of(session, row.project_id) if one.done_on is None), row)
    if earlier.number < number:
        raise NotAllowed(f"The review of {short_day(earlier.due_on)} comes first.")
    fields = Fields(form)
    sustained = fields.choice("sustained", SUSTAINED, "Choose whether the savings are still there")
    finding = fields.text("finding", "The finding", required="Write what you looked at, and what you found")
    fields.finish()
    assert sustained is not None
    row.done_on, row.done_by = home.calendar.today(at), by.id
    row.sustained, row.finding = sustained, finding
    session.flush()
    detail = {"number": number, "due": row.due_on.isoformat(), "sustained": sustained, "finding": finding}
    history.record(session, project, history.Entry("benefits_reviewed", by, at, "", detail))
    return row
