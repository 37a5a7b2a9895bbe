"""A mail's text as GOV.UK Notify shows it: word for word, whatever people wrote into it.

Notify reads what it is sent as its own Markdown, so that a project's title could become a heading, or a link that says one
thing and leads to another. Its own sanitiser (`sanitise_content_for`) would take every address out, and with them the links
that a decision needs. So everything that could be Markdown is written so that Notify shows it as it is, and an address stays
an address: Notify makes a link of it that says where it goes, as any mail program does.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

_ADDRESS = re.compile(r"(https?://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]+)([).,:\"']*)(?=(\S?))")
"""An address, what Notify leaves out of it where it ends it, and what comes behind."""
_MARKS = re.compile(r"[\\`*_\[\]|~]")
"""What means something wherever it stands; a backslash makes it into itself."""
_NUMBER = re.compile(r"^(\d+)([.)])")
_BARE = "\u200b"
"""A space without width: it keeps a mark that means something at the beginning of a line from standing there."""
_BEGINS = re.compile(r"[-#+^•]|=[= ]*$")
"""A list, a heading, a quotation, and what would make a heading of the line above."""
_DOUBTFUL = str.maketrans(
    {"\u00a0": " ", "\u2424": " ", "\u2028": " ", "\u2029": " ", "\x0b": " ", "\x0c": " ", "\x85": " "}
)
"""Notify itself makes spaces or line ends of them, so they are that from the beginning."""


def plain(text: str) -> str:
    """Return `text` so that Notify shows it as it stands: no heading, list, quotation, table, code or link but addresses."""
    lines = text.translate(_DOUBTFUL).replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    return "\n".join(_line(line.strip()) for line in lines)


def _line(line: str) -> str:
    """Return one line. Its indentation is gone: four spaces would make it code."""
    shown, end = [], 0
    for found in _ADDRESS.finditer(line):
        shown += [_words(line[end : found.start()]), _entities(found[1]), found[2]]
        end = found.end()
        if found[3]:
            shown.append(" ")  # Notify would take what follows for a part of the address
    written = "".join([*shown, _words(line[end:])])
    if _BEGINS.match(line):
        return _BARE + written
    return _NUMBER.sub(r"\1\\\2", written) if line[:1].isdigit() else written


def _words(text: str) -> str:
    return _entities(_MARKS.sub(r"\\\g<0>", text))


def _entities(text: str) -> str:
    """Return the text with what would begin an HTML entity or tag written out: Notify reads entities before Markdown."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def parts_of(data: bytes) -> tuple[str, str, str]:
    """Return a mail's (subject, text, address that unsubscribes by one click, or nothing), from its bytes."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    url = str(message.get("List-Unsubscribe", "")).strip().strip("<>")
    one_click = "List-Unsubscribe-Post" in message and url.startswith("https://")
    return " ".join(str(message.get("Subject", "")).split()), text.strip(), url if one_click else ""
