"""Every command that says who does it (`--by`), by every role: the answer is what the matrix says."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tests.access_support import PERSONAS, everything
from tests.cli.conftest import Vfm
from tests.people import Council, address
from vfm_workflow.cli import project as commands

FULL, BEGUN = "VFM-0001", "VFM-0002"
UNSEEN = {
    FULL: {"hr", "elsewhere", "stranger", "admin"},
    BEGUN: {
        "legal", "hr", "holder", "group", "scrutiny", "mentor", "elsewhere", "partner", "stranger", "admin",
    },
}  # fmt: skip
"""Who may not know of a project, by hand."""
RELEASED = {"holder", "group", "scrutiny"}
FIRING = {FULL: {"head"}, BEGUN: {"planning"}}
"""Who may withdraw the two projects: that is for the lifecycle document to say."""
CREATING = {"manager", "other", "head"}
"""Who may begin a project in Street Scene."""


@pytest.fixture
def full(council: Council) -> Council:
    everything(council)
    return council


def test_these_are_the_commands_that_say_who_does_it() -> None:
    found = {
        name
        for name, command in vars(commands).items()
        if inspect.isfunction(command) and command.__module__ == commands.__name__
        and "by" in inspect.signature(command).parameters
    }  # fmt: skip
    assert found == {"show", "new", "do"}


@pytest.mark.parametrize("reference", [FULL, BEGUN])
def test_show_says_nothing_of_a_project_one_may_not_see(full: Council, vfm: Vfm, reference: str) -> None:
    for who in PERSONAS:
        unseen = who in UNSEEN[reference]
        asked = ("project", "show", reference, "--by", address(who), "--at", "2026-04-09T10:00")
        result = vfm.run(*asked, code=int(unseen))
        if unseen:
            never = vfm.run("project", "show", "VFM-9999", *asked[3:], code=1)
            assert result.output.replace(reference, "") == never.output.replace("VFM-9999", ""), who


def test_show_gives_members_no_event_and_no_colour_that_is_not_released(full: Council, vfm: Vfm) -> None:
    def shown(who: str, day: str) -> dict[str, Any]:
        found: dict[str, Any] = vfm.json(
            "project", "show", FULL, "--by", address(who), "--at", f"{day}T10:00"
        )
        return found

    assert shown("chief", "2026-04-29")["rag"] == "green"
    assert shown("chief", "2026-04-29")["events"]
    for who, before, out in (
        ("holder", "2026-04-29", "2026-04-30"),
        ("group", "2026-05-31", "2026-06-01"),
        ("scrutiny", "2026-05-31", "2026-06-01"),
    ):
        assert (shown(who, before)["rag"], shown(who, before)["events"]) == (None, [])
        assert (shown(who, out)["rag"], shown(who, out)["events"]) == ("green", [])


@pytest.mark.parametrize("reference", [FULL, BEGUN])
def test_do_is_refused_to_who_may_not_and_never_says_that_there_is_such_a_project(
    full: Council, vfm: Vfm, reference: str
) -> None:
    stage = full.stage(reference)
    for who in sorted(set(PERSONAS) - FIRING[reference]):
        asked = (
            "project",
            "do",
            reference,
            "withdraw",
            "--by",
            address(who),
            "--reason",
            "Why",
            "--revision",
            "1",
        )
        said = vfm.run(*asked, code=1).output
        if who in UNSEEN[reference]:
            assert said.strip() == f"There is no project {reference}.", who
        elif who in RELEASED:
            assert "change nothing of it" in said, who
        else:
            assert full.stage(reference) == stage, who
    assert full.stage(reference) == stage


def test_who_may_fire_an_event_does(full: Council, vfm: Vfm) -> None:
    vfm.run("project", "do", BEGUN, "withdraw", "--by", address("planning"), "--reason", "Why")
    assert full.stage(BEGUN) == "withdrawn"


def test_new_is_for_who_may_begin_a_project_there(full: Council, vfm: Vfm) -> None:
    for who in PERSONAS:
        begun = vfm.run(
            "project", "new", "--by", address(who), "--title", f"By {who}", "--kind", "procurement",
            "--department", "SS", "--manager", address("manager"), code=int(who not in CREATING),
        )  # fmt: skip
        if who not in CREATING:
            assert "You may not begin a project in Street Scene" in begun.output, who
