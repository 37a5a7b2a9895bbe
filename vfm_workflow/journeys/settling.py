"""What follows from a vote: the quorum, the lifecycle's event, the conditions, and who is told (protocol, points 6 and 11)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain import decisions as rules
from vfm_workflow.domain.assurance import known_by, seat_name
from vfm_workflow.domain.decisions import CHOICE_LABELS, OUTCOME_LABELS
from vfm_workflow.domain.lifecycle import Choice
from vfm_workflow.journeys import advance, board, links
from vfm_workflow.journeys.board import Asked
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import post, project_view
from vfm_workflow.store import decisions as store
from vfm_workflow.store import projects
from vfm_workflow.store import seats as seat_store
from vfm_workflow.store.tables import Condition, Person, Slot, VoteRow

DISPUTE_WORKING_DAYS = 20


def settle(session: Session, home: Home, asked: Asked, at: dt.datetime) -> Choice | None:
    """Close the request if the board has decided, and let the lifecycle move. Return the outcome, if there is one.

    A vote completes a quorum, and so does a seat that is vacated.
    """
    cast = store.votes(session, asked.id)
    outcome = rules.outcome(asked.rule, store.seats(asked.board), store.counted(asked.board, cast))
    if outcome is None or asked.request.state != "open":
        return None
    holders = {link.person_id for link in seat_store.live_links(session, asked.id).values()}
    asked.request.state, asked.request.outcome, asked.request.closed_at = "decided", outcome, at
    session.flush()
    conditions = _set_conditions(session, asked, cast, at) if outcome == "approve_with_conditions" else []
    lifecycle = home.lifecycle(session, asked.project)
    event = asked.rule.outcomes.get(outcome) or asked.rule.outcomes["approve"]
    step = lifecycle.step(asked.project.stage, event)
    detail = {"decision": asked.request.decision, "outcome": outcome, "version": asked.version.number}
    reason = OUTCOME_LABELS[outcome]
    advance.fire(
        session,
        home,
        asked.project,
        lifecycle,
        step,
        None,
        at,
        reason=reason,
        request=asked.request,
        detail=detail,
    )
    _mail_made(session, home, asked, outcome, cast, conditions, holders, at)
    return outcome


def _set_conditions(session: Session, asked: Asked, cast: Sequence[VoteRow], at: dt.datetime) -> list[str]:
    texts = []
    for vote in cast:
        if vote.late or vote.id is None:
            continue
        for text in vote.conditions:
            session.add(Condition(project_id=asked.request.project_id, vote_id=vote.id, text=text, set_at=at))
            texts.append(text)
    session.flush()
    return texts


def member(session: Session, vote: VoteRow) -> Person:
    """Return whose seat a vote was cast for."""
    slot = session.get(Slot, vote.slot_id)
    assert slot is not None
    return projects.person(session, slot.person_id)


def voter(session: Session, vote: VoteRow) -> str:
    """Return who decided, as the record says it: a member, or `X for Y`."""
    return seat_name(projects.person(session, vote.person_id).name, member(session, vote).name)


def known(session: Session, vote: VoteRow) -> str:
    """Return how it is known who decided: the level reached, and by what."""
    decider = projects.person(session, vote.person_id).name
    return known_by(vote.assurance, decider, member(session, vote).name, vote.address)


def tally(session: Session, asked: Asked) -> str:
    """Return such as `2 of 5 have decided; 3 are needed`."""
    seats = store.seats(asked.board)
    return rules.tally(asked.rule, seats, store.counted(asked.board, store.votes(session, asked.id)))


def _view(session: Session, vote: VoteRow) -> dict[str, Any]:
    return {
        "choice": CHOICE_LABELS[vote.choice],  # type: ignore[index]  # a CHECKed choice
        "reason": vote.reason,
        "conditions": list(vote.conditions),
        "decided_at": vote.at,
    }


def _base(home: Home, asked: Asked) -> dict[str, Any]:
    return {"project": project_view(home, asked.project), "decision": board.decision_view(home, asked)}


def _seated(asked: Asked) -> set[int]:
    return {slot.person_id for slot in asked.board if slot.vacated_at is None}


def mail_cast(session: Session, home: Home, asked: Asked, vote: VoteRow, at: dt.datetime) -> None:
    """Tell the manager and the other members that one of them has decided, and a member what was decided for them."""
    context = {
        **_base(home, asked),
        **_view(session, vote),
        "voter": voter(session, vote),
        "tally": tally(session, asked),
    }
    told = {asked.project.manager_id} | _seated(asked)
    projects.hold_people(session, told)
    for person_id in sorted(told - {vote.person_id}):
        person = projects.person(session, person_id)
        if person.active:
            post(session, home, "decision_vote_cast", person, context, at, asked.project)


def _mail_made(
    session: Session,
    home: Home,
    asked: Asked,
    outcome: Choice,
    cast: Sequence[VoteRow],
    conditions: Sequence[str],
    holders: set[int],
    at: dt.datetime,
) -> None:
    project, lifecycle = asked.project, home.lifecycle(session, asked.project)
    told = {project.manager_id, project.sponsor_id} | _seated(asked) | holders
    context = {
        **_base(home, asked),
        "outcome": OUTCOME_LABELS[outcome],
        "tally": tally(session, asked),
        "votes": [{"name": voter(session, vote), **_view(session, vote)} for vote in cast],
        "conditions": list(conditions),
        "next_stage": lifecycle.stages[project.stage].title,
    }
    told |= {vote.person_id for vote in cast}
    projects.hold_people(session, told)
    for person_id in sorted(told):
        person = projects.person(session, person_id)
        if person.active:
            post(session, home, "decision_made", person, context, at, project)


def receipt(session: Session, home: Home, asked: Asked, vote: VoteRow, at: dt.datetime) -> None:
    """Mail who decided what was recorded in their name, with the way to say it was not them; no live link inside."""
    decider = projects.person(session, vote.person_id)
    until = home.calendar.deadline(at, DISPUTE_WORKING_DAYS)
    token, _ = links.mint(session, home, "dispute", decider, at, until, vote_id=vote.id)
    context = {
        **_base(home, asked),
        **_view(session, vote),
        "assurance": known(session, vote),
        "dispute_link": home.url(f"/dispute/{token}"),
    }
    post(session, home, "decision_receipt", decider, context, at, asked.project)
