"""Tokens by which a machine reads for a person: made, used, ended. Only their digest is kept."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from vfm_workflow.store.tables import AccessToken, Person


def of(session: Session, person_id: int) -> list[AccessToken]:
    """Return somebody's tokens, newest first, ended ones too."""
    query = select(AccessToken).where(col(AccessToken.person_id) == person_id)
    return list(session.scalars(query.order_by(col(AccessToken.id).desc())))


def by_digest(session: Session, digest: str) -> tuple[AccessToken, Person] | None:
    """Return the token with that digest and its person, None where there is none."""
    query = (
        select(AccessToken, Person)
        .join(Person, col(Person.id) == col(AccessToken.person_id))
        .where(col(AccessToken.digest) == digest)
    )
    found = session.execute(query).first()
    return (found[0], found[1]) if found is not None else None


def used(session: Session, token_id: int, at: dt.datetime, since: dt.datetime) -> None:
    """Note that a token was used, where that was not noted after `since`."""
    query = (
        update(AccessToken)
        .where(
            col(AccessToken.id) == token_id,
            or_(col(AccessToken.last_used_at).is_(None), col(AccessToken.last_used_at) < since),
        )
        .values(last_used_at=at)
        .execution_options(synchronize_session=False)
    )
    session.execute(query)


def end(session: Session, person_id: int, at: dt.datetime, token_id: int | None = None) -> int:
    """End one of somebody's tokens, or all of them; return how many were alive."""
    query = update(AccessToken).where(
        col(AccessToken.person_id) == person_id, col(AccessToken.ended_at).is_(None)
    )
    if token_id is not None:
        query = query.where(col(AccessToken.id) == token_id)
    ended = query.values(ended_at=at).returning(col(AccessToken.id))
    return len(session.execute(ended.execution_options(synchronize_session=False)).all())
