"""Departments, for administrators: what they are called, and who heads them."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import people
from vfm_workflow.store import people as store
from vfm_workflow.store import projects
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


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


@router.post("/people/departments/{code}/name")
def rename(visit: Page, form: Form, code: str) -> Response:
    """Give a department another name."""
    actor = visit.must("people.edit")
    try:
        with visit.write() as session:
            people.rename_department(session, visit.home, code, form.get("name", ""), actor)
    except BadInput as error:
        return _departments(visit, errors={f"name-{code}": error.fields["name"]}, renamed=(code, form))
    return visit.go("/people/departments", "The department is renamed.")


@router.post("/people/departments/{code}/remove")
def remove(visit: Page, code: str) -> Response:
    """Remove a department that nothing names."""
    actor = visit.must("people.edit")
    try:
        with visit.write() as session:
            people.remove_department(session, visit.home, code, actor)
    except NotAllowed as error:
        return _departments(visit, errors={f"name-{code}": str(error)}, status=error.status)
    return visit.go("/people/departments", "The department is removed.")


def _departments(
    visit: Visit,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    renamed: tuple[str, Typed] | None = None,
    status: int | None = None,
) -> Response:
    """Show the page. `renamed` is the department whose new name was refused, with what was typed."""
    code, name = (renamed[0], renamed[1].get("name", "")) if renamed is not None else ("", "")
    with visit.read() as session:
        departments = projects.departments(session)
        context = {
            "departments": departments,
            "unused": {each.code for each in departments if not any(store.use_of(session, each.code))},
            "people": people.everybody(session),
            "renamed": {code: name},
        }
    status = status or (422 if errors else 200)
    return visit.page("people/departments.html", context, status=status, errors=errors, typed=typed)
