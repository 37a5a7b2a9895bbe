"""The codes of assurance B: counted, tried and used up in the database, so that many processes count as one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from vfm_workflow.store.tables import Code

MOST_TRIES = 5


def newest(session: Session, link_id: int) -> Code | None:
    """Return the newest code mailed for a link: the only one that counts."""
    query = select(Code).where(col(Code.link_id) == link_id).order_by(col(Code.id).desc()).limit(1)
    return session.scalars(query).first()


def mailed_since(session: Session, link_id: int, since: dt.datetime) -> int:
    """Return how many codes were mailed for a link since a moment."""
    query = select(func.count(col(Code.id))).where(col(Code.link_id) == link_id, col(Code.issued_at) > since)
    return session.scalar(query) or 0


def count_try(session: Session, link_id: int) -> int | None:
    """Count one try of a link's newest code; return the code's id, or None where its tries are used up or none was mailed."""
    mine = select(func.max(Code.id)).where(col(Code.link_id) == link_id).scalar_subquery()
    query = (
        update(Code)
        .where(col(Code.id) == mine, col(Code.tries) < MOST_TRIES)
        .values(tries=col(Code.tries) + 1)
        .returning(col(Code.id))
        .execution_options(synchronize_session=False)
    )
    found = session.scalars(query).first()
    session.expire_all()
    return found
