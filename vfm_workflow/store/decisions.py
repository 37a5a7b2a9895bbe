"""Decision requests, slots, links and votes."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col

from vfm_workflow.domain.decisions import Seat, Vote
from vfm_workflow.store.raw import Raw, done, seldom
from vfm_workflow.store.tables import DecisionRequest, Dispute, Link, Project, Slot, Version, VoteRow


def token_digest(token: str) -> str:
    """Return what the database keeps of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def lock(session: Session, request_id: int) -> DecisionRequest | None:
    """Return the request, locked until the transaction ends (SQLite holds its one write lock already).

    The project is locked first, as a transition locks it, so that the two never wait for each other; and what was read
    before the wait is read again, since somebody else may have changed it meanwhile.
    """
    if session.get_bind().dialect.name == "postgresql":
        mine = select(col(DecisionRequest.project_id)).where(col(DecisionRequest.id) == request_id)
        session.execute(select(col(Project.id)).where(col(Project.id).in_(mine)).with_for_update())
        session.expire_all()
    return session.scalars(_LOCKED, {"request": request_id}).first()


def request_of(session: Session, link_id: int) -> int | None:
    """Return the id of the request that a link answers, None where it answers none."""
    sql = "SELECT s.request_id FROM slot s JOIN link l ON l.slot_id = s.id WHERE l.id = :link"
    found = Raw.of(session).run(sql, {"link": link_id}).fetchone()
    return found[0] if found is not None else None


IS_OPEN = col(DecisionRequest.state) == literal_column("'open'")
"""The state stands in it as the index of open decisions has it: with a parameter SQLite would read each that there ever was."""
_OPEN_REQUESTS = (
    select(DecisionRequest).where(IS_OPEN).order_by(col(DecisionRequest.opened_at), col(DecisionRequest.id))
)
_REQUEST: Any = bindparam("request")
_LOCKED = select(DecisionRequest).where(col(DecisionRequest.id) == _REQUEST).with_for_update()
_SLOTS = select(Slot).where(col(Slot.request_id) == _REQUEST).order_by(col(Slot.id))
_LINK = select(Link).where(col(Link.digest) == bindparam("digest"))
_VOTES = select(VoteRow).where(col(VoteRow.request_id) == _REQUEST).order_by(col(VoteRow.at), col(VoteRow.id))
"""Built once: every tick, every page of a decision and every answer asks them."""


def open_requests(session: Session, project_id: int | None = None) -> list[DecisionRequest]:
    """Return the open requests, of one project or of all, oldest first."""
    if project_id is None:
        return [request for (request,) in seldom(session, _OPEN_REQUESTS)]
    mine = _OPEN_REQUESTS.where(col(DecisionRequest.project_id) == project_id)
    return list(session.scalars(mine))


def requests_of(session: Session, project_id: int) -> list[DecisionRequest]:
    """Return every request of a project, oldest first."""
    query = select(DecisionRequest).where(col(DecisionRequest.project_id) == project_id)
    return list(session.scalars(query.order_by(col(DecisionRequest.id))))


def slots(session: Session, request_id: int) -> list[Slot]:
    """Return the board of a request."""
    return list(session.scalars(_SLOTS, {"request": request_id}))


def votes(session: Session, request_id: int) -> list[VoteRow]:
    """Return the votes of a request, oldest first, late ones too."""
    return list(session.scalars(_VOTES, {"request": request_id}))


def seats(rows: Sequence[Slot]) -> list[Seat]:
    """Return the board as the rules see it: without the seats that were vacated."""
    return [Seat(slot.person_id, slot.role) for slot in rows if slot.vacated_at is None]


def counted(board: Sequence[Slot], cast: Sequence[VoteRow]) -> list[Vote]:
    """Return the votes as the rules see them: late ones do not count."""
    role = {slot.id: slot.role for slot in board}
    return [Vote(v.person_id, role[v.slot_id], v.choice) for v in cast if not v.late]  # type: ignore[arg-type]  # a CHECKed choice


def waiting(board: Sequence[Slot], cast: Sequence[VoteRow]) -> list[Slot]:
    """Return the slots that have not voted and are not vacated."""
    done = {vote.slot_id for vote in cast}
    return [slot for slot in board if slot.id not in done and slot.vacated_at is None]


def link_by_token(session: Session, token: str) -> Link | None:
    """Return the link that a token opens, dead or alive; None where there is none."""
    return session.scalars(_LINK, {"digest": token_digest(token)}).first()


def spend(session: Session, link: Link, at: dt.datetime) -> bool:
    """Mark a live link used: compare-and-set, so that exactly one of many racing posts does. Return whether it was us."""
    spent = done(session, _spend(), {"link": link.id, "at": at})
    if spent.rowcount != 1:
        session.refresh(link)
        return False
    # As it stands in the database now: nothing is to be written or read again.
    set_committed_value(link, "used_at", at)
    return True


@cache
def _spend() -> Any:
    live = col(Link.id) == bindparam("link"), col(Link.used_at).is_(None), col(Link.revoked_at).is_(None)
    return update(Link).where(*live).values(used_at=bindparam("at"))


def revoke(
    session: Session, request_id: int, why: str, at: dt.datetime, slot_id: int | None = None
) -> list[int]:
    """Revoke the live links of a request (or of one of its slots). Return the slots that had one."""
    said = {"request": request_id, "at": at, "why": why, "slot": slot_id}
    found = done(session, _revoke_all() if slot_id is None else _revoke_one(), said).all()
    revoked = [slot for (slot,) in found if slot is not None]
    forget_links(session)
    return revoked


@cache
def _revoke_all() -> Any:
    mine = select(col(Slot.id)).where(col(Slot.request_id) == _REQUEST)
    return (
        update(Link)
        .where(col(Link.slot_id).in_(mine), col(Link.used_at).is_(None), col(Link.revoked_at).is_(None))
        .values(revoked_at=bindparam("at"), revoked_why=bindparam("why"))
        .returning(col(Link.slot_id))
    )


@cache
def _revoke_one() -> Any:
    return _revoke_all().where(col(Link.slot_id) == bindparam("slot"))


def forget_links(session: Session) -> None:
    """Let every link that the session holds be read again: a statement has changed some. What else it holds stays."""
    for held in session.identity_map.values():
        if isinstance(held, Link):
            session.expire(held)


def newest_version(session: Session, project_id: int, subject: str) -> Version | None:
    """Return the newest frozen text of a subject."""
    query = select(Version).where(col(Version.project_id) == project_id, col(Version.subject) == subject)
    return session.scalars(query.order_by(col(Version.number).desc()).limit(1)).first()


def versions(session: Session, project_id: int) -> list[Version]:
    """Return every frozen text of a project, newest first."""
    query = select(Version).where(col(Version.project_id) == project_id)
    return list(session.scalars(query.order_by(col(Version.frozen_at).desc(), col(Version.id).desc())))


def put_aside(session: Session, project_id: int) -> list[DecisionRequest]:
    """Return the requests that a hold put aside and that have not been asked again since, oldest first."""
    newest = (
        select(func.max(DecisionRequest.id))
        .where(col(DecisionRequest.project_id) == project_id)
        .group_by(col(DecisionRequest.decision))
    )
    query = select(DecisionRequest).where(
        col(DecisionRequest.id).in_(newest), col(DecisionRequest.state) == "held"
    )
    return list(session.scalars(query.order_by(col(DecisionRequest.id))))


def project_of_vote(session: Session, vote_id: int) -> tuple[VoteRow, DecisionRequest, Project] | None:
    """Return a vote with its request and project."""
    query = (
        select(VoteRow, DecisionRequest, Project)
        .join(DecisionRequest, col(DecisionRequest.id) == col(VoteRow.request_id))
        .join(Project, col(Project.id) == col(DecisionRequest.project_id))
        .where(col(VoteRow.id) == vote_id)
    )
    row = session.execute(query).first()
    return tuple(row) if row else None


def open_disputes(session: Session, project_id: int) -> list[Dispute]:
    """Return the disputes on a project that nobody has settled."""
    query = select(Dispute).where(col(Dispute.project_id) == project_id, col(Dispute.settled_at).is_(None))
    return list(session.scalars(query.order_by(col(Dispute.id))))
