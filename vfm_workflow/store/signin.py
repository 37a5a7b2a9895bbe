"""Sign-in links and signed-in browsers."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from vfm_workflow.store.decisions import token_digest
from vfm_workflow.store.tables import Link, WebSession


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
