"""Reports made up for tests, and what each form of one says when it is read back."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import docx
import openpyxl  # type: ignore[import-untyped]  # it says no types
import pypdf
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from vfm_workflow.folders import shipped
from vfm_workflow.reports.drawing.coverage import Covered, coverage
from vfm_workflow.reports.model import (
    KINDS,
    Bullets,
    Cell,
    Column,
    Kind,
    Report,
    Section,
    Table,
    Text,
    rows_of,
    shown,
)
from vfm_workflow.reports.writing import Style
from vfm_workflow.reports.writing.excel_table import HEAD_ROW
from vfm_workflow.reports.writing.view import plain

BASE = "https://vfm.wrenfold.example"
Rows = list[list[str]]


def style(template: Path | None = None) -> Style:
    """Return how a report of the tests looks."""
    found = template or shipped() / "config" / "report.docx"
    return Style("Wrenfold District Council", "#6f1a52", BASE, found)


def squeezed(text: str) -> str:
    """Return a text without its spaces: where lines break is for each form to say."""
    return "".join(text.split())


def cells(table: Table) -> Rows:
    """Return what each cell of a table says, its head first and its total last."""
    head = [squeezed(plain(column.title)) for column in table.columns]
    body = [
        [squeezed(plain(shown(column, cell))) for column, cell in zip(table.columns, row, strict=True)]
        for row in table.all_rows()
    ]
    return [head, *body]


# ------------------------------------------------------------------ a report of everything

SAVED = (
    ("VFM-0001 Waste rounds", 12_345_678, 1003, 7, 7150, "amber", "2026-10-14"),
    ("VFM-0002 Street cleansing", -50, 0, 0, -5, "red", "2026-11-23"),
    ("VFM-0003 Parks", None, None, 12, 0, None, None),
)


def eventful(*, standing: str = "Draft, not issued", exempt: str = "4") -> Report:
    """Return a report that has one of each thing there is."""
    columns = (
        Column("Project"),
        Column("Delivered", "money", sums=True),
        Column("Of target", "percent"),
        Column("Projects", "count", sums=True),
        Column("Unit cost", "number"),
        Column("Status", "light"),
        Column("By", "date"),
    )
    rows = [
        (
            Cell(name, link=f"/projects/{name[:8]}/savings"),
            money,
            percent,
            count,
            Cell(figure, places=2),
            light,
            day,
        )
        for name, money, percent, count, figure, light, day in SAVED
    ]
    broad = tuple(Column(f"A column that is broad, {n}") for n in range(12))
    departments = [
        Covered(code="SS", name="Street Scene", completed=1, under_way=2),
        Covered(code="PE", name="Planning", completed=0, under_way=1),
    ]
    drawn = coverage("coverage", "Projects by department", year=2026, departments=departments)
    sections = (
        Section("purpose", "Purpose", (Text("To report.\nOn two lines."),)),
        Section(
            "advice", "Recommendations", (Bullets(("That it is noted.", "That it ends."), numbered=True),)
        ),
        Section(
            "more",
            "More recommendations",
            (Bullets(("That it begins at one.",), numbered=True), Bullets(("A point.",))),
        ),
        Section(
            "figures",
            "Figures",
            (
                Table(
                    "saved", "Savings by project", columns, rows_of(rows), "Source: the register.", "Total"
                ),
                drawn,
            ),
        ),
        Section("staff", "Staff", (Text("Three posts go."),), exempt=exempt),
        Section("none", "Nothing", (Table("none", "An empty table", columns, (), empty="Nothing came in."),)),
        Section(
            "broad",
            "Appendix: a broad table",
            (Table("broad", "A broad table", broad, rows_of([("some words",) * 12] * 40)),),
            appendix=True,
        ),
    )
    return Report(
        kind="quarter",
        key="2026-Q2",
        title="Value for Money report, Q2 2026/27",
        council="Wrenfold District Council",
        made_on="2026-10-14",
        standing=standing,
        facts=(("To", "Cabinet"), ("From", "Head of Finance")),
        sections=sections,
    )


# ------------------------------------------------------------------ any report

LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn"))
WORDS: SearchStrategy[str] = st.text(LETTERS, min_size=1, max_size=40)
PRINTABLE: SearchStrategy[str] = st.text(
    st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20
)
MONEY = st.integers(-(10**12), 10**12)


def _cell(kind: Kind, words: SearchStrategy[str]) -> SearchStrategy[Cell]:
    value: SearchStrategy[int | str | None] = MONEY
    if kind == "text":
        value = words
    elif kind == "date":
        value = st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)).map(dt.date.isoformat)
    elif kind == "light":
        value = st.sampled_from(("red", "amber", "green"))
    places = st.integers(0, 4) if kind == "number" else st.just(0)
    link = st.sampled_from(("", "/projects/VFM-0001"))
    said = st.one_of(st.just(""), st.just(""), words)
    return st.builds(Cell, st.one_of(st.none(), value, value, value), said, places, link)


@st.composite
def tables(draw: st.DrawFn, key: str, words: SearchStrategy[str] = WORDS) -> Table:
    """Return any table."""
    kinds: list[Kind] = ["text", *draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))]
    columns = tuple(
        Column(draw(words), kind, sums=n > 0 and kind in ("money", "count") and draw(st.booleans()))
        for n, kind in enumerate(kinds)
    )
    row = st.tuples(*(_cell(kind, words) for kind in kinds))
    rows = tuple(draw(st.lists(row, max_size=6)))
    total = draw(st.sampled_from(("", "Total")))
    return Table(key, draw(words), columns, rows, draw(words), total)


@st.composite
def reports(draw: st.DrawFn, words: SearchStrategy[str] = WORDS) -> Report:
    """Return any report of a few tables."""
    count = draw(st.integers(1, 3))
    sections = tuple(
        Section(f"part{n}", draw(words), (Text(draw(words)), draw(tables(f"table{n}", words))))
        for n in range(count)
    )
    return Report(
        "mtfp",
        "",
        draw(words),
        draw(words),
        "2026-10-14",
        draw(words),
        ((draw(words), draw(words)),),
        sections,
    )


# ------------------------------------------------------------------ reading each form back


class _Page(HTMLParser):
    """The tables of a page: each row's cells, squeezed."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[Rows] = []
        self.cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self.cell is not None:
            self.tables[-1][-1].append(squeezed("".join(self.cell)))
            self.cell = None

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)


def from_page(page: str) -> list[Rows]:
    """Return the tables of a page."""
    parser = _Page()
    parser.feed(page)
    return parser.tables


def from_word(data: bytes) -> list[Rows]:
    """Return the tables of a Word file, without the facts at its head."""
    document = docx.Document(io.BytesIO(data))
    return [
        [[squeezed(cell.text) for cell in row.cells] for row in table.rows] for table in document.tables[1:]
    ]


def from_excel(data: bytes) -> list[list[tuple[object, ...]]]:
    """Return the rows of each table's sheet as the program that made it worked them out: its head first."""
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    return [list(sheet.iter_rows(min_row=HEAD_ROW + 1, values_only=True)) for sheet in book.worksheets[1:]]


def from_csv(data: bytes) -> list[dict[str, str]]:
    """Return the lines of a CSV file by their columns."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def pdf_text(data: bytes) -> str:
    """Return all words of a PDF, squeezed."""
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    return squeezed(text.replace("\u200b", ""))


def inert(text: str) -> str:
    """Return what a CSV cell shows of a text: an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def first(rows: Sequence[dict[str, str]], **named: str) -> dict[str, str]:
    """Return the only line with these values."""
    (found,) = [row for row in rows if all(row[name] == value for name, value in named.items())]
    return found
