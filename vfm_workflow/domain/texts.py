"""What people type and what other machines say, made fit to be kept."""

from __future__ import annotations

import re

MOST_SAID = 500
"""Characters of another machine's words that are kept."""
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Halves of characters that stand for no byte: nothing can be made of them."""


def clean(text: str) -> str:
    """Return what was typed with one kind of line end and without characters that no database or page can show."""
    if not text:
        return ""
    flat = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char for char in flat if char in "\n\t" or (ord(char) >= 32 and not 0xD800 <= ord(char) <= 0xDFFF)
    ).strip()


def one_line(text: str) -> str:
    """Return what was typed on one line, without needless spaces."""
    return " ".join(clean(text).split())


def within_sentence(text: str) -> str:
    """Return what begins a sentence as it stands within one; a name in capitals such as `CMT` keeps them."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def said(text: str) -> str:
    """Return a machine's words on one line, without what no database or page can show, cut at MOST_SAID characters."""
    whole = _LONE.sub("\ufffd", text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join("".join(char if char.isprintable() else " " for char in whole).split())[:MOST_SAID]
