"""A council's folders over the defaults, file by file."""

from __future__ import annotations

from pathlib import Path

import pytest

from vfm_workflow.errors import ConfigError
from vfm_workflow.folders import NAMES, Folders, shipped


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which the council changed one file and added one."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "calendar.yaml").write_text("time_zone: Europe/London\n")
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "ours.yaml").write_text("lifecycle: ours\n")
    return tmp_path


def test_without_a_home_the_defaults_are_found() -> None:
    folders = Folders.at(None)
    assert folders == Folders.at("")
    for name in NAMES:
        assert folders.search_path(name) == [shipped() / name]


def test_one_file_of_the_council_wins_and_the_others_stay(home: Path) -> None:
    folders = Folders.at(home)
    assert folders.find("config/calendar.yaml") == home / "config" / "calendar.yaml"
    assert folders.find("config/roles.yaml") == shipped() / "config" / "roles.yaml"
    assert folders.search_path("config") == [home / "config", shipped() / "config"]
    assert folders.search_path("notifications") == [shipped() / "notifications"]


def test_every_file_is_listed_with_the_copy_that_wins(home: Path) -> None:
    winners = dict(Folders.at(home).winners())
    assert winners["config/calendar.yaml"] == home / "config" / "calendar.yaml"
    assert winners["workflows/ours.yaml"] == home / "workflows" / "ours.yaml"
    assert winners["workflows/vfm.yaml"] == shipped() / "workflows" / "vfm.yaml"
    assert list(winners) == [
        name for part in NAMES for name in sorted(winners) if name.startswith(f"{part}/")
    ]


def test_hidden_files_of_editors_are_no_files_of_ours(home: Path) -> None:
    (home / "workflows" / ".vfm.yaml.swp").write_text("x")
    assert "workflows/.vfm.yaml.swp" not in dict(Folders.at(home).winners())


def test_a_home_that_does_not_exist_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"VFM_HOME: there is no folder .*nowhere\. Run `vfm init .*nowhere`"
    ):
        Folders.at(tmp_path / "nowhere")


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(ConfigError, match="there is no folder"):
        Folders.at(tmp_path / "home")


def test_a_file_that_nobody_has_is_named(home: Path) -> None:
    with pytest.raises(ConfigError, match=r"config/rules\.yaml: the file is missing"):
        Folders.at(home).find("config/rules.yaml")


def test_a_file_that_is_not_utf_8_is_named_with_the_byte(home: Path) -> None:
    file = home / "config" / "calendar.yaml"
    file.write_bytes("# Montréal\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"calendar\.yaml: the file is not text in UTF-8 \(byte 7\)"):
        Folders.at(home).read("config/calendar.yaml")


def test_a_file_with_a_byte_order_mark_is_read_without_it(home: Path) -> None:
    (home / "config" / "calendar.yaml").write_bytes(b"\xef\xbb\xbftime_zone: Europe/London\n")
    text, name = Folders.at(home).read("config/calendar.yaml")
    assert (text, name) == ("time_zone: Europe/London\n", str(home / "config" / "calendar.yaml"))
