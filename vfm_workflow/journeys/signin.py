"""Signing in: by an emailed one-use link (GET shows, POST signs in) or by the council's own accounts. No passwords.

A session lives in the database: it can be listed and ended, and proves how and when its person showed who they are.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Literal, cast

from sqlmodel import Session

from vfm_workflow.domain.addresses import clean_address
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import LinkDead, NotAllowed, NotFound, SignInRefused
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import post
from vfm_workflow.oidc import Proof
from vfm_workflow.store import decisions as store
from vfm_workflow.store import projects
from vfm_workflow.store import signin as browsers
from vfm_workflow.store.tables import Link, Person, PersonChange, WebSession

Method = Literal["link", "oidc", "demo"]
"""How somebody proved who they are: an emailed one-use link, the council's own sign-in service, or the demo's list."""
MOST_LINKS = 5
"""Live sign-in links an address may have: asking again and again does not flood a mailbox."""


NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""When somebody proved who they are whose sign-in service did not say: too long ago for what needs it fresh."""
FRESH_LEEWAY = dt.timedelta(seconds=60)
"""By how much the sign-in service's clock may be behind ours."""
TWICE = "Your account is not the one that was used for this address before. See an administrator."
STRANGER = "You could not be signed in. If you should have access, see an administrator."
NOT_FRESH = (
    "The sign-in service did not say that you proved who you are just now, so nothing was confirmed. Try again; if that does "
    "not help, an administrator finds the reason under “auth_time” in the manual."
)
SOMEBODY_ELSE = (
    "You confirmed with another account than the one you are signed in with. Nothing was confirmed."
)
SHARED = "Several people read this mailbox, so nobody signs in with it. Use your own work address."


def ask(session: Session, home: Home, address: str, at: dt.datetime) -> bool:
    """Mail a one-use link to `address` if it is somebody's; return whether one went.

    The page says the same either way, so that a stranger learns nothing. A mailbox that several people read is told to
    use their own addresses.
    """
    clean = clean_address(address)
    if clean is None:
        return False
    try:
        person = projects.person_by_address(session, clean)
    except NotFound:
        return False
    if person.shared:
        return _tell_shared(session, home, person, at)
    if browsers.live_links(session, projects.key(person), at) >= MOST_LINKS:
        return False
    minutes = home.calendar.rules.sign_in_link_minutes
    url = mint(session, home, person, at, dt.timedelta(minutes=minutes))
    mail = post(session, home, "sign_in_link", person, {"link": url, "minutes": minutes}, at)
    return mail.id is not None


def _tell_shared(session: Session, home: Home, person: Person, at: dt.datetime) -> bool:
    mail = post(session, home, "sign_in_shared", person, {"link": home.url("/sign-in")}, at)
    return mail.id is not None


def mint(session: Session, home: Home, person: Person, at: dt.datetime, lasts: dt.timedelta) -> str:
    """Return the address of a new one-use sign-in link for a person."""
    token = home.mint()
    session.add(
        Link(
            digest=store.token_digest(token),
            purpose="sign_in",
            person_id=projects.key(person),
            address=person.address,
            issued_at=at,
            expires_at=at + lasts,
        )
    )
    session.flush()
    return home.url(f"/sign-in/{token}")


def look_up(session: Session, token: str, at: dt.datetime) -> tuple[Link, Person]:
    """Return the link and whose it is, changing nothing. Raises LinkDead, saying why and what to do next."""
    link = store.link_by_token(session, token)
    if link is None or link.purpose != "sign_in":
        raise LinkDead("unknown", "This link is not one of ours, or was cut short. Ask for a new one.")
    if link.used_at is not None:
        raise LinkDead("used", "This link has been used already. Ask for a new one.")
    if link.revoked_at is not None or link.expires_at < at:
        raise LinkDead("expired", "This link has expired. Ask for a new one.")
    person = projects.person(session, link.person_id)
    if not person.active or person.shared or person.address != link.address:
        raise LinkDead("revoked", "This link no longer works. Ask for a new one.")
    return link, person


def sign_in(
    session: Session, home: Home, token: str, at: dt.datetime, *, lasts: dt.timedelta, user_agent: str = ""
) -> tuple[str, Person]:
    """Spend the link; return (the new session's secret for the cookie, the person). Raises LinkDead."""
    link, person = look_up(session, token, at)
    if not store.spend(session, link, at):
        raise LinkDead("used", "This link has been used already. Ask for a new one.")
    return begin(session, home, person, at, lasts=lasts, user_agent=user_agent), person


def begin(
    session: Session,
    home: Home,
    person: Person,
    at: dt.datetime,
    *,
    lasts: dt.timedelta,
    user_agent: str = "",
    method: Method = "link",
    confirmed_at: dt.datetime | None = None,
) -> str:
    """Begin a signed-in session for a person; return its secret. The database keeps only the digest.

    `confirmed_at` is when they proved who they are, where that is not now. Raises SignInRefused for a shared mailbox.
    """
    if person.shared:
        raise SignInRefused(SHARED)
    secret = home.mint()
    session.add(
        WebSession(
            digest=store.token_digest(secret),
            person_id=projects.key(person),
            created_at=at,
            seen_at=at,
            expires_at=at + lasts,
            user_agent=user_agent[:300],
            method=method,
            confirmed_at=confirmed_at or at,
        )
    )
    session.flush()
    return secret


def by_account(
    session: Session,
    home: Home,
    proof: Proof,
    at: dt.datetime,
    *,
    lasts: dt.timedelta,
    user_agent: str = "",
    fresh_since: dt.datetime | None = None,
    again: int | None = None,
) -> tuple[str, Person]:
    """Begin a session for whom the council's sign-in service vouches; return (its secret, the person).

    The first sign-in binds the service's identity to the active person with that work address. From then on only that
    identity opens it, whatever address the service says. With `fresh_since` it must have been proved after that moment,
    and by the person `again`. Raises SignInRefused.
    """
    person = browsers.by_identity(session, proof.identity) or _bound(session, proof, at)
    if not person.active:
        raise SignInRefused(STRANGER)
    if again is not None and projects.key(person) != again:
        raise SignInRefused(SOMEBODY_ELSE)
    if fresh_since is not None and (proof.proved_at or NEVER) < fresh_since - FRESH_LEEWAY:
        raise SignInRefused(NOT_FRESH)
    proved = min(proof.proved_at or NEVER, at)
    secret = begin(
        session, home, person, at, lasts=lasts, user_agent=user_agent, method="oidc", confirmed_at=proved
    )
    return secret, person


def _bound(session: Session, proof: Proof, at: dt.datetime) -> Person:
    """Return the person with the address of `proof`, bound to its identity now. Raises SignInRefused."""
    clean = clean_address(proof.address)
    try:
        person = projects.person_by_address(session, clean or "")
    except NotFound as error:
        raise SignInRefused(STRANGER) from error
    if person.shared:
        raise SignInRefused(SHARED)
    person_id = projects.key(person)
    if not browsers.bind(session, person_id, proof.identity):
        raise SignInRefused(TWICE)
    session.add(PersonChange(person_id=person_id, what="identity_bound", at=at, by=person_id))
    session.flush()
    return person


def forget_identity(session: Session, home: Home, person_id: int, at: dt.datetime, by: Actor | None) -> bool:
    """Let a person's next sign-in bind another account, and end their sessions; return whether one was bound.

    `by` is None at the command line. Raises NotAllowed.
    """
    if by is not None and not may(home.roles, by, "people.edit"):
        raise NotAllowed("Only an administrator may do that.")
    if not browsers.unbind(session, person_id):
        return False
    session.add(PersonChange(person_id=person_id, what="identity_forgotten", at=at, by=by.id if by else None))
    browsers.end_of(session, person_id, at)
    session.flush()
    return True


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, how they proved it, and when they last did."""

    actor: Actor
    seen_at: dt.datetime
    method: Method
    confirmed_at: dt.datetime


def who(session: Session, secret: str, at: dt.datetime, idle: dt.timedelta) -> SignedIn | None:
    """Return who is signed in with a session's secret.

    None where the session has ended, timed out or never was, or its person has left.
    """
    row = browsers.signed_in(session, secret)
    if row is None or row.expires_at <= at or row.seen_at + idle <= at:
        return None
    actor = Actor(row.person_id, row.name, row.address, row.role, row.department)
    return SignedIn(actor, row.seen_at, cast(Method, row.method), row.confirmed_at)


def sessions(session: Session, person_id: int, at: dt.datetime, idle: dt.timedelta) -> list[WebSession]:
    """Return where a person is signed in, the browser used last first."""
    return browsers.live(session, person_id, at, idle)


def end_one(session: Session, person_id: int, digest: str, at: dt.datetime) -> bool:
    """End one of a person's own sessions; return whether there was such a one."""
    return bool(digest) and browsers.end_of(session, person_id, at, only=digest) > 0


def end_others(session: Session, person_id: int, secret: str, at: dt.datetime) -> int:
    """End a person's own sessions but the one with `secret`; return how many."""
    return browsers.end_of(session, person_id, at, but=store.token_digest(secret))


def end_all(session: Session, home: Home, person_id: int, at: dt.datetime, by: Actor | None) -> int:
    """Sign somebody out everywhere; return of how many browsers. `by` is None at the command line. Raises NotAllowed."""
    if by is not None and by.id != person_id and not may(home.roles, by, "people.edit"):
        raise NotAllowed("Only an administrator may sign somebody else out.")
    count = browsers.end_of(session, person_id, at)
    if count:
        detail = json.dumps({"count": count})
        by_id = by.id if by else None
        session.add(PersonChange(person_id=person_id, what="sessions_ended", detail=detail, at=at, by=by_id))
        session.flush()
    return count


def seen(session: Session, secret: str, at: dt.datetime) -> None:
    """Note that a session was used."""
    browsers.seen(session, secret, at)


def sign_out(session: Session, secret: str, at: dt.datetime) -> None:
    """End a session."""
    browsers.end(session, secret, at)
