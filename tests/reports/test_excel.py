"""A report as an Excel workbook: figures that reckon, sheets that print, and nothing that runs."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from typing import Any

import openpyxl  # type: ignore[import-untyped]  # it says no types
import pytest

from tests.reports.made import BASE, eventful, style
from vfm_workflow.reports.model import Cell, Column, Table, rows_of
from vfm_workflow.reports.writing import write
from vfm_workflow.reports.writing.excel import sheet_names


@pytest.fixture(scope="module")
def book() -> Any:
    return openpyxl.load_workbook(io.BytesIO(write(eventful(), "xlsx", style())))


@pytest.fixture(scope="module")
def worked_out() -> Any:
    return openpyxl.load_workbook(io.BytesIO(write(eventful(), "xlsx", style())), data_only=True)


def test_each_table_is_a_sheet_and_the_first_has_the_words_and_leads_to_them(book: Any) -> None:
    assert book.sheetnames == [
        "Report", "Savings by project", "Projects by department", "An empty table", "A broad table",
    ]  # fmt: skip
    words = [str(cell.value) for row in book["Report"].iter_rows() for cell in row if cell.value]
    for said in (
        eventful().title, "Draft, not issued", "Cabinet", "1. That it is noted.", "• A point.", "Three posts go.",
        "Not for publication: this version contains exempt information", "An empty table: Nothing came in.",
    ):  # fmt: skip
        assert said in words
    inside = [cell.hyperlink.location for row in book["Report"].iter_rows() for cell in row if cell.hyperlink]
    assert "'A broad table'!A1" in inside


def test_figures_are_numbers_with_their_form_and_totals_are_sums(book: Any, worked_out: Any) -> None:
    sheet, seen = book["Savings by project"], worked_out["Savings by project"]
    assert [cell.value for cell in sheet[3]][:3] == ["Project", "Delivered", "Of target"]
    assert [cell.value for cell in sheet[4]][1:5] == [123456.78, 1.003, 7, 71.5]
    assert [cell.number_format for cell in sheet[4]][1:5] == [
        "£#,##0.00;[Red]-£#,##0.00", "0.0%", "#,##0", "#,##0.00",
    ]  # fmt: skip
    assert sheet["G4"].value.date() == dt.date(2026, 10, 14)
    assert sheet["B7"].value == "=SUM(B4:B6)"
    assert seen["B7"].value == 123456.28
    assert seen["D7"].value == 19
    assert sheet["B6"].value == "–"
    assert sheet["A9"].value == "Source: the register."


def test_a_sheet_is_frozen_filtered_and_prints_on_pages_turned_sideways(book: Any) -> None:
    sheet = book["Savings by project"]
    assert sheet.freeze_panes == "B4"
    assert sheet.auto_filter.ref == "A3:G6", "the total is no row to filter"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$3:$3"
    assert "Not for publication" in str(sheet.oddHeader.right.text)


def test_a_figure_leads_to_its_entries(book: Any) -> None:
    assert book["Savings by project"]["A4"].hyperlink.target == f"{BASE}/projects/VFM-0001/savings"


def test_a_figure_that_is_read_in_other_words_keeps_its_worth() -> None:
    columns = (Column("Project"), Column("Delivered", "money", sums=True))
    rows = rows_of([("Waste", Cell(5_000, "about £50")), ("Parks", 2_500)])
    table = Table("t", "Table", columns, rows, total="Total")
    section = dataclasses.replace(eventful().sections[0], blocks=(table,))
    report = dataclasses.replace(eventful(), sections=(section,))
    sheet = openpyxl.load_workbook(io.BytesIO(write(report, "xlsx", style())), data_only=True)["Table"]
    assert (sheet["B4"].value, sheet["B4"].number_format) == (50, '"about £50";"about £50";"about £50"')
    assert sheet["B6"].value == 75


def test_sheets_have_names_that_excel_takes_and_none_twice() -> None:
    long = "Savings: by project / by department [all] of the council"
    titles = [long, long, "History", "report", "'", "", "a" * 40, "\x00"]
    names = sheet_names([Table(str(n), title, (), ()) for n, title in enumerate(titles)])
    assert len({name.lower() for name in names}) == len(titles)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\\x00") for name in names)
    assert not {name.lower() for name in names} & {"report", "history"}
    assert not [name for name in names if name.startswith("'") or name.endswith("'")]
