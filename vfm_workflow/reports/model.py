"""What a report is, whatever it is written as: sections of text, tables and pictures, their values beside their words.

A page, a PDF, a Word file, a spreadsheet and a CSV file are written from one and the same `Report`, so that a figure cannot
differ between them; and its JSON is what is frozen when a report is issued.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.money import figure, pounds
from vfm_workflow.domain.outline import exempt_words

Kind = Literal["text", "money", "percent", "date", "count", "number", "light"]
"""What a column holds: words; whole pence; tenths of a per cent; an ISO day; a whole number; a measure's value in its smallest
steps; a traffic light."""
KINDS: tuple[Kind, ...] = get_args(Kind)
SUMMED = ("money", "count")
NONE = "–"
"""What stands where there is no value."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value. `text` is what is read where it is not the kind's own form; `link` leads to the entries behind it."""

    value: int | str | None
    text: str = ""
    places: int = 0
    """Of a `number`: how many decimal places its steps are."""
    link: str = ""
    """The path of a page, such as `/projects/VFM-0001/returns/2026-09`."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what stands above it, what it holds, and whether the table's last row adds it up."""

    title: str
    kind: Kind = "text"
    sums: bool = False
    wide: bool = False
    """Holds sentences: it takes the room the others leave."""
    of_day: bool = False
    """In a table of a period: what moves from day to day all the same, so that a later value corrects nothing."""


@dataclass(frozen=True)
class Table:
    """A table. Its total, where it has one, is the sum of the rows that stand above it and of nothing else."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    """The source of its figures, their unit, and how they were rounded."""
    total: str = ""
    """What stands before the total; empty for a table without one."""
    empty: str = "There is nothing to show."
    of_period: bool = False
    """Its figures are of the report's period and of nothing later: one that differs after the issue was corrected. Its first
    column names a row."""

    def totals(self) -> tuple[Cell, ...]:
        """Return the last row: the label, then the sum of each column that is added up."""
        sums = [
            Cell(sum(v for row in self.rows if isinstance(v := row[n].value, int)))
            if column.sums
            else Cell(None, " ")
            for n, column in enumerate(self.columns)
        ]
        return (Cell(self.total), *sums[1:])

    def all_rows(self) -> Iterator[tuple[Cell, ...]]:
        """Yield every row, and the total last where there is one."""
        yield from self.rows
        if self.total and self.rows:
            yield self.totals()


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, numbered where that is how it is referred to, such as recommendations."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture: what it shows in one sentence, what it is drawn from, and the table that says the same."""

    key: str
    title: str
    finding: str
    drawing: Mapping[str, Any]
    """`kind` (a key of `reports.drawing.DRAWINGS`) and its data, plain enough for JSON."""
    table: Table


Block = Text | Bullets | Table | Picture
_TAGS: Mapping[type, str] = {Text: "text", Bullets: "bullets", Table: "table", Picture: "picture"}


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it. `exempt` is the paragraph of Schedule 12A that keeps it from publication."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    exempt: str = ""
    appendix: bool = False


@dataclass(frozen=True)
class Report:
    """A report: what it is of, its standing, and its sections in order."""

    kind: str
    """`quarter`, `efficiency`, `mtfp`, `returns`, `department`, `project` or `decisions`."""
    key: str
    """What it is of: `2026-Q2`, `2026/27`, `2026-10`, `SS`, `VFM-0001`."""
    title: str
    council: str
    made_on: str
    """ISO day."""
    standing: str
    """Such as `Draft` or `Issued 14 October 2026`."""
    facts: tuple[tuple[str, str], ...]
    """Label and value, as a committee paper begins: from whom, to whom, when."""
    sections: tuple[Section, ...]
    hidden: int = field(default=0)
    """How many sections this version does not show, because they are exempt from publication."""

    def tables(self) -> list[Table]:
        """Return every table in order, those of pictures among them."""
        found = []
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    found.append(block)
                elif isinstance(block, Picture):
                    found.append(block.table)
        return found

    def table(self, key: str) -> Table:
        """Return the table of that key. Raises KeyError."""
        for table in self.tables():
            if table.key == key:
                return table
        raise KeyError(key)


def public(report: Report) -> Report:
    """Return the version that may be published: a sentence stands in place of each section that is exempt."""
    hidden = sum(1 for section in report.sections if section.exempt)
    sections = tuple(
        replace(section, blocks=(Text(exempt_words(section.exempt)),)) if section.exempt else section
        for section in report.sections
    )
    return replace(report, sections=sections, hidden=hidden)


def shown(column: Column, cell: Cell) -> str:
    """Return a cell as people read it, in every form alike."""
    if cell.text:
        return cell.text.strip()
    if cell.value is None or cell.value == "":
        return NONE
    if isinstance(cell.value, str):
        return _words(column.kind, cell.value)
    if column.kind == "money":
        return pounds(cell.value)
    if column.kind == "percent":
        sign, tenths = ("-" if cell.value < 0 else ""), abs(cell.value)
        return f"{sign}{tenths // 10}.{tenths % 10}%" if tenths % 10 else f"{sign}{tenths // 10}%"
    if column.kind == "number":
        return figure(cell.value, cell.places)
    return f"{cell.value:,}"


def _words(kind: Kind, value: str) -> str:
    if kind == "date":
        return short_day(dt.date.fromisoformat(value))
    return value.capitalize() if kind == "light" else value


def tenths(part: int, whole: int) -> int | None:
    """Return how many tenths of a per cent `part` is of `whole`, half up; None of nothing."""
    if whole == 0:
        return None
    sign = -1 if (part < 0) != (whole < 0) else 1
    return sign * ((2000 * abs(part) + abs(whole)) // (2 * abs(whole)))


# ------------------------------------------------------------------ as it is frozen


def to_json(report: Report) -> str:
    """Return canonical JSON: the same report is the same text."""
    data = asdict(report)
    for section, plain in zip(report.sections, data["sections"], strict=True):
        for block, body in zip(section.blocks, plain["blocks"], strict=True):
            body["is"] = _TAGS[type(block)]
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_json(text: str) -> Report:
    """Return the report that `to_json` wrote."""
    data = json.loads(text)
    sections = tuple(_section(row) for row in data.pop("sections"))
    facts = tuple((label, value) for label, value in data.pop("facts"))
    return Report(**data, facts=facts, sections=sections)


def _section(row: dict[str, Any]) -> Section:
    blocks = tuple(_block(dict(body)) for body in row.pop("blocks"))
    return Section(**row, blocks=blocks)


def _block(body: dict[str, Any]) -> Block:
    tag = body.pop("is")
    if tag == "text":
        return Text(**body)
    if tag == "bullets":
        return Bullets(tuple(body["items"]), body["numbered"])
    if tag == "table":
        return _table(body)
    return Picture(**{**body, "table": _table(body["table"])})


def _table(body: Mapping[str, Any]) -> Table:
    plain = dict(body)
    columns = tuple(Column(**column) for column in plain.pop("columns"))
    rows = tuple(tuple(Cell(**cell) for cell in row) for row in plain.pop("rows"))
    return Table(**plain, columns=columns, rows=rows)


Value = Cell | int | str | None


def rows_of(rows: Iterable[Sequence[Value]]) -> tuple[tuple[Cell, ...], ...]:
    """Return rows whose plain values have become cells."""
    return tuple(tuple(v if isinstance(v, Cell) else Cell(v) for v in row) for row in rows)
