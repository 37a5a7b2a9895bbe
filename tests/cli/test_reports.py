"""Reports at the command line: one command for each kind, every form, both versions, and no binary on a terminal."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]  # it says no types
import pytest

from tests.access_support import mark, write
from tests.cli.conftest import Vfm
from tests.people import Council, address
from tests.reports.made import from_csv

SECRET = "Three posts are at risk"


@pytest.fixture
def saving(council: Council) -> Council:
    """A council with a project whose outline says something exempt."""
    reference = council.create("Waste rounds")
    council.outline_ready(reference)
    write(council, reference, "why", f"{SECRET}. " + "word " * 60)
    mark(council, reference, "why")
    council.do(reference, "submit_outline")
    return council


def test_a_report_is_written_on_stdout_or_into_a_file(vfm: Vfm, saving: Council, tmp_path: Path) -> None:
    assert "<h1" in vfm.run("report", "mtfp").stdout
    file = tmp_path / "plan.xlsx"
    assert f"Written to {file}" in vfm.run("report", "mtfp", "--to", "xlsx", "-o", file).stderr
    assert "The plan by year" in openpyxl.load_workbook(io.BytesIO(file.read_bytes())).sheetnames


def test_a_report_is_of_a_quarter_a_year_a_department_or_a_project(vfm: Vfm, saving: Council) -> None:
    for kind, key in (
        ("quarter", "2025-Q4"), ("efficiency", "2025/26"), ("efficiency", "2025-26"), ("department", "SS"),
        ("project", "VFM-0001"), ("decisions", "VFM-0001"),
    ):  # fmt: skip
        found = json.loads(vfm.run("report", kind, key, "--to", "json").stdout)
        assert found["kind"] == kind
        assert found["key"] in (key, "2025/26")
    vfm.run("report", "quarter", code=2)
    vfm.run("report", "quarter", "2025-Q7", code=1)


def test_one_table_is_written_alone_where_it_is_named(vfm: Vfm, saving: Council) -> None:
    lines = from_csv(vfm.run("report", "mtfp", "--to", "csv", "--table", "years").stdout_bytes)
    assert list(lines[0])[:2] == ["Financial year", "Target"]
    assert "There are: years, " in vfm.run("report", "mtfp", "--to", "csv", "--table", "x", code=1).stderr
    assert "add --to csv" in vfm.run("report", "mtfp", "--table", "years", code=1).stderr


def test_the_public_version_is_written_unless_the_other_is_asked_for(vfm: Vfm, saving: Council) -> None:
    for form in ("html", "csv", "json"):
        assert SECRET not in vfm.run("report", "project", "VFM-0001", "--to", form).stdout
        assert SECRET not in vfm.run("report", "project", "VFM-0001", "--to", form, "--public").stdout
    assert SECRET in vfm.run("report", "project", "VFM-0001", "--exempt").stdout
    said = vfm.run("report", "project", "VFM-0001", "--exempt", "--by", address("other"), code=1).stderr
    assert "exempt text" in said


def test_somebody_is_written_what_they_may_read_and_is_listed_no_more(vfm: Vfm, saving: Council) -> None:
    assert {row["report"] for row in vfm.json("report", "list", "--by", address("chief"))} >= {
        "mtfp",
        "department",
    }
    assert vfm.json("report", "list", "--by", address("admin")) == []
    assert vfm.json("report", "list", "--by", address("holder")) == []
    assert "Standing" in vfm.run("report", "list", "--by", address("chief")).stdout
    vfm.run("report", "mtfp", "--by", address("chief"))
    vfm.run("report", "mtfp", "--by", address("holder"), code=1)


def test_a_terminal_is_shown_no_file_that_it_cannot_show(
    vfm: Vfm, saving: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vfm_workflow.cli import report

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(report, "sys", type("Sys", (), {"stdout": Terminal(), "stderr": sys.stderr}))
    for form in ("pdf", "docx", "xlsx"):
        assert f"-o report.{form}" in vfm.run("report", "mtfp", "--to", form, code=1).stderr


def test_who_issues_a_report_is_told_the_day_as_it_is_written(vfm: Vfm, saving: Council) -> None:
    said = vfm.run("report", "issue", "quarter", "2025-Q4").stderr
    assert ": issued " in said
    assert re.search(r"issued \d+ [A-Z][a-z]+ 20\d\d\.", said), said
    found = vfm.run("report", "quarter", "2025-Q4").stdout
    assert "No project reported." in found
    assert "is green" not in found
