"""One table as a sheet of Excel: numbers that add up there too, days as days, words that are never a formula."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from xlsxwriter.utility import xl_range  # type: ignore[import-untyped]  # it says no types

from vfm_workflow.reports.model import Cell, Column, Table
from vfm_workflow.reports.writing.forms import Style
from vfm_workflow.reports.writing.numbers import day, number, places
from vfm_workflow.reports.writing.view import Grid, Head, Said, View, grid, plain

LIGHTS = {"red": ("#651b1b", "#f4d7d7"), "amber": ("#7a3c1c", "#fde4d7"), "green": ("#083d29", "#cfe4dc")}
FORMATS = {"money": "£#,##0.00;[Red]-£#,##0.00", "percent": "0.0%", "count": "#,##0"}
DAY = "d mmmm yyyy"
HEAD_ROW = 2
MOST_IN_CELL = 32_000
MOST_LINKS = 60_000
"""Excel opens a sheet with 65,530 links and no more."""
MOST_OF_A_LINK = 2_000
EPOCH = dt.date(1900, 3, 1)
"""Before it Excel counts days wrongly, or not at all: such a day is written in words."""
_SAYABLE = re.compile(r"[A-Za-z0-9 £%.,()–-]{1,80}")
"""Words that the form of a number can say in its place; others stand in a note at the cell."""
EXACT = 2**53
"""A larger whole number is not kept whole by Excel: it is written in words."""


class TableSheet:
    """A sheet with one table."""

    def __init__(self, book: Any, sheet: Any, style: Style, laid: View) -> None:
        self.book, self.sheet, self.style, self.laid = book, sheet, style, laid
        self.links = 0
        self.kept: dict[tuple[tuple[str, Any], ...], Any] = {}

    def write(self, table: Table) -> None:
        """Write the table with its title above and its note below."""
        shown = grid(table, self.style.url)
        sheet, last = self.sheet, max(len(table.columns) - 1, 0)
        self._page(shown, last)
        sheet.write_string(0, 0, shown.title[:MOST_IN_CELL], self._format(bold=True, font_size=14))
        for n, column in enumerate(table.columns):
            align = "right" if shown.head[n].numeric else "left"
            form = self._format(
                bold=True, text_wrap=True, align=align, valign="bottom", bottom=2, bg_color="#f3f3f3"
            )
            sheet.write_string(HEAD_ROW, n, plain(column.title)[:MOST_IN_CELL], form)
        row = HEAD_ROW + 1
        for cells, said in zip(table.rows, shown.rows, strict=True):
            for n, cell in enumerate(cells):
                self._cell(row, n, table.columns[n], cell, said[n])
            row += 1
        if not shown.rows:
            sheet.write_string(row, 0, shown.empty[:MOST_IN_CELL], self._format())
            row += 1
        else:
            sheet.autofilter(HEAD_ROW, 0, row - 1, last)
        if shown.total:
            self._total(row, table, shown)
            row += 1
        if shown.note:
            self._note(row + 1, last, shown)

    def _note(self, row: int, last: int, shown: Grid) -> None:
        """Write the note over the table's whole breadth, in a row that is high enough for it."""
        look = self._format(italic=True, font_color="#484949", text_wrap=True)
        text, letters = shown.note[:MOST_IN_CELL], sum(_letters(head) for head in shown.head)
        if last > 0:
            self.sheet.merge_range(row, 0, row, last, "", look)
        self.sheet.write_string(row, 0, text, look)
        self.sheet.set_row(row, min(13.5 * -(-len(text) // max(letters, 1)) + 2, 400))

    def _page(self, shown: Grid, last: int) -> None:
        sheet = self.sheet
        for n, head in enumerate(shown.head):
            sheet.set_column(n, n, _letters(head))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEAD_ROW)
        sheet.freeze_panes(HEAD_ROW + 1, 1 if last > 3 else 0)
        council, mark = (_inert_header(text) for text in (self.laid.council, self.laid.mark))
        sheet.set_header(f"&L&8{council}&R&8{mark}"[:255])
        sheet.set_footer("&L&8&A&R&8Page &P of &N")

    def _total(self, row: int, table: Table, shown: Grid) -> None:
        strong = {"bold": True, "top": 2, "bottom": 2}
        for n, (column, cell) in enumerate(zip(table.columns, table.totals(), strict=True)):
            worth = number(column, cell)
            if n and column.sums and worth is not None:
                summed = f"=SUM({xl_range(HEAD_ROW + 1, n, row - 1, n)})"
                form = self._format(num_format=_format(column, cell), align="right", **strong)
                self.sheet.write_formula(row, n, summed, form, float(worth))
            else:
                self.sheet.write_string(row, n, shown.total[n].text[:MOST_IN_CELL], self._format(**strong))

    def _cell(self, row: int, n: int, column: Column, cell: Cell, said: Said) -> None:
        worth, on = number(column, cell), day(column, cell)
        look: dict[str, Any] = {"text_wrap": True}
        if said.light:
            look = {"font_color": LIGHTS[said.light][0], "bg_color": LIGHTS[said.light][1]}
        if worth is not None:
            look = {"align": "right", "num_format": _format(column, cell, said.text if cell.text else "")}
        elif on is not None and on >= EPOCH:
            look = {"align": "left", "num_format": DAY}
        if said.link and said.text and self.links < MOST_LINKS and len(said.link) <= MOST_OF_A_LINK:
            self.links += 1
            look |= {"font_color": "#1a65a6", "underline": 1}
            self.sheet.write_url(row, n, said.link, self._format(**look), said.text[:MOST_IN_CELL])
        form = self._format(**look)
        # A cell that was given its link is given its own value over the link's words.
        if worth is not None and isinstance(cell.value, int) and abs(cell.value) < EXACT:
            self.sheet.write_number(row, n, float(worth), form)
            if cell.text and not _SAYABLE.fullmatch(said.text):
                self.sheet.write_comment(row, n, said.text[:MOST_IN_CELL], {"author": self.laid.council[:50]})
        elif on is not None and on >= EPOCH:
            self.sheet.write_datetime(row, n, on, form)
        else:
            self.sheet.write_string(row, n, said.text[:MOST_IN_CELL], form)

    def _format(self, **look: Any) -> Any:
        """Return a format, the same object for the same look: a workbook holds some 64,000 of them."""
        key = tuple(sorted(look.items()))
        if key not in self.kept:
            base = {"font_name": "Arial", "font_size": 10, "valign": "top"}
            self.kept[key] = self.book.add_format({**base, **look})
        return self.kept[key]


def _letters(head: Head) -> int:
    """Return how broad a column is, in letters."""
    return min(max(head.letters + 3, 11), 60)


def _format(column: Column, cell: Cell, text: str = "") -> str:
    """Return how Excel shows a number. One that is read in other words than its own keeps its worth and shows those."""
    if text and _SAYABLE.fullmatch(text):
        return ";".join([f'"{text}"'] * 3)
    if column.kind == "number":
        steps = places(column, cell)
        return "#,##0" + (f".{'0' * steps}" if steps else "")
    return FORMATS.get(column.kind, "General")


def _inert_header(text: str) -> str:
    return " ".join(text.replace("&", "&&").split())[:100]
