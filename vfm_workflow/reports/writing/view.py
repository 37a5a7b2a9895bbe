"""A report as it is laid out: every value already in words, so that page, PDF and Word cannot say it differently."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.outline import exempt_words
from vfm_workflow.reports.model import Bullets, Cell, Column, Picture, Report, Section, Table, Text, shown

NUMERIC = frozenset({"money", "percent", "count", "number"})
LIGHTS = frozenset({"red", "amber", "green"})
NOT_PUBLIC = "Not for publication: this version contains exempt information"
_UNSHOWN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
UPRIGHT_LETTERS = 114
"""Letters that fit beside each other on an upright page; a table that needs more lies on a page turned sideways."""
SHORT_ROWS, SHORT_TURNED_ROWS = 14, 6
FEW_LETTERS = 600
"""Of text before a table: it goes along on the table's page."""
MOST_LETTERS, LEAST_LETTERS = 26, 16
"""Of a column of words: what is longer is broken into lines."""
LONGEST_WORD = 26
"""Letters of a word that is never broken."""


def plain(text: str) -> str:
    """Return a text without characters that no document may hold (XML 1.0 §2.2), and none that turn the others round."""
    return _TURNING.sub("", _UNSHOWN.sub("", text))


@dataclass(frozen=True, slots=True)
class Said:
    """A cell: what it says, where it leads, and the colour it is."""

    text: str
    link: str = ""
    light: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head."""

    title: str
    numeric: bool
    wide: bool
    letters: int
    """About how many letters broad the column would be, given room."""
    least: int
    """About how many letters it needs to be read in comfort: words are broken into lines."""
    long: bool
    """Whether a word of it may have to be broken: an address, a fingerprint, a moment."""


@dataclass(frozen=True)
class Grid:
    """A table."""

    key: str
    title: str
    note: str
    empty: str
    head: tuple[Head, ...]
    rows: tuple[tuple[Said, ...], ...]
    total: tuple[Said, ...]
    """The last row; empty for a table without one."""

    @property
    def tag(self) -> str:
        return "table"

    @property
    def turned(self) -> bool:
        """Whether it needs a page turned sideways."""
        return sum(head.least + 2 for head in self.head) > UPRIGHT_LETTERS

    @property
    def short(self) -> bool:
        """Whether it stays on one page."""
        return len(self.rows) <= (SHORT_TURNED_ROWS if self.turned else SHORT_ROWS)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    text: str
    tag: str = "text"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple[str, ...]
    numbered: bool
    tag: str = "bullets"


@dataclass(frozen=True)
class Figure:
    """A picture with its finding and its table."""

    key: str
    title: str
    finding: str
    grid: Grid
    picture: Picture
    tag: str = "picture"


@dataclass(frozen=True)
class Part:
    """A section."""

    key: str
    title: str
    blocks: tuple[Paragraph | Listing | Grid | Figure, ...]
    exempt: str
    """What is said of its exemption where it is shown all the same; empty otherwise."""
    appendix: bool

    @property
    def turned(self) -> bool:
        """Whether all of it stands on pages turned sideways: its first table needs one, and little stands before that."""
        before = 0
        for block in self.blocks:
            if isinstance(block, Grid | Figure):
                return before <= FEW_LETTERS and (block if isinstance(block, Grid) else block.grid).turned
            before += len(block.text) if isinstance(block, Paragraph) else FEW_LETTERS
        return False


@dataclass(frozen=True)
class View:
    """A report laid out."""

    title: str
    council: str
    standing: str
    mark: str
    """What stands on every page: the standing of a draft, and that it is not for publication. Empty for others."""
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    made_on: str
    public: bool
    withheld: str
    """A sentence on what this version does not show; empty where it shows all."""

    @property
    def version(self) -> str:
        """What is said of a version that is not the only one."""
        return self.withheld if self.public else NOT_PUBLIC


def view(report: Report, link: Callable[[str], str] = str) -> View:
    """Return a report laid out. `link` makes an address of the path of one of our pages."""
    return View(
        title=plain(report.title),
        council=plain(report.council),
        standing=plain(report.standing),
        mark=" · ".join(_marks(report)),
        facts=tuple((plain(label), plain(value)) for label, value in report.facts),
        parts=tuple(_part(section, is_public(report), link) for section in report.sections),
        made_on=report.made_on,
        public=is_public(report),
        withheld=withheld(report),
    )


def is_public(report: Report) -> bool:
    """Return whether this version may be published: nothing in it is exempt, or what is was taken out."""
    return bool(report.hidden) or not any(section.exempt for section in report.sections)


def withheld(report: Report) -> str:
    """Return a sentence on how much the public version does not show; empty where it shows all."""
    if not report.hidden:
        return ""
    several = f"{report.hidden} sections are" if report.hidden > 1 else "One section is"
    return f"{several} exempt from publication and not shown in this version."


def _marks(report: Report) -> list[str]:
    found = [plain(report.standing)] if report.standing.lower().startswith("draft") else []
    return found if is_public(report) else [*found, NOT_PUBLIC]


def made(report: Report) -> str:
    """Return the day on which a report was made, in words."""
    return short_day(dt.date.fromisoformat(report.made_on))


def _part(section: Section, public: bool, link: Callable[[str], str]) -> Part:
    said = f"{exempt_words(section.exempt)}." if section.exempt and not public else ""
    blocks = tuple(_block(block, link) for block in section.blocks)
    return Part(section.key, plain(section.title), blocks, said, section.appendix)


def _block(
    block: Text | Bullets | Table | Picture, link: Callable[[str], str]
) -> Paragraph | Listing | Grid | Figure:
    if isinstance(block, Text):
        return Paragraph(plain(block.text))
    if isinstance(block, Bullets):
        return Listing(tuple(plain(item) for item in block.items), block.numbered)
    if isinstance(block, Table):
        return grid(block, link)
    return Figure(block.key, plain(block.title), plain(block.finding), grid(block.table, link), block)


def grid(table: Table, link: Callable[[str], str] = str) -> Grid:
    """Return a table laid out."""
    rows = tuple(_row(table.columns, row, link) for row in table.rows)
    total = _row(table.columns, table.totals(), link) if table.total and table.rows else ()
    return Grid(
        key=table.key,
        title=plain(table.title),
        note=plain(table.note),
        empty=plain(table.empty),
        head=tuple(_head(column, n, rows, total) for n, column in enumerate(table.columns)),
        rows=rows,
        total=total,
    )


def _row(columns: Sequence[Column], row: Sequence[Cell], link: Callable[[str], str]) -> tuple[Said, ...]:
    return tuple(said(column, cell, link) for column, cell in zip(columns, row, strict=True))


def said(column: Column, cell: Cell, link: Callable[[str], str] = str) -> Said:
    """Return what a cell says."""
    light = str(cell.value) if column.kind == "light" and cell.value in LIGHTS else ""
    return Said(plain(shown(column, cell)), link(cell.link) if cell.link.startswith("/") else "", light)


def _head(column: Column, n: int, rows: Sequence[Sequence[Said]], total: Sequence[Said]) -> Head:
    words = [width(word) for word in column.title.split()] or [1]
    texts = [row[n].text for row in (*rows, *([total] if total else []))]
    numeric = column.kind in NUMERIC
    widest = max(map(width, texts), default=1)
    whole = numeric or column.kind == "light"  # figures are never broken into lines
    inner = max((width(word) for text in texts for word in text.split()), default=1) if not whole else 0
    letters = widest if whole else min(widest, MOST_LETTERS)
    least = widest + (4 if column.kind == "light" else 0) if whole else min(widest, LEAST_LETTERS)
    wide = column.wide and widest > LEAST_LETTERS
    return Head(
        title=plain(column.title),
        numeric=numeric,
        wide=column.wide,
        letters=max(letters, *words, 4, 34 if wide else 0),
        least=max(least, *words, 4, 24 if wide else 0),
        long=inner > LONGEST_WORD,
    )


def width(text: str) -> int:
    """Return about how many letters broad a text is."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
