"""Reports of mail servers about mails of ours, read (RFC 3462, 3464): what became of which mail, in the server's words.

A report is written by a stranger: nothing in it is believed but what can be held against a mail that was sent. Automatic
replies, such as that somebody is away, are no reports and are passed over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Literal

from vfm_workflow.domain.texts import said as machine_words

Kind = Literal["hard", "soft", "delayed"]
MOST_BYTES = 2 * 1024 * 1024
"""A report says little; what is longer is no report, or has a whole mail in it whose end nobody needs."""

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ADDRESS = re.compile(r"[^\s<>;,@\"]+@[^\s<>;,@\"]+")
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
_REFUSED = re.compile(r"undeliver|failure|failed|returned to sender|not delivered|rejected", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says of one recipient."""

    key: str
    """The same for the same report read twice: its Message-ID, or the digest of its bytes, and the recipient."""
    kind: Kind
    """`hard`: it never arrives. `soft`: given up, for a reason that may pass. `delayed`: the server still tries."""
    status: str
    """The enhanced status code, such as `5.1.1`; empty where none is given."""
    recipient: str
    envelope_id: str
    """The ENVID that we gave with the mail; empty where the server does not say it."""
    message_ids: tuple[str, ...]
    """The Message-IDs it names as that of the mail it is about."""
    said: str


def read(data: bytes) -> list[Report]:
    """Return what the mail in `data` reports: one for each recipient whose mail did not arrive, or none."""
    message = message_from_bytes(data[:MOST_BYTES], policy=policy.default)
    assert isinstance(message, EmailMessage)
    own = _header(message, "Message-ID") or hashlib.sha256(data).hexdigest()
    if message.get_content_type() == "multipart/report" or _part(message, "message/delivery-status"):
        return list(_standard(message, own))
    return list(_plain(message, own))


def _standard(message: EmailMessage, own: str) -> Iterator[Report]:
    status = _part(message, "message/delivery-status")
    groups = [part for part in status.get_payload() if isinstance(part, Message)] if status else []
    about = _header(groups[0], "Original-Envelope-Id") if groups else ""
    ids = _returned(message)
    for group in groups:
        action = _header(group, "Action").lower()
        if action not in ("failed", "delayed"):
            continue
        found = _STATUS.search(_header(group, "Status"))
        code = found[0] if found else ""
        named = _header(group, "Original-Recipient") or _header(group, "Final-Recipient")
        recipient = _address(named.rpartition(";")[2])
        said = _header(group, "Diagnostic-Code").partition(";")[2] or _header(group, "Diagnostic-Code")
        yield Report(
            f"{own} {recipient}",
            _kind(action, code),
            code,
            recipient,
            about,
            ids,
            machine_words(said) or f"{action} ({code or 'no reason given'})",
        )


def _plain(message: EmailMessage, own: str) -> Iterator[Report]:
    """Yield the report of a server that writes no standard one: its subject or sender says that it is about a failure."""
    auto = _header(message, "Auto-Submitted").lower()
    sender = _header(message, "From").lower()
    failed = _header(message, "X-Failed-Recipients")
    if auto.startswith("auto-replied") and "mailer-daemon" not in sender and not failed:
        return
    if not failed and not ("mailer-daemon" in sender or "postmaster" in sender):
        return
    if not failed and not _REFUSED.search(_header(message, "Subject")):
        return
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    ids = (
        *_returned(message),
        *_MESSAGE_ID.findall(_header(message, "References")),
        *_MESSAGE_ID.findall(text),
    )
    found = _STATUS.search(text)
    code = found[0] if found else ""
    lines = [
        line.strip() for line in text.splitlines() if _STATUS.search(line) or re.search(r"\b[45]\d\d\b", line)
    ]
    recipient = _address(failed)
    yield Report(
        f"{own} {recipient}",
        _kind("failed", code),
        code,
        recipient,
        "",
        tuple(dict.fromkeys(ids)),
        machine_words(lines[0] if lines else _header(message, "Subject")),
    )


def _kind(action: str, status: str) -> Kind:
    if action == "delayed":
        return "delayed"
    return "soft" if status.startswith("4") else "hard"


RETURNED = ("message/rfc822", "message/rfc822-headers", "message/global", "message/global-headers")
"""The mail or its headers, as servers of international mail (RFC 6533) and old ones write it too."""


def _returned(message: EmailMessage) -> tuple[str, ...]:
    """Return the Message-ID of the mail that the report returns, whole or its headers alone."""
    found: list[str] = []
    for part in message.walk():
        kind = part.get_content_type()
        if kind in RETURNED:
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                found += _MESSAGE_ID.findall(_header(inner[0], "Message-ID"))
        elif kind == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            if isinstance(text, bytes):
                found += _MESSAGE_ID.findall(
                    _header(message_from_bytes(text, policy=policy.default), "Message-ID")
                )
    return tuple(dict.fromkeys(found))


def _part(message: EmailMessage, kind: str) -> Message | None:
    return next((part for part in message.walk() if part.get_content_type() == kind), None)


def _header(message: Message, name: str) -> str:
    """Return a header's text, empty where it is missing or cannot be read: a report may be malformed in any way."""
    try:
        value = message.get(name)
    except (
        ValueError,
        IndexError,
        AttributeError,
    ):  # the standard parser's own failures on malformed headers
        return ""
    return machine_words(str(value)) if value is not None else ""


def _address(text: str) -> str:
    found = _ADDRESS.search(text)
    return found[0].lower()[:254] if found else ""
