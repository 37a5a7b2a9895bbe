"""A table as CSV: spreadsheets read it, and run nothing in it."""

from __future__ import annotations

import csv
import io

import pytest

from vfm_workflow.reports.sheets import cell, csv_bytes


@pytest.mark.parametrize("text", ["=1+1", "+44 20", "-5", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_what_a_spreadsheet_would_run_is_made_inert(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "Approved", "a=b", "£5", "'quoted", 7])
def test_everything_else_stays_as_it_is(value: object) -> None:
    assert cell(value) == str(value)


def test_a_file_has_the_mark_by_which_spreadsheets_know_utf_8_and_comes_back_whole() -> None:
    data = csv_bytes(("Who", "Said"), [("Chief Executive", "Yes, “if”\nnot"), (None, "=1")])
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [["Who", "Said"], ["Chief Executive", "Yes, “if”\nnot"], ["", "'=1"]]
