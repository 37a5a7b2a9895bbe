"""The delivery log, read and acted on: which mails went, what the server said, and another try."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import NotAllowed
from vfm_workflow.journeys import access
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.post import Posted
from vfm_workflow.store import access as access_store
from vfm_workflow.store import bounces, decisions, projects
from vfm_workflow.store import mail_log as store
from vfm_workflow.store.tables import Attempt, Bounce, OutboxMail

HIDDEN = "(a link for its reader alone)"
EXEMPT = "(Not shown: some text of this project is exempt from publication.)"
NOT_KEPT = "(The text of this mail is kept no longer.)"
HIDDEN_CODE = "(a code for its reader alone)"


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail, opened: its row, its headers as they were sent, its text body, every try, and what came back of it."""

    mail: OutboxMail
    headers: Sequence[tuple[str, str]]
    text: str
    attempts: Sequence[Attempt]
    came_back: Sequence[Bounce]


def listed(
    session: Session,
    home: Home,
    by: Actor | None,
    *,
    state: str | None = None,
    notice: str | None = None,
    search: str = "",
    offset: int = 0,
    limit: int | None = 50,
) -> tuple[list[store.MailRow], int]:
    """Return (one page of the log, newest first, how many mails there are). `by` is None at the command line.

    Raises NotAllowed.
    """
    _allow(home, by, "mail.read", "look at the delivery log")
    return store.page(session, state=state, notice=notice, search=search, offset=offset, limit=limit)


def show(session: Session, home: Home, mail_id: int, by: Actor | None) -> Shown:
    """Return a mail. Raises NotFound or NotAllowed.

    Links and codes that decide or sign in are left out for anybody but the machine's operator (`by` None): whoever may
    read the log may not act for its readers.
    """
    _allow(home, by, "mail.read", "look at the delivery log")
    mail = store.load(session, mail_id)
    message = message_from_bytes(mail.data, policy=policy.default)
    body = message.get_body(("plain",))
    text = str(body.get_content()).replace("\r\n", "\n") if body is not None and mail.data else NOT_KEPT
    if by is not None:
        text = _without_exempt(session, home, mail, by, _without_links(session, home, text))
        if mail.notice == "decision_code":
            text = re.sub(r"\b\d{6}\b", HIDDEN_CODE, text)
    headers = [
        (name, HIDDEN if by is not None and name == "List-Unsubscribe" else str(value))
        for name, value in message.items()
    ]
    return Shown(mail, headers, text, store.attempts(session, mail_id), bounces.of(session, mail_id))


def retry(session: Session, home: Home, mail_id: int, at: dt.datetime, by: Actor | None) -> OutboxMail:
    """Let a mail that failed, came back, or whose fate is unknown, be sent again from `at`; return it.

    Raises NotAllowed or NotFound. `by` is None at the command line.
    """
    _allow(home, by, "mail.retry", "send a mail again")
    return store.retry(session, mail_id, at, by.name if by is not None else "the operator")


def waiting(session: Session, at: dt.datetime, until: dt.datetime) -> list[tuple[dt.datetime, Posted]]:
    """Return (moment, mail) of what stands in the outbox and may leave between `at` and `until`."""
    return [
        (max(mail.next_try, at), Posted(mail.notice, mail.to, mail.subject, mail.not_before, mail.why, 1))
        for mail in store.waiting(session, until)
    ]


def _allow(home: Home, by: Actor | None, permission: str, what: str) -> None:
    if by is not None and not may(home.roles, by, permission):
        raise NotAllowed(f"You may not {what}. An administrator may.")


def _without_exempt(session: Session, home: Home, mail: OutboxMail, by: Actor, text: str) -> str:
    """Return the text, or that it is not shown: a board's mail says the beginning of what it decides on."""
    if mail.project_id is None or not access_store.has_exempt(session, mail.project_id):
        return text
    project = projects.by_id(session, mail.project_id)
    return text if access.allowed(session, home, by, "exempt.read", project) else EXEMPT


def _without_links(session: Session, home: Home, text: str) -> str:
    """Return the text with each address whose last part is a token that was ever issued hidden."""

    def hide(match: re.Match[str]) -> str:
        is_token = decisions.link_by_token(session, match["last"]) is not None
        return f"{match['before']}{HIDDEN}" if is_token else match[0]

    return re.sub(rf"(?P<before>{re.escape(home.base_url)}/(?:[^\s/]+/)*)(?P<last>[\w-]+)", hide, text)
