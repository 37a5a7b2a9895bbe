"""Savings on their way through Finance: claimed, verified or refused, banked, placed; and benefits reviews (§10.3, §15)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import banking, claims, register, reviews
from vfm_workflow.simulation import words
from vfm_workflow.simulation.life import Life
from vfm_workflow.simulation.managing import Managing
from vfm_workflow.store import claims as claim_store
from vfm_workflow.store import listing, projects
from vfm_workflow.store import reviews as review_store
from vfm_workflow.store.claims import Waiting
from vfm_workflow.store.listing import Row

CLAIMS, TOO_MUCH, AGAIN = 0.4, 0.05, 0.5
"""Shares of projects of which a quarter is claimed, of claims for more than was delivered, and of refused ones that come
again."""
LOOKS, LEFT, REFUSED = 0.3, 0.3, 0.1
"""Shares of days on which Finance goes through what waits for it, of that which waits on, and of claims that are refused."""
REVIEWS, NOT_YET = 0.2, 0.4
"""Shares of days on which somebody looks which benefits reviews are due, and of those that are left for another day."""
CLAIM_DAYS = (12, 45)
"""In so many working days after a quarter what was saved in it is claimed."""


def quarter(life: Life, managing: Managing, rows: Sequence[Row], named: str) -> None:
    """Plan the claims for a quarter that has ended, such as `2026-Q2`."""
    for row in rows:
        if managing.lifecycle(row).stages[row.stage].monitored and life.chance.happens(CLAIMS):
            life.in_days(*CLAIM_DAYS, partial(_claim, life, managing, row.reference, named))


def _claim(life: Life, managing: Managing, reference: str, named: str) -> None:
    """The manager puts what a quarter delivered before Finance, all of it, or more than there is."""
    manager = managing.manager(life.look(lambda session: listing.one(session, reference)))
    if manager is None:
        return
    evidence, more = words.text(life.chance, 6), int(life.chance.happens(TOO_MUCH))

    def doing(session: Session, actor: Actor) -> int:
        project = projects.by_reference(session, reference)
        found = register.to_claim_in(session, life.home, [projects.key(project)], named)
        for line, one in found:
            form = {"quarter": named, "amount": _typed(one.left + more), "evidence": evidence}
            claims.put(session, life.home, reference, line.id, actor, life.now, form=form)
        return len(found)

    life.tally["savings claimed"] += life.act("quarters claimed", manager.address, doing) or 0


def _typed(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02d}"


def day(life: Life, managing: Managing) -> None:
    """Let Finance go through what waits for it, and whoever does benefits reviews look which are due."""
    if life.chance.happens(LOOKS):
        life.in_days(0, 0, partial(_go_through, life, managing))
    if life.chance.happens(REVIEWS):
        life.in_days(0, 0, partial(_review, life))


def _go_through(life: Life, managing: Managing) -> None:
    officers = life.of_role("finance_officer")
    for each in life.look(claim_store.waiting) if officers else ():
        officer = life.chance.one(officers).address
        if life.chance.happens(LEFT):
            continue
        if each.step == "verify":
            _verify(life, managing, each, officer)
        elif each.step == "bank":
            _bank(life, each, officer)
        else:
            _place(life, each, officer)


def _verify(life: Life, managing: Managing, claim: Waiting, officer: str) -> None:
    why = words.text(life.chance, 6)
    refuses = life.chance.happens(REFUSED)
    done = claims.refuse if refuses else claims.verify

    def doing(session: Session, actor: Actor) -> object:
        return done(session, life.home, claim.reference, claim.line_id, claim.id, actor, life.now, why)

    life.act("claims refused" if refuses else "claims verified", officer, doing)
    if refuses and life.chance.happens(AGAIN):
        life.in_days(2, 15, partial(_claim, life, managing, claim.reference, claim.quarter))


def _bank(life: Life, claim: Waiting, officer: str) -> None:
    number = life.chance.between(1000, 9999)
    form = {"budget_code": f"{claim.department}-{number % 100:02d}", "journal": f"J{number}"}

    def doing(session: Session, actor: Actor) -> object:
        return banking.bank(
            session, life.home, claim.reference, claim.line_id, claim.id, actor, life.now, form=form
        )

    life.act("claims banked", officer, doing)


def _place(life: Life, claim: Waiting, officer: str) -> None:
    """All of what is left goes to one destination, or half of it for now."""
    part = claim.left if life.chance.happens(0.6) else max(claim.left // 2, 1)
    where = life.chance.one(list(life.home.savings.destinations))
    form = {f"amount_{where}": _typed(part), "note": ""}

    def doing(session: Session, actor: Actor) -> object:
        return banking.place(
            session, life.home, claim.reference, claim.line_id, claim.id, actor, life.now, form=form
        )

    life.act("banked savings placed", officer, doing)


def _review(life: Life) -> None:
    """The head of the service does what is due, or Finance does."""
    for each in life.look(lambda session: review_store.not_done(session, life.today)):
        if not life.chance.happens(NOT_YET):
            _review_one(life, each.project_id, each.number)


def _review_one(life: Life, project_id: int, number: int) -> None:
    project = life.look(lambda session: projects.by_id(session, project_id))
    heads = life.of_role("head_of_service", department=project.department)
    officers = life.of_role("finance_officer")
    reviewers = officers if life.chance.happens(0.3) else heads
    form = {"sustained": life.chance.one(list(reviews.SUSTAINED)), "finding": words.text(life.chance, 8)}

    def doing(session: Session, actor: Actor) -> object:
        return reviews.review(session, life.home, project.reference, number, actor, life.now, form=form)

    if reviewers:
        life.act("benefits reviewed", life.chance.one(reviewers).address, doing)
