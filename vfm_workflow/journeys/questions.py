"""A link that asks one person one question: minted, found, refused when it is dead (decisions by email, points 1, 7, 8).

The board's links follow the same rules in `board` and `decide`; those hang on a seat, these on a question.
"""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import LinkDead, NotAllowed
from vfm_workflow.journeys import links
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import links as store
from vfm_workflow.store import projects
from vfm_workflow.store.links import Purpose, Question
from vfm_workflow.store.tables import Link, Person


def mint(
    session: Session, home: Home, question: Question, person: Person, at: dt.datetime, expires: dt.datetime
) -> tuple[Link, str]:
    """Mint a link for `person`, revoking the one before; return it with its token, which is kept nowhere."""
    store.revoke(session, question, "a newer link was sent", at)
    token, link = links.mint(
        session,
        home,
        question.purpose,
        person,
        at,
        expires,
        project_id=question.project_id,
        consultee=question.consultee,
        idea_id=question.idea_id,
    )
    return link, token


def find(session: Session, link_id: int, purpose: Purpose) -> Link:
    """Return the link with that id, dead or alive. Raises LinkDead where there is none."""
    link = session.get(Link, link_id)
    if link is None or link.purpose != purpose:
        raise LinkDead("unknown", links.UNKNOWN)
    return link


def refuse_dead(link: Link, person: Person, at: dt.datetime) -> None:
    """Raise LinkDead, saying why and what to do next, where a link that was not used can answer nothing any more."""
    if link.revoked_at is not None:
        why = link.revoked_why or "it was withdrawn"
        newer = " Use the link in the newest mail." if "newer link" in why else " Nothing is needed from you."
        raise LinkDead("revoked", f"This link no longer works: {why}.{newer}")
    if not person.active or person.address != link.address:
        raise LinkDead("revoked", "This link no longer works: it was sent to somebody who has moved on.")
    if link.expires_at < at:
        raise LinkDead(
            "expired", "This link has expired. Ask for a new one below; it goes to your work address."
        )


def holder(session: Session, link: Link, person: Person, signed_in: Actor | None) -> Actor:
    """Return who answers by a link: its person, or for a shared mailbox the reader of it who is signed in.

    Raises NotAllowed where nobody who reads the mailbox is.
    """
    if not person.shared:
        return projects.actor(person)
    if signed_in is None or not store.reads(session, link.person_id, signed_in.id):
        raise NotAllowed(
            f"{person.address} is read by several people. Sign in as yourself first; then open this page again."
        )
    return signed_in
