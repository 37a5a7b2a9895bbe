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
        col(WebSession.digest) == bindparam("digest"), col(WebSession.ended_at).is_(None), col(Person.active).is_(True)
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


def end(session: Session, secret: str, at: dt.datetime) -> None:
    """End a browser's session, once."""
    mine = col(WebSession.digest) == token_digest(secret)
    session.execute(update(WebSession).where(mine, col(WebSession.ended_at).is_(None)).values(ended_at=at))
