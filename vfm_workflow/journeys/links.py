"""Links of mails: an opaque token, of which the database keeps the digest alone (protocol, point 1).

What a link is for, and when it is dead, is each purpose's own business: `decide`, `disputes`, `signin`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlmodel import Session

from vfm_workflow.errors import LinkDead
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import decisions as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Link, Person

UNKNOWN = "This link is not one of ours, or was cut short. Open it again from the mail itself."


def mint(
    session: Session,
    home: Home,
    purpose: str,
    person: Person,
    at: dt.datetime,
    expires_at: dt.datetime,
    **about: Any,
) -> tuple[str, Link]:
    """Return (a new token, its link) for `person`, at the address on record; `about` is what it is for.

    The token is in the mail and nowhere else.
    """
    token = home.mint()
    link = Link(
        digest=store.token_digest(token),
        purpose=purpose,
        person_id=projects.key(person),
        address=person.address,
        issued_at=at,
        expires_at=expires_at,
        **about,
    )
    session.add(link)
    session.flush()
    return token, link


def look_up(session: Session, token: str, purpose: str) -> Link:
    """Return the link that a token of a mail opens, dead or alive, changing nothing. Raises LinkDead where there is none."""
    link = store.link_by_token(session, token)
    if link is None or link.purpose != purpose:
        raise LinkDead("unknown", UNKNOWN)
    return link
