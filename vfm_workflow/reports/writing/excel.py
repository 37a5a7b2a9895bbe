"""A report as an Excel workbook: its words on the first sheet, and a sheet for each table whose totals are formulas."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it says no types

from vfm_workflow.reports.model import Report, Table
from vfm_workflow.reports.writing.excel_table import TableSheet
from vfm_workflow.reports.writing.forms import Style
from vfm_workflow.reports.writing.view import (
    NOT_PUBLIC,
    Figure,
    Grid,
    Listing,
    Paragraph,
    View,
    is_public,
    plain,
    view,
)

MOST_IN_CELL = 32_000
"""Characters; a cell of Excel takes 32,767."""
_UNNAMEABLE = re.compile(r"[\[\]:*?\\\x00-\x1f\U00010000-\U0010ffff]")
"""What the name of a sheet may not have, and what Excel counts as two letters."""
MOST_IN_NAME = 31
LINE = 95
"""Letters in a line of the first sheet."""


def write(report: Report, style: Style) -> bytes:
    """Return the workbook. No text in it is ever a formula, and no text a link unless we made it one."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    made = dt.datetime.combine(dt.date.fromisoformat(report.made_on), dt.time())
    laid = view(report, style.url)
    book.set_properties(
        {
            "title": laid.title, "author": laid.council, "company": laid.council, "subject": laid.standing,
            "comments": laid.version, "created": made,
        }
    )  # fmt: skip
    Workbook(book, report, laid, style).write()
    book.close()
    return file.getvalue()


class Workbook:
    """A workbook being written."""

    def __init__(self, book: Any, report: Report, laid: View, style: Style) -> None:
        self.book, self.report, self.laid, self.style = book, report, laid, style
        self.names = sheet_names(report.tables())
        base = {"font_name": "Arial", "font_size": 10, "valign": "top"}
        made = book.add_format
        self.title = made({**base, "font_size": 16, "bold": True, "font_color": style.colour})
        self.heading = made({**base, "font_size": 12, "bold": True, "bottom": 1})
        self.label = made({**base, "bold": True})
        self.words = made({**base, "text_wrap": True})
        self.link = made({**base, "font_color": "#1a65a6", "underline": 1})
        self.mark = made({**base, "bold": True, "font_color": "#651b1b"})

    def write(self) -> None:
        """Write every sheet."""
        first = self.book.add_worksheet("Report")
        sheets = [self.book.add_worksheet(name) for name in self.names]
        self._first(first)
        for sheet, table in zip(sheets, self.report.tables(), strict=True):
            TableSheet(self.book, sheet, self.style, self.laid).write(table)

    def _first(self, sheet: Any) -> None:
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 20)
        sheet.set_column(1, 1, 90)
        sheet.set_portrait()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&8&A&R&8Page &P of &N")
        self.row = 0
        self._line(sheet, self.laid.title, self.title)
        self._line(sheet, self.laid.council, self.label)
        if not is_public(self.report):
            self._line(sheet, NOT_PUBLIC, self.mark)
        self.row += 1
        facts = [*self.laid.facts, ("Standing", self.laid.standing)]
        if self.laid.withheld:
            facts.append(("Version", self.laid.withheld))
        for label, value in facts:
            sheet.write_string(self.row, 0, label[:MOST_IN_CELL], self.label)
            self._words(sheet, value)
        self._index(sheet)
        for part in self.laid.parts:
            self.row += 1
            self._line(sheet, part.title, self.heading)
            if part.exempt:
                self._line(sheet, part.exempt, self.mark)
            for block in part.blocks:
                self._block(sheet, block)

    def _index(self, sheet: Any) -> None:
        if self.names:
            self.row += 1
            self._line(sheet, "Tables in this workbook", self.heading)
        for name, table in zip(self.names, self.report.tables(), strict=True):
            self._inside(sheet, name)
            self._words(sheet, plain(table.title))

    def _inside(self, sheet: Any, name: str) -> None:
        quoted = name.replace("'", "''")
        sheet.write_url(self.row, 0, f"internal:'{quoted}'!A1", self.link, name)

    def _line(self, sheet: Any, text: str, form: Any) -> None:
        sheet.write_string(self.row, 0, text[:MOST_IN_CELL], form)
        self.row += 1

    def _words(self, sheet: Any, text: str) -> None:
        """Write words into the broad column, in a row that is high enough for them."""
        lines = sum(-(-max(len(line), 1) // LINE) for line in text.split("\n"))
        sheet.write_string(self.row, 1, text[:MOST_IN_CELL], self.words)
        sheet.set_row(self.row, min(13.5 * lines + 2, 400))
        self.row += 1

    def _block(self, sheet: Any, block: Paragraph | Listing | Grid | Figure) -> None:
        if isinstance(block, Paragraph):
            self._words(sheet, block.text)
        elif isinstance(block, Listing):
            for number, item in enumerate(block.items, 1):
                self._words(sheet, f"{number}. {item}" if block.numbered else f"• {item}")
        elif isinstance(block, Grid):
            self._table(sheet, block)
        else:
            self._words(sheet, f"{block.title}: {block.finding}")
            self._table(sheet, block.grid)

    def _table(self, sheet: Any, grid: Grid) -> None:
        keys = [table.key for table in self.report.tables()]
        self._inside(sheet, self.names[keys.index(grid.key)])
        self._words(
            sheet, f"{grid.title}, on a sheet of its own" if grid.rows else f"{grid.title}: {grid.empty}"
        )


def shorten(text: str, most: int) -> str:
    """Return the beginning of a text, to the end of a word where there is one."""
    if len(text) <= most:
        return text
    whole = text[: most + 1].rpartition(" ")[0]
    return (whole if len(whole) > most // 2 else text[:most]).rstrip("' ")


def sheet_names(tables: list[Table]) -> list[str]:
    """Return a name for the sheet of each table: at most 31 characters, none that Excel forbids, none twice."""
    taken = {"report", "history"}  # Excel keeps the second for itself
    found = []
    for table in tables:
        name = _UNNAMEABLE.sub(" ", plain(table.title).replace("/", "-"))
        name = shorten(" ".join(name.split()).strip("' "), MOST_IN_NAME) or "Table"
        unique, number = name, 1
        while unique.lower() in taken:
            number += 1
            end = f" {number}"
            unique = shorten(name, MOST_IN_NAME - len(end)) + end
        taken.add(unique.lower())
        found.append(unique)
    return found
