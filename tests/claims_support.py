"""What the tests of the register share: a project that delivers, and each act on a saving in one call."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.figures_support import ids, moment, submit
from tests.people import Council
from vfm_workflow.domain.claims import Quarter
from vfm_workflow.journeys import banking, claims, dates, lessons, register, returns
from vfm_workflow.journeys.register import Asked, Register
from vfm_workflow.store import projects
from vfm_workflow.store.tables import SavingClaim, SavingEntry

LONG_FROM_NOW = dt.date(2028, 6, 1)


def delivering(
    council: Council, *, missed: str = "88", saved: str = "6,700", title: str = "Waste rounds"
) -> str:
    """Return a project in implementation with April to June 2026 returned and verified; the moment is 8 July 2026."""
    council.at = moment(2026, 3, 30)
    reference = council.create(title)
    _ready(council, reference)
    for month in (4, 5, 6):
        give(council, reference, f"2026-0{month}", missed=missed, saved=saved)
    council.at = moment(2026, 7, 8)
    return reference


def _ready(council: Council, reference: str) -> None:
    council.outline_ready(reference, milestone=LONG_FROM_NOW)
    council.do(reference, "submit_outline")
    council.approve(reference)
    council.recommendations_ready(reference)
    council.do(reference, "submit_recommendations")
    council.approve(reference)


def give(council: Council, reference: str, period: str, *, verified: bool = True, **typed: Any) -> None:
    """Submit a month's return and have it verified, in the first days of the month after."""
    year, month = (int(part) for part in period.split("-"))
    council.at = moment(year + month // 12, month % 12 + 1, 6)
    typed.setdefault("action", "It is looked into.")
    submit(council, reference, period, **typed)
    if verified:
        check(council, reference, period)


def check(council: Council, reference: str, period: str) -> None:
    with council.app.write() as session:
        returns.verify(session, council.home, reference, period, council.actor(session, "head"), council.at)


def line(council: Council, reference: str) -> int:
    return ids(council, reference)[1][0]


def put(
    council: Council, reference: str, amount: str = "20,100", by: str = "manager", **form: str
) -> SavingClaim:
    with council.app.write() as session:
        return claims.put(
            session,
            council.home,
            reference,
            line(council, reference),
            council.actor(session, by),
            council.at,
            form={"quarter": "2026-Q1", "amount": amount, "evidence": "Ledger SS-4210", **form},
        )


def act(
    council: Council, what: Any, reference: str, claim_id: int, by: str = "finance", *args: Any, **more: Any
) -> Any:
    """Do something to a claim: `act(council, claims.verify, reference, claim.id)`."""
    with council.app.write() as session:
        who = council.actor(session, by)
        return what(
            session,
            council.home,
            reference,
            line(council, reference),
            claim_id,
            who,
            council.at,
            *args,
            **more,
        )


def banked(council: Council, reference: str, amount: str = "20,100") -> SavingClaim:
    """Return a claim that was evidenced, verified and banked."""
    row = put(council, reference, amount)
    assert row.id is not None
    act(council, claims.verify, reference, row.id)
    found: SavingClaim = act(council, banking.bank, reference, row.id, form=JOURNAL)
    return found


JOURNAL = {"budget_code": "ss-4210", "journal": "JNL-1"}


def on_line(council: Council, what: Any, reference: str, by: str = "finance", *args: Any, **more: Any) -> Any:
    """Do something on a line: `on_line(council, banking.fence, reference, form={…})`."""
    with council.app.write() as session:
        who = council.actor(session, by)
        return what(
            session, council.home, reference, line(council, reference), *args, who, council.at, **more
        )


def quarter(council: Council, reference: str, name: str = "2026-Q1") -> Quarter:
    with council.app.read() as session:
        return register.quarter_of(session, council.home, line(council, reference), name)


def the_register(council: Council, by: str = "finance", year: int = 2026, **asked: Any) -> Register:
    with council.app.read() as session:
        who = council.actor(session, by)
        return register.register(session, council.home, who, council.at, Asked(year, **asked))


def correct(council: Council, reference: str, period: str, pence: int) -> None:
    """Correct what was delivered in a month, as a return that was sent back and submitted again does."""
    with council.app.write() as session:
        row = session.get(SavingEntry, (line(council, reference), period, 1))
        assert row is not None
        session.add(SavingEntry(**{**row.model_dump(), "number": 2, "delivered": pence}))


def close(council: Council, reference: str) -> None:
    """Take a project in implementation to its good end."""
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        for milestone in council.milestones(reference):
            dates.finish_milestone(
                session, council.home, reference, milestone.id or 0, council.at.date(), manager, council.at
            )
    council.do(reference, "finish_implementation")
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        lessons.record(session, council.home, reference, "Start with the depot", manager, council.at)
    council.do(reference, "submit_lessons")
    council.approve(reference)
    assert council.stage(reference) == "closed"


def partner_of(council: Council, reference: str, name: str) -> None:
    with council.app.write() as session:
        projects.by_reference(session, reference).partner = name
