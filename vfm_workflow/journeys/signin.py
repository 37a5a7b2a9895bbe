"""Signing in by an emailed one-use link: GET shows, POST signs in. No passwords."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, cast

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import LinkDead, NotFound
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.people import clean_address
from vfm_workflow.journeys.posting import post
from vfm_workflow.store import decisions as store
from vfm_workflow.store import projects
from vfm_workflow.store import signin as browsers
from vfm_workflow.store.tables import Link, Person, WebSession

Method = Literal["link", "oidc", "demo"]
"""How somebody proved who they are: an emailed one-use link, the council's own sign-in service, or the demo's list."""
MOST_LINKS = 5
"""Live sign-in links an address may have: asking again and again does not flood a mailbox."""


def ask(session: Session, home: Home, address: str, at: dt.datetime) -> bool:
    """Mail a one-use link to `address` if it is somebody's; return whether one went.

    The page says the same either way, so that a stranger learns nothing.
    """
    clean = clean_address(address)
    if clean is None:
        return False
    try:
        person = projects.person_by_address(session, clean)
    except NotFound:
        return False
    if browsers.live_links(session, projects.key(person), at) >= MOST_LINKS:
        return False
    minutes = home.calendar.rules.sign_in_link_minutes
    url = mint(session, home, person, at, dt.timedelta(minutes=minutes))
    mail = post(session, home, "sign_in_link", person, {"link": url, "minutes": minutes}, at)
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
        raise LinkDead("unknown", "This link is not one of ours, or was cut short. Ask for a new one below.")
    if link.used_at is not None:
        raise LinkDead("used", "This link has been used already. Ask for a new one below.")
    if link.revoked_at is not None or link.expires_at < at:
        raise LinkDead("expired", "This link has expired. Ask for a new one below.")
    person = projects.person(session, link.person_id)
    if not person.active or person.address != link.address:
        raise LinkDead("revoked", "This link no longer works. Ask for a new one below.")
    return link, person


def sign_in(
    session: Session, home: Home, token: str, at: dt.datetime, *, lasts: dt.timedelta, user_agent: str = ""
) -> tuple[str, Person]:
    """Spend the link; return (the new session's secret for the cookie, the person). Raises LinkDead."""
    link, person = look_up(session, token, at)
    if not store.spend(session, link, at):
        raise LinkDead("used", "This link has been used already. Ask for a new one below.")
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
) -> str:
    """Begin a signed-in session for a person; return its secret. The database keeps only the digest."""
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
            confirmed_at=at,
        )
    )
    session.flush()
    return secret


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


def seen(session: Session, secret: str, at: dt.datetime) -> None:
    """Note that a session was used."""
    browsers.seen(session, secret, at)


def sign_out(session: Session, secret: str, at: dt.datetime) -> None:
    """End a session."""
    browsers.end(session, secret, at)
