"""What a line delivered in a quarter is put before Finance with its evidence, and verified or refused (§10.3, §15.1)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain import uploads
from vfm_workflow.domain.calendar import month_name, quarter_name
from vfm_workflow.domain.claims import Quarter
from vfm_workflow.domain.money import parse_pounds, pounds
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import access, advance, return_months
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import leave_fact, people_for
from vfm_workflow.journeys.register import quarter_of
from vfm_workflow.journeys.savings import line_of
from vfm_workflow.store import claims as store
from vfm_workflow.store import figures, history, projects
from vfm_workflow.store import returns as return_store
from vfm_workflow.store.tables import Attachment, Project, SavingClaim, SavingEntry, SavingLine

DOCUMENT = "claim"
"""What an attachment is that is a claim's evidence."""
_QUARTER = re.compile(r"^20\d\d-Q[1-4]$", re.ASCII)
FELL = "Not claimed: quality fell. {} A saving that lowers the service is a cut, not a gain (§3.8)."


def put(
    session: Session,
    home: Home,
    reference: str,
    line_id: int,
    by: Actor,
    at: dt.datetime,
    *,
    form: Mapping[str, str],
    name: str = "",
    data: bytes = b"",
    most_bytes: int = 10 * 1024 * 1024,
) -> SavingClaim:
    """Put what a line delivered in a quarter before Finance; return the claim.

    Fields, all as typed: quarter (`2026-Q2`), amount (pounds), evidence (where it can be seen). A document may come with
    it. Never more than verified returns say was delivered in the quarter's months, less what was claimed before; nothing
    where the measure that must not fall did. Raises BadInput, NotAllowed or NotFound.
    """
    project, line = _open(
        session, home, reference, line_id, by, "savings.claim", "put a saving before Finance"
    )
    refuse_uncounted(session, line)
    fields = Fields(form)
    quarter = _quarter(fields, home, at)
    amount = fields.read("amount", "The amount", parse_pounds, required="Give the amount that was delivered")
    evidence = fields.text("evidence", "The evidence", required="Say where the saving can be seen")
    fields.finish()
    assert quarter is not None and amount is not None
    found = quarter_of(session, home, line_id, quarter)
    _refuse_claim(line, found, amount)
    document = _keep(session, project, by, at, name, data, most_bytes) if name or data else None
    row = SavingClaim(
        line_id=line_id,
        quarter=quarter,
        amount=amount,
        evidence=evidence,
        attachment_id=document.id if document is not None else None,
        evidenced_at=at,
        evidenced_by=by.id,
    )
    session.add(row)
    session.flush()
    detail = {
        "evidence": evidence,
        "document": document.digest if document is not None else "",
        "quality": found.quality.sentence,
    }
    note(session, project, "saving_claimed", by, at, row, line, detail)
    return row


def _open(
    session: Session, home: Home, reference: str, line_id: int, by: Actor, permission: str, what: str
) -> tuple[Project, SavingLine]:
    """Return the project and its line where `by` may do this. Raises NotFound or NotAllowed."""
    project = access.seen(session, home, reference, by)
    if not access.allowed(session, home, by, permission, project):
        raise NotAllowed(f"You may not {what} on {project.reference}.")
    advance.refuse_disputed(project)
    return project, line_of(session, project, line_id)


def of_finance(
    session: Session, home: Home, reference: str, line_id: int, by: Actor, permission: str
) -> tuple[Project, SavingLine]:
    """Return the project and its line where `by` acts for Finance. Raises NotFound or NotAllowed.

    Nobody does so on a project that they manage or sponsor, nor for whom they stand in for does.
    """
    project, line = _open(session, home, reference, line_id, by, permission, "do what is for Finance to do")
    themselves = {by.id, *(principal.id for principal in by.stands_for)}
    if themselves & {project.manager_id, project.sponsor_id}:
        raise NotAllowed(
            "Nobody checks the savings of a project that they manage or sponsor, nor a deputy for them."
        )
    return project, line


def refuse_uncounted(session: Session, line: SavingLine) -> None:
    """Raise NotAllowed where the line is counted in another, or CMT has agreed nothing of it."""
    if line.counted_in is not None:
        parent = session.get(SavingLine, line.counted_in)
        of = projects.by_id(session, parent.project_id).reference if parent is not None else ""
        titled = parent.title if parent is not None else ""
        raise NotAllowed(
            f"“{line.title}” is counted in “{titled}” of {of}, so it is claimed there: each saving is counted once (§2.2.7)."
        )
    if not figures.agreed_profiles(session, line.id or 0):
        raise NotAllowed(f"CMT has not agreed “{line.title}” yet, so nothing of it can be claimed.")


def _quarter(fields: Fields, home: Home, at: dt.datetime) -> str | None:
    typed = fields.line("quarter", "The quarter", required="Choose the quarter")
    if not typed:
        return None
    if not _QUARTER.match(typed):
        fields.refuse("quarter", "The quarter must be chosen from the list")
        return None
    if home.calendar.quarter_months(typed)[0] > home.calendar.today(at).strftime("%Y-%m"):
        fields.refuse("quarter", f"{quarter_name(typed)} has not begun yet")
    return typed


def _refuse_claim(line: SavingLine, found: Quarter, amount: int) -> None:
    named = quarter_name(found.quarter)
    if found.quality.fell:
        raise NotAllowed(FELL.format(found.quality.sentence))
    if found.claimed.get("evidenced") or found.claimed.get("verified"):
        raise NotAllowed(
            f"What “{line.title}” delivered in {named} is with Finance already. One claim is open at a time."
        )
    if amount <= 0:
        raise BadInput({"amount": "The amount must be more than £0"})
    if amount > found.left:
        before = f", of which {pounds(found.evidenced)} is claimed" if found.evidenced else ""
        raise BadInput(
            {
                "amount": f"Verified returns have {pounds(found.confirmed)} of “{line.title}” for {named}{before}: "
                f"at most {pounds(found.left)} can be claimed"
            }
        )


def _keep(
    session: Session, project: Project, by: Actor, at: dt.datetime, name: str, data: bytes, most_bytes: int
) -> Attachment:
    """Keep a claim's document: it stands on no draft, so it is added and taken off at once."""
    checked = uploads.check(name, data, most_bytes)
    row = Attachment(
        project_id=projects.key(project),
        document=DOCUMENT,
        name=checked.name,
        media_type=checked.media_type,
        size=len(data),
        digest=hashlib.sha256(data).hexdigest(),
        data=data,
        added_at=at,
        added_by=by.id,
        removed_at=at,
    )
    session.add(row)
    session.flush()
    return row


def claim_of(session: Session, line: SavingLine, claim_id: int) -> SavingClaim:
    """Return a claim of the line. Raises NotFound."""
    row = session.get(SavingClaim, claim_id)
    if row is None or row.line_id != line.id:
        raise NotFound(f"“{line.title}” has no such claim.")
    return row


def verify(
    session: Session,
    home: Home,
    reference: str,
    line_id: int,
    claim_id: int,
    by: Actor,
    at: dt.datetime,
    why: str = "",
) -> SavingClaim:
    """Verify a claim for Finance; return it. `why` accepts it where nobody knows whether quality kept.

    Raises NotAllowed (not theirs, by who evidenced it, or the figures no longer bear it), BadInput or NotFound.
    """
    project, line = of_finance(session, home, reference, line_id, by, "savings.verify")
    row = claim_of(session, line, claim_id)
    if row.state != "evidenced":
        raise NotAllowed(f"This claim is {row.state} already.")
    if row.evidenced_by == by.id:
        raise NotAllowed("You evidenced this saving, so somebody else must verify it.")
    if row.evidenced_by in {principal.id for principal in by.stands_for}:
        raise NotAllowed("Whom you stand in for evidenced this saving, so somebody else must verify it.")
    found = still_good(session, home, line, row)
    fields = Fields({"why": why})
    reason = fields.text("why", "The reason")
    if not found.quality.known and not reason:
        fields.refuse(
            "why", f"Say why you accept it without knowing whether quality kept. {found.quality.sentence}"
        )
    fields.finish()
    known = found.quality.known
    row.quality, row.quality_why = ("kept", "") if known else ("unknown", reason)
    row.state, row.verified_at, row.verified_by = "verified", at, by.id
    session.flush()
    detail = {"quality": found.quality.sentence, "accepted": row.quality_why}
    note(session, project, "saving_verified", by, at, row, line, detail)
    return row


def still_good(session: Session, home: Home, line: SavingLine, row: SavingClaim) -> Quarter:
    """Return how the claim's quarter stands. Raises NotAllowed where quality fell, or less was delivered than is claimed."""
    found = quarter_of(session, home, line.id or 0, row.quarter)
    if found.quality.fell:
        raise NotAllowed(FELL.format(found.quality.sentence) + " Refuse the claim.")
    if found.evidenced > found.confirmed:
        raise NotAllowed(
            f"Verified returns now have {pounds(found.confirmed)} of “{line.title}” for {quarter_name(row.quarter)}, and "
            f"{pounds(found.evidenced)} is claimed. Refuse the claim, or have the returns verified first."
        )
    return found


def refuse(
    session: Session,
    home: Home,
    reference: str,
    line_id: int,
    claim_id: int,
    by: Actor,
    at: dt.datetime,
    why: str,
) -> SavingClaim:
    """Refuse a claim that is not banked yet, with the reason; return it. Whoever claimed hears of it in the next digest.

    Raises BadInput (no reason), NotAllowed or NotFound.
    """
    project, line = of_finance(session, home, reference, line_id, by, "savings.verify")
    row = claim_of(session, line, claim_id)
    if row.state not in ("evidenced", "verified"):
        raise NotAllowed(f"This claim is {row.state} already.")
    fields = Fields({"refuse_why": why})
    said = "Say why it is refused, so that it can be put right"
    reason = fields.text("refuse_why", "The reason", required=said)
    fields.finish()
    row.state, row.refused_at, row.refused_by, row.refused_why = "refused", at, by.id, reason
    row.verified_at, row.verified_by = None, None
    session.flush()
    note(session, project, "saving_refused", by, at, row, line, {}, reason)
    _tell(session, home, project, line, row, by, at)
    return row


def _tell(
    session: Session,
    home: Home,
    project: Project,
    line: SavingLine,
    row: SavingClaim,
    by: Actor,
    at: dt.datetime,
) -> None:
    notice = home.catalogue.notices.get("saving_refused")
    if notice is None:  # a council may do without it
        return
    people = set(people_for(session, home.lifecycle(session, project), project, notice.to)) | {
        row.evidenced_by
    }
    people.discard(by.id)
    item = {
        "project": project.reference,
        "page": f"/savings/{line.id}/register",
        "saving": line.title,
        "quarter": quarter_name(row.quarter),
        "amount": pounds(row.amount),
        "by": by.name,
        "reason": row.refused_why,
    }
    leave_fact(session, "saving_refused", row.quarter, f"claim:{row.id}", sorted(people), item, at)


def note(
    session: Session,
    project: Project,
    event: str,
    by: Actor,
    at: dt.datetime,
    row: SavingClaim,
    line: SavingLine,
    detail: Mapping[str, Any],
    why: str = "",
) -> None:
    """Record what was done to a claim in the project's history."""
    said = {
        "id": row.id,
        "line": line.id,
        "saving": line.title,
        "quarter": row.quarter,
        "amount": pounds(row.amount),
        **detail,
    }
    history.record(session, project, history.Entry(event, by, at, why, said))


def deliver(
    session: Session,
    home: Home,
    reference: str,
    line_id: int,
    by: Actor,
    at: dt.datetime,
    *,
    form: Mapping[str, str],
) -> SavingEntry:
    """Say for Finance what a line goes on delivering in a month for which its project owes no return; return the entry.

    Fields, all as typed: period (`2026-10`), amount (pounds), why (where it can be seen). The register outlives the
    project's end. A correction is a new entry beside the first. Raises BadInput, NotAllowed or NotFound.
    """
    project, line = of_finance(session, home, reference, line_id, by, "savings.verify")
    refuse_uncounted(session, line)
    fields = Fields(form)
    period = fields.line("period", "The month", required="Choose the month")
    amount = fields.read(
        "delivered", "The amount", parse_pounds, required="Give the amount delivered, 0 if none"
    )
    why = fields.text("seen", "The evidence", required="Say where it can be seen")
    if period and period not in without_return(session, home, project, at):
        named = (
            month_name(period) if re.match(r"^20\d\d-(0[1-9]|1[0-2])$", period, re.ASCII) else "that month"
        )
        fields.refuse(
            "period", f"The project’s own return says what was delivered in {named}, or it is not over yet"
        )
    fields.finish()
    assert amount is not None
    known = [row for row in store.entries(session, line_id) if row.period == period]
    if known and known[-1].amount == amount:
        raise BadInput({"delivered": f"{pounds(amount)} is what is entered for {month_name(period)} already"})
    number = known[-1].number + 1 if known else 1
    row = SavingEntry(
        line_id=line_id, period=period, number=number, delivered=amount, at=at, by=by.id, source="finance"
    )
    session.add(row)
    session.flush()
    detail = {
        "line": line.id,
        "saving": line.title,
        "period": period,
        "amount": pounds(amount),
        "was": pounds(known[-1].amount) if known else "",
    }
    history.record(session, project, history.Entry("saving_delivered", by, at, why, detail))
    return row


MONTHS_BACK = 24
"""How far back Finance may say what a line delivered after the project's returns had ended."""


def without_return(session: Session, home: Home, project: Project, at: dt.datetime) -> list[str]:
    """Return the months since the project's last return for which it owes none, newest first: after its end, mostly."""
    owed = {month.period for month in return_months.periods(session, home, project, at)}
    first = max(owed, default="")
    moves = return_store.moves(session, projects.key(project))
    begun = home.calendar.today(dt.datetime.fromisoformat(moves[0][0])).strftime("%Y-%m") if moves else ""
    month, found = home.calendar.month_before(home.calendar.today(at)), []
    for _ in range(MONTHS_BACK):
        if month <= max(first, begun):
            break
        found.append(month)
        month = home.calendar.month_before(dt.date.fromisoformat(f"{month}-01"))
    return found
