"""What people type, made fit to be kept."""

from __future__ import annotations


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
