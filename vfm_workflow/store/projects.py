"""Projects and people by reference, address and role."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlmodel import Session, col

from vfm_workflow.domain.roles import Actor, Standing
from vfm_workflow.errors import NotFound
from vfm_workflow.store.tables import Department, Person, Project


def key(row: Project | Person) -> int:
    """Return the id of a stored row."""
    assert row.id is not None
    return row.id


def by_reference(session: Session, reference: str) -> Project:
    """Return the project. Raises NotFound."""
    found = session.scalars(
        select(Project).where(col(Project.reference) == reference.strip().upper())
    ).first()
    if found is None:
        raise NotFound(f"There is no project {reference}.")
    return found


def by_id(session: Session, project_id: int) -> Project:
    """Return the project of a row that points at it. Raises NotFound."""
    found = session.get(Project, project_id)
    if found is None:
        raise NotFound("There is no such project.")
    return found


def next_reference(session: Session) -> str:
    """Return the next free reference, such as `VFM-0021`."""
    newest = session.scalar(select(func.max(Project.id))) or 0
    return f"VFM-{newest + 1:04d}"


def standing(project: Project) -> Standing:
    """Return what decides who somebody is on `project`."""
    return Standing(project.manager_id, project.sponsor_id, project.department)


def actor(person: Person) -> Actor:
    """Return the person as somebody who acts."""
    return Actor(key(person), person.name, person.address, person.role, person.department)


def person_by_address(session: Session, address: str) -> Person:
    """Return the active person with that work address. Raises NotFound."""
    query = select(Person).where(col(Person.address) == address.strip().lower(), col(Person.active).is_(True))
    found = session.scalars(query).first()
    if found is None:
        raise NotFound(f"Nobody here has the address {address}. An administrator can add them.")
    return found


def person(session: Session, person_id: int) -> Person:
    """Return the person of a row that points at them. Raises NotFound."""
    found = session.get(Person, person_id)
    if found is None:
        raise NotFound("There is no such person.")
    return found


def people_in(session: Session, roles: Collection[str]) -> list[Person]:
    """Return the active people whose own role is one of `roles`, in order of name."""
    query = select(Person).where(col(Person.role).in_(sorted(roles)), col(Person.active).is_(True))
    return list(session.scalars(query.order_by(col(Person.name), col(Person.id))))


def names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Return id → name of the people `ids`."""
    query = select(col(Person.id), col(Person.name)).where(col(Person.id).in_(sorted(set(ids))))
    return {person_id: name for person_id, name in session.execute(query) if person_id is not None}


def department(session: Session, code: str) -> Department:
    """Return the department. Raises NotFound, which lists the codes there are."""
    found = session.get(Department, code)
    if found is None:
        codes = ", ".join(session.scalars(select(col(Department.code)).order_by(col(Department.code))))
        raise NotFound(f"There is no department {code}. The departments are: {codes or 'none yet'}.")
    return found


def departments(session: Session) -> Sequence[Department]:
    """Return every department in order of name."""
    return list(session.scalars(select(Department).order_by(col(Department.name))))
