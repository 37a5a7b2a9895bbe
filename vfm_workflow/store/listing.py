"""The list of projects, for the command line, the pages and the API: one statement of plain rows a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, case, func, or_, select
from sqlmodel import Session, col

from vfm_workflow.domain.roles import Reach
from vfm_workflow.errors import BadInput
from vfm_workflow.store.access import within
from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import LifecycleVersion, Milestone, Person, Project

_RAG = case({"red": 0, "amber": 1, "green": 2}, value=col(Project.rag), else_=3)
SORTS: Mapping[str, Any] = {
    "reference": col(Project.id),
    "title": func.lower(col(Project.title)),
    "stage": col(Project.stage),
    "department": col(Project.department),
    "rag": _RAG,
    "manager": func.lower(col(Person.name)),
    "milestone": col(Milestone.forecast),
}
"""What a list may be sorted by; a `-` before the name turns it round. References are numbers, red is first."""


_ALL = select(func.count(col(Project.id)))
_COUNTED = _ALL.join(Person, col(Person.id) == col(Project.manager_id))
"""A search looks at the manager's name too; counting all of them needs it not."""
SEARCHED = (Project.reference, Project.title, Project.partner, Person.name)


class Row(NamedTuple):
    """A project as a list shows it. The milestone is its next one that is not done, if there is any."""

    id: int
    reference: str
    title: str
    kind: str
    department: str
    stage: str
    revision: int
    lifecycle: str
    """The digest of the lifecycle version it is pinned to."""
    lifecycle_name: str
    lifecycle_version: int
    rag: str | None
    manager_id: int
    manager: str
    milestone: str | None
    forecast: dt.date | None
    baseline: dt.date | None
    stage_since: dt.datetime
    held_from: str | None
    disputed: bool
    """A decision on it is disputed."""


def page(
    session: Session,
    *,
    stage: str | None = None,
    department: str | None = None,
    rag: str | None = None,
    search: str = "",
    manager_id: int | None = None,
    reach: Reach | None = None,
    sort: str = "reference",
    offset: int = 0,
    limit: int | None = 50,
) -> tuple[list[Row], int]:
    """Return (the rows of one page, how many there are in all). Without a `limit` it is every row.

    `search` looks in reference, title, partner and the manager's name; `rag` may be `none`. A `reach` leaves out what
    its reader may not see, in the same statement; who sees what is released searches what that shows, and no more.
    Raises BadInput for a `sort` that SORTS does not have.
    """
    p = Project
    wanted: list[ColumnElement[bool]] = []
    if stage:
        wanted.append(col(p.stage) == stage)
    if department:
        wanted.append(col(p.department) == department.strip().upper())
    if rag:
        wanted.append(col(p.rag).is_(None) if rag == "none" else col(p.rag) == rag)
    if manager_id is not None:
        wanted.append(col(p.manager_id) == manager_id)
    wanted += _matching(search, (p.reference, p.title) if reach and reach.scope == "released" else SEARCHED)
    condition = within(reach) if reach is not None else None
    wanted += [condition] if condition is not None else []
    offset = max(offset, 0)
    ordered = _one_page(wanted, sort, offset, limit)
    connection = session.connection()  # plain rows: the ORM's way to them costs more than they do
    found = [Row._make(row) for row in connection.execute(ordered).all()]
    if limit is None or (not offset and len(found) < limit):
        return found, offset + len(found)
    return found, connection.scalar(_COUNTED.where(*wanted) if wanted else _ALL) or 0


def one(session: Session, reference: str) -> Row | None:
    """Return the row of one project, or None where there is no such reference."""
    found = rows(session, _one(), {"reference": reference.strip().upper()})
    return Row._make(found[0]) if found else None


@cache
def _one() -> Select[Any]:
    return _rows().where(col(Project.reference) == bindparam("reference"))


def summary(row: Row) -> dict[str, Any]:
    """Return a row as commands and the API print it (design §1)."""
    return {
        "reference": row.reference,
        "title": row.title,
        "kind": row.kind,
        "department": row.department,
        "stage": row.stage,
        "revision": row.revision,
        "lifecycle": {
            "name": row.lifecycle_name,
            "version": row.lifecycle_version,
            "digest": row.lifecycle,
        },
        "rag": row.rag,
    }


@cache
def _rows() -> Select[*tuple[Any, ...]]:
    p, v, m = Project, LifecycleVersion, Milestone
    following = (
        select(col(m.id))
        .where(col(m.project_id) == col(p.id), col(m.done_on).is_(None))
        .order_by(col(m.forecast), col(m.position), col(m.id))
        .limit(1)
        .correlate(p)
        .scalar_subquery()
    )
    return (
        select(
            col(p.id), col(p.reference), col(p.title), col(p.kind), col(p.department), col(p.stage),
            col(p.revision), col(v.digest), col(v.name), col(v.version), col(p.rag), col(Person.id),
            col(Person.name), col(m.title), col(m.forecast), col(m.baseline),
            col(p.stage_since), col(p.held_from),
            col(p.disputed_at).is_not(None),
        )
        .join(v, col(v.digest) == col(p.lifecycle))
        .join(Person, col(Person.id) == col(p.manager_id))
        .outerjoin(m, col(m.id) == following)
    )  # fmt: skip


def _one_page(wanted: list[ColumnElement[bool]], sort: str, offset: int, limit: int | None) -> Select[Any]:
    """Return the rows of one page. They are chosen first, so that only they, not every project, ask for what comes next."""
    return _chosen(wanted, sort, offset, limit) if wanted else _unfiltered(sort, offset, limit)


@lru_cache(maxsize=256)
def _unfiltered(sort: str, offset: int, limit: int | None) -> Select[Any]:
    """Return the statement that most visits ask for, made once: making it costs as much as a third of its answer."""
    return _chosen([], sort, offset, limit)


def _chosen(wanted: list[ColumnElement[bool]], sort: str, offset: int, limit: int | None) -> Select[Any]:
    if limit is None or sort.removeprefix("-") == "milestone":
        return _rows().where(*wanted).order_by(*_order(sort)).offset(offset).limit(limit)
    chosen = select(col(Project.id)).where(*wanted)
    if wanted or sort.removeprefix("-") == "manager":
        chosen = chosen.join(Person, col(Person.id) == col(Project.manager_id))
    chosen = chosen.order_by(*_order(sort)).offset(offset).limit(limit)
    return _rows().where(col(Project.id).in_(chosen)).order_by(*_order(sort))


def _matching(search: str, looked_in: Sequence[Any]) -> Iterator[ColumnElement[bool]]:
    """Yield the condition that a search means: its text as it stands, `%` and `_` included."""
    if text := search.strip():
        yield or_(*(col(column).icontains(text, autoescape=True) for column in looked_in))


def _order(sort: str) -> list[Any]:
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise BadInput({"sort": f"A list is sorted by one of: {', '.join(SORTS)}; not by “{name}”"})
    column = SORTS[name]
    directed = column.desc() if sort.startswith("-") else column.asc()
    return [directed.nulls_last(), col(Project.id)]
