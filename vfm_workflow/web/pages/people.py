"""People, for administrators: who is here, in which post and role, and who has left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import people
from vfm_workflow.store import people as store
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
        leavers = store.leavers(session)
    context = {
        "groups": _groups(everybody, departments),
        "departments": departments,
        "total": len(everybody),
        "leavers": leavers,
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
