"""Another council begins from nothing, at a terminal: its home, its people, an outline of its own, a decision asked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.cli.conftest import Shell

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

Every letting now takes two site visits by van.
"""


def council_of_two_sections(shell: Shell) -> Path:
    """Make a home whose outline has two sections, one of which no other council has, and that asks for less."""
    shell.run("init", "home")
    home = shell.folder / "home"
    shell.env.update(VFM_HOME=str(home), VFM_DATA=str(shell.folder / "data"))
    (home / "config" / "settings.toml").write_text(
        'council_name = "Marlbury Borough Council"\nmail_from = "value@marlbury.example"\n', encoding="utf-8"
    )
    outline = home / "config" / "outline.yaml"
    text = outline.read_text(encoding="utf-8")
    sections = (
        "outline:\n"
        "  - {key: why, title: Why this subject was picked, min_words: 10}\n"
        "  - {key: carbon, title: Carbon, asks: What the service emits., min_words: 5}\n\n"
    )
    text = re.sub(r"^outline:\n.*?(?=^recommendations:)", sections, text, flags=re.MULTILINE | re.DOTALL)
    outline.write_text(text.replace("required: true", "required: false"), encoding="utf-8")
    workflow = home / "workflows" / "vfm.yaml"
    asked = r"requires: \[outline_complete, criterion_evidenced,[^\]]*\]"
    workflow.write_text(
        re.sub(
            asked, "requires: [outline_complete, criterion_evidenced]", workflow.read_text(encoding="utf-8")
        ),
        encoding="utf-8",
    )
    return home


def said(shell: Shell, *args: object, code: int = 0) -> Any:
    return json.loads(shell.run(*args, "--json", code=code).stdout)


def test_another_council_begins_from_nothing_with_an_outline_of_its_own(shell: Shell) -> None:
    council_of_two_sections(shell)
    assert "2 outline sections" in shell.run("check").stdout
    shell.run("db", "upgrade")
    assert "/sign-in/" in shell.run("admin", "create", "admin@marlbury.example").stdout
    shell.run("admin", "add-department", "PK", "Parks")
    people = {
        "parks": ("Head of Parks", "head_of_service", "PK"),
        "lettings": ("Lettings Project Manager", "project_manager", "PK"),
        "chief": ("Chief Executive", "chief_executive", ""),
        "finance": ("Director of Finance", "cmt_member", ""),
    }
    for key, (name, role, code) in people.items():
        address = f"{key}@marlbury.example"
        shell.run("admin", "add-person", address, "--name", name, "--role", role, "--department", code)
    shell.run("admin", "add-department", "PK", "Parks", "--head", "parks@marlbury.example")

    file = shell.folder / "outline.md"
    file.write_text(OUTLINE.replace("## Carbon", "## Timetable"), encoding="utf-8")
    new = ("project", "new", "--from", "outline.md", "--by", "lettings@marlbury.example")
    refused = shell.run(*new, code=1)
    assert "outline.md:13: the heading “Timetable” is not one of an outline's." in refused.stderr
    assert "the heading “Carbon” is missing" in refused.stderr

    file.write_text(OUTLINE.replace("two site visits by van", "visits"), encoding="utf-8")
    assert shell.run(*new).stdout == "VFM-0001\n"
    submit = ("project", "do", "VFM-0001", "submit_outline", "--by", "lettings@marlbury.example")
    file.write_text(
        OUTLINE.replace("Every letting now takes two site visits by van.", "None."), encoding="utf-8"
    )
    assert said(shell, *new)["reference"] == "VFM-0002"
    unready = said(
        shell, "project", "do", "VFM-0002", "submit_outline", "--by", "lettings@marlbury.example", code=1
    )
    assert [item["sentence"] for item in unready["unmet"]] == ["“Carbon” has 1 of at least 5 words"]

    at = ("--at", "2026-11-23T10:00")
    assert said(shell, *submit, *at)["to_stage"] == "cmt_approval"
    assert said(shell, "deliver", *at) == {"sent": 2, "failed": 0, "deferred": 0, "unknown": 0}
    mails = sorted((shell.folder / "data" / "mail").glob("*.eml"))
    assert len(mails) == 2
    assert b"value@marlbury.example" in mails[0].read_bytes()
    asked = said(shell, "mail", "show", "1")
    assert "Marlbury Borough Council" in asked["text"]
    assert re.search(r"http://127\.0\.0\.1:8000/d/\S+", asked["text"])

    coming = said(shell, "preview", "--days", "7", *at)
    assert {mail["to"] for mail in coming} >= {"chief@marlbury.example", "finance@marlbury.example"}
    shell.run("db", "backup", "backup.sqlite3")
    assert said(shell, "audit", "verify")["whole"] is True
    assert said(shell, "project", "list", "--stage", "cmt_approval")[0]["title"] == "Allotment lettings"
    assert "> CMT approval" in shell.run("workflow", "show", "VFM-0001").stdout
