"""People and departments: who is here, in which role."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.addresses import clean_address
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.domain.texts import one_line
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import reseat
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import people as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Department, Person

MOST_NAME = 200


def add_person(
    session: Session,
    home: Home,
    *,
    address: str,
    name: str,
    role: str,
    department: str,
    at: dt.datetime,
    by: Actor | None = None,
) -> Person:
    """Add somebody; return them. `by` is the administrator, or None at the command line and at first start.

    Raises NotAllowed, or BadInput naming each field that cannot be used.
    """
    must_edit(home, by, "add people")
    fields: dict[str, str] = {}
    clean = free_address(session, address, fields)
    name = one_line(name)
    check_post(session, home, name, role, department, fields)
    if fields or clean is None:
        raise BadInput(fields)
    person = Person(address=clean, name=name, role=role, department=department, joined_at=at)
    session.add(person)
    session.flush()
    detail = {"address": clean, "post": name, "role": role, "department": department}
    store.note(session, projects.key(person), "joined", detail, at, by)
    reseat.reconcile(session, home, at)
    return person


def must_edit(home: Home, by: Actor | None, what: str) -> None:
    """Raise NotAllowed where `by` keeps nobody's entries. None is the command line, which may."""
    if by is not None and not may(home.roles, by, "people.edit"):
        raise NotAllowed(f"Only an administrator may {what}.")


def check_post(
    session: Session, home: Home, name: str, role: str, department: str, fields: dict[str, str]
) -> None:
    """Add to `fields` what cannot be used of a post, a role and a department."""
    if not name:
        fields["name"] = "Write the person's post, such as Head of Planning"
    elif len(name) > MOST_NAME:
        fields["name"] = f"The post must be {MOST_NAME} characters or fewer"
    if role not in home.roles:
        fields["role"] = f"There is no role “{role}”. The roles are: {', '.join(home.roles)}"
    if department and session.get(Department, department) is None:
        fields["department"] = f"There is no department {department}"


def free_address(session: Session, address: str, fields: dict[str, str]) -> str | None:
    """Return a work address that nobody has; None, with what is wrong in `fields`, for any other."""
    clean = clean_address(address)
    if clean is None:
        fields["address"] = (
            f"“{address}” is not an email address. Write it like head.of.planning@council.example"
        )
    elif (holder := store.with_address(session, clean)) is not None:
        left = (
            "" if holder.active else f": {holder.name}, who has left. They can be brought back on their page"
        )
        fields["address"] = f"Somebody has the address {clean} already{left}"
    return clean


def refuse_last_administrator(session: Session, home: Home, person: Person) -> None:
    """Raise NotAllowed where nobody else could keep the people: the council would be locked out."""
    keepers = {key for key, role in home.roles.items() if "people.edit" in role.may}
    if person.role in keepers and not store.others_in(session, keepers, projects.key(person)):
        raise NotAllowed(
            f"{person.name} is the only administrator. Make somebody else one first, here or with “vfm admin create”."
        )


def add_department(session: Session, *, code: str, name: str) -> Department:
    """Add a department; return it. Raises BadInput where the code is empty or used."""
    code = code.strip().upper()
    if not code or len(code) > 8 or not code.isalnum():
        raise BadInput({"code": "Write a code of up to 8 letters or digits, such as SS"})
    if session.get(Department, code) is not None:
        raise BadInput({"code": f"There is a department {code} already"})
    department = Department(code=code, name=one_line(name) or code)
    session.add(department)
    session.flush()
    return department


def set_head(session: Session, code: str, address: str, *, at: dt.datetime, by: Actor | None = None) -> None:
    """Make the person with `address` head of a department. Raises NotFound.

    A department's head sponsors its next projects; those under way keep the sponsor they have.
    """
    head = projects.person_by_address(session, address)
    department = projects.department(session, code)
    if department.head_id == head.id:
        return
    if department.head_id is not None:
        store.note(session, department.head_id, "no_longer_head", {"department": code}, at, by)
    department.head_id = head.id
    session.flush()
    store.note(session, projects.key(head), "head", {"department": code}, at, by)


def rename_department(session: Session, home: Home, code: str, name: str, by: Actor | None) -> Department:
    """Give a department another name; return it. Raises NotAllowed, NotFound or BadInput."""
    must_edit(home, by, "rename a department")
    department, name = projects.department(session, code), one_line(name)
    if not name:
        raise BadInput({"name": "Write the department's name"})
    if any(other.name == name and other.code != code for other in projects.departments(session)):
        raise BadInput({"name": f"There is a department called {name} already"})
    department.name = name
    session.flush()
    return department


def remove_department(session: Session, home: Home, code: str, by: Actor | None) -> None:
    """Remove a department that nothing names. Raises NotAllowed, saying what does, or NotFound."""
    must_edit(home, by, "remove a department")
    department, use = projects.department(session, code), store.use_of(session, code)
    used = [f"{count} {what}" for what, count in use._asdict().items() if count]
    if used:
        raise NotAllowed(
            f"{department.name} is used by {', '.join(used)}. Only a department that nothing names can be removed."
        )
    session.delete(department)
    session.flush()


def actor_by_address(session: Session, address: str) -> Actor:
    """Return the active person with that address as somebody who acts for themselves. Raises NotFound."""
    return projects.actor_by_address(session, address)


def actor_by_id(session: Session, person_id: int) -> Actor:
    """Return the active person as somebody who acts. Raises NotFound for one who has left."""
    person = session.get(Person, person_id)
    if person is None or not person.active:
        raise NotFound("There is no such person, or they have left.")
    return projects.actor(person)


def everybody(session: Session) -> list[Person]:
    """Return every active person, in order of department and name."""
    return projects.active_people(session)
