"""A council's own folders: copied, checked, and looked through."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Shell, Vfm


@pytest.fixture
def home(vfm: Vfm, tmp_path: Path) -> Path:
    """A fresh copy of the defaults, in use."""
    folder = tmp_path / "home"
    vfm.run("init", folder)
    vfm.env["VFM_HOME"] = str(folder)
    return folder


def spoil(file: Path, old: str, new: str) -> int:
    """Replace `old` by `new`, once, in a file; return the line it stands on."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_a_person_copies_the_defaults_and_is_told_what_to_do_next(shell: Shell) -> None:
    done = shell.run("init", "council")
    assert "Copied" in done.stdout
    assert "VFM_HOME=" in done.stderr
    assert (shell.folder / "council" / "workflows" / "vfm.yaml").is_file()
    assert list((shell.folder / "council").rglob(".*")) == []
    shell.env["VFM_HOME"] = "council"
    assert "all well" in shell.run("check").stdout


def test_a_badly_edited_file_is_named_with_its_line_and_the_remedy(shell: Shell) -> None:
    shell.run("init", "council")
    line = spoil(shell.folder / "council" / "workflows" / "vfm.yaml", "to: cmt_approval", "to: cmt_aproval")
    refused = shell.run("check", "council", code=1)
    assert re.search(rf"workflows/vfm\.yaml:{line}: stage `cmt_aproval` does not exist", refused.stderr)
    assert "Did you mean `cmt_approval`?" in refused.stderr
    assert refused.stdout == ""


def test_nothing_is_overwritten(vfm: Vfm, home: Path) -> None:
    edited = home / "config" / "settings.toml"
    edited.write_text('council_name = "Ours"\n', encoding="utf-8")
    assert "nothing is overwritten" in vfm.run("init", home, code=1).stderr
    assert edited.read_text(encoding="utf-8") == 'council_name = "Ours"\n'


def test_a_home_may_not_be_a_file(vfm: Vfm, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "is a file" in vfm.run("init", tmp_path / "file", code=1).stderr


def test_a_fresh_copy_is_well_and_counted(vfm: Vfm, home: Path) -> None:
    said = vfm.json("check")
    assert said["well"] is True
    assert said["home"] == str(home)
    assert said["lifecycles"] == 2
    assert said["outline sections"] == 9


def test_the_defaults_are_well(vfm: Vfm) -> None:
    assert "the defaults: all well" in vfm.run("check").stdout


def test_bad_settings_do_not_hide_a_bad_calendar(vfm: Vfm, home: Path) -> None:
    settings = spoil(home / "config" / "settings.toml", "brand_colour", "brand_color")
    calendar = spoil(home / "config" / "calendar.yaml", "Europe/London", "Europe/Londinium")
    said = vfm.json("check", home, code=1)
    assert said["error"] == "config_error"
    places = {(Path(item["file"]).name, item["line"]) for item in said["problems"]}
    assert places == {("settings.toml", settings), ("calendar.yaml", calendar)}
    assert all(item["remedy"] for item in said["problems"])


@pytest.mark.parametrize(
    ("name", "advice"),
    [("config/calender.yaml", "`calendar.yaml`"), ("workflows/ours.yml", "ends in .yaml")],
)
def test_a_file_that_nothing_reads_is_named(vfm: Vfm, home: Path, name: str, advice: str) -> None:
    (home / name).write_text("a: 1\n")
    refused = vfm.run("check", code=1)
    assert name in refused.stderr
    assert advice in refused.stderr


def test_a_folder_that_is_no_home_is_not_well(vfm: Vfm, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "none of workflows, notifications, config" in vfm.run("check", tmp_path / "empty", code=1).stderr
    said = vfm.run("check", tmp_path / "nowhere", code=1).stderr
    assert "nowhere: there is no such folder. Name a home" in said and "VFM_HOME" not in said


def test_where_says_whose_copy_of_each_file_is_used(vfm: Vfm, home: Path) -> None:
    (home / "config" / "roles.yaml").unlink()
    rows = {row["file"]: row for row in vfm.json("where")}
    assert rows["workflows/vfm.yaml"]["from"] == "home"
    assert rows["config/roles.yaml"]["from"] == "default"
    assert rows["workflows/vfm.yaml"]["path"] == str(home / "workflows" / "vfm.yaml")
    assert "config/roles.yaml" in vfm.run("where").stdout


def test_what_check_says_as_json_is_what_it_says_in_words(vfm: Vfm, home: Path) -> None:
    spoil(home / "config" / "roles.yaml", "project.read: all", "project.raed: all")
    refused = vfm.run("check", "--json", code=1)
    (problem,) = json.loads(refused.stdout)["problems"]
    assert (
        f"{problem['file']}:{problem['line']}: {problem['what']} {problem['remedy']}"
        == refused.stderr.strip()
    )
