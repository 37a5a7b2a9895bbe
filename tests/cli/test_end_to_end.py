"""Another council begins from nothing, at a terminal: its home, its people, an outline of its own, a decision asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Shell, Vfm

OUTLINE = """---
title: Allotment lettings
department: PK
kind: delivery_model
high_cost: £41 a plot against a median of £29
---
# Outline: allotment lettings

## Why this subject was picked

Waiting lists grow while one plot in nine stands empty, and letting one takes eleven weeks.

## Carbon

Every letting now takes two visits.
"""
AT = ("--at", "2026-11-23T10:00")
LETTINGS = ("--by", "lettings@marlbury.example")


@pytest.fixture
def home(shell: Shell) -> Path:
    """A home whose outline has two sections, one of which no other council has, and whose gate asks for less."""
    shell.run("init", "home")
    folder = shell.folder / "home"
    shell.env.update(VFM_HOME=str(folder), VFM_DATA=str(shell.folder / "data"))
    (folder / "config" / "settings.toml").write_text(
        'council_name = "Marlbury Borough Council"\nmail_from = "value@marlbury.example"\n', encoding="utf-8"
    )
    outline = folder / "config" / "outline.yaml"
    sections = (
        "outline:\n"
        "  - {key: why, title: Why this subject was picked, min_words: 10}\n"
        "  - {key: carbon, title: Carbon, asks: What the service emits., min_words: 5}\n\n"
    )
    text = outline.read_text(encoding="utf-8")
    text = re.sub(r"^outline:\n.*?(?=^recommendations:)", sections, text, flags=re.MULTILINE | re.DOTALL)
    outline.write_text(text, encoding="utf-8")
    workflow = folder / "workflows" / "vfm.yaml"
    asked = r"requires: \[outline_complete, criterion_evidenced,[^\]]*\]"
    text = re.sub(
        asked, "requires: [outline_complete, criterion_evidenced]", workflow.read_text(encoding="utf-8")
    )
    workflow.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def marlbury(home: Path, shell: Shell) -> Vfm:
    """That council with a department and four people, each added by a command."""
    vfm = Vfm({"VFM_HOME": str(home), "VFM_DATA": shell.env["VFM_DATA"]})
    vfm.run("db", "upgrade")
    vfm.run("admin", "add-department", "PK", "Parks")
    for key, name, role, department in (
        ("parks", "Head of Parks", "head_of_service", "PK"),
        ("lettings", "Lettings Project Manager", "project_manager", "PK"),
        ("chief", "Chief Executive", "chief_executive", ""),
        ("finance", "Director of Finance", "cmt_member", ""),
    ):
        address = f"{key}@marlbury.example"
        vfm.run("admin", "add-person", address, "--name", name, "--role", role, "--department", department)
    vfm.run("admin", "add-department", "PK", "Parks", "--head", "parks@marlbury.example")
    return vfm


def test_a_home_of_another_council_is_well_and_counted(home: Path, shell: Shell) -> None:
    assert "2 outline sections" in shell.run("check").stdout


def test_an_outline_of_its_own_goes_to_its_cmt(marlbury: Vfm, shell: Shell) -> None:
    file = shell.folder / "outline.md"
    file.write_text(OUTLINE.replace("## Carbon", "## Timetable"), encoding="utf-8")
    refused = shell.run("project", "new", "--from", "outline.md", *LETTINGS, code=1)
    assert "outline.md:13: the heading “Timetable” is not one of an outline's." in refused.stderr
    assert "the heading “Carbon” is missing" in refused.stderr

    file.write_text(OUTLINE, encoding="utf-8")
    assert shell.run("project", "new", "--from", "outline.md", *LETTINGS).stdout == "VFM-0001\n"
    moved = marlbury.json("project", "do", "VFM-0001", "submit_outline", *LETTINGS, *AT)
    assert moved["to_stage"] == "cmt_approval"
    assert marlbury.json("deliver", *AT) == {"sent": 2, "failed": 0, "deferred": 0, "unknown": 0}
    mails = sorted((shell.folder / "data" / "mail").glob("*.eml"))
    assert [b"value@marlbury.example" in mail.read_bytes() for mail in mails] == [True, True]
    asked = marlbury.json("mail", "show", "1")
    assert "Marlbury Borough Council" in asked["text"]
    assert re.search(r"http://127\.0\.0\.1:8000/d/\S+", asked["text"])

    coming = marlbury.json("preview", "--days", "7", *AT)
    assert {mail["to"] for mail in coming} >= {"chief@marlbury.example", "finance@marlbury.example"}
    assert marlbury.json("project", "list", "--stage", "cmt_approval")[0]["title"] == "Allotment lettings"
    assert "> CMT approval" in marlbury.run("workflow", "show", "VFM-0001").stdout
    marlbury.run("db", "backup", shell.folder / "backup.sqlite3")
    assert marlbury.json("audit", "verify")["whole"] is True


def test_an_outline_that_is_too_short_is_refused_with_all_its_reasons(marlbury: Vfm, shell: Shell) -> None:
    file = shell.folder / "outline.md"
    short = OUTLINE.replace("Every letting now takes two visits.", "None.")
    file.write_text(re.sub("high_cost: .*\n", "", short), encoding="utf-8")
    assert marlbury.json("project", "new", "--from", file, *LETTINGS)["reference"] == "VFM-0001"
    refused = shell.run("project", "do", "VFM-0001", "submit_outline", *LETTINGS, code=1)
    assert "- “Carbon” has 1 of at least 5 words" in refused.stderr
    assert "- Choose at least one criterion for picking the subject" in refused.stderr
    assert refused.stdout == ""
    assert marlbury.json("project", "show", "VFM-0001")["stage"] == "outline"
