"""Open decisions follow who holds their seats: somebody left, moved, changed address, or a deputy stands in (points 8, 9)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.journeys import board, seats, settling
from vfm_workflow.journeys.board import Asked
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import people_for, post, project_view
from vfm_workflow.store import decisions as store
from vfm_workflow.store import history, projects
from vfm_workflow.store import seats as seat_store
from vfm_workflow.store.tables import DecisionRequest, Link, Person, Slot

NOBODY = "The register of people"
"""Who the history says did it: whoever changed the people stands in the people's own record."""


@dataclass(frozen=True, slots=True)
class Astray:
    """A seat that is not as it should be today, and why: its member may not hold it, or its link is somebody else's."""

    slot: Slot
    why: str
    vacate: bool


def reconcile(session: Session, home: Home, at: dt.datetime) -> None:
    """Bring every seat that has not voted, of every open decision, in line with who holds it at `at`.

    The people's journeys call it after each change, and the clock at each tick, since a deputyship begins and ends by
    itself. Doing it again changes nothing.
    """
    for request in store.open_requests(session):
        asked = board.load(session, home, request)
        if _astray(session, home, asked, at):
            _follow(session, home, request, at)
            asked = board.load(session, home, request)
        _settle(session, home, asked, at)
    _late_links(session, home, at)


def hand_over(
    session: Session, home: Home, leaver_id: int, successor_id: int | None, at: dt.datetime
) -> None:
    """Give the seats of somebody who leaves, on decisions that wait for them, to their successor.

    A seat is vacated where the successor has no role on that board, may not decide that project, or sits on it already.
    """
    leaver = projects.person(session, leaver_id)
    successor = projects.person(session, successor_id) if successor_id is not None else None
    for request in store.open_requests(session):
        asked = _lock(session, home, request)
        for slot in _waiting(session, asked) if asked is not None else ():
            if slot.person_id != leaver_id or asked is None:
                continue
            if successor is not None and _may_take(session, asked, successor):
                _pass_on(session, asked, slot, leaver, successor, at)
            else:
                _vacate(session, home, asked, slot, f"{leaver.name} has left", at)
    reconcile(session, home, at)


def _lock(session: Session, home: Home, request: DecisionRequest) -> Asked | None:
    """Return the request, locked and read again; None where it was settled while we waited."""
    assert request.id is not None
    locked = store.lock(session, request.id)
    return board.load(session, home, locked) if locked is not None and locked.state == "open" else None


def _waiting(session: Session, asked: Asked) -> list[Slot]:
    """Return the seats that have not voted and are not vacated."""
    return store.waiting(asked.board, store.votes(session, asked.id))


def _follow(session: Session, home: Home, request: DecisionRequest, at: dt.datetime) -> None:
    asked = _lock(session, home, request)
    if asked is None:
        return
    for found in _astray(session, home, asked, at):
        if found.vacate:
            _vacate(session, home, asked, found.slot, found.why, at)
        else:
            board.mail_link(
                session, home, asked, found.slot, "decision_passed", at, {"reason": found.why}, why=found.why
            )


def _settle(session: Session, home: Home, asked: Asked, at: dt.datetime) -> None:
    """Let the board's outcome happen where a vacated seat completed the quorum, once nothing is disputed."""
    if asked.request.state == "open" and asked.project.disputed_at is None:
        settling.settle(session, home, asked, at)


def _astray(session: Session, home: Home, asked: Asked, at: dt.datetime) -> list[Astray]:
    links = seat_store.live_links(session, asked.id)
    found, waiting = [], _waiting(session, asked)
    projects.hold_people(session, [slot.person_id for slot in waiting])
    for slot in waiting:
        member = projects.person(session, slot.person_id)
        if (gone := _gone(asked, member)) is not None:
            found.append(Astray(slot, gone, True))
        elif (why := _elsewhere(session, home, asked, slot, links.get(slot.id or 0), at)) is not None:
            found.append(Astray(slot, why, False))
        elif slot.role != member.role:
            slot.role = member.role  # on the board still, and counted as what they are now
    session.flush()
    return found


def _gone(asked: Asked, member: Person) -> str | None:
    """Return why somebody cannot hold their seat any more, or None where they can."""
    if not member.active:
        return f"{member.name} has left"
    if member.role not in asked.rule.board:
        return f"{member.name} is no longer on this board"
    if member.id in asked.barred:
        return f"{member.name} now manages or sponsors the project"
    return None


def _elsewhere(
    session: Session, home: Home, asked: Asked, slot: Slot, link: Link | None, at: dt.datetime
) -> str | None:
    """Return why a seat's link must go to somebody else, or to another address; None where it is where it should be."""
    holder = seats.holder(session, home, slot, asked.barred, at)
    if link is None:
        return "no link was live"
    if link.person_id == holder.id:
        same = link.address == holder.address
        return None if same else f"the work address of {holder.name} has changed"
    if holder.id != slot.person_id:
        return f"{holder.name} stands in for {projects.person(session, slot.person_id).name}"
    before = projects.person(session, link.person_id)
    if before.active and seat_store.ever_deputy(session, slot.person_id, link.person_id):
        return f"{before.name} no longer stands in for {holder.name}"
    return f"{holder.name} has taken over from {before.name}"


def _may_take(session: Session, asked: Asked, person: Person) -> bool:
    seated = {slot.person_id for slot in asked.board}
    return (
        _gone(asked, person) is None
        and person.id not in seated
        and not seat_store.voted(session, asked.id, projects.key(person))
    )


def _pass_on(
    session: Session, asked: Asked, slot: Slot, leaver: Person, successor: Person, at: dt.datetime
) -> None:
    slot.person_id, slot.role = projects.key(successor), successor.role
    session.flush()
    detail = {"decision": asked.request.decision, "slot": slot.id, "from": leaver.name, "to": successor.name}
    history.record(session, asked.project, history.Entry("seat_passed", None, at, "", detail, name=NOBODY))


def _vacate(session: Session, home: Home, asked: Asked, slot: Slot, why: str, at: dt.datetime) -> None:
    """Empty a seat: it no longer counts towards the quorum, and its link is dead. Whoever held it is told."""
    link = seat_store.live_links(session, asked.id).get(slot.id or 0)
    slot.vacated_at, slot.vacated_why = at, why
    session.flush()
    store.revoke(session, asked.id, why, at, slot.id)
    member = projects.person(session, slot.person_id)
    detail = {"decision": asked.request.decision, "slot": slot.id, "member": member.name}
    history.record(session, asked.project, history.Entry("seat_vacated", None, at, why, detail, name=NOBODY))
    for person_id in {projects.key(member), link.person_id if link is not None else projects.key(member)}:
        board.tell_withdrawn(
            session, home, asked, person_id, f"{why}, so the seat on the board is empty.", at
        )
    if not store.seats(store.slots(session, asked.id)):
        _tell_empty(session, home, asked, at)


def _tell_empty(session: Session, home: Home, asked: Asked, at: dt.datetime) -> None:
    """Nobody is left who could decide: the request stays open, and those who can mend it are told."""
    context = {
        "project": project_view(home, asked.project),
        "decision": board.decision_view(home, asked),
        "roles": [home.role_title(role) for role in asked.rule.board],
    }
    told = people_for(session, None, asked.project, ["administrator", "project_manager"])
    for person in told.values():
        post(session, home, "decision_without_board", person, context, at, asked.project)


def _late_links(session: Session, home: Home, at: dt.datetime) -> None:
    """Revoke what could still record a late vote for somebody who no longer holds the seat."""
    boards: dict[int | None, Asked] = {}
    late = seat_store.late_links(session, at)
    projects.hold_people(session, [slot.person_id for _, slot, _ in late])
    for link, slot, request in late:
        if request.id not in boards:
            boards[request.id] = board.load(session, home, request)
        asked = boards[request.id]
        gone = _gone(asked, projects.person(session, slot.person_id))
        why = gone or _elsewhere(session, home, asked, slot, link, at)
        if why is not None:
            store.revoke(session, asked.id, why, at, slot.id)
