"""The monthly return: written by the project manager, verified by the Head of Service (§6.1, §10.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name, short_day
from vfm_workflow.domain.roles import Actor, by_permission
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import access, advance, return_record, return_seen, return_sheet
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import leave_fact, people_for
from vfm_workflow.journeys.return_form import ReturnForm, form
from vfm_workflow.journeys.return_months import (
    Month,
    Standing,
    missing,
    overview,
    periods,
    refuse_unexpected,
    to_verify,
)
from vfm_workflow.journeys.return_sheet import Sheet
from vfm_workflow.journeys.writing import clean
from vfm_workflow.store import history, projects
from vfm_workflow.store import returns as store
from vfm_workflow.store.tables import MonthlyReturn, Project

__all__ = [
    "Month",
    "ReturnForm",
    "Standing",
    "form",
    "missing",
    "overview",
    "periods",
    "save_draft",
    "send_back",
    "submit",
    "to_verify",
    "verify",
]

MOST_KEPT = 20_000
"""More than any box may hold, so that a draft keeps even what is too long to submit."""


def save_draft(
    session: Session,
    home: Home,
    reference: str,
    period: str,
    by: Actor,
    at: dt.datetime,
    typed: Mapping[str, str],
) -> MonthlyReturn:
    """Keep what is typed so far, as it was typed, bad values too; return the draft. It is no history yet.

    Raises NotFound, NotAllowed (not theirs to write, or submitted already) or BadInput (a text no draft can hold).
    """
    project = _writable(session, home, reference, period, by, at)
    row = _draft(session, home, project, period)
    _keep(row, return_sheet.load(session, home, project, period, at), typed)
    session.flush()
    return row


def submit(
    session: Session,
    home: Home,
    reference: str,
    period: str,
    by: Actor,
    at: dt.datetime,
    typed: Mapping[str, str],
    revision: int | None = None,
) -> MonthlyReturn:
    """Submit the return for `period`; return it. Figures, forecasts, colour and history change together.

    Fields, all as typed: `measure_<id>`, `saving_<id>` (pounds), `milestone_<id>` (the date expected), `done_<id>`
    (`yes`) with `done_on_<id>` (by default the date expected if it has come, else the month's last day), `narrative`,
    `action` with `action_owner` and `action_by` (a date), `no_plan` (`yes`), `beyond_team` (why), `expected_<id>` (pounds
    by the end of the financial year), `spend` and `spend_forecast` (pounds), and `days_used`.

    Raises BadInput with everything that is wrong; nothing has changed then but the draft, which the caller keeps by
    catching it inside the transaction. Raises NotFound, NotAllowed or StaleRevision too.
    """
    project = _writable(session, home, reference, period, by, at)
    advance.refuse_stale(session, project, revision)
    row = _draft(session, home, project, period)
    sheet = return_sheet.load(session, home, project, period, at)
    _keep(row, sheet, typed)
    session.flush()
    filled, fields = return_sheet.read(sheet, typed)
    verdict = return_seen.judge(home.rag, sheet, filled)
    return_record.ask_for_plan(fields, filled, verdict)
    fields.finish()
    return_record.keep(session, sheet, row, filled, by, at)
    return_record.colour(row, verdict, sheet.last.rag if sheet.last is not None else None)
    row.state, row.submitted_at, row.submitted_by = "submitted", at, by.id
    row.verified_at, row.verified_by, row.sent_back_why = None, None, ""
    session.flush()
    project.rag = store.newest_rag(session, projects.key(project))
    session.flush()
    entry = history.Entry("return_submitted", by, at, "", return_record.detail(sheet, filled, verdict))
    history.record(session, project, entry)
    return row


def may_check(row: MonthlyReturn, by: Actor) -> bool:
    """Return whether `by` is somebody else than who submitted a return, and does not stand in for them either."""
    return row.submitted_by not in {by.id, *(principal.id for principal in by.stands_for)}


def verify(
    session: Session, home: Home, reference: str, period: str, by: Actor, at: dt.datetime
) -> MonthlyReturn:
    """Verify a return that is in; return it. Raises NotFound, or NotAllowed: not theirs, not in, or in already.

    Nobody verifies what they submitted themselves, nor has a deputy do it for them.
    """
    project, row, by = _verifiable(session, home, reference, period, by)
    if row.state == "draft":
        raise NotAllowed(f"The return for {month_name(period)} has not been submitted yet.")
    if row.state == "verified":
        raise NotAllowed(f"The return for {month_name(period)} is verified already.")
    if row.submitted_by == by.id:
        raise NotAllowed("You submitted this return, so somebody else must verify it.")
    if row.submitted_by in {principal.id for principal in by.stands_for}:
        raise NotAllowed("Whom you stand in for submitted this return, so somebody else must verify it.")
    row.state, row.verified_at, row.verified_by = "verified", at, by.id
    session.flush()
    entry = history.Entry("return_verified", by, at, "", {"period": period, "rag": row.rag})
    history.record(session, project, entry)
    return row


def send_back(
    session: Session, home: Home, reference: str, period: str, by: Actor, at: dt.datetime, reason: str
) -> MonthlyReturn:
    """Send a return back to be corrected, a verified one too; return it. Its manager hears of it in the next digest.

    Its figures and colour stand until it is submitted again: sending back must not turn a red project green.
    Raises NotFound, NotAllowed or BadInput (the reason is missing).
    """
    project, row, by = _verifiable(session, home, reference, period, by)
    if row.state == "draft":
        raise NotAllowed(f"The return for {month_name(period)} is with its project manager already.")
    fields = Fields({"reason": reason})
    why = fields.text("reason", "The reason", required="Say what must be corrected")
    fields.finish()
    row.state, row.sent_back_why = "draft", why
    row.verified_at, row.verified_by = None, None
    session.flush()
    entry = history.Entry("return_sent_back", by, at, why, {"period": period})
    history.record(session, project, entry)
    _leave_fact(session, home, project, period, by, at, why)
    return row


def _leave_fact(
    session: Session, home: Home, project: Project, period: str, by: Actor, at: dt.datetime, why: str
) -> None:
    notice = home.catalogue.notices.get("return_sent_back")
    if notice is None:  # a council may do without it
        return
    people = people_for(session, home.lifecycle(session, project), project, notice.to)
    people.pop(by.id, None)
    item = {
        "project": project.reference,
        "page": f"/returns/{period}",
        "period": month_name(period),
        "by": by.name,
        "reason": why,
    }
    subject = f"{project.reference}:{project.revision}"
    leave_fact(session, "return_sent_back", period, subject, sorted(people), item, at)


def _writable(
    session: Session, home: Home, reference: str, period: str, by: Actor, at: dt.datetime
) -> Project:
    """Return the project where `by` may write its return for a month."""
    project = access.seen(session, home, reference, by)
    if not access.allowed(session, home, by, "return.submit", project):
        raise NotAllowed(f"Only the project manager of {project.reference} may write its monthly return.")
    advance.refuse_disputed(project)
    refuse_unexpected(session, home, project, period, at)
    return project


def _verifiable(
    session: Session, home: Home, reference: str, period: str, by: Actor
) -> tuple[Project, MonthlyReturn, Actor]:
    """Return the project, its return for a month, and `by` as the record names them, where they may verify it."""
    project = access.seen(session, home, reference, by)
    standing = projects.standing(project)
    if not access.allowed(session, home, by, "return.verify", project):
        raise NotAllowed(f"Only the Head of Service of {project.reference} may verify its monthly return.")
    advance.refuse_disputed(project)
    row = store.find(session, projects.key(project), period)
    if row is None:
        raise NotFound(f"{project.reference} has no return for {period[:20]}.")
    return project, row, by_permission(home.roles, by, "return.verify", standing)


def _draft(session: Session, home: Home, project: Project, period: str) -> MonthlyReturn:
    row = store.begin(session, projects.key(project), period)
    if row.state != "draft":
        on = f" on {short_day(home.calendar.today(row.submitted_at))}" if row.submitted_at is not None else ""
        raise NotAllowed(
            f"The return for {month_name(period)} was submitted{on}. The Head of Service can send it back to be corrected."
        )
    return row


def _keep(row: MonthlyReturn, sheet: Sheet, typed: Mapping[str, str]) -> None:
    """Keep the return's own fields as typed. Raises BadInput for a text no draft can hold."""
    mine = {name: clean(value) for name, value in typed.items() if name in sheet.fields()}
    long = {name for name, value in mine.items() if len(value) > MOST_KEPT}
    if long:
        raise BadInput(
            {name: f"This is {len(mine[name]):,} characters; a draft keeps {MOST_KEPT:,}" for name in long}
        )
    row.draft = mine
