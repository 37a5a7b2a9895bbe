"""A partner's own part of a saving: said by the partner or for it, shown beside the council's, and never counted (§2.2.9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlmodel import Session

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.money import parse_pounds, pounds
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput, NotAllowed
from vfm_workflow.journeys import access, advance
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.savings import line_of
from vfm_workflow.store import claims as store
from vfm_workflow.store import figures, history
from vfm_workflow.store.tables import SavingShare


def save_shares(
    session: Session,
    home: Home,
    reference: str,
    line_id: int,
    by: Actor,
    at: dt.datetime,
    *,
    form: Mapping[str, str],
) -> dict[int, int]:
    """Say what a project's partner saves by a line itself; return financial year → whole pence as it is now.

    Fields, as typed: `share_2026` in pounds for each year of the line's profile; one left empty is not said. The line's own
    profile is this council's part alone. Raises BadInput, NotAllowed or NotFound.
    """
    project = access.seen(session, home, reference, by)
    if not access.allowed(session, home, by, "savings.share", project):
        raise NotAllowed(f"You may not say what the partner of {project.reference} saves.")
    advance.refuse_disputed(project)
    line = line_of(session, project, line_id)
    if not project.partner:
        raise NotAllowed(f"{project.reference} names no partner, so there is no part of one.")
    fields = Fields(form)
    wanted: dict[int, int | None] = {}
    for row in figures.years(session, line_id):
        name = f"share_{row.year}"
        amount = fields.read(name, f"The partner’s part in {year_name(row.year)}", parse_pounds)
        if amount is not None and amount < 0:
            fields.refuse(name, "A partner’s part must not be less than £0")
        wanted[row.year] = amount
    if not wanted:
        raise BadInput({"form": f"“{line.title}” has no profile yet, so there is no part of it"})
    fields.finish()
    changed = {year: _set(session, line_id, project.partner, year, amount) for year, amount in wanted.items()}
    said = {year_name(year): [*was_now] for year, was_now in changed.items() if was_now[0] != was_now[1]}
    if said:
        detail = {"line": line.id, "saving": line.title, "partner": project.partner, "changed": said}
        history.record(session, project, history.Entry("saving_share", by, at, "", detail))
    return {year: amount for year, amount in wanted.items() if amount is not None}


def _set(session: Session, line_id: int, partner: str, year: int, amount: int | None) -> tuple[str, str]:
    """Set a year's part; return (as it was, as it is), in words."""
    row = store.share(session, line_id, partner, year)
    was = pounds(row.amount) if row is not None else ""
    if amount is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(SavingShare(line_id=line_id, partner=partner, year=year, amount=amount))
    else:
        row.amount = amount
    session.flush()
    return was, pounds(amount) if amount is not None else ""
