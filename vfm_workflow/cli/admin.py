"""`vfm admin`: the first administrator, people and departments."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from vfm_workflow.cli.options import Json, council, local, stamp
from vfm_workflow.cli.output import emit, note, say

group = typer.Typer(help="The first administrator, people and departments.", no_args_is_help=True)
LINK_LASTS = dt.timedelta(hours=1)
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="A work address.")]


@group.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="The post, where the person is new.")] = "Administrator",
    as_json: Json = False,
) -> None:
    """Print a one-use link with which an administrator signs in; add them where they are not here yet."""
    from vfm_workflow.domain.addresses import clean_address
    from vfm_workflow.errors import NotAllowed, NotFound
    from vfm_workflow.journeys import people, signin
    from vfm_workflow.store import projects

    with council() as app, app.write() as session:
        at = app.now()
        try:
            person = projects.person_by_address(session, clean_address(email) or email)
        except NotFound:
            person = people.add_person(
                session, app.home, address=email, name=name, role="administrator", department="", at=at
            )
        if person.role != "administrator":
            title = app.home.role_title(person.role)
            raise NotAllowed(f"{person.address} is here as {person.name} ({title}). Use another address.")
        link = signin.mint(session, app.home, person, at, LINK_LASTS)
        until, calendar = at + LINK_LASTS, app.home.calendar
    if as_json:
        emit({"address": person.address, "name": person.name, "link": link, "until": stamp(until, calendar)})
    else:
        say(link)
        note(f"{person.name} <{person.address}> signs in with it, once, until {local(until, calendar)}.")


@group.command("add-person")
def add_person(
    email: Email,
    name: Annotated[str, typer.Option(help="The post, such as “Head of Planning”.")],
    role: Annotated[str, typer.Option(help="A role of config/roles.yaml.")],
    department: Annotated[str, typer.Option(metavar="CODE", help="Their department, if any.")] = "",
    as_json: Json = False,
) -> None:
    """Add somebody."""
    from vfm_workflow.journeys import people

    with council() as app, app.write() as session:
        person = people.add_person(
            session,
            app.home,
            address=email,
            name=name,
            role=role,
            department=department.strip().upper(),
            at=app.now(),
        )
    shown = {name: getattr(person, name) for name in ("address", "name", "role", "department")}
    if as_json:
        emit(shown)
    else:
        say(f"Added {person.name} <{person.address}>, {person.role}.")


@group.command("add-department")
def add_department(
    code: Annotated[str, typer.Argument(help="Up to 8 letters or digits, such as SS.")],
    name: Annotated[str, typer.Argument(help="What it is called.")],
    head: Annotated[
        str, typer.Option(metavar="EMAIL", help="Who heads it: somebody who is here already.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Add a department. Said again with --head, name who heads one that is there."""
    from vfm_workflow.journeys import people
    from vfm_workflow.store.tables import Department

    with council() as app, app.write() as session:
        department = session.get(Department, code.strip().upper())
        if department is None or not head or department.name != name.strip():
            department = people.add_department(session, code=code, name=name)
        if head:
            people.set_head(session, department.code, head, at=app.now())
    if as_json:
        emit({"code": department.code, "name": department.name, "head": head or None})
    else:
        say(f"{department.code} {department.name}" + (f", headed by {head}." if head else "."))
