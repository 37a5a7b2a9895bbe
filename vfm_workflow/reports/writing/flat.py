"""A report's tables as CSV, for Excel and Power BI.

One table is written as it is: a row a line, numbers as numbers, no total, which whoever reads it can work out. A report of
several is written long: a line for each value, with its table, row and column, so that the file's columns never change.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from vfm_workflow.errors import NotFound
from vfm_workflow.reports.model import Cell, Column, Report, Table, shown
from vfm_workflow.reports.sheets import cell as inert
from vfm_workflow.reports.writing.forms import Style
from vfm_workflow.reports.writing.numbers import UNITS, day, number, written
from vfm_workflow.reports.writing.view import plain

HEAD = ("Table", "Title", "Row", "Row name", "Column", "Number", "Date", "Unit", "Text", "Link")
TOTAL = "total"
"""What stands in place of a row's number in the long form, for the row that adds up the others: leave it out of a sum."""


def write(report: Report, style: Style, table: str = "") -> bytes:
    """Return the report's tables, or one of them by its key. Raises NotFound where there is none of that key."""
    tables = report.tables()
    if table:
        return _file(_one(_named(report, table)))
    return _file(_one(tables[0]) if len(tables) == 1 else _long(tables, style))


def _named(report: Report, key: str) -> Table:
    try:
        return report.table(key)
    except KeyError as error:
        known = ", ".join(table.key for table in report.tables()) or "none"
        raise NotFound(f"This report has no table “{key}”. There are: {known}.") from error


def _one(table: Table) -> Iterator[Sequence[str]]:
    yield [inert(plain(column.title)) for column in table.columns]
    for row in table.rows:
        yield [_value(column, cell) for column, cell in zip(table.columns, row, strict=True)]


def _value(column: Column, cell: Cell) -> str:
    """Return a number or a day as programs read them; anything else in words that no spreadsheet runs."""
    if number(column, cell) is not None:
        return written(column, cell)
    if (found := day(column, cell)) is not None:
        return found.isoformat()
    nothing = cell.value in (None, "") and not cell.text
    return "" if nothing else inert(plain(shown(column, cell)))


def _long(tables: Sequence[Table], style: Style) -> Iterator[Sequence[str]]:
    yield HEAD
    for table in tables:
        for name, row in _rows(table):
            first = inert(plain(shown(table.columns[0], row[0])))
            skip = 1 if len(table.columns) > 1 else 0  # the first column is the row's name
            for column, cell in list(zip(table.columns, row, strict=True))[skip:]:
                text = plain(shown(column, cell))
                if text:
                    link = cell.link or row[0].link
                    yield (
                        inert(table.key), inert(plain(table.title)), name, first, inert(plain(column.title)),
                        written(column, cell), str(day(column, cell) or ""), UNITS[column.kind], inert(text),
                        style.url(link) if link.startswith("/") else "",
                    )  # fmt: skip


def _rows(table: Table) -> Iterator[tuple[str, Sequence[Cell]]]:
    for number_, row in enumerate(table.rows, 1):
        yield str(number_), row
    if table.total and table.rows:
        yield TOTAL, table.totals()


def _file(rows: Iterator[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig", "replace")
