"""Somebody stays and changes: another post, role, department or address; back again; a mailbox that several read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.domain.texts import one_line
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import deputies, leaving, reseat
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.people import check_post, free_address, must_edit, refuse_last_administrator
from vfm_workflow.journeys.posting import post
from vfm_workflow.store import people as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Person


def change(
    session: Session,
    home: Home,
    address: str,
    by: Actor | None,
    at: dt.datetime,
    *,
    name: str | None = None,
    role: str | None = None,
    department: str | None = None,
    successor: str = "",
) -> Person:
    """Give somebody another post, role or department (None: as it is); return them. `by` is None at the command line.

    With `successor` (a work address) all that they manage, sponsor and head goes there. It must be named where the new
    role or department cannot go with it. Raises NotAllowed, NotFound or BadInput naming each field.
    """
    must_edit(home, by, "change people")
    person = projects.person_by_address(session, address)
    new = {
        "name": person.name if name is None else one_line(name),
        "role": person.role if role is None else role,
        "department": person.department if department is None else department.strip().upper(),
    }
    _refuse_post(session, home, person, new, by)
    _pass_on(session, home, person, new, successor, by, at)
    changed = {
        key: [getattr(person, key), value] for key, value in new.items() if getattr(person, key) != value
    }
    if changed:
        person.name, person.role, person.department = new["name"], new["role"], new["department"]
        session.flush()
        store.note(session, projects.key(person), "moved", changed, at, by)
        deputies.end_unfit(session, home, person, at, by)
    reseat.reconcile(session, home, at)
    return person


def refuse_change(
    session: Session, home: Home, person: Person, name: str, role: str, department: str, by: Actor | None
) -> None:
    """Raise what `change` would for another post, role or department without a successor. Changes nothing."""
    new = {"name": name, "role": role, "department": department}
    _refuse_post(session, home, person, new, by)
    _refuse_lost(session, home, person, new)


def _refuse_post(session: Session, home: Home, person: Person, new: dict[str, str], by: Actor | None) -> None:
    must_edit(home, by, "change people")
    fields: dict[str, str] = {}
    check_post(session, home, **new, fields=fields)
    if fields:
        raise BadInput(fields)
    if new["role"] != person.role:
        _refuse_role(session, home, person, by)


def _refuse_role(session: Session, home: Home, person: Person, by: Actor | None) -> None:
    if by is not None and by.id == person.id:
        raise NotAllowed(
            "Nobody changes their own role. Ask another administrator, or use “vfm admin change-person”."
        )
    refuse_last_administrator(session, home, person)
    if person.shared:
        raise NotAllowed(
            f"{person.name} is a shared mailbox. Make it one person's again before its role changes."
        )


def _pass_on(
    session: Session,
    home: Home,
    person: Person,
    new: dict[str, str],
    successor: str,
    by: Actor | None,
    at: dt.datetime,
) -> None:
    """Hand over what is somebody's where a successor is named. Raises BadInput where it must be and is not."""
    theirs = leaving.estate(session, home, person)
    if successor.strip():
        heir = leaving.named(session, home, person, theirs, successor)
        if heir is not None and not theirs.is_empty:
            leaving.hand_over(session, home, person, heir, theirs, f"{person.name} moved", by, at)
        return
    _refuse_lost(session, home, person, new)


def _refuse_lost(session: Session, home: Home, person: Person, new: dict[str, str]) -> None:
    """Raise BadInput where what is somebody's cannot go with them, and nobody takes it over."""
    theirs = leaving.estate(session, home, person)
    heads = [d for d in theirs.headed if _heads(person.role, person.department, d.code)]
    lost = [d.name for d in heads if not _heads(new["role"], new["department"], d.code)]
    unseen = not leaving.answers(home.roles[new["role"]]) and not theirs.is_empty
    if lost or unseen:
        raise BadInput({"successor": f"Say who takes over from {person.name}. They {theirs.said}"})


def _heads(role: str, department: str, code: str) -> bool:
    return role == "head_of_service" and department == code


def change_address(
    session: Session, home: Home, address: str, new: str, by: Actor | None, at: dt.datetime
) -> Person:
    """Give somebody another work address; return them. Both addresses are told, whoever did it.

    Links to the old one die, sessions end, and the council's sign-in service is bound anew.
    Raises NotAllowed, NotFound or BadInput.
    """
    must_edit(home, by, "change an address")
    person = projects.person_by_address(session, address)
    fields: dict[str, str] = {}
    clean = free_address(session, new, fields)
    if clean == person.address:
        fields["address"] = f"{person.name} has the address {clean} already"
    if fields or clean is None:
        raise BadInput(fields)
    old, key = person.address, projects.key(person)
    person.address, person.identity = clean, None
    session.flush()
    detail = {
        "from": old,
        "to": clean,
        "sessions_ended": store.end_sessions(session, key, at),
        "links_revoked": store.revoke_links(session, key, "the address has changed", at),
    }
    store.note(session, key, "address", detail, at, by)
    reseat.reconcile(session, home, at)
    context = {
        "old_address": old,
        "new_address": clean,
        "changed_at": at,
        "changed_by": by.name if by else "An administrator",
    }
    for told in (old, clean):
        # not the stored row, which has one address: a letter to each
        letter = Person(id=key, address=told, name=person.name, role=person.role, joined_at=person.joined_at)
        post(session, home, "address_changed", letter, context, at)
    return person


def come_back(session: Session, home: Home, address: str, by: Actor | None, at: dt.datetime) -> Person:
    """Let somebody who left back in, in the post and role they had; return them. What they handed over stays there.

    Raises NotAllowed, or NotFound where nobody with that address has left.
    """
    must_edit(home, by, "bring people back")
    person = store.with_address(session, address)
    if person is None or person.active:
        raise NotFound(f"Nobody with the address {address} has left.")
    person.left_at, person.active, person.identity = None, True, None
    session.flush()
    store.note(session, projects.key(person), "came_back", {}, at, by)
    reseat.reconcile(session, home, at)
    return person


def share(
    session: Session, home: Home, address: str, readers: Sequence[str], by: Actor | None, at: dt.datetime
) -> Person:
    """Mark a work address as a mailbox that several people read; return it. A link sent there decides nothing until one
    of `readers` (work addresses, in place of those before) has signed in. Raises NotAllowed, NotFound or BadInput.
    """
    must_edit(home, by, "share a mailbox")
    mailbox = projects.person_by_address(session, address)
    if mailbox.role in home.roles and "people.edit" in home.roles[mailbox.role].may:
        raise NotAllowed(
            "An administrator's address cannot be shared: each administrator signs in as themselves."
        )
    ids = [_reader(session, mailbox, reader) for reader in readers if reader.strip()]
    if not ids:
        raise BadInput({"readers": "Name at least one person who reads it"})
    key = projects.key(mailbox)
    if mailbox.shared and {reader.id for reader in store.readers(session, key)} == set(ids):
        return mailbox
    mailbox.shared = True
    session.flush()
    store.set_readers(session, key, ids, at, by)
    store.end_sessions(session, key, at)
    store.revoke_links(session, key, "the mailbox is shared: sign in as yourself", at)
    store.drop_reader(session, key)
    deputies.end_unfit(session, home, mailbox, at, by)
    detail = {"readers": [reader.name for reader in store.readers(session, key)]}
    store.note(session, key, "shared", detail, at, by)
    reseat.reconcile(session, home, at)
    return mailbox


def _reader(session: Session, mailbox: Person, address: str) -> int:
    try:
        reader = projects.person_by_address(session, address)
    except NotFound as error:
        raise BadInput({"readers": str(error)}) from error
    if reader.shared or reader.id == mailbox.id:
        raise BadInput({"readers": f"{reader.name} is a shared mailbox: name the people who read it"})
    return projects.key(reader)


def unshare(session: Session, home: Home, address: str, by: Actor | None, at: dt.datetime) -> Person:
    """Make a shared mailbox one person's again; return it. Raises NotAllowed or NotFound."""
    must_edit(home, by, "share a mailbox")
    mailbox = projects.person_by_address(session, address)
    if mailbox.shared:
        mailbox.shared = False
        store.set_readers(session, projects.key(mailbox), [], at, by)
        store.note(session, projects.key(mailbox), "no_longer_shared", {}, at, by)
        reseat.reconcile(session, home, at)
    return mailbox
