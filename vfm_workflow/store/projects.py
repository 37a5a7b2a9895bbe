"""Projects and people by reference, address and role."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, col

from vfm_workflow.domain.roles import Actor, Standing
from vfm_workflow.errors import NotFound
from vfm_workflow.store.raw import Raw, rows
from vfm_workflow.store.tables import DecisionRequest, Department, LifecycleVersion, Person, Project, Version


@dataclass(slots=True)
class ProjectRow:
    """A project as a transition needs it, read in one statement: the ORM's own row takes ten times as long."""

    id: int
    uuid: str
    reference: str
    title: str
    summary: str
    kind: str
    department: str
    manager_id: int
    sponsor_id: int
    lifecycle: str
    stage: str
    stage_since: dt.datetime
    held_from: str | None
    disputed_at: object
    revision: int
    head: str
    head_id: int
    """Who heads its department; its sponsor where nobody does."""
    open_requests: int
    """How many decisions are open on it."""


AnyProject: TypeAlias = Project | ProjectRow

_ROW = """SELECT p.id, p.uuid, p.reference, p.title, p.summary, p.kind, p.department, p.manager_id, p.sponsor_id,
p.lifecycle, p.stage, p.stage_since, p.held_from, p.disputed_at, p.revision, p.head, coalesce(d.head_id, p.sponsor_id),
(SELECT count(*) FROM decision_request r WHERE r.project_id = p.id AND r.state = 'open')
FROM project p JOIN department d ON d.code = p.department WHERE p.reference = :reference"""


def row_by_reference(session: Session, reference: str) -> ProjectRow:
    """Return the project, locked for the transition on PostgreSQL (SQLite holds its one write lock). Raises NotFound."""
    session.flush()
    raw = Raw.of(session)
    sql = f"{_ROW} FOR UPDATE OF p" if raw.postgresql else _ROW
    found = raw.run(sql, {"reference": reference.strip().upper()}).fetchone()
    if found is None:
        raise NotFound(f"There is no project {reference}.")
    row = ProjectRow(*found)
    row.stage_since = raw.read_moment(row.stage_since)
    return row


def forget(session: Session, project_id: int) -> None:
    """Let the ORM read a project again, if it holds one that a transition has changed."""
    if not len(session.identity_map):
        return
    held = session.identity_map.get(identity_key(Project, project_id))
    if held is not None:
        session.expire(held)


def key(row: AnyProject | Person | DecisionRequest | Version) -> int:
    """Return the id of a stored row."""
    assert row.id is not None
    return row.id


_BY_REFERENCE = select(Project).where(col(Project.reference) == bindparam("reference"))


def by_reference(session: Session, reference: str) -> Project:
    """Return the project. Raises NotFound.

    It is held on to until the session ends, as by `kept`: who may see it, and what they do to it, ask one after another.
    """
    held: dict[Any, Project] = session.info.setdefault("kept", {})
    key = Project, reference.strip().upper()
    found = held.get(key)
    if found is None or not instance_state(found).persistent:
        found = session.scalars(_BY_REFERENCE, {"reference": key[1]}).first()
    if found is None:
        raise NotFound(f"There is no project {reference}.")
    held[key] = found
    return found


_Row = TypeVar("_Row")


def kept(session: Session, table: type[_Row], key: Any) -> _Row | None:
    """Return a row by its key, or None, and hold on to it until the session ends.

    A board's mails ask for the same few people over and over, and a session lets go of what nobody else holds.
    """
    held: dict[Any, _Row] = session.info.setdefault("kept", {})
    found = held.get((table, key)) or session.identity_map.get(identity_key(table, key))
    if found is None or not instance_state(found).persistent:  # what was removed is not there any more
        model: Any = table
        found = session.scalars(_by_key(model), {"key": key}).first()
    if found is not None:
        held[table, key] = found
    return found


@cache
def _by_key(table: Any) -> Any:
    """Built once for each table: the session's own way to a row builds it every time, which costs more than running it."""
    (own,) = table.__table__.primary_key.columns
    return select(table).where(own == bindparam("key"))


def hold_people(session: Session, ids: Collection[int]) -> None:
    """Load several people by one statement, so that `person` finds each of them."""
    held = session.info.setdefault("kept", {})
    missing = [each for each in sorted(set(ids)) if (Person, each) not in held]
    if len(missing) > 1:
        _hold(session, session.scalars(_PEOPLE, {"ids": missing}))


def _hold(session: Session, people: Iterable[Person]) -> None:
    """Let `person` find these people, who were loaded already."""
    held: dict[Any, Any] = session.info.setdefault("kept", {})
    held.update({(Person, found.id): found for found in people})


_PEOPLE = select(Person).where(col(Person.id).in_(bindparam("ids", expanding=True)))


def by_id(session: Session, project_id: int) -> Project:
    """Return the project of a row that points at it. Raises NotFound."""
    found = kept(session, Project, project_id)
    if found is None:
        raise NotFound("There is no such project.")
    return found


_INSERT = """INSERT INTO project (uuid, reference, title, summary, kind, department, partner, priorities, manager_id,
sponsor_id, lifecycle, stage, stage_since, planned_days, revision, head, created_at, created_by)
SELECT :uuid, 'VFM-' || :digits, :title, :summary, :kind, :department, :partner, :priorities, :manager_id, :sponsor_id,
:lifecycle, :stage, :at, :planned_days, 0, '', :at, :created_by RETURNING id"""


def insert(session: Session, values: Mapping[str, Any], at: dt.datetime) -> ProjectRow:
    """Insert a new project under the next free reference, such as `VFM-0021`; return it."""
    session.flush()
    raw = Raw.of(session)
    if raw.postgresql:  # SQLite has one writer; here two could see the same newest
        raw.run("SELECT pg_advisory_xact_lock(hashtext('project.reference'))", {})
    newest = raw.run("SELECT max(id) FROM project", {}).fetchone()[0] or 0
    digits = f"{newest + 1:04d}"
    row = {**values, "priorities": json.dumps(values["priorities"]), "at": raw.moment(at), "digits": digits}
    raw.run(_INSERT, row).fetchone()
    return row_by_reference(session, f"VFM-{digits}")


class Pinned(NamedTuple):
    """What a project follows, and where it stands."""

    reference: str
    title: str
    lifecycle: str
    stage: str
    held_from: str | None
    open_requests: int


def pinned(session: Session, current: Collection[str]) -> list[Pinned]:
    """Return the projects that follow a version of a lifecycle other than those of the digests `current`, by age."""
    is_open = select(func.count()).where(
        col(DecisionRequest.project_id) == col(Project.id), col(DecisionRequest.state) == "open"
    )
    query = (
        select(
            col(Project.reference),
            col(Project.title),
            col(Project.lifecycle),
            col(Project.stage),
            col(Project.held_from),
            is_open.scalar_subquery(),
        )
        .where(col(Project.lifecycle).not_in(current))
        .order_by(col(Project.id))
    )
    return [Pinned._make(row) for row in session.execute(query)]


def pin(session: Session, project_id: int, digest: str) -> None:
    """Let a project follow the version of a lifecycle that is stored as `digest`."""
    session.execute(update(Project).where(col(Project.id) == project_id).values(lifecycle=digest))


def lifecycle_versions(session: Session, name: str) -> list[LifecycleVersion]:
    """Return every stored version of a lifecycle, oldest first."""
    v = LifecycleVersion
    query = select(v).where(col(v.name) == name).order_by(col(v.published_at), col(v.version), col(v.digest))
    return list(session.scalars(query))


def newest_lifecycle(session: Session, name: str) -> LifecycleVersion | None:
    """Return the version of a lifecycle that was stored last, None where none was."""
    found = lifecycle_versions(session, name)
    return found[-1] if found else None


def has_lifecycle(session: Session, digest: str) -> bool:
    """Return whether that version of a lifecycle is stored."""
    sql = "SELECT 1 FROM lifecycle_version WHERE digest = :digest"
    return Raw.of(session).run(sql, {"digest": digest}).fetchone() is not None


class Desk(NamedTuple):
    """A department as a new project needs it."""

    code: str
    name: str
    head_id: int | None


def desk(session: Session, code: str) -> Desk | None:
    """Return the department with that code, or None."""
    sql = "SELECT code, name, head_id FROM department WHERE code = :code"
    found = Raw.of(session).run(sql, {"code": code.strip().upper()}).fetchone()
    return Desk(*found) if found is not None else None


def person_id(session: Session, address: str) -> int | None:
    """Return the id of the active person with that work address, or None."""
    raw = Raw.of(session)
    active = "active" if raw.postgresql else "active = 1"
    sql = f"SELECT id FROM person WHERE address = :address AND {active}"  # noqa: S608  (one of two fixed words)
    found = raw.run(sql, {"address": address.strip().lower()}).fetchone()
    return int(found[0]) if found is not None else None


def standing(project: AnyProject) -> Standing:
    """Return what its own row says of who somebody is on `project`; `store.access.standing` knows the rest."""
    return Standing(project.manager_id, project.sponsor_id, project.department)


def actor(person: Person) -> Actor:
    """Return the person as somebody who acts."""
    return Actor(key(person), person.name, person.address, person.role, person.department)


NOBODY = "Nobody here has the address {}. An administrator can add them."
_BY_ADDRESS = select(Person).where(col(Person.address) == bindparam("address"), col(Person.active).is_(True))


def person_by_address(session: Session, address: str) -> Person:
    """Return the active person with that work address. Raises NotFound."""
    found = session.scalars(_BY_ADDRESS, {"address": address.strip().lower()}).first()
    if found is None:
        raise NotFound(NOBODY.format(address))
    _hold(session, [found])
    return found


ACTOR = tuple(map(col, (Person.id, Person.name, Person.address, Person.role, Person.department)))
"""The columns of a person that make an Actor, in its order."""
_ACTOR = select(*ACTOR).where(col(Person.address) == bindparam("address"), col(Person.active).is_(True))


def actor_by_address(session: Session, address: str) -> Actor:
    """Return the active person with that work address as somebody who acts. Raises NotFound."""
    found = rows(session, _ACTOR, {"address": address.strip().lower()})
    if not found:
        raise NotFound(NOBODY.format(address))
    return Actor(*found[0])


def person(session: Session, person_id: int) -> Person:
    """Return the person of a row that points at them. Raises NotFound."""
    found = kept(session, Person, person_id)
    if found is None:
        raise NotFound("There is no such person.")
    return found


_PEOPLE_IN = (
    select(Person)
    .where(col(Person.role).in_(bindparam("roles", expanding=True)), col(Person.active).is_(True))
    .order_by(col(Person.name), col(Person.id))
)


def people_in(session: Session, roles: Collection[str]) -> list[Person]:
    """Return the active people whose own role is one of `roles`, in order of name."""
    found = list(session.scalars(_PEOPLE_IN, {"roles": sorted(roles)}))
    _hold(session, found)
    return found


_NAMES = select(col(Person.id), col(Person.name)).where(col(Person.id).in_(bindparam("ids", expanding=True)))


def names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Return id → name of the people `ids`."""
    found = rows(session, _NAMES, {"ids": sorted(set(ids))})
    return {person_id: name for person_id, name in found if person_id is not None}


def department(session: Session, code: str) -> Department:
    """Return the department. Raises NotFound, which lists the codes there are."""
    found = kept(session, Department, code)
    if found is None:
        codes = ", ".join(session.scalars(select(col(Department.code)).order_by(col(Department.code))))
        raise NotFound(f"There is no department {code}. The departments are: {codes or 'none yet'}.")
    return found


def departments(session: Session) -> Sequence[Department]:
    """Return every department in order of name."""
    return list(session.scalars(select(Department).order_by(col(Department.name))))


_DEPARTMENT_NAMES = select(col(Department.code), col(Department.name)).order_by(col(Department.name))


def department_names(session: Session) -> dict[str, str]:
    """Return code → name of every department, in order of name."""
    return {row.code: row.name for row in rows(session, _DEPARTMENT_NAMES)}


def has_address(session: Session, address: str) -> bool:
    """Return whether anybody, active or not, has that work address."""
    return session.scalars(select(col(Person.id)).where(col(Person.address) == address)).first() is not None


def active_people(session: Session) -> list[Person]:
    """Return every active person, in order of department and name."""
    query = select(Person).where(col(Person.active).is_(True))
    return list(session.scalars(query.order_by(col(Person.department), col(Person.name), col(Person.id))))
