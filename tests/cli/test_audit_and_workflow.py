"""The history is verified, and a lifecycle drawn with a project's position."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import Vfm
from tests.people import Council


def tamper(council: Council, *statements: str) -> None:
    """Do what somebody with a database browser could: take the guards off, and change a row."""
    with closing(sqlite3.connect(council.app.loaded.data / "vfm.sqlite3")) as database, database:
        for verb in ("update", "delete"):
            database.execute(f"DROP TRIGGER history_no_{verb}")
        for statement in statements:
            database.execute(statement)


def test_a_whole_history_is_counted(vfm: Vfm, council: Council) -> None:
    council.create()
    council.create()
    council.do("VFM-0001", "hold", "head", reason="Later")
    assert vfm.json("audit", "verify") == {"whole": True, "projects": 2, "rows": 3, "broken": []}
    assert "3 rows of 2 projects" in vfm.run("audit", "verify").stdout


def test_a_changed_row_is_named_and_the_command_fails(vfm: Vfm, council: Council) -> None:
    council.create()
    council.create()
    council.do("VFM-0002", "hold", "head", reason="Later")
    tamper(council, "UPDATE history SET reason = 'Never' WHERE event = 'hold'")
    refused = vfm.run("audit", "verify", "--json", code=1)
    assert json.loads(refused.stdout)["broken"] == [
        {"reference": "VFM-0002", "seq": 2, "what": "row 2 was changed"}
    ]
    assert "VFM-0002, row 2: row 2 was changed." in refused.stderr


def test_a_removed_row_is_named(vfm: Vfm, council: Council) -> None:
    council.create()
    council.do("VFM-0001", "hold", "head", reason="Later")
    tamper(council, "DELETE FROM history WHERE seq = 1")
    assert "row 1 is missing" in vfm.run("audit", "verify", code=1).stderr


def test_two_rows_that_changed_places_are_named(vfm: Vfm, council: Council) -> None:
    council.create()
    council.do("VFM-0001", "hold", "head", reason="Later")
    council.do("VFM-0001", "resume", "head")
    tamper(
        council,
        "UPDATE history SET seq = 99 WHERE seq = 2",
        "UPDATE history SET seq = 2 WHERE seq = 3",
        "UPDATE history SET seq = 3 WHERE seq = 99",
    )
    assert "VFM-0001, row 2" in vfm.run("audit", "verify", code=1).stderr


def test_a_stage_that_no_event_led_to_is_found(vfm: Vfm, council: Council) -> None:
    council.create()
    tamper(council, "UPDATE project SET stage = 'closed'")
    assert "stage is not the one" in vfm.run("audit", "verify", code=1).stderr


def test_a_lifecycle_is_drawn_in_text(vfm: Vfm) -> None:
    text = vfm.run("workflow", "show", "vfm").stdout
    assert "CMT approval [cmt_approval]" in text
    assert "requires outline_complete" in text
    assert ">" not in text


def test_without_a_name_every_lifecycle_is_drawn(vfm: Vfm) -> None:
    text = vfm.run("workflow", "show").stdout
    assert "(vfm, version 1" in text
    assert "(authority_wide, version 1" in text
    assert [entry["name"] for entry in vfm.json("workflow", "show")] == ["authority_wide", "vfm"]


def test_a_projects_position_is_marked(vfm: Vfm, council: Council) -> None:
    council.create()
    council.do("VFM-0001", "hold", "head", reason="Later")
    assert "> On hold [on_hold]" in vfm.run("workflow", "show", "vfm-0001").stdout
    assert vfm.json("workflow", "show", "VFM-0001")["position"] == {
        "stage": "on_hold",
        "held_from": "outline",
    }


def test_a_lifecycle_is_drawn_as_mermaid(vfm: Vfm, council: Council) -> None:
    council.create()
    drawing = vfm.run("workflow", "show", "vfm", "--mermaid").stdout
    assert drawing.startswith("stateDiagram-v2")
    assert "outline --> cmt_approval" in drawing
    assert "active" not in drawing
    assert "active" in vfm.run("workflow", "show", "VFM-0001", "--mermaid").stdout
    assert "name one of" in vfm.run("workflow", "show", "--mermaid", code=2).stderr


def test_a_lifecycle_as_json_names_version_stages_and_events(vfm: Vfm, council: Council) -> None:
    shown = vfm.json("workflow", "show", "vfm")
    assert shown["digest"] == council.home.lifecycles["vfm"].digest
    assert shown["position"] is None
    assert set(shown["events"]["hold"]) >= {"label", "from", "to", "by"}
    assert "outline" in shown["stages"]


def test_a_name_that_is_neither_lists_the_lifecycles(vfm: Vfm) -> None:
    refused = vfm.run("workflow", "show", "vmf", code=1)
    assert "authority_wide, vfm" in refused.stderr


# ------------------------------------------------------------------ versions of a lifecycle


def own(vfm: Vfm, tmp_path: Path, old: str, new: str) -> None:
    """Give the council a home of its own, with one change to its lifecycle."""
    home = tmp_path / "home"
    if not home.exists():
        vfm.run("init", home)
        vfm.env["VFM_HOME"] = str(home)
    file = home / "workflows" / "vfm.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_differs_between_file_and_store_is_said_key_by_key(
    vfm: Vfm, council: Council, tmp_path: Path
) -> None:
    assert "vfm: version 1 is not stored yet" in vfm.run("workflow", "diff", "vfm").stdout
    council.create()
    assert "vfm: the file is version 1, as it is stored." in vfm.run("workflow", "diff").stdout
    own(vfm, tmp_path, "limit_working_days: 60", "limit_working_days: 90")
    done = vfm.run("workflow", "diff", "vfm")
    assert "stages.outline.limit_working_days: from 60 to 90" in done.stdout
    assert "1 projects under way follow an older version" in done.stderr
    (shown,) = vfm.json("workflow", "diff", "vfm")
    assert shown["differences"] == [
        {"where": "stages.outline.limit_working_days", "before": "60", "after": "90"}
    ]
    assert "There is no lifecycle nothing" in vfm.run("workflow", "diff", "nothing", code=1).stderr


def test_a_changed_file_is_published_under_a_higher_number(
    vfm: Vfm, council: Council, tmp_path: Path
) -> None:
    council.create()
    own(vfm, tmp_path, "limit_working_days: 60", "limit_working_days: 90")
    said = vfm.run("workflow", "publish", "vfm", code=1).stderr
    assert "still says version: 1. Write version: 2 there" in said
    own(vfm, tmp_path, "version: 1", "version: 2")
    assert "vfm, version 2, is stored as" in vfm.run("workflow", "publish", "vfm").stdout
    assert "Nothing to publish" in vfm.run("workflow", "publish", "vfm").stdout
    assert "the file is version 2, as it is stored" in vfm.run("workflow", "diff", "vfm").stdout
    assert vfm.json("project", "show", "VFM-0001")["stage"] == "outline"


def test_a_home_that_is_wrong_is_not_published(vfm: Vfm, council: Council, tmp_path: Path) -> None:
    own(vfm, tmp_path, "owner: project_manager", "owner: nobody_at_all")
    assert "nobody_at_all" in vfm.run("workflow", "publish", code=1).stderr
