"""A member of the board decides, from a link: one transaction from the link to the receipts (protocol, point 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.assurance import seat_name
from vfm_workflow.domain.decisions import CHOICE_LABELS, Ballot
from vfm_workflow.domain.lifecycle import Assurance, Choice
from vfm_workflow.errors import AlreadyDecided, CodeNeeded, LinkDead, NotAllowed
from vfm_workflow.journeys import advance, board, codes, links, proof, seats, settling
from vfm_workflow.journeys.board import Asked
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import project_view
from vfm_workflow.journeys.proof import NOTHING, Proof
from vfm_workflow.store import decisions as store
from vfm_workflow.store import history, projects
from vfm_workflow.store import seats as seat_store
from vfm_workflow.store.tables import Link, Person, Slot, VoteRow


@dataclass(frozen=True)
class Opened:
    """A link, opened: whose it is and for whom, what it asks, and the vote if it was used."""

    link: Link
    slot: Slot
    person: Person
    """Who holds the link: the member, their deputy, or a shared mailbox."""
    member: Person
    """Whose seat it is."""
    asked: Asked
    votes: Sequence[VoteRow]
    vote: VoteRow | None

    @property
    def seat(self) -> str:
        """Who decides by this link, such as `Head of Planning for Director of Place`."""
        return seat_name(self.person.name, self.member.name)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a ballot did: the vote, whether it was there already, and the board's outcome if this settled it."""

    vote: VoteRow
    again: bool
    outcome: Choice | None


def look_up(session: Session, home: Home, token: str) -> Link:
    """Return the link that a token of a mail opens, changing nothing. Raises LinkDead where there is none."""
    return links.look_up(session, token, "decide")


def open_link(session: Session, home: Home, link_id: int) -> Opened:
    """Return what a link shows, dead or alive, changing nothing. Raises LinkDead where there is none."""
    found = seat_store.opened(session, link_id)
    if found is None:
        raise LinkDead("unknown", links.UNKNOWN)
    request, project = found.request, found.project
    rule = home.lifecycle(session, project).decisions[request.decision]
    asked = Asked(request, project, rule, found.version, store.slots(session, found.slot.request_id))
    cast = store.votes(session, asked.id)
    mine = next((vote for vote in cast if vote.slot_id == found.slot.id), None)
    return Opened(found.link, found.slot, found.holder, found.member, asked, cast, mine)


def refuse_dead(session: Session, home: Home, opened: Opened, at: dt.datetime) -> None:
    """Raise LinkDead, saying why and what to do next, where the link can no longer decide."""
    link, request = opened.link, opened.asked.request
    if link.revoked_at is not None:
        raise _revoked(session, opened, link.revoked_why or "it was withdrawn")
    if request.state in ("withdrawn", "held", "superseded"):
        raise LinkDead(
            request.state, f"This decision is no longer asked for: it was {request.state}. Nothing is needed."
        )
    if opened.vote is not None:
        return
    if (why := _passed_on(session, home, opened, at)) is not None:
        raise _revoked(session, opened, why)
    if link.expires_at < at:
        raise LinkDead(
            "expired", "This link has expired. Ask for a new one below; it goes to your work address."
        )


def _passed_on(session: Session, home: Home, opened: Opened, at: dt.datetime) -> str | None:
    """Return why the link is somebody else's by now, though no clock has ticked since; None where it is not."""
    holder = seats.holder(session, home, opened.slot, opened.asked.barred, at)
    if not opened.person.active:
        return f"{opened.person.name} has left"
    if holder.id == opened.link.person_id:
        return None if holder.address == opened.link.address else "the work address has changed"
    if holder.id == opened.member.id:
        return f"{opened.person.name} no longer stands in for {opened.member.name}"
    return f"{holder.name} stands in for {opened.member.name}"


def _revoked(session: Session, opened: Opened, why: str) -> LinkDead:
    newest = seat_store.live_links(session, opened.asked.id).get(opened.slot.id or 0)
    replaced = newest is not None and newest.person_id == opened.link.person_id and opened.person.active
    if opened.asked.request.state == "superseded" or (opened.vote is None and replaced):
        then = "Use the link in the newest mail about this project."
    else:
        then = "Nothing is needed from you."
    return LinkDead("revoked", f"This link no longer works: {why}. {then}")


def cast(
    session: Session,
    home: Home,
    link_id: int,
    ballot: Ballot,
    at: dt.datetime,
    *,
    user_agent: str = "",
    proof: Proof = NOTHING,
) -> Recorded:
    """Record what a member decided by their link; return it. Everything that follows from it happens with it.

    The same decision again returns the first, changing nothing. Raises LinkDead, AlreadyDecided (showing the first
    decision), ProofNeeded (sign in first), CodeNeeded, BadInput (the code is wrong) or NotAllowed (the project's own
    people do not decide it, and nobody decides twice).
    """
    opened = _locked(session, home, link_id)
    if opened.vote is not None:
        return _again(opened.vote, ballot)
    refuse_dead(session, home, opened, at)
    asked = opened.asked
    advance.refuse_disputed(asked.project)
    decider, level = _decider(session, home, opened, proof, at)
    if not store.spend(session, opened.link, at):
        raise LinkDead("used", "This link was used a moment ago. Open it again to see what was recorded.")
    vote = _insert_vote(session, opened, decider, level, ballot, at, user_agent)
    history.record(session, asked.project, _vote_entry(opened, decider, vote, proof, at))
    outcome = None if vote.late else settling.settle(session, home, asked, at)
    if outcome is None:
        settling.mail_cast(session, home, asked, vote, at)
    settling.receipt(session, home, asked, vote, at)
    return Recorded(vote, False, outcome)


def _locked(session: Session, home: Home, link_id: int) -> Opened:
    """Return what a link opens once its request is locked: nobody can be first from here on. Raises LinkDead."""
    request_id = store.request_of(session, link_id)
    if request_id is not None:
        store.lock(session, request_id)
    return open_link(session, home, link_id)


def _decider(
    session: Session, home: Home, opened: Opened, given: Proof, at: dt.datetime
) -> tuple[Person, Assurance]:
    """Return (who decides, the level reached). Separation of duties is looked at once more, at this very moment."""
    asked = opened.asked
    decider = proof.identify(session, home, asked, opened.person, given, at)
    if {decider.id, opened.person.id, opened.member.id} & asked.barred:
        raise NotAllowed(
            "Whoever manages, sponsors, wrote or asks for this project does not decide, nor does anybody in their place, "
            "so you cannot decide on it."
        )
    if seat_store.voted(session, asked.id, projects.key(decider)):
        raise NotAllowed(
            "You have decided on this already. A person decides once, however many seats they stand in for."
        )
    level = proof.level(home, asked)
    if level == "B":
        if given.code is None:
            raise CodeNeeded("Type in the code that we mail you.")
        codes.use(session, opened.link, given.code, given.key, at)
    return decider, level


def _again(vote: VoteRow, ballot: Ballot) -> Recorded:
    same = (
        vote.choice == ballot.choice
        and vote.reason == ballot.reason
        and tuple(vote.conditions) == ballot.conditions
    )
    if same or vote.choice == ballot.choice == "approve":
        return Recorded(vote, True, None)
    label = CHOICE_LABELS[vote.choice]  # type: ignore[index]  # a CHECKed choice
    raise AlreadyDecided(f"Your decision was recorded already: {label}. It stands; nothing was changed.")


def _insert_vote(
    session: Session,
    opened: Opened,
    decider: Person,
    level: Assurance,
    ballot: Ballot,
    at: dt.datetime,
    user_agent: str,
) -> VoteRow:
    asked = opened.asked
    assert opened.slot.id is not None and asked.version.id is not None
    vote = VoteRow(
        request_id=asked.id,
        version_id=asked.version.id,
        slot_id=opened.slot.id,
        person_id=projects.key(decider),
        choice=ballot.choice,
        reason=ballot.reason,
        conditions=list(ballot.conditions),
        at=at,
        assurance=level,
        address=opened.link.address,
        user_agent=user_agent[:300],
        message_id=opened.link.message_id,
        late=asked.request.state != "open",
    )
    session.add(vote)
    session.flush()
    return vote


def _vote_entry(
    opened: Opened, decider: Person, vote: VoteRow, given: Proof, at: dt.datetime
) -> history.Entry:
    """Return the vote's row of the history (point 12)."""
    signed_in = given.signed_in
    mine = signed_in is not None and signed_in.actor.id == decider.id
    detail = {
        "decision": opened.asked.request.decision,
        "version": opened.asked.version.number,
        "digest": opened.asked.version.digest,
        "vote": vote.id,
        "slot": opened.slot.id,
        "for": opened.member.name if decider.id != opened.member.id else "",
        "choice": vote.choice,
        "conditions": vote.conditions,
        "assurance": vote.assurance,
        "asked_assurance": opened.asked.request.assurance,
        "signed_in": signed_in.method if signed_in is not None and mine else "",
        "address": vote.address,
        "user_agent": vote.user_agent,
        "message_id": vote.message_id,
        "late": vote.late,
    }
    return history.Entry("vote", projects.actor(decider), at, vote.reason, detail)


def mail_code(session: Session, home: Home, link_id: int, key: str, at: dt.datetime) -> None:
    """Mail the code that a decision of level B needs, to the address on record. Raises LinkDead or TooManyTries."""
    opened = _locked(session, home, link_id)
    refuse_dead(session, home, opened, at)
    project = opened.asked.project
    context = {
        "project": project_view(home, project),
        "decision": board.decision_view(home, opened.asked),
    }
    codes.mail(session, home, opened.link, opened.person, project, context, key, at)


def send_again(session: Session, home: Home, link_id: int, at: dt.datetime) -> bool:
    """Send a new link in place of an expired one, to the address on record only. Return whether one went.

    Nothing is said to the asker either way, so that the page teaches a stranger nothing.
    """
    opened = _locked(session, home, link_id)
    if opened.asked.request.state != "open" or opened.link.expires_at >= at:
        return False
    if opened.vote is not None or opened.link.revoked_at is not None or opened.slot.vacated_at is not None:
        return False
    board.remind(session, home, opened.asked, opened.slot, at)
    return True
