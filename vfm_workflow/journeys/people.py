"""People and departments: who is here, in which role."""

from __future__ import annotations

import datetime as dt

from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.domain.texts import one_line
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Department, Person


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
    if by is not None and not may(home.roles, by, "people.edit"):
        raise NotAllowed("Only an administrator may add people.")
    fields: dict[str, str] = {}
    clean = clean_address(address)
    if clean is None:
        fields["address"] = (
            f"“{address}” is not an email address. Write it like head.of.planning@council.example"
        )
    elif projects.has_address(session, clean):
        fields["address"] = f"Somebody has the address {clean} already"
    name = one_line(name)
    if not name:
        fields["name"] = "Write the person's post, such as Head of Planning"
    if role not in home.roles:
        fields["role"] = f"There is no role “{role}”. The roles are: {', '.join(home.roles)}"
    if department and session.get(Department, department) is None:
        fields["department"] = f"There is no department {department}"
    if fields or clean is None:
        raise BadInput(fields)
    person = Person(address=clean, name=name, role=role, department=department, joined_at=at)
    session.add(person)
    session.flush()
    return person


def clean_address(text: str) -> str | None:
    """Return a work address in lower case, or None where it is none. Two addresses in one field are none."""
    try:
        found = validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError:
        return None
    return found.normalized.lower()


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


def set_head(session: Session, code: str, address: str) -> None:
    """Make the person with `address` head of a department. Raises NotFound."""
    head = projects.person_by_address(session, address)
    projects.department(session, code).head_id = head.id
    session.flush()


def actor_by_address(session: Session, address: str) -> Actor:
    """Return the active person with that address as somebody who acts. Raises NotFound."""
    return projects.actor(projects.person_by_address(session, address))


def actor_by_id(session: Session, person_id: int) -> Actor:
    """Return the active person as somebody who acts. Raises NotFound for one who has left."""
    person = session.get(Person, person_id)
    if person is None or not person.active:
        raise NotFound("There is no such person, or they have left.")
    return projects.actor(person)


def everybody(session: Session) -> list[Person]:
    """Return every active person, in order of department and name."""
    return projects.active_people(session)
