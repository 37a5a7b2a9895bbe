"""Dated deputies: who stands in for somebody, from one day to another (protocol, point 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.forms import parse_date
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import reseat
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import post
from vfm_workflow.store import deputies as store
from vfm_workflow.store import people as people_store
from vfm_workflow.store import projects, seats
from vfm_workflow.store.deputies import Stint
from vfm_workflow.store.tables import Deputy, Person

LONGEST = dt.timedelta(days=366)
"""Somebody who is away for longer has a successor, not a deputy."""


def may_be_deputy(home: Home, person: Person) -> bool:
    """Return whether somebody may stand in for another: active, with `deputy.be`, and no shared mailbox."""
    return person.active and not person.shared and may(home.roles, projects.actor(person), "deputy.be")


def may_have_deputy(home: Home, person: Person) -> bool:
    """Return whether there is anything to stand in for: whoever may be a deputy, or may name their own."""
    role = home.roles.get(person.role)
    scope = role.may.get("deputy.set") if role is not None else None
    holds = scope == "own" or (role is not None and "deputy.be" in role.may)
    return holds and person.active and not person.shared


def set_deputy(
    session: Session,
    home: Home,
    *,
    person: str,
    deputy: str,
    from_day: str,
    until_day: str,
    by: Actor | None,
    at: dt.datetime,
) -> Deputy:
    """Let `deputy` stand in for `person` (both work addresses) on the days typed, both included; return it.

    `by` is None at the command line. Raises NotAllowed, or BadInput naming each field that cannot be used.
    """
    fields = Fields({"person": person, "deputy": deputy, "from_day": from_day, "until_day": until_day})
    away = _active(session, fields, "person", "Choose who is stood in for")
    if by is not None and (away is None or not _may_set(home, by, projects.key(away))):
        raise NotAllowed("You may say who stands in for yourself only.")
    standing = _active(session, fields, "deputy", "Choose who stands in")
    first = fields.read("from_day", "The first day", parse_date, required="Write the first day")
    last = fields.read("until_day", "The last day", parse_date, required="Write the last day")
    if away is not None and not may_have_deputy(home, away):
        title = home.role_title(away.role)
        fields.refuse(
            "person",
            f"{away.name} decides and verifies nothing as {title}, so there is nothing to stand in for",
        )
    if away is not None and standing is not None:
        _refuse_deputy(home, fields, away, standing)
    if first is not None and last is not None:
        _refuse_days(fields, first, last, home.calendar.today(at))
        if away is not None:
            _refuse_overlap(session, fields, away, first, last)
    fields.finish()
    assert away is not None and standing is not None and first is not None and last is not None
    row = Deputy(
        person_id=projects.key(away),
        deputy_id=projects.key(standing),
        from_day=first,
        until_day=last,
        set_at=at,
        set_by=by.id if by else None,
    )
    session.add(row)
    session.flush()
    seats.deputy_named(session)
    detail = {
        "person": away.name,
        "deputy": standing.name,
        "from": first.isoformat(),
        "until": last.isoformat(),
    }
    for each in (away, standing):
        people_store.note(session, projects.key(each), "deputy_set", detail, at, by)
    context = {
        "from_day": first,
        "until_day": last,
        "by": by.name if by is not None else "An administrator",
    }
    _tell(session, home, "deputy_named", away, standing, context, at)
    reseat.reconcile(session, home, at)
    return row


def _tell(
    session: Session,
    home: Home,
    notice: str,
    away: Person,
    standing: Person,
    context: Mapping[str, object],
    at: dt.datetime,
) -> None:
    """Mail both of the two that one stands in for the other, or no longer does. Who has left is told nothing."""
    said = {"away": away.name, "deputy": standing.name, **context}
    for each, page in ((away, "/me/deputies"), (standing, "/tasks")):
        if each.active:
            post(session, home, notice, each, {**said, "link": home.url(page)}, at)


def _active(session: Session, fields: Fields, name: str, ask: str) -> Person | None:
    address = fields.line(name, "The address", required=ask)
    try:
        return projects.person_by_address(session, address) if address else None
    except NotFound as error:
        fields.refuse(name, str(error))
        return None


def _may_set(home: Home, by: Actor, person_id: int) -> bool:
    scope = home.roles[by.role].may.get("deputy.set") if by.role in home.roles else None
    return scope == "all" or (scope is not None and by.id == person_id)


def _refuse_deputy(home: Home, fields: Fields, away: Person, standing: Person) -> None:
    if away.id == standing.id:
        fields.refuse("deputy", "Nobody stands in for themselves: choose somebody else")
    elif standing.shared:
        fields.refuse("deputy", f"{standing.name} is a shared mailbox: choose one person")
    elif not may_be_deputy(home, standing):
        title = home.role_title(standing.role)
        fields.refuse("deputy", f"{standing.name} is {title}, a role that cannot stand in for anybody")


def _refuse_days(fields: Fields, first: dt.date, last: dt.date, today: dt.date) -> None:
    if last < first:
        fields.refuse("until_day", "The last day must not be before the first")
    elif last - first > LONGEST:
        fields.refuse("until_day", "A deputy stands in for a year at most")
    if first < today:
        fields.refuse("from_day", f"The first day must be today, {short_day(today)}, or later")


def _refuse_overlap(session: Session, fields: Fields, away: Person, first: dt.date, last: dt.date) -> None:
    other = store.overlapping(session, projects.key(away), first, last)
    if other is not None:
        who = projects.person(session, other.deputy_id).name
        days = f"from {short_day(other.from_day)} to {short_day(other.until_day)}"
        fields.refuse(
            "from_day", f"{who} stands in for {away.name} {days}: end that first, or choose other days"
        )


def end_deputy(session: Session, home: Home, deputy_id: int, by: Actor | None, at: dt.datetime) -> Deputy:
    """End a deputyship before its last day; return it. Ended already, it stays as it was.

    Whoever may set it may end it. Raises NotFound, also where `by` may not know of it.
    """
    row = session.get(Deputy, deputy_id)
    if row is None or (by is not None and not _may_set(home, by, row.person_id)):
        raise NotFound("There is no such deputyship.")
    if row.ended_at is None:
        _end(session, home, row, "ended early", at, by)
        reseat.reconcile(session, home, at)
    return row


def end_between(
    session: Session, home: Home, person: str, deputy: str, by: Actor | None, at: dt.datetime
) -> int:
    """End every deputyship of two work addresses that runs or is to come; return how many. Raises NotFound for none."""
    away, standing = projects.person_by_address(session, person), projects.person_by_address(session, deputy)
    rows = store.stints(session, home.calendar.today(at), [projects.key(away)])
    mine = [row.id for row in rows if (row.person_id, row.deputy_id) == (away.id, standing.id)]
    if not mine:
        raise NotFound(f"{standing.name} does not stand in for {away.name}, now or in days to come.")
    for deputy_id in mine:
        end_deputy(session, home, deputy_id, by, at)
    return len(mine)


def _end(session: Session, home: Home, row: Deputy, why: str, at: dt.datetime, by: Actor | None) -> None:
    row.ended_at = at
    session.flush()
    away, standing = projects.person(session, row.person_id), projects.person(session, row.deputy_id)
    detail = {"person": away.name, "deputy": standing.name, "until": row.until_day.isoformat(), "why": why}
    for each in (away, standing):
        people_store.note(session, projects.key(each), "deputy_ended", detail, at, by)
    _tell(session, home, "deputy_ended", away, standing, {"reason": why}, at)


def end_unfit(session: Session, home: Home, person: Person, at: dt.datetime, by: Actor | None) -> int:
    """Somebody left or changed: end each deputyship of theirs that may not be any more; return how many.

    The caller reconciles the open decisions.
    """
    ended, why = 0, "left" if not person.active else "no longer has that role"
    for stint in store.stints(session, home.calendar.today(at), [projects.key(person)]):
        mine = may_have_deputy(home, person) if stint.person_id == person.id else may_be_deputy(home, person)
        row = session.get(Deputy, stint.id)
        if not mine and row is not None:
            _end(session, home, row, f"{person.name} {why}", at, by)
            ended += 1
    return ended


def listed(session: Session, home: Home, by: Actor, at: dt.datetime) -> Sequence[Stint]:
    """Return the deputyships that run or are to come: somebody's own, or all for whoever sets everybody's."""
    role = home.roles.get(by.role)
    every = role is not None and role.may.get("deputy.set") == "all"
    return store.stints(session, home.calendar.today(at), None if every else [by.id])
