"""What came back of mails, and the mails that did not arrive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, literal, select, update
from sqlmodel import Session, col

from vfm_workflow.errors import NotAllowed
from vfm_workflow.store import mail_log
from vfm_workflow.store.mail_log import WAITS_FOR_SOMEBODY
from vfm_workflow.store.outbox import insert_new
from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import Bounce, OutboxMail


def match(
    session: Session, envelope_id: str, message_ids: Sequence[str], recipient: str
) -> OutboxMail | None:
    """Return the mail of ours that a report is about, None where it names none.

    A Message-ID that it returns names a mail. The ENVID alone is a number anybody can guess, so then the recipient has to
    be the mail's too.
    """
    m = OutboxMail
    if message_ids:
        found = session.scalars(select(m).where(col(m.message_id).in_(list(message_ids)))).first()
        if found is not None:
            return found
    if envelope_id.isascii() and envelope_id.isdigit() and len(envelope_id) < 18 and recipient:
        row = session.get(m, int(envelope_id))
        if row is not None and row.to.lower() == recipient.lower():
            return row
    return None


def add(
    session: Session,
    *,
    report: str,
    mail: OutboxMail | None,
    at: dt.datetime,
    kind: str,
    status: str,
    recipient: str,
    said: str,
) -> bool:
    """Keep what a report says. Return False where the same report was read before."""
    row = {
        "report": report,
        "mail_id": mail.id if mail is not None else None,
        "at": at,
        "kind": kind,
        "status": status,
        "recipient": recipient,
        "said": said,
    }
    if not insert_new(session, Bounce, row):
        return False
    if mail is not None and kind != "delayed" and mail.bounced_at is None:
        mail.bounced_at = at
        mail.dealt_at, mail.dealt_by, mail.dealt_note = None, None, ""
        session.flush()
    return True


def of(session: Session, mail_id: int) -> list[Bounce]:
    """Return what came back of a mail, oldest first."""
    return list(
        session.scalars(select(Bounce).where(col(Bounce.mail_id) == mail_id).order_by(col(Bounce.id)))
    )


def unmatched(session: Session, limit: int = 50) -> list[Bounce]:
    """Return the reports that fit no mail of ours, newest first."""
    query = select(Bounce).where(col(Bounce.mail_id).is_(None)).order_by(col(Bounce.id).desc()).limit(limit)
    return list(session.scalars(query))


class Lost(NamedTuple):
    """A mail that did not arrive, with the words that say why."""

    id: int
    notice: str
    to: str
    person_id: int | None
    project_id: int | None
    subject: str
    said: str
    kind: str
    """As of a bounce; `hard` where the server refused it at once."""


def lost_since(session: Session, since: dt.datetime, notices: Collection[str]) -> list[Lost]:
    """Return the mails of `notices` that were refused for good, or came back, since a moment; oldest first."""
    found: dict[int, Lost] = {}
    for query in (_refused(), _back()):
        for row in rows(session, query, {"since": since}):
            found.setdefault(row[0], Lost._make(row))
    return [found[key] for key in sorted(found) if found[key].notice in notices]


def _lost(*said: Any) -> Any:
    """Without the bytes of the mail: what nobody reads is not fetched."""
    m = OutboxMail
    columns = (m.id, m.notice, m.to, m.person_id, m.project_id, m.subject)
    return select(*map(col, columns), *said)


@cache
def _refused() -> Any:
    """Built once, as the next: the clock asks them every minute."""
    m = OutboxMail
    query = _lost(col(m.answer), literal("hard"))
    return query.where(col(m.settled_at) >= bindparam("since"), mail_log.FAILED)


@cache
def _back() -> Any:
    m, b = OutboxMail, Bounce
    query = _lost(col(b.said), col(b.kind)).join(b, col(b.mail_id) == col(m.id)).order_by(col(b.id))
    return query.where(col(b.at) >= bindparam("since"), col(b.kind) != "delayed")


def deal(session: Session, mail_id: int, by: int | None, note: str, at: dt.datetime) -> OutboxMail:
    """Note that a mail which did not arrive needs nothing more; return it. Raises NotFound or NotAllowed."""
    m = OutboxMail
    query = (
        update(m)
        .where(col(m.id) == mail_id, WAITS_FOR_SOMEBODY)
        .values(dealt_at=at, dealt_by=by, dealt_note=note)
        .returning(col(m.id))
        .execution_options(synchronize_session=False)
    )
    if session.execute(query).first() is None:
        mail = mail_log.load(session, mail_id)
        why = (
            "is dealt with already"
            if mail.dealt_at is not None
            else f"is {mail.state}: there is nothing to deal with"
        )
        raise NotAllowed(f"Mail {mail_id} {why}.")
    session.expire_all()
    return mail_log.load(session, mail_id)
