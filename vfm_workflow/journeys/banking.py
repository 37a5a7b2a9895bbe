"""A verified saving is taken out of the budget, said where it went, and ring-fenced: Finance's part (§15.1, §15.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlmodel import Session

from vfm_workflow.domain.forms import parse_date
from vfm_workflow.domain.money import parse_pounds, pounds
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys.claims import claim_of, note, of_finance, still_good
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import claims as store
from vfm_workflow.store import figures, history
from vfm_workflow.store.tables import RingFence, SavingClaim, SavingDestination, SavingLine

BANKS = "savings.bank"
MOST_CODE = 40


def bank(
    session: Session,
    home: Home,
    reference: str,
    line_id: int,
    claim_id: int,
    by: Actor,
    at: dt.datetime,
    *,
    form: Mapping[str, str],
) -> SavingClaim:
    """Record that a verified claim was taken out of its budget; return it.

    Fields, all as typed: budget_code, journal (the reference of the journal). Raises BadInput, NotFound, or NotAllowed:
    not theirs, not verified, not cashable, or the figures no longer bear it.
    """
    project, line = of_finance(session, home, reference, line_id, by, BANKS)
    row = claim_of(session, line, claim_id)
    if row.state != "verified":
        raise NotAllowed(
            "Only what is verified is banked." if row.state != "banked" else "This is banked already."
        )
    if not line.cashable:
        raise NotAllowed(
            f"“{line.title}” is not cashable: it releases no money, so there is nothing to bank."
        )
    still_good(session, home, line, row)
    fields = Fields(form)
    code = fields.line(
        "budget_code", "The budget code", required="Give the budget it comes out of", most=MOST_CODE
    )
    journal = fields.line(
        "journal", "The journal", required="Give the reference of the journal", most=MOST_CODE
    )
    fields.finish()
    row.state, row.banked_at, row.banked_by = "banked", at, by.id
    row.budget_code, row.journal = code.upper(), journal
    session.flush()
    detail = {"budget_code": row.budget_code, "journal": row.journal}
    note(session, project, "saving_banked", by, at, row, line, detail)
    return row


def place(
    session: Session,
    home: Home,
    reference: str,
    line_id: int,
    claim_id: int,
    by: Actor,
    at: dt.datetime,
    *,
    form: Mapping[str, str],
) -> list[SavingDestination]:
    """Say where a banked amount, or parts of it, went; return the parts.

    Fields, all as typed: `amount_<key>` in pounds for each destination of config/savings.yaml, and note. Together they
    are never more than what is banked and not placed yet. Raises BadInput, NotAllowed or NotFound.
    """
    project, line = of_finance(session, home, reference, line_id, by, BANKS)
    row = claim_of(session, line, claim_id)
    if row.state != "banked":
        raise NotAllowed("Only what is banked goes anywhere.")
    left = row.amount - store.placed(session, claim_id)
    fields = Fields(form)
    parts = {
        key: amount
        for key, title in home.savings.destinations.items()
        if (amount := fields.read(f"amount_{key}", f"The amount for “{title}”", parse_pounds))
    }
    text = fields.line("note", "The note")
    first = f"amount_{next(iter(home.savings.destinations))}"
    for key, amount in parts.items():
        if amount < 0:
            fields.refuse(f"amount_{key}", "An amount must be more than £0")
    if not parts:
        fields.refuse(first, "Give an amount for at least one destination")
    elif sum(parts.values()) > left:
        fields.refuse(
            f"amount_{next(iter(parts))}",
            f"{pounds(sum(parts.values()))} is more than the {pounds(left)} that is banked and has gone nowhere yet",
        )
    fields.finish()
    rows = [
        SavingDestination(claim_id=claim_id, destination=key, amount=amount, note=text, at=at, by=by.id)
        for key, amount in parts.items()
    ]
    session.add_all(rows)
    session.flush()
    went = {home.savings.destinations[key]: pounds(amount) for key, amount in parts.items()}
    note(session, project, "saving_placed", by, at, row, line, {"went": went, "note": text})
    return rows


def fence(
    session: Session,
    home: Home,
    reference: str,
    line_id: int,
    by: Actor,
    at: dt.datetime,
    *,
    form: Mapping[str, str],
) -> RingFence:
    """Ring-fence money of a line's budget from today on; return it.

    Fields, all as typed: fence_amount (pounds), fence_budget, until (a date, or empty), fence_why. No more than the line is
    expected to save in all its years, with what is ring-fenced already. Raises BadInput, NotAllowed or NotFound.
    """
    project, line = of_finance(session, home, reference, line_id, by, BANKS)
    today = home.calendar.today(at)
    fields = Fields(form)
    amount = fields.read("fence_amount", "The amount", parse_pounds, required="Give the amount to ring-fence")
    code = fields.line(
        "fence_budget", "The budget code", required="Give the budget it stays in", most=MOST_CODE
    )
    until = fields.read("until", "The last day", parse_date)
    why = fields.text("fence_why", "The reason", required="Say what it is kept for")
    if amount is not None:
        _refuse_amount(session, fields, line, amount, today)
    if until is not None and until < today:
        fields.refuse("until", "The last day must not have passed")
    fields.finish()
    assert amount is not None
    row = RingFence(
        line_id=line_id,
        budget_code=code.upper(),
        amount=amount,
        why=why,
        from_day=today,
        until_day=until,
        set_at=at,
        set_by=by.id,
    )
    session.add(row)
    session.flush()
    detail = {
        "id": row.id,
        "line": line.id,
        "saving": line.title,
        "amount": pounds(amount),
        "budget_code": row.budget_code,
        "until": until.isoformat() if until is not None else "",
    }
    history.record(session, project, history.Entry("saving_fenced", by, at, why, detail))
    return row


def _refuse_amount(session: Session, fields: Fields, line: SavingLine, amount: int, today: dt.date) -> None:
    if amount <= 0:
        fields.refuse("fence_amount", "The amount must be more than £0")
    most = sum(year.expected for year in figures.years(session, line.id or 0))
    held = sum(one.row.amount for one in store.fences(session, line.id or 0) if in_force(one.row, today))
    if amount > most - held:
        kept = f", and {pounds(held)} of it is ring-fenced" if held else ""
        fields.refuse(
            "fence_amount", f"“{line.title}” is expected to save {pounds(most)} in all its years{kept}"
        )


def in_force(row: RingFence, today: dt.date) -> bool:
    """Return whether a ring-fence holds on a day."""
    return row.lifted_at is None and (row.until_day is None or row.until_day >= today)


def lift(
    session: Session,
    home: Home,
    reference: str,
    line_id: int,
    fence_id: int,
    by: Actor,
    at: dt.datetime,
    why: str,
) -> RingFence:
    """Lift a ring-fence, with the reason; return it. Raises BadInput, NotAllowed (it holds no more) or NotFound."""
    project, line = of_finance(session, home, reference, line_id, by, BANKS)
    row = session.get(RingFence, fence_id)
    if row is None or row.line_id != line_id:
        raise NotFound(f"“{line.title}” has no such ring-fence.")
    if not in_force(row, home.calendar.today(at)):
        raise NotAllowed("This ring-fence holds no more.")
    fields = Fields({"lift_why": why})
    reason = fields.text("lift_why", "The reason", required="Say why it is lifted")
    fields.finish()
    row.lifted_at, row.lifted_by, row.lifted_why = at, by.id, reason
    session.flush()
    detail = {"id": row.id, "line": line.id, "saving": line.title, "amount": pounds(row.amount)}
    history.record(session, project, history.Entry("saving_fence_lifted", by, at, reason, detail))
    return row
