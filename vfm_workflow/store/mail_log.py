"""The delivery log: what is in the outbox, what the server said, and another try for what failed."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlmodel import Session, col

from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.store import queue
from vfm_workflow.store.tables import Attempt, OutboxMail, Project

STATES = ("waiting", "opening", "sending", "sent", "failed", "unknown")
"""Everything a mail's state may be; `opening` and `sending` are one being sent."""
UNDELIVERED = "undelivered"
"""Asked for in place of a state: what failed, is unknown or came back, and nobody has dealt with."""
NOT_SETTLED = text("outbox.state IN ('waiting', 'opening', 'sending')")
"""The states stand in it as the index of open mail has them: with parameters SQLite would read every mail ever sent."""
FAILED = text("outbox.state = 'failed'")
"""Refused for good, or given up: said as the index of failed mail has it."""
RETRIED = "retried"
"""The outcome of the line in the log that says somebody asked for another try."""
UNKNOWN = "unknown"
"""The outcome of an attempt that was in DATA and got no answer."""
FOUND, ABSENT, UNTOLD = "found", "absent", "untold"
"""What the relay said when it was asked about such an attempt: it has the mail, it does not, it could not say yet."""


LOST = or_(
    col(OutboxMail.state).in_(("failed", "unknown")),
    col(OutboxMail.bounced_at).is_not(None),
)
"""It did not arrive, or nobody knows whether it did."""
WAITS_FOR_SOMEBODY = and_(LOST, col(OutboxMail.dealt_at).is_(None))
"""The same, and nobody has looked into it yet."""


class MailRow(NamedTuple):
    """A mail as a list shows it, without its bytes."""

    id: int
    state: str
    notice: str
    to: str
    subject: str
    reference: str | None
    """The project it is about."""
    created_at: dt.datetime
    next_try: dt.datetime
    settled_at: dt.datetime | None
    attempts: int
    answer: str
    """What the server said last."""
    bounced_at: dt.datetime | None
    dealt_at: dt.datetime | None


def page(
    session: Session,
    *,
    state: str | None = None,
    notice: str | None = None,
    search: str = "",
    project_id: int | None = None,
    offset: int = 0,
    limit: int | None = 50,
) -> tuple[list[MailRow], int]:
    """Return (the mails of one page, newest first, how many there are in all).

    Without a `limit` it is every one. `search` looks in address, subject and project.
    """
    m = OutboxMail
    wanted: list[ColumnElement[bool]] = []
    if state == UNDELIVERED:
        wanted.append(WAITS_FOR_SOMEBODY)
    elif state:
        wanted.append(col(m.state) == state)
    if notice:
        wanted.append(col(m.notice) == notice)
    if project_id is not None:
        wanted.append(col(m.project_id) == project_id)
    if text := search.strip():
        places = (col(m.to), col(m.subject), col(Project.reference), col(Project.title))
        wanted.append(or_(*(place.icontains(text, autoescape=True) for place in places)))
    query = (
        select(
            col(m.id), col(m.state), col(m.notice), col(m.to), col(m.subject), col(Project.reference),
            col(m.created_at), col(m.next_try), col(m.settled_at), col(m.attempts), col(m.answer),
            col(m.bounced_at), col(m.dealt_at),
        )
        .outerjoin(Project, col(Project.id) == col(m.project_id))
        .where(*wanted)
        .order_by(col(m.id).desc())
        .offset(max(offset, 0))
        .limit(limit)
    )  # fmt: skip
    rows = [MailRow._make(row) for row in session.execute(query)]
    counted = (
        select(func.count(col(m.id))).outerjoin(Project, col(Project.id) == col(m.project_id)).where(*wanted)
    )
    total = session.scalar(counted) or 0
    return rows, total


def counts(session: Session) -> dict[str, int]:
    """Return how many mails there are in each state that has any."""
    query = select(col(OutboxMail.state), func.count(col(OutboxMail.id))).group_by(col(OutboxMail.state))
    return dict(session.execute(query).all())


def notices(session: Session) -> list[str]:
    """Return the notices that any mail was written from."""
    return list(session.scalars(select(col(OutboxMail.notice)).distinct().order_by(col(OutboxMail.notice))))


def load(session: Session, mail_id: int) -> OutboxMail:
    """Return the mail. Raises NotFound."""
    found = session.get(OutboxMail, mail_id)
    if found is None:
        raise NotFound(f"There is no mail {mail_id}.")
    return found


def attempts(session: Session, mail_id: int) -> list[Attempt]:
    """Return every try at a mail, and every time somebody asked for one, oldest first."""
    return list(
        session.scalars(select(Attempt).where(col(Attempt.mail_id) == mail_id).order_by(col(Attempt.id)))
    )


def waiting(session: Session, until: dt.datetime) -> list[OutboxMail]:
    """Return the mails that wait to leave by `until`, in the order they would."""
    m = OutboxMail
    query = select(m).where(NOT_SETTLED, col(m.state) == "waiting", col(m.next_try) <= until)
    return list(session.scalars(query.order_by(col(m.next_try), col(m.id))))


def retry(session: Session, mail_id: int, at: dt.datetime, asked_by: str) -> OutboxMail:
    """Let a mail that failed, came back or is in doubt be sent again from `at`, and log who asked; return it.

    The bytes stay as they were, Message-ID included, so that a receiver can tell a repeat.
    Raises NotFound, or NotAllowed where the mail is in another state: of two people who ask at once, one gets it.
    """
    m = OutboxMail
    query = (
        update(m)
        .where(
            col(m.id) == mail_id,
            col(m.state).in_(("sent", "failed", "unknown")),
            LOST,
            func.length(col(m.data)) > 0,
        )
        .values(state="waiting", not_before=at, next_try=at, settled_at=None, bounced_at=None, dealt_at=None)
        .returning(col(m.id))
        .execution_options(synchronize_session=False)
    )
    if session.execute(query).first() is None:
        state = load(session, mail_id).state
        if not load(session, mail_id).data:
            raise NotAllowed(f"The text of mail {mail_id} is kept no longer, so it cannot be sent again.")
        raise NotAllowed(
            f"Mail {mail_id} is {state}: only one that failed, came back or is unknown can be tried again."
        )
    session.add(Attempt(mail_id=mail_id, at=at, outcome=RETRIED, answer=f"asked for by {asked_by}"))
    session.flush()
    session.expire_all()
    queue.wake(session, queue.MAIL)
    return load(session, mail_id)
