"""How sure the service is who decides: what a level asks for beside the link, and whether it is there (points 9 and 10)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.assurance import reachable
from vfm_workflow.domain.lifecycle import Assurance
from vfm_workflow.errors import ProofNeeded
from vfm_workflow.journeys.board import Asked
from vfm_workflow.journeys.codes import Tried
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.signin import SignedIn
from vfm_workflow.store import projects
from vfm_workflow.store import seats as store
from vfm_workflow.store.tables import Person


@dataclass(frozen=True, slots=True)
class Proof:
    """What came with a decision beside its link."""

    signed_in: SignedIn | None = None
    fresh_for: dt.timedelta = dt.timedelta(minutes=15)
    """How long a sign-in counts as fresh for level C."""
    code: Tried | None = None
    """The six digits as typed, for level B; None where none were."""
    key: str = ""
    """The secret that codes are kept under; it is not in the database."""


NOTHING = Proof()


def level(home: Home, asked: Asked) -> Assurance:
    """Return the level that a decision is held to now: what was frozen with it, or B while level C cannot be reached."""
    frozen: Assurance = asked.request.assurance  # type: ignore[assignment]  # a CHECKed level
    return reachable(frozen, home.sign_in)


def identify(
    session: Session, home: Home, asked: Asked, holder: Person, proof: Proof, at: dt.datetime
) -> Person:
    """Return who decides by a link of `holder`: they themselves, or the signed-in reader of their shared mailbox.

    Raises ProofNeeded where somebody must sign in first. A code, for level B, is looked at later.
    """
    sure = level(home, asked) == "C"
    decider = _reader(session, holder, proof, sure=sure) if holder.shared else holder
    if sure:
        _refuse_unsure(decider, proof, at)
    return decider


def _reader(session: Session, mailbox: Person, proof: Proof, *, sure: bool) -> Person:
    me = proof.signed_in
    if me is None:
        said = f"Several people read the mail of {mailbox.name}. Sign in as yourself, and decide for it."
        raise ProofNeeded(said, confirm=sure)
    if not store.reads(session, projects.key(mailbox), me.actor.id):
        said = f"You are signed in as {me.actor.name}, who does not read the mail of {mailbox.name}. Sign in as one who does."
        raise ProofNeeded(said, confirm=True)
    return projects.person(session, me.actor.id)


def _refuse_unsure(decider: Person, proof: Proof, at: dt.datetime) -> None:
    me = proof.signed_in
    if me is None:
        raise ProofNeeded(f"This decision needs a full sign-in by {decider.name}.", confirm=True)
    if me.actor.id != decider.id:
        said = f"You are signed in as {me.actor.name}. This decision needs a full sign-in by {decider.name}."
        raise ProofNeeded(said, confirm=True)
    if me.method != "oidc":
        raise ProofNeeded("This decision needs a sign-in by the council’s own service.", confirm=True)
    if me.confirmed_at + proof.fresh_for <= at:
        minutes = int(proof.fresh_for.total_seconds() // 60)
        said = f"You signed in more than {minutes} minutes ago. This decision needs a fresh sign-in."
        raise ProofNeeded(said, confirm=True)
