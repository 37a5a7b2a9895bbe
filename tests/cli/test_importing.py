"""`vfm import`: a dry run by default, every bad row by line and column, and all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Vfm
from tests.library_support import READINGS, csv_of, one, stocked
from tests.people import Council, address
from tests.web.deciding import dump

AT = ("--at", "2026-11-09T10:00")
BY = ("--by", address("performance"))


@pytest.fixture
def file(tmp_path: Path, council: Council) -> Path:
    stocked(council)
    path = tmp_path / "october.csv"
    path.write_bytes(
        csv_of(
            READINGS, ("SS-01", "2026-10", "", "2735253", "39606", ""), ("SS-02", "2026-10", "79", "", "", "")
        )
    )
    return path


def test_it_says_what_it_would_do_and_does_nothing(council: Council, vfm: Vfm, file: Path) -> None:
    before = dump(council.app)
    result = vfm.run("import", "readings", file, *AT)
    assert "SS-01, October 2026" in result.stdout
    assert "2 rows are good: 2 new." in result.stdout
    assert "Say --apply to do it" in result.stderr
    assert dump(council.app) == before


def test_applied_it_is_there_with_its_file_and_its_name(council: Council, vfm: Vfm, file: Path) -> None:
    result = vfm.run("import", "readings", file, "--apply", *BY, *AT)
    assert "2 rows: 2 new." in result.stdout
    council.at = council.at.replace(hour=12)
    newest = one(council, "SS-01").entries[0]
    assert (newest.value, newest.name, newest.batch) == (6906, "Performance Officer", "october.csv")


def test_bad_rows_are_named_and_the_code_is_one(council: Council, vfm: Vfm, file: Path) -> None:
    file.write_bytes(
        csv_of(READINGS, ("SS-01", "2026-10", "69", "", "", ""), ("SS-02", "2026-10", "7.9", "", "", ""))
    )
    before = dump(council.app)
    for more in ((), ("--apply", *BY)):
        result = vfm.run("import", "readings", file, *more, *AT, code=1)
        assert "3     value" in result.stdout
        assert "must be a whole number" in result.stdout
    found = vfm.json("import", "readings", file, "--apply", *BY, *AT, code=1)
    assert (found["applied"], found["rows"]) == (False, 2)
    assert found["problems"] == [
        {"line": 3, "column": "value", "message": "The value must be a whole number"}
    ]
    assert dump(council.app) == before


def test_json_says_the_same(council: Council, vfm: Vfm, file: Path) -> None:
    found = vfm.json("import", "readings", file, *AT)
    assert (found["applied"], found["new"], found["corrections"], found["unchanged"], found["problems"]) == (
        False, 2, 0, 0, [],
    )  # fmt: skip
    assert vfm.json("import", "readings", file, "--apply", *BY, *AT)["applied"]
    assert vfm.json("import", "readings", file, *AT)["unchanged"] == 2


def test_figures_need_a_name_and_one_that_may(council: Council, vfm: Vfm, file: Path) -> None:
    before = dump(council.app)
    assert "--by" in vfm.run("import", "readings", file, "--apply", *AT, code=1).stderr
    refused = vfm.run("import", "readings", file, "--apply", "--by", address("manager"), *AT, code=1)
    assert "Your role does not include this import" in refused.stderr
    assert dump(council.app) == before


def test_people_need_no_name_at_the_command_line(council: Council, vfm: Vfm, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(
        csv_of(("address", "post", "role", "department"), (address("new"), "Clerk", "consultee", "SS"))
    )
    vfm.run("import", "people", file, "--apply")
    assert council.who("new").name == "Clerk"


def test_used_wrongly_the_code_is_two(vfm: Vfm, tmp_path: Path, file: Path) -> None:
    vfm.run("import", "wages", file, code=2)
    vfm.run("import", "readings", tmp_path / "nowhere.csv", code=2)
    vfm.run("import", "readings", code=2)
