"""A member of the board decides, from a link: one transaction from the link to the receipts (protocol, point 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain import decisions as rules
from vfm_workflow.domain.decisions import CHOICE_LABELS, OUTCOME_LABELS, Ballot
from vfm_workflow.domain.lifecycle import Choice
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import AlreadyDecided, LinkDead, NotAllowed
from vfm_workflow.journeys import advance, board
from vfm_workflow.journeys.board import Asked
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import post, project_view
from vfm_workflow.store import decisions as store
from vfm_workflow.store import history, projects
from vfm_workflow.store.tables import Condition, DecisionRequest, Link, Person, Slot, VoteRow


@dataclass(frozen=True)
class Opened:
    """A link, opened: whose it is, what it asks, and the vote if it was used."""

    link: Link
    slot: Slot
    person: Person
    asked: Asked
    votes: Sequence[VoteRow]
    vote: VoteRow | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a ballot did: the vote, whether it was there already, and the board's outcome if this settled it."""

    vote: VoteRow
    again: bool
    outcome: Choice | None


def look_up(session: Session, home: Home, token: str) -> Link:
    """Return the link that a token of a mail opens, changing nothing. Raises LinkDead where there is none."""
    link = store.link_by_token(session, token)
    if link is None or link.purpose != "decide":
        raise LinkDead(
            "unknown", "This link is not one of ours, or was cut short. Open it again from the mail itself."
        )
    return link


def open_link(session: Session, home: Home, link_id: int) -> Opened:
    """Return what a link shows, dead or alive, changing nothing. Raises LinkDead where there is none."""
    link = session.get(Link, link_id)
    slot = session.get(Slot, link.slot_id) if link is not None and link.slot_id is not None else None
    request = session.get(DecisionRequest, slot.request_id) if slot is not None else None
    if link is None or slot is None or request is None:
        raise LinkDead(
            "unknown", "This link is not one of ours, or was cut short. Open it again from the mail itself."
        )
    asked = board.load(session, home, request)
    cast = store.votes(session, asked.id)
    mine = next((vote for vote in cast if vote.slot_id == slot.id), None)
    return Opened(link, slot, projects.person(session, slot.person_id), asked, cast, mine)


def refuse_dead(opened: Opened, at: dt.datetime) -> None:
    """Raise LinkDead, saying why and what to do next, where the link can no longer decide."""
    link, request = opened.link, opened.asked.request
    if link.revoked_at is not None:
        why = link.revoked_why or "it was withdrawn"
        raise LinkDead("revoked", f"This link no longer works: {why}. {_next_step(opened)}")
    if request.state in ("withdrawn", "held", "superseded"):
        raise LinkDead(
            request.state, f"This decision is no longer asked for: it was {request.state}. Nothing is needed."
        )
    if opened.vote is None and link.expires_at < at:
        raise LinkDead(
            "expired", "This link has expired. Ask for a new one below; it goes to your work address."
        )


def _next_step(opened: Opened) -> str:
    if opened.asked.request.state in ("open", "superseded") and opened.vote is None:
        return "Use the link in the newest mail about this project."
    return "Nothing is needed from you."


def cast(
    session: Session, home: Home, link_id: int, ballot: Ballot, at: dt.datetime, *, user_agent: str = ""
) -> Recorded:
    """Record what a member decided by their link; return it. Everything that follows from it happens with it.

    The same decision again returns the first, changing nothing. Raises LinkDead, AlreadyDecided (showing the first
    decision) or NotAllowed (the project's own people do not decide it).
    """
    opened = open_link(session, home, link_id)
    locked = store.lock(session, opened.asked.id)
    assert locked is not None
    opened = open_link(
        session, home, link_id
    )  # again: somebody may have been first while we waited for the lock
    if opened.vote is not None:
        return _again(opened.vote, ballot)
    refuse_dead(opened, at)
    asked, project = opened.asked, opened.asked.project
    advance.refuse_disputed(project)
    if (
        opened.person.id in (project.manager_id, project.sponsor_id, asked.version.frozen_by)
        or not opened.person.active
    ):
        raise NotAllowed("You wrote or sponsor this project, so you cannot decide on it.")
    if not store.spend(session, opened.link, at):
        raise LinkDead("used", "This link was used a moment ago. Open it again to see what was recorded.")
    vote = _insert_vote(session, opened, ballot, at, user_agent)
    history.record(session, project, _vote_entry(opened, vote, at))
    outcome = None if vote.late else _settle(session, home, asked, vote, at)
    if outcome is None:
        _mail_cast(session, home, opened, vote, at)
    _receipt(session, home, opened, vote, at)
    return Recorded(vote, False, outcome)


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
    session: Session, opened: Opened, ballot: Ballot, at: dt.datetime, user_agent: str
) -> VoteRow:
    asked = opened.asked
    assert opened.slot.id is not None and opened.person.id is not None and asked.version.id is not None
    vote = VoteRow(
        request_id=asked.id,
        version_id=asked.version.id,
        slot_id=opened.slot.id,
        person_id=opened.person.id,
        choice=ballot.choice,
        reason=ballot.reason,
        conditions=list(ballot.conditions),
        at=at,
        assurance=asked.rule.assurance,
        address=opened.link.address,
        user_agent=user_agent[:300],
        message_id=opened.link.message_id,
        late=asked.request.state != "open",
    )
    session.add(vote)
    session.flush()
    return vote


def _vote_entry(opened: Opened, vote: VoteRow, at: dt.datetime) -> history.Entry:
    detail = {
        "decision": opened.asked.request.decision,
        "version": opened.asked.version.number,
        "digest": opened.asked.version.digest,
        "slot": opened.slot.id,
        "choice": vote.choice,
        "conditions": vote.conditions,
        "assurance": vote.assurance,
        "address": vote.address,
        "user_agent": vote.user_agent,
        "message_id": vote.message_id,
        "late": vote.late,
    }
    return history.Entry("vote", projects.actor(opened.person), at, vote.reason, detail)


def _settle(session: Session, home: Home, asked: Asked, vote: VoteRow, at: dt.datetime) -> Choice | None:
    """Close the request if the board has decided, and let the lifecycle move. Return the outcome, if there is one."""
    cast_votes = store.votes(session, asked.id)
    seats = store.seats(asked.board)
    outcome = rules.outcome(asked.rule, seats, store.counted(asked.board, cast_votes))
    if outcome is None:
        return None
    asked.request.state, asked.request.outcome, asked.request.closed_at = "decided", outcome, at
    session.flush()
    conditions = (
        _set_conditions(session, asked, cast_votes, at) if outcome == "approve_with_conditions" else []
    )
    lifecycle = home.lifecycle(session, asked.project)
    event = asked.rule.outcomes.get(outcome) or asked.rule.outcomes["approve"]
    step = lifecycle.step(asked.project.stage, event)
    detail = {"decision": asked.request.decision, "outcome": outcome, "version": asked.version.number}
    advance.fire(
        session,
        home,
        asked.project,
        lifecycle,
        step,
        None,
        at,
        reason=OUTCOME_LABELS[outcome],
        request=asked.request,
        detail=detail,
    )
    _mail_made(session, home, asked, outcome, cast_votes, conditions, at)
    return outcome


def _set_conditions(
    session: Session, asked: Asked, cast_votes: Sequence[VoteRow], at: dt.datetime
) -> list[str]:
    texts = []
    for vote in cast_votes:
        if vote.late or vote.id is None:
            continue
        for text in vote.conditions:
            session.add(Condition(project_id=asked.request.project_id, vote_id=vote.id, text=text, set_at=at))
            texts.append(text)
    session.flush()
    return texts


def _vote_view(session: Session, vote: VoteRow) -> dict[str, Any]:
    return {
        "name": projects.person(session, vote.person_id).name,
        "choice": CHOICE_LABELS[vote.choice],  # type: ignore[index]  # a CHECKed choice
        "reason": vote.reason,
        "conditions": list(vote.conditions),
        "decided_at": vote.at,
    }


def _base(home: Home, asked: Asked) -> dict[str, Any]:
    return {"project": project_view(home, asked.project), "decision": board.decision_view(home, asked)}


def tally(session: Session, asked: Asked) -> str:
    """Return such as `2 of 5 have decided; 3 are needed`."""
    seats = store.seats(asked.board)
    return rules.tally(asked.rule, seats, store.counted(asked.board, store.votes(session, asked.id)))


def _mail_cast(session: Session, home: Home, opened: Opened, vote: VoteRow, at: dt.datetime) -> None:
    """Tell the manager and the other members that one of them has decided (point 11)."""
    asked = opened.asked
    told = {asked.project.manager_id, *(slot.person_id for slot in asked.board)} - {vote.person_id}
    view = _vote_view(session, vote)
    context = {**_base(home, asked), **view, "voter": view["name"], "tally": tally(session, asked)}
    context.pop("name")
    for person_id in sorted(told):
        person = projects.person(session, person_id)
        if person.active:
            post(session, home, "decision_vote_cast", person, context, at, asked.project)


def _mail_made(
    session: Session,
    home: Home,
    asked: Asked,
    outcome: Choice,
    cast_votes: Sequence[VoteRow],
    conditions: Sequence[str],
    at: dt.datetime,
) -> None:
    project, lifecycle = asked.project, home.lifecycle(session, asked.project)
    told = {project.manager_id, project.sponsor_id, *(slot.person_id for slot in asked.board)}
    context = {
        **_base(home, asked),
        "outcome": OUTCOME_LABELS[outcome],
        "tally": tally(session, asked),
        "votes": [_vote_view(session, vote) for vote in cast_votes],
        "conditions": list(conditions),
        "next_stage": lifecycle.stages[project.stage].title,
    }
    for person_id in sorted(told):
        person = projects.person(session, person_id)
        if person.active:
            post(session, home, "decision_made", person, context, at, project)


def _receipt(session: Session, home: Home, opened: Opened, vote: VoteRow, at: dt.datetime) -> None:
    """Mail the member what was recorded in their name, with the way to say it was not them; no live link inside."""
    token = home.mint()
    assert opened.person.id is not None
    session.add(
        Link(
            digest=store.token_digest(token),
            purpose="dispute",
            vote_id=vote.id,
            person_id=opened.person.id,
            address=opened.person.address,
            issued_at=at,
            expires_at=home.calendar.deadline(at, DISPUTE_WORKING_DAYS),
        )
    )
    context = {
        **_base(home, opened.asked),
        **{key: value for key, value in _vote_view(session, vote).items() if key != "name"},
        "assurance": f"by the link sent to {vote.address}, level {vote.assurance}",
        "dispute_link": home.url(f"/dispute/{token}"),
    }
    post(session, home, "decision_receipt", opened.person, context, at, opened.asked.project)


DISPUTE_WORKING_DAYS = 20


def decider(opened: Opened) -> Actor:
    """Return the link's holder as somebody who acts."""
    return projects.actor(opened.person)


def send_again(session: Session, home: Home, link_id: int, at: dt.datetime) -> bool:
    """Send a new link in place of an expired one, to the address on record only. Return whether one went.

    Nothing is said to the asker either way, so that the page teaches a stranger nothing.
    """
    opened = open_link(session, home, link_id)
    if opened.asked.request.state != "open" or opened.vote is not None or opened.link.expires_at >= at:
        return False
    board.remind(session, home, opened.asked, opened.slot, at)
    return True
