"""Assurance B: six digits mailed to the address on record, beside the link (protocol, point 10).

Only a keyed digest is kept, bound to the link, and the key is not in the database: whoever reads the table learns no code.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from vfm_workflow.errors import BadInput, TooManyTries
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.posting import post
from vfm_workflow.store import codes as store
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.tables import Code, Link, Person

MINUTES = 10
MOST_AN_HOUR = 5
AGAIN_AFTER = dt.timedelta(minutes=1)
"""A form sent twice in a moment is one person's impatience: it mails one code."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A code as typed, with the mailed one that the try was counted against; None where it has no try left."""

    code_id: int | None
    typed: str


def digest(key: str, link: Link, code: str) -> str:
    """Return what the database keeps of a code: HMAC-SHA-256 under the council's secret, bound to its link."""
    return hmac.new(key.encode(), f"decision-code:{link.digest}:{code}".encode(), hashlib.sha256).hexdigest()


def mail(
    session: Session,
    home: Home,
    link: Link,
    holder: Person,
    project: AnyProject,
    context: dict[str, Any],
    key: str,
    at: dt.datetime,
) -> bool:
    """Mail the link's holder a new code, in place of any before; return False where one went a moment ago.

    Raises TooManyTries where an hour's codes are used up.
    """
    assert link.id is not None
    before = store.newest(session, link.id)
    if before is not None and before.issued_at + AGAIN_AFTER > at and before.tries < store.MOST_TRIES:
        return False
    if store.mailed_since(session, link.id, at - dt.timedelta(hours=1)) >= MOST_AN_HOUR:
        raise TooManyTries(f"{MOST_AN_HOUR} codes were mailed within an hour. Wait an hour, then ask again.")
    code = f"{secrets.randbelow(10**6):06d}"
    minutes = dt.timedelta(minutes=MINUTES)
    session.add(Code(link_id=link.id, digest=digest(key, link, code), issued_at=at, expires_at=at + minutes))
    post(session, home, "decision_code", holder, {**context, "code": code, "minutes": MINUTES}, at, project)
    return True


def attempt(session: Session, link_id: int, typed: str) -> Tried:
    """Count a try before it is looked at, in a transaction of its own: a decision that then fails gives no try back."""
    return Tried(store.count_try(session, link_id), typed)


def use(session: Session, link: Link, tried: Tried, key: str, at: dt.datetime) -> None:
    """Use the code up, in the transaction that decides. Raises BadInput that says what is wrong with it and what to do."""
    assert link.id is not None
    code = store.newest(session, link.id)
    if code is None:
        raise _wrong("No code was mailed yet")
    if code.used_at is not None:
        raise _wrong("This code was used already")
    if code.id != tried.code_id:
        raise _wrong(f"The code was tried {store.MOST_TRIES} times and no longer works")
    if not _same(code, link, tried.typed, key):
        raise _wrong("This is not the code in the newest mail")
    if code.expires_at < at:
        raise _wrong(f"The code has expired: it works for {MINUTES} minutes")
    code.used_at = at
    session.flush()


def _wrong(what: str) -> BadInput:
    again = "Leave the box empty and press the button to be mailed another one"
    return BadInput({"code": f"{what}. {again}"})


def _same(code: Code, link: Link, typed: str, key: str) -> bool:
    digits = re.sub(r"[\s-]", "", typed)
    return hmac.compare_digest(code.digest, digest(key, link, digits))
