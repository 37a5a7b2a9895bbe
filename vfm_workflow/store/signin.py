"""Sign-in links and signed-in browsers."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlmodel import Session, col

from vfm_workflow.store.decisions import token_digest
from vfm_workflow.store.tables import Link, Person, WebSession


def live_links(session: Session, person_id: int, at: dt.datetime) -> int:
    """Return how many sign-in links of a person still work."""
    query = (
        select(func.count())
        .select_from(Link)
        .where(
            col(Link.person_id) == person_id,
            col(Link.purpose) == "sign_in",
            col(Link.used_at).is_(None),
            col(Link.revoked_at).is_(None),
            col(Link.expires_at) > at,
        )
    )
    return session.scalar(query) or 0


class SignedIn(NamedTuple):
    """A browser's session that has not ended, and whose it is."""

    expires_at: dt.datetime
    seen_at: dt.datetime
    person_id: int
    name: str
    address: str
    role: str
    department: str
    method: str
    confirmed_at: dt.datetime


_WHO = (
    select(
        col(WebSession.expires_at), col(WebSession.seen_at), col(Person.id), col(Person.name), col(Person.address),
        col(Person.role), col(Person.department), col(WebSession.method), col(WebSession.confirmed_at),
    )
    .join(Person, col(Person.id) == col(WebSession.person_id))
    .where(
        col(WebSession.digest) == bindparam("digest"), col(WebSession.ended_at).is_(None),
        col(Person.active).is_(True), col(Person.shared).is_(False),
    )
)  # fmt: skip


def signed_in(session: Session, secret: str) -> SignedIn | None:
    """Return whose session `secret` is, timed out or not; None where it has ended, never was, or the person has left.

    Every page asks this, so it is one statement without the ORM.
    """
    found = session.connection().execute(_WHO, {"digest": token_digest(secret)}).first()
    return SignedIn._make(found) if found is not None else None


def browser(session: Session, secret: str) -> WebSession | None:
    """Return the signed-in browser that holds `secret`, ended or not."""
    return session.get(WebSession, token_digest(secret))


def seen(session: Session, secret: str, at: dt.datetime) -> None:
    """Note that a browser was used."""
    query = update(WebSession).where(col(WebSession.digest) == token_digest(secret))
    session.execute(query.values(seen_at=at))


def live(session: Session, person_id: int, at: dt.datetime, idle: dt.timedelta) -> list[WebSession]:
    """Return the browsers in which a person is signed in, the one used last first."""
    query = select(WebSession).where(
        col(WebSession.person_id) == person_id,
        col(WebSession.ended_at).is_(None),
        col(WebSession.expires_at) > at,
        col(WebSession.seen_at) > at - idle,
    )
    return list(session.scalars(query.order_by(col(WebSession.seen_at).desc(), col(WebSession.digest))))


def end_of(session: Session, person_id: int, at: dt.datetime, *, only: str = "", but: str = "") -> int:
    """End a person's sessions that have not ended: all, `only` the one of a digest, or all `but` one; return how many."""
    query = update(WebSession).where(
        col(WebSession.person_id) == person_id, col(WebSession.ended_at).is_(None)
    )
    if only:
        query = query.where(col(WebSession.digest) == only)
    if but:
        query = query.where(col(WebSession.digest) != but)
    ended = session.scalars(query.values(ended_at=at).returning(col(WebSession.digest)))
    return len(ended.all())


def by_identity(session: Session, identity: str) -> Person | None:
    """Return whom the council's sign-in service knows by `identity`, here or left; None where nobody is bound to it."""
    return session.scalars(select(Person).where(col(Person.identity) == identity)).one_or_none()


def bind(session: Session, person_id: int, identity: str) -> bool:
    """Bind an identity to a person who has none; return whether it was."""
    query = update(Person).where(col(Person.id) == person_id, col(Person.identity).is_(None))
    bound = session.scalars(query.values(identity=identity).returning(col(Person.id)))
    return bound.first() is not None


def unbind(session: Session, person_id: int) -> bool:
    """Forget a person's identity, so that their next sign-in binds one; return whether there was one."""
    query = update(Person).where(col(Person.id) == person_id, col(Person.identity).is_not(None))
    return session.scalars(query.values(identity=None).returning(col(Person.id))).first() is not None


def end(session: Session, secret: str, at: dt.datetime) -> None:
    """End a browser's session, once."""
    mine = col(WebSession.digest) == token_digest(secret)
    session.execute(update(WebSession).where(mine, col(WebSession.ended_at).is_(None)).values(ended_at=at))
