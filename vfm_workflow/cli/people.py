"""`vfm admin`, continued: people who move, leave and come back; deputies; shared mailboxes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vfm_workflow.cli.admin import Email, group
from vfm_workflow.cli.options import At, Json, council, moment, stamp
from vfm_workflow.cli.output import emit, note, say, table

__all__ = ["group"]

Successor = Annotated[
    str, typer.Option(metavar="EMAIL", help="Who takes over all that they manage, sponsor and head.")
]
For = Annotated[str, typer.Option("--for", metavar="EMAIL", help="Who is stood in for.")]


@group.command("list-people")
def list_people(
    left: Annotated[
        bool, typer.Option("--left", help="Those who have left, in place of those here.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the people, in order of department and post."""
    from vfm_workflow.journeys import people
    from vfm_workflow.store import people as store

    with council() as app, app.read() as session:
        found = store.leavers(session) if left else people.everybody(session)
        rows = [
            {
                "address": person.address,
                "name": person.name,
                "role": person.role,
                "department": person.department,
                "shared": person.shared,
                "left_at": stamp(person.left_at, app.home.calendar),
            }
            for person in found
        ]
    if as_json:
        emit(rows)
    elif rows:
        columns = ("department", "name", "role", "address")
        table(
            ("Department", "Post", "Role", "Address"),
            [
                [
                    *(row[key] for key in columns[:-1]),
                    f"{row['address']}{' (shared)' if row['shared'] else ''}",
                ]
                for row in rows
            ],
        )
    else:
        note("Nobody.")


@group.command("change-person")
def change_person(
    email: Email,
    name: Annotated[str | None, typer.Option(help="Another post.")] = None,
    role: Annotated[str | None, typer.Option(help="Another role of config/roles.yaml.")] = None,
    department: Annotated[
        str | None, typer.Option(metavar="CODE", help="Another department; '' for none.")
    ] = None,
    address: Annotated[str, typer.Option(metavar="EMAIL", help="Another work address; both are told.")] = "",
    successor: Successor = "",
    at: At = "",
    as_json: Json = False,
) -> None:
    """Change somebody's post, role, department or work address. What is not said stays."""
    from vfm_workflow.journeys import moving

    with council() as app, app.write() as session:
        when = moment(at, app)
        person = moving.change(
            session,
            app.home,
            email,
            None,
            when,
            name=name,
            role=role,
            department=department,
            successor=successor,
        )
        if address:
            person = moving.change_address(session, app.home, person.address, address, None, when)
        shown = {key: getattr(person, key) for key in ("address", "name", "role", "department")}
    _done(as_json, shown, f"{shown['name']} <{shown['address']}>, {shown['role']}.")


@group.command("leave")
def leave(email: Email, successor: Successor = "", at: At = "", as_json: Json = False) -> None:
    """Let somebody leave: they are signed out, their links die, and what is theirs goes to the successor."""
    from dataclasses import asdict

    from vfm_workflow.journeys import leaving

    with council() as app, app.write() as session:
        left = leaving.leave(session, app.home, email, None, moment(at, app), successor=successor)
    things = ", ".join((*left.projects, *left.departments))
    to = f" {left.successor} took over {things}." if things else ""
    _done(as_json, asdict(left), f"{left.name} left.{to}")


@group.command("come-back")
def come_back(email: Email, at: At = "", as_json: Json = False) -> None:
    """Let somebody who left back in, in the post and role they had. They take nothing back."""
    from vfm_workflow.journeys import moving

    with council() as app, app.write() as session:
        person = moving.come_back(session, app.home, email, None, moment(at, app))
        shown = {"address": person.address, "name": person.name, "role": person.role}
    _done(as_json, shown, f"{shown['name']} is back.")


@group.command("deputy")
def deputy(
    email: Email,
    instead_of: For,
    from_day: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day.")],
    until_day: Annotated[str, typer.Option("--until", metavar="DATE", help="The last day, included.")],
    at: At = "",
    as_json: Json = False,
) -> None:
    """Let EMAIL stand in for somebody, for some days."""
    from vfm_workflow.journeys import deputies

    with council() as app, app.write() as session:
        row = deputies.set_deputy(
            session,
            app.home,
            person=instead_of,
            deputy=email,
            from_day=from_day,
            until_day=until_day,
            by=None,
            at=moment(at, app),
        )
        days = {"from": row.from_day.isoformat(), "until": row.until_day.isoformat()}
    shown = {"deputy": email, "for": instead_of, **days}
    _done(as_json, shown, f"{email} stands in for {instead_of} from {days['from']} to {days['until']}.")


@group.command("end-deputy")
def end_deputy(email: Email, instead_of: For, at: At = "", as_json: Json = False) -> None:
    """End what EMAIL does in somebody's place, now and in days to come."""
    from vfm_workflow.journeys import deputies

    with council() as app, app.write() as session:
        ended = deputies.end_between(session, app.home, instead_of, email, None, moment(at, app))
    _done(
        as_json,
        {"deputy": email, "for": instead_of, "ended": ended},
        f"{email} stands in for {instead_of} no more.",
    )


@group.command("share")
def share(
    email: Email,
    reader: Annotated[
        list[str] | None, typer.Option(metavar="EMAIL", help="Who reads it; once for each.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="It is one person's again.")] = False,
    at: At = "",
    as_json: Json = False,
) -> None:
    """Mark an address as a mailbox that several people read: each must sign in before they decide from it."""
    from vfm_workflow.journeys import moving
    from vfm_workflow.store import people as store
    from vfm_workflow.store import projects

    with council() as app, app.write() as session:
        if stop:
            mailbox = moving.unshare(session, app.home, email, None, moment(at, app))
        else:
            mailbox = moving.share(session, app.home, email, reader or [], None, moment(at, app))
        readers = [person.address for person in store.readers(session, projects.key(mailbox))]
        shown = {"address": mailbox.address, "shared": mailbox.shared, "readers": readers}
    said = f"read by {', '.join(readers)}" if readers else "one person's"
    _done(as_json, shown, f"{shown['address']} is {said}.")


def _done(as_json: bool, data: dict[str, Any], sentence: str) -> None:
    if as_json:
        emit(data)
    else:
        say(sentence)


@group.command("export-person")
def export_person(
    email: Email,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; left out, it is printed.")
    ] = None,
) -> None:
    """Write everything that is kept about somebody, as JSON: what they may ask for by law."""
    from vfm_workflow.journeys import personal

    with council() as app, app.read() as session:
        text = personal.as_json(personal.export(session, email, None))
    if output is None:
        say(text)
        return
    output.write_text(text + "\n", encoding="utf-8")
    note(f"Written to {output}. It is personal: send it by a safe way.")
