"""How much room a text takes: reckoned from the widths of Arial's letters, which Liberation Sans and Helvetica share.

A drawing is made once and shown by a browser, in a PDF and in a Word file, so nothing can be measured where it is shown.
"""

from __future__ import annotations

import re
from functools import lru_cache

REGULAR = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip
BOLD = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611,
    556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389,
    280, 389, 584,
)  # fmt: skip
"""Thousandths of the size, from the space to the tilde."""
OTHERS = {"£": 556, "–": 556, "“": 500, "”": 500, "‘": 278, "’": 278, "↑": 500}
WIDE = 1000
"""Any other letter: none is wider, so a text never takes more room than was kept for it."""
_UNDRAWABLE = re.compile("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Return a text on one line, without what XML cannot hold."""
    return " ".join(_UNDRAWABLE.sub(" ", text).split())


@lru_cache(maxsize=4096)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is, in the drawing's own units."""
    table = BOLD if bold else REGULAR
    total = sum(
        table[ord(c) - 32]
        if 32 <= ord(c) < 127
        else 556
        if "À" <= c <= "ſ" and c.islower()
        else OTHERS.get(c, WIDE)
        for c in text
    )
    return total * size / 1000


def wrap(text: str, room: float, size: float, *, most: int = 2, bold: bool = False) -> tuple[str, ...]:
    """Return a text in lines no wider than `room`, at most `most` of them: the last ends in … where there was more."""
    lines: list[str] = []
    rest = clean(text)
    while rest and len(lines) < most:
        line = rest if width(rest, size, bold=bold) <= room else _first(rest, room, size, bold)
        lines.append(line)
        rest = rest[len(line) :].lstrip()
    if rest and lines:
        lines[-1] = _shortened(lines[-1], room, size, bold)
    return tuple(lines) or ("",)


def _first(text: str, room: float, size: float, bold: bool) -> str:
    """Return as much of a text as fits: whole words, or a part of one that is too long by itself."""
    count = 1
    while count < len(text) and width(text[: count + 1], size, bold=bold) <= room:
        count += 1
    if count < len(text) and text[count] == " ":
        return text[:count]
    space = text.rfind(" ", 0, count)
    return text[:space] if space > 0 else text[:count]


def _shortened(line: str, room: float, size: float, bold: bool) -> str:
    while line and width(f"{line}…", size, bold=bold) > room:
        line = line[:-1].rstrip()
    return f"{line}…"
