"""Everything out, and projects moved to a newer lifecycle, at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Vfm
from tests.journeys.jobbing import newer_home
from tests.people import Council


@pytest.fixture
def newer(vfm: Vfm, council: Council, tmp_path: Path) -> Path:
    """A home whose default lifecycle is a version newer than that of the project there is."""
    council.create()
    home = newer_home(tmp_path / "home")
    vfm.env["VFM_HOME"] = str(home)
    return home


def test_everything_is_exported_into_a_folder(vfm: Vfm, council: Council, tmp_path: Path) -> None:
    council.create("Waste rounds")
    done = vfm.json("export", tmp_path / "out")
    assert done["rows"]["project"] == 1
    assert json.loads((tmp_path / "out" / "project.json").read_text())[0]["title"] == "Waste rounds"
    assert (tmp_path / "out" / "project.csv").read_text(encoding="utf-8-sig").startswith("id,uuid,reference")
    assert "something in" in vfm.run("export", tmp_path / "out", code=1).stderr
    assert "rows of" in vfm.run("export", tmp_path / "another").stdout


def test_moving_to_a_newer_lifecycle_is_shown_first_and_then_done(
    vfm: Vfm, council: Council, newer: Path
) -> None:
    shown = vfm.run("workflow", "migrate")
    assert "VFM-0001" in shown.stdout
    assert "--apply" in shown.stderr
    assert council.project("VFM-0001").revision == 1
    done = vfm.json("workflow", "migrate", "--apply")
    assert done["applied"] == "1 project was moved to today's version."
    assert council.project("VFM-0001").revision == 2
    assert vfm.json("workflow", "migrate") == {"behind": [], "applied": None}
    assert "follows today's version" in vfm.run("workflow", "migrate", "--apply").stdout
    assert vfm.json("audit", "verify")["whole"] is True


def test_a_project_with_no_place_in_the_newer_one_stays_and_is_named(
    vfm: Vfm, council: Council, newer: Path
) -> None:
    council.outline_ready("VFM-0001")
    council.do("VFM-0001", "submit_outline")
    assert "a board is deciding" in vfm.run("workflow", "migrate").stdout
    assert "1 stayed: VFM-0001" in vfm.run("workflow", "migrate", "--apply").stdout
