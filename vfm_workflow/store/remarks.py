"""What somebody who neither writes nor decides has to say of a project (domain §3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import Person, Remark


class Said(NamedTuple):
    """A remark with the posts of who made it and who replied."""

    id: int
    kind: str
    subject: str
    text: str
    on: dt.date
    by: str
    by_id: int
    reply: str
    replied_on: dt.date | None
    replied_by: str | None


def of(
    session: Session, project_id: int, kinds: Collection[str] = (), subject: str | None = None
) -> list[Said]:
    """Return the remarks on a project (of some kinds, about one subject), oldest first."""
    query = _remarks(tuple(sorted(kinds)), subject is not None)
    return [Said._make(row) for row in rows(session, query, {"project": project_id, "subject": subject})]


@cache
def _remarks(kinds: tuple[str, ...], of_one_subject: bool) -> Any:
    author, replier = aliased(Person), aliased(Person)
    query = (
        select(
            col(Remark.id), col(Remark.kind), col(Remark.subject), col(Remark.text), col(Remark.on), col(author.name),
            col(Remark.by), col(Remark.reply), col(Remark.replied_on), col(replier.name),
        )
        .join(author, col(author.id) == col(Remark.by))
        .outerjoin(replier, col(replier.id) == col(Remark.replied_by))
        .where(col(Remark.project_id) == bindparam("project"))
        .order_by(col(Remark.id))
    )  # fmt: skip
    if kinds:
        query = query.where(or_(*(col(Remark.kind) == kind for kind in kinds)))
    return query.where(col(Remark.subject) == bindparam("subject")) if of_one_subject else query
