"""The final bytes of a mail: headers and two ready bodies (RFC 5322, 2045, 2047).

Written out here rather than by `email.generator`, which costs more than the rendering. The same arguments
give the same bytes, so that a mail sent again after a crash is recognised as the one sent before.
"""

from __future__ import annotations

import binascii
import datetime as dt
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import urlsplit

from vfm_workflow.errors import BadInput

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_AS_IT_IS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_MOST_IN_LINE = 76
_MOST_IN_WORD = 75 - len("=?utf-8?q??=")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name to show and the address behind it. The name may be empty."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class DigestList:
    """What lets a mail program offer “unsubscribe” (RFC 2919, 2369, 8058). For digests, never decisions."""

    list_id: str
    """A name like a domain, such as `digest.wrenfold.example`."""
    unsubscribe_url: str | None = None
    """Stops the optional digests of this person: a page that asks, and where it is https, a POST that does it. None where
    something in this one must come."""


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """A calendar entry beside the two bodies (RFC 6047): its method, such as `REQUEST`, and the iCalendar text."""

    method: str
    text: str


def thread_root(project: object, domain: str) -> str:
    """Return the Message-ID that all mails about a project refer to: `<project-{id}@domain>`."""
    return f"<project-{project}@{domain}>"


def build(
    *,
    message_id: str,
    date: dt.datetime,
    sender: Mailbox,
    to: Mailbox,
    subject: str,
    text: str,
    html: str,
    reply_to: Mailbox | None = None,
    thread: str | None = None,
    digest: DigestList | None = None,
    calendar: CalendarPart | None = None,
) -> bytes:
    """Return the message in seven-bit bytes with CRLF line ends.

    `message_id` and `thread` are written with their angle brackets. Raises BadInput, naming the argument, for
    a header with a line break or control character in it, an address that cannot be mailed to, a Message-ID
    of another form, or a date without a zone.
    """
    if date.tzinfo is None:
        raise BadInput({"date": "The date of a mail needs its time zone."})
    headers = [
        ("Date", format_datetime(date)),
        ("From", mailbox("sender", sender)),
        ("To", mailbox("to", to)),
        *([("Reply-To", mailbox("reply_to", reply_to))] if reply_to else []),
        ("Subject", _words("Subject", _clean("subject", subject))),
        ("Message-ID", _identifier("message_id", message_id)),
        *_thread(thread),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply, DR, RN, NRN"),
        *_list(digest),
        ("MIME-Version", "1.0"),
        ("Content-Language", "en-GB"),
    ]
    boundary = "=_" + hashlib.sha256(message_id.encode()).hexdigest()[:32]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    kind = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    return b"".join(
        (
            head.encode("ascii"),
            kind.encode("ascii"),
            _part(boundary, 'text/plain; charset="utf-8"', text),
            _part(boundary, 'text/html; charset="utf-8"', html),
            _calendar(boundary, calendar),
            f"--{boundary}--\r\n".encode("ascii"),
        )
    )


def mailbox(field: str, box: Mailbox) -> str:
    """Return the mailbox as a header has it. Raises BadInput for `field`."""
    address, name = ascii_address(box.address, field), " ".join(_clean(field, box.name).split())
    if not name:
        return address
    if _PLAIN_WORDS.fullmatch(name) and len(name) <= _MOST_IN_LINE // 2 and "=?" not in name:
        shown = name
    elif name.isascii() and len(name) <= _MOST_IN_LINE // 2 and "=?" not in name:
        shown = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        shown = _encoded(name, len("Reply-To: "))
    space = " " if len(shown) + len(address) < _MOST_IN_LINE - len("Reply-To:  <>") else "\r\n "
    return f"{shown}{space}<{address}>"


def ascii_address(address: str, field: str = "to") -> str:
    """Return the address as SMTP takes it: an international domain becomes ASCII. Raises BadInput."""
    local, at, domain = _clean(field, address).rpartition("@")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(local) > 64:
        what = f"“{address}” is not an address that mail can be sent to. Write it as name@council.gov.uk."
        raise BadInput({field: what})
    return f"{local}@{domain}"


def _clean(field: str, value: str) -> str:
    """Return the value. Raises BadInput where it could end its header and begin another."""
    for letter in value:
        if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp"):
            what = f"The {field.replace('_', ' ')} of a mail cannot hold a line break or control character."
            raise BadInput({field: f"{what} Remove U+{ord(letter):04X}."})
    return value


def _identifier(field: str, value: str) -> str:
    if not _MESSAGE_ID.fullmatch(value) or len(value) > 250:
        raise BadInput({field: f"“{_clean(field, value)}” is no Message-ID: write it as <name@domain>."})
    return value


def _thread(root: str | None) -> list[tuple[str, str]]:
    if root is None:
        return []
    return [("In-Reply-To", _identifier("thread", root)), ("References", root)]


def _list(digest: DigestList | None) -> list[tuple[str, str]]:
    if digest is None:
        return []
    if not _DOMAIN.fullmatch(digest.list_id):
        raise BadInput({"list_id": "The list's name must look like a domain: digest.council.gov.uk."})
    if digest.unsubscribe_url is None:
        return [("List-Id", f"<{digest.list_id}>")]
    url = _clean("unsubscribe_url", digest.unsubscribe_url)
    scheme = urlsplit(url).scheme
    if not url.isascii() or scheme not in ("http", "https") or re.search(r"[\s<>,]", url):
        raise BadInput({"unsubscribe_url": "The page to unsubscribe at must be a plain https:// address."})
    return [
        ("List-Id", f"<{digest.list_id}>"),
        ("List-Unsubscribe", f"<{url}>"),
        *([("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")] if scheme == "https" else []),
    ]


def _words(header: str, value: str) -> str:
    """Return unstructured text for a header: as it is where that is safe and short, else in encoded words."""
    value = value.strip()
    plain = value.isascii() and "=?" not in value and "  " not in value
    if plain and len(header) + 2 + len(value) <= _MOST_IN_LINE:
        return value
    return _encoded(value, len(header) + 2)


def _encoded(value: str, indent: int) -> str:
    """Return the value as encoded words (RFC 2047), one a line, none splitting a character."""
    words, room, word = [], _MOST_IN_WORD - indent, ""
    for letter in value:
        code = "".join(chr(byte) if byte in _AS_IT_IS else f"={byte:02X}" for byte in letter.encode())
        code = "_" if letter == " " else code
        if len(word) + len(code) > room:
            words.append(word)
            room, word = _MOST_IN_WORD, ""
        word += code
    return "\r\n ".join(f"=?utf-8?q?{part}?=" for part in [*words, word])


def _calendar(boundary: str, calendar: CalendarPart | None) -> bytes:
    """Return the entry as the last alternative, where mail programs with a calendar look for it."""
    if calendar is None:
        return b""
    if not calendar.method.isalpha() or not calendar.method.isascii():
        raise BadInput({"calendar": "The method of a calendar entry is one word, such as REQUEST."})
    return _part(boundary, f'text/calendar; charset="utf-8"; method={calendar.method}', calendar.text)


def _part(boundary: str, kind: str, body: str) -> bytes:
    lines = body.replace("\r\n", "\n").replace("\r", "\n") + "\n"
    head = f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    # The last line break belongs to the boundary. b2a_qp breaks long lines as the first one is written: CRLF.
    data = lines.replace("\n", "\r\n").encode("utf-8", "replace")
    return head.encode("ascii") + binascii.b2a_qp(data, istext=True)
