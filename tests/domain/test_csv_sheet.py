"""A file is read as spreadsheets write it; what cannot be read is named by line and column, with what to do."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.csv_sheet import MOST_BYTES, MOST_ROWS, Column, Sheet, read
from vfm_workflow.reports.sheets import csv_bytes

COLUMNS = (
    Column("measure", "The code", "SS-01", required=True),
    Column("month", "The month", "2026-10", required=True),
    Column("value", "The value", "71.50", number=True),
    Column("reason", "Why", ""),
)
GOOD = "measure,month,value,reason\nSS-01,2026-10,71.50,\nSS-02,2026-10,60,“Counted, again”\n"


def sheet(text: str | bytes) -> Sheet:
    return read(text if isinstance(text, bytes) else text.encode(), COLUMNS)


def cells(found: Sheet) -> list[tuple[int, list[str]]]:
    return [(line.number, list(line.cells.values())) for line in found.lines]


def bad(text: str | bytes) -> list[tuple[int, str, str]]:
    return [(each.line, each.column, each.said) for each in sheet(text).bad]


EXPECTED = [(2, ["SS-01", "2026-10", "71.50", ""]), (3, ["SS-02", "2026-10", "60", "“Counted, again”"])]


@pytest.mark.parametrize(
    "data",
    [
        GOOD.replace("“Counted, again”", '"“Counted, again”"').encode(),
        GOOD.replace("“Counted, again”", '"“Counted, again”"').replace("\n", "\r\n").encode("utf-8-sig"),
        GOOD.replace("“Counted, again”", '"“Counted, again”"').encode("utf-16"),
        GOOD.replace("“Counted, again”", '"“Counted, again”"').encode("cp1252"),
        GOOD.replace(",", ";").replace("Counted;", "Counted,").encode("utf-8-sig"),
        GOOD.replace(",", "\t").replace("Counted\t", "Counted,").encode(),
        GOOD.replace(",", "|")
        .replace("Counted|", "Counted,")
        .replace("measure|", "sep=|\nmeasure|")
        .encode(),
    ],
    ids=["plain", "Excel", "UTF-16", "Windows", "semicolons", "tabs", "sep"],
)
def test_a_file_is_read_however_a_spreadsheet_wrote_it(data: bytes) -> None:
    found = sheet(data)
    assert found.bad == []
    offset = 1 if data.startswith(b"sep=") else 0
    assert cells(found) == [(line + offset, row) for line, row in EXPECTED]


def test_columns_stand_in_any_order_and_their_names_in_any_letters() -> None:
    found = sheet("Reason, MONTH ,Measure\n,2026-10,SS-01\n")
    assert cells(found) == [(2, ["SS-01", "2026-10", "", ""])]


def test_empty_lines_and_columns_at_the_end_are_no_rows() -> None:
    found = sheet("measure,month,value,,\n\nSS-01,2026-10,1,,\n,,,,\n")
    assert (cells(found), found.bad) == ([(3, ["SS-01", "2026-10", "1", ""])], [])


def test_a_cell_of_several_lines_leaves_the_next_line_its_number() -> None:
    found = sheet('measure,month,reason\nSS-01,2026-10,"one\ntwo"\nSS-02,2026-10,x\n')
    assert cells(found) == [(2, ["SS-01", "2026-10", "", "one two"]), (4, ["SS-02", "2026-10", "", "x"])]


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("", (1, ""), "The file is empty"),
        ("measure,month\n", (1, ""), "no row under"),
        ("measure,month,colour\nSS-01,2026-10,red\n", (1, "colour"), "no such column. The columns are: measure, month"),
        ("measure,value\nSS-01,1\n", (1, "month"), "The column is missing"),
        ("measure,month,Month\nSS-01,2026-10,\n", (1, "month"), "there twice"),
        ("measure,month\nSS-01,2026-10,why,not\n", (2, ""), "4 cells and the first line names 2"),
        ("measure,month\nSS-01\n", (2, "month"), "Give the month"),
        ('measure,month\nSS-01,"2026-10\n', (2, ""), "quotation mark"),
        ("measure;month;value\nSS-01;2026-10;71,50\n", (2, "value"), "may be a decimal or a thousand"),
        ("measure,month,reason\nSS-01,2026-10," + "x" * 2000 + "\n", (2, "reason"), "1,000 at most"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_line_and_column(text: str, where: tuple[int, str], said: str) -> None:
    ((line, column, sentence),) = bad(text)
    assert (line, column) == where
    assert said in sentence


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+44",
        "@SUM(A1)",
        "-cmd",
        "'=1+1",
        '"\t=1"',
        '"\r=1"',
        "=HYPERLINK(A1)",
        "-",
        "'@x",
        "' =1".replace(" ", ""),
    ],
)
def test_what_a_spreadsheet_would_run_is_refused(cell: str) -> None:
    ((line, column, said),) = bad(f"measure,month,reason\nSS-01,2026-10,{cell}\n")
    assert (line, column) == (2, "reason")
    assert "Type the value itself" in said


def test_a_negative_number_is_no_formula_and_our_own_mark_before_one_is_taken_off() -> None:
    found = sheet("measure,month,value\nSS-01,2026-10,-5.5\nSS-02,2026-10,'-6\nSS-03,2026-10,-£7\n")
    assert [row[2] for _, row in cells(found)] == ["-5.5", "-6", "-£7"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "Excel workbook"),
        (b"measure\x00,month", "no text"),
        (b"\xff\xfe\x00", "no text"),
        (b"x" * (MOST_BYTES + 1), "larger than 2 MB"),
    ],
)
def test_what_is_no_csv_is_said_to_be_none(data: bytes, said: str) -> None:
    ((line, column, sentence),) = bad(data)
    assert (line, column) == (1, "")
    assert said in sentence


def test_a_file_without_end_ends() -> None:
    found = sheet("measure,month\n" + "SS-01,2026-10\n" * (MOST_ROWS + 5))
    assert len(found.lines) == MOST_ROWS
    assert [each.line for each in found.bad] == [MOST_ROWS + 2]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=8))
def test_whatever_stands_in_cells_each_row_is_read_or_refused_and_none_is_lost(
    rows: list[tuple[str, str, str]],
) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["measure", "month", "reason"])
    writer.writerows(rows)
    found = sheet(text.getvalue().encode())
    some = sum(any(cell.strip() for cell in row) for row in rows)
    assert len(found.lines) <= some
    assert len(found.lines) + len({each.line for each in found.bad}) >= min(some, 1)
    for line in found.lines:
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in line.cells.values())


def test_our_own_files_come_back() -> None:
    data = csv_bytes([column.name for column in COLUMNS], [("SS-01", "2026-10", "-1.5", "why")])
    found = read(data, COLUMNS)
    assert (cells(found), found.bad) == ([(2, ["SS-01", "2026-10", "-1.5", "why"])], [])
