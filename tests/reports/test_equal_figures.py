"""A figure is the same on the page, in PDF, Word, Excel, CSV and JSON: each is read back, cell by cell."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings

from tests.people import Council
from tests.reports.made import (
    PRINTABLE,
    cells,
    eventful,
    from_csv,
    from_excel,
    from_page,
    from_word,
    inert,
    pdf_text,
    reports,
    squeezed,
    style,
)
from tests.web.support import Browser
from vfm_workflow.journeys.reporting import read
from vfm_workflow.reports.model import Cell, Column, Report, Table, from_json, shown
from vfm_workflow.reports.writing import write
from vfm_workflow.reports.writing.excel_table import EPOCH
from vfm_workflow.reports.writing.numbers import day, number
from vfm_workflow.reports.writing.view import plain


def filled(report: Report) -> list[Table]:
    return [table for table in report.tables() if table.rows]


def equal_pages(report: Report, page: str) -> None:
    assert from_page(page) == [cells(table) for table in filled(report)]


def equal_word(report: Report) -> None:
    assert from_word(write(report, "docx", style())) == [cells(table) for table in filled(report)]


def worth(column: Column, cell: Cell) -> object:
    """Return what a cell of a spreadsheet holds of a value: a number, a moment, or words."""
    value = number(column, cell)
    if value is not None:
        return value
    on = day(column, cell)
    if on is not None and on >= EPOCH:
        return dt.datetime.combine(on, dt.time())
    return squeezed(plain(shown(column, cell)))


def equal_excel(report: Report) -> None:
    for table, rows in zip(report.tables(), from_excel(write(report, "xlsx", style())), strict=True):
        body = rows[1 : 1 + len(list(table.all_rows()))]
        for wanted, row in zip(table.all_rows(), body, strict=True):
            for column, cell, found in zip(table.columns, wanted, row, strict=False):
                expected = worth(column, cell)
                if isinstance(expected, Decimal):
                    assert isinstance(found, int | float)
                    assert (
                        Decimal(str(found)) == expected
                    )  # a sheet's number is the nearest float: its digits are ours
                elif isinstance(expected, str):
                    assert squeezed(str(found or "")) == expected
                else:
                    assert found == expected


def equal_csv(report: Report) -> None:
    """Each table alone has each of its rows, with the same numbers as the long form that has all of them."""
    long = from_csv(write(report, "csv", style()))
    several = len(report.tables()) > 1
    for table in report.tables():
        text = write(report, "csv", style(), table.key).decode("utf-8-sig")
        assert text.count("\r\n") >= 1 + len(table.rows)
        if not several:
            continue
        mine = [line for line in long if line["Table"] == table.key]
        wanted = [
            (plain(shown(column, cell)), number(column, cell))
            for row in table.all_rows()
            for column, cell in list(zip(table.columns, row, strict=True))[1:]
            if plain(shown(column, cell))
        ]
        assert [line["Text"] for line in mine] == [inert(text) for text, _ in wanted]
        for line, (_, value) in zip(mine, wanted, strict=True):
            scale = 100 if line["Unit"] == "%" else 1
            assert (Decimal(line["Number"]) if line["Number"] else None) == (
                value * scale if value is not None else None
            )


def equal_pdf(report: Report) -> None:
    text = pdf_text(write(report, "pdf", style()))
    for table in report.tables():
        for row in cells(table) if table.rows else []:
            for said in row:
                assert said in text


@given(reports())
@settings(max_examples=25)
def test_any_report_says_the_same_in_every_form(report: Report) -> None:
    equal_pages(report, write(report, "html", style()).decode())
    equal_excel(report)
    equal_csv(report)
    assert from_json(write(report, "json", style()).decode()) == report


@given(reports())
@settings(max_examples=10)
def test_any_report_says_the_same_in_word(report: Report) -> None:
    equal_word(report)


@given(reports(PRINTABLE))
@settings(max_examples=4)
def test_any_report_says_the_same_in_pdf(report: Report) -> None:
    equal_pdf(report)


def test_a_report_of_everything_says_the_same_in_every_form() -> None:
    report = eventful()
    equal_pages(report, write(report, "html", style()).decode())
    equal_word(report)
    equal_excel(report)
    equal_csv(report)
    equal_pdf(report)
    assert from_json(write(report, "json", style()).decode()) == report


@pytest.fixture
def saving(council: Council) -> Council:
    """A council whose projects expect savings."""
    for title, department, manager in (("Waste rounds", "SS", "manager"), ("Parks", "PE", "other")):
        reference = council.create(title, department=department, manager=manager)
        council.outline_ready(reference)
    council.do("VFM-0001", "submit_outline")
    return council


def test_the_councils_own_plan_says_the_same_on_its_page_and_in_every_file(saving: Council) -> None:
    with saving.app.read() as session:
        report = read(session, saving.home, "mtfp", "", None, saving.at)
    assert report.table("projects").rows, "there is something to compare"
    equal_pages(report, Browser(saving).sign_in("chief").get("/reports/mtfp").text)
    equal_pages(report, write(report, "html", saving.home.style).decode())
    equal_word(report)
    equal_excel(report)
    equal_csv(report)
    equal_pdf(report)
    total = report.table("projects").totals()
    assert sum(
        row[3].value or 0 for row in report.table("projects").rows if isinstance(row[3].value, int)
    ) == (total[3].value)
