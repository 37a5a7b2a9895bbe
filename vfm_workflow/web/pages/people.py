"""People and departments, for administrators: who is here, in which post and role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.errors import BadInput, NotFound
from vfm_workflow.journeys import people
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Department, Person
from vfm_workflow.web.pages.mail import goes_nowhere
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/people")
def listed(visit: Page) -> Response:
    """List everybody by department."""
    visit.must("people.edit")
    with visit.read() as session:
        everybody = people.everybody(session)
        departments = list(projects.departments(session))
    context = {
        "groups": _groups(everybody, departments),
        "departments": departments,
        "total": len(everybody),
        "to_folder": goes_nowhere(visit),
    }
    return visit.page("people/list.html", context)


def _groups(everybody: list[Person], departments: list[Department]) -> list[dict[str, Any]]:
    names = {person.id: person.name for person in everybody}
    found: list[dict[str, Any]] = [
        {
            "code": department.code,
            "name": department.name,
            "head": names.get(department.head_id),
            "people": [person for person in everybody if person.department == department.code],
        }
        for department in departments
    ]
    rest = [person for person in everybody if person.department not in {d.code for d in departments}]
    if rest:
        found.append({"code": "", "name": "The whole council", "head": None, "people": rest})
    return found


@router.get("/people/new")
def new(visit: Page) -> Response:
    """Show the form for one more person."""
    visit.must("people.edit")
    return _new(visit)


@router.post("/people/new")
def add(visit: Page, form: Form) -> Response:
    """Add a person."""
    actor = visit.must("people.edit")
    try:
        with visit.write() as session:
            added = people.add_person(
                session,
                visit.home,
                address=form.get("address", ""),
                name=form.get("name", ""),
                role=form.get("role", ""),
                department=form.get("department", ""),
                at=visit.at,
                by=actor,
            )
            name = added.name
    except BadInput as error:
        fields = dict(error.fields)
        if not form.get("role"):
            fields["role"] = "Choose their role"
        return _new(visit, errors=fields, typed=form)
    return visit.go("/people", f"{name} is added. They can sign in with their work address.")


def _new(visit: Visit, *, errors: Mapping[str, str] | None = None, typed: Typed | None = None) -> Response:
    with visit.read() as session:
        departments = [("", "None: the whole council")]
        departments += [(entry.code, entry.name) for entry in projects.departments(session)]
    roles = sorted(((key, spec.title) for key, spec in visit.home.roles.items()), key=lambda pair: pair[1])
    context = {"roles": [("", "Choose a role"), *roles], "departments": departments}
    return visit.page("people/new.html", context, status=422 if errors else 200, errors=errors, typed=typed)


@router.get("/people/departments")
def departments(visit: Page) -> Response:
    """Show the departments, their heads, and the form for one more."""
    visit.must("people.edit")
    return _departments(visit)


@router.post("/people/departments")
def add_department(visit: Page, form: Form) -> Response:
    """Add a department."""
    visit.must("people.edit")
    try:
        with visit.write() as session:
            name = form.get("department_name", "").strip()
            _refuse_name(session, name)
            people.add_department(session, code=form.get("code", ""), name=name)
    except BadInput as error:
        return _departments(visit, errors=error.fields, typed=form)
    return visit.go("/people/departments", f"{name} is added.")


def _refuse_name(session: Session, name: str) -> None:
    if not name:
        raise BadInput({"department_name": "Write the department's name"})
    if any(entry.name == name for entry in projects.departments(session)):
        raise BadInput({"department_name": f"There is a department called {name} already"})


@router.post("/people/departments/{code}/head")
def set_head(visit: Page, form: Form, code: str) -> Response:
    """Make somebody the head of a department."""
    actor = visit.must("people.edit")
    address = form.get("address", "").strip()
    with visit.read() as session:
        name = projects.department(session, code).name
    try:
        if not address:
            raise NotFound("Choose who heads it")
        with visit.write() as session:
            people.set_head(session, code, address, at=visit.at, by=actor)
    except NotFound as error:
        return _departments(visit, errors={f"head-{code}": str(error)})
    return visit.go("/people/departments", f"The head of {name} is set.")


def _departments(
    visit: Visit, *, errors: Mapping[str, str] | None = None, typed: Typed | None = None
) -> Response:
    with visit.read() as session:
        context = {"departments": projects.departments(session), "people": people.everybody(session)}
    status = 422 if errors else 200
    return visit.page("people/departments.html", context, status=status, errors=errors, typed=typed)
