"""Tokens of one's own, by which a calendar, Excel or Power BI reads what oneself may read. Made here, ended here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import LinkDead, NotAllowed, NotFound
from vfm_workflow.journeys import access
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import people, projects
from vfm_workflow.store import tokens as store
from vfm_workflow.store.decisions import token_digest
from vfm_workflow.store.tables import AccessToken

PREFIX = "vfm_"
"""Begins every token, so that whoever finds one, a scanner of secrets too, knows what it is."""
SCOPES: Mapping[str, str] = {"calendar": "Calendar", "read": "Read figures", "write": "Record figures"}
LASTS: Mapping[str, int] = {"30": 30, "90": 90, "365": 365}
"""Days a token may last: a year at most."""
RECORDING = ("library.record", "figures.import")
"""Who has one of these may have a token that records."""
MOST_ALIVE = 20
SEEN_EVERY = dt.timedelta(minutes=1)
NOT_KNOWN = "There is no such address. Copy it again from the page “Calendar and data”."
OVER = "This address has ended. Make a new one on the page “Calendar and data”."


@dataclass(frozen=True, slots=True)
class Held:
    """A token that was shown by a machine: who it reads for, and what it may."""

    id: int
    scope: str
    actor: Actor
    seen_at: dt.datetime | None
    """When it was used before, to the minute."""

    def is_news(self, at: dt.datetime) -> bool:
        """Return whether its use at a moment is to be noted: once a minute, so that readers seldom wait for a writer."""
        return self.seen_at is None or self.seen_at + SEEN_EVERY <= at


def scopes(home: Home, by: Actor) -> dict[str, str]:
    """Return scope → title of what somebody may make a token for."""
    recording = any(may(home.roles, by, name) for name in RECORDING)
    return {key: title for key, title in SCOPES.items() if key != "write" or recording}


def make(
    session: Session, home: Home, by: Actor, at: dt.datetime, form: Mapping[str, str]
) -> tuple[str, AccessToken]:
    """Make a token; return it, which is shown once, and its row. Fields: name, scope, days (`30`, `90`, `365`).

    Raises BadInput.
    """
    fields = Fields(form)
    scope = fields.choice("scope", {key: key for key in scopes(home, by)}, "Choose what it is for")
    name = fields.line(
        "name", "The name", required="Say where you use it, such as “Outlook at work”", most=60
    )
    days = fields.choice("days", LASTS, "Choose how long it lasts")
    today = home.calendar.today(at)
    if len(alive(session, home, by.id, at)) >= MOST_ALIVE:
        fields.refuse("name", f"You have {MOST_ALIVE} that work. End one that you no longer use")
    fields.finish()
    assert scope is not None and days is not None
    token = PREFIX + home.mint()
    row = AccessToken(
        person_id=by.id,
        scope=scope,
        name=name,
        digest=token_digest(token),
        made_at=at,
        expires_on=today + dt.timedelta(days=days),
    )
    session.add(row)
    session.flush()
    return token, row


def is_alive(row: AccessToken, today: dt.date) -> bool:
    """Return whether a token works on a day: it does until the end of its last one."""
    return row.ended_at is None and today <= row.expires_on


def end(session: Session, by: Actor, token_id: int, at: dt.datetime) -> bool:
    """End one of one's own tokens; return whether it worked until now. Raises NotFound for anybody else's."""
    if all(row.id != token_id for row in store.of(session, by.id)):
        raise NotFound("You have no such token.")
    return store.end(session, by.id, at, token_id) > 0


def alive(session: Session, home: Home, person_id: int, at: dt.datetime) -> list[AccessToken]:
    """Return the tokens of somebody that work at a moment, newest first."""
    today = home.calendar.today(at)
    return [row for row in store.of(session, person_id) if is_alive(row, today)]


def end_all(session: Session, home: Home, person_id: int, at: dt.datetime, by: Actor) -> int:
    """End every token of somebody, as an administrator; return how many worked. Raises NotAllowed."""
    if not may(home.roles, by, "people.edit"):
        raise NotAllowed("Only an administrator may end somebody else's tokens.")
    count = store.end(session, person_id, at)
    if count:
        people.note(session, person_id, "tokens_ended", {"count": count}, at, by)
    return count


def hold(session: Session, home: Home, token: str, at: dt.datetime) -> Held:
    """Return whom a token reads for at a moment.

    Raises NotFound for one that never was, or LinkDead for one that has ended, has run out, or whose person has left.
    """
    found = store.by_digest(session, token_digest(token)) if token.startswith(PREFIX) else None
    if found is None:
        raise NotFound(NOT_KNOWN)
    row, person = found
    if not person.active or not is_alive(row, home.calendar.today(at)):
        raise LinkDead("ended", OVER)
    assert row.id is not None
    actor = access.standing_in(session, home, projects.actor(person), at)
    return Held(row.id, row.scope, actor, row.last_used_at)


def note_used(session: Session, held: Held, at: dt.datetime) -> None:
    """Note that a token was used, once a minute at most."""
    store.used(session, held.id, at, at - SEEN_EVERY)


def refuse_scope(held: Held, *wanted: str) -> None:
    """Raise NotAllowed where a token was made for something else."""
    if held.scope not in wanted:
        named = SCOPES.get(held.scope, held.scope).lower()
        raise NotAllowed(f"This token was made to {named} and serves nothing else. Make another one.")
