"""Projects at the command line: begun, shown, listed, moved on, and refused with every reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Vfm
from tests.people import Council, address

PM, HEAD, OTHER = address("manager"), address("head"), address("other")
SHOWN = ["reference", "title", "kind", "department", "stage", "revision", "lifecycle", "rag", "events"]


def outline(council: Council, **head: str) -> str:
    """Return an outline as a project manager writes one elsewhere, short of words in every section."""
    given = {"title": "Garden waste", "department": "SS", "kind": "delivery_model", **head}
    lines = ["---", *(f"{name}: {value}" for name, value in given.items()), "---", "# Garden waste", ""]
    for number, section in enumerate(council.home.outline.outline, 1):
        lines += [f"## {number}. {section.title}", "", f"Some words on {section.key}.", ""]
    return "\n".join(lines)


def event(shown: dict[str, object], name: str) -> dict[str, object]:
    events = shown["events"]
    assert isinstance(events, list)
    return next(entry for entry in events if entry["event"] == name)


def test_a_project_is_begun_and_its_reference_printed(vfm: Vfm) -> None:
    done = vfm.run(
        "project", "new", "--title", "Waste rounds", "--kind", "delivery_model", "--department", "ss",
        "--manager", PM, "--by", PM,
    )  # fmt: skip
    assert done.stdout == "VFM-0001\n"
    assert "vfm project show VFM-0001" in done.stderr


def test_a_project_is_shown_with_exactly_what_the_contract_says(vfm: Vfm, council: Council) -> None:
    council.create()
    shown = vfm.json("project", "show", "vfm-0001")
    assert list(shown) == SHOWN
    assert list(shown["lifecycle"]) == ["name", "version", "digest"]
    assert shown["stage"] == "outline"
    assert [entry["event"] for entry in shown["events"]] == ["submit_outline", "hold", "withdraw"]
    submit = event(shown, "submit_outline")
    assert submit["allowed"] is False
    assert isinstance(submit["unmet"], list)
    assert {"requirement", "sentence", "who", "page"} == set(submit["unmet"][0])


def test_a_list_is_the_same_without_events(vfm: Vfm, council: Council) -> None:
    council.create("Waste rounds")
    council.create("Sweeping zones")
    listed = vfm.json("project", "list")
    assert [list(entry) for entry in listed] == [SHOWN[:-1], SHOWN[:-1]]
    shown = vfm.json("project", "show", "VFM-0001")
    assert listed[0] == {name: shown[name] for name in SHOWN[:-1]}


def test_without_a_person_allowed_means_ready_and_with_one_it_is_theirs(vfm: Vfm, council: Council) -> None:
    council.create()
    assert event(vfm.json("project", "show", "VFM-0001"), "hold")["allowed"] is True
    assert event(vfm.json("project", "show", "VFM-0001", "--by", HEAD), "hold")["allowed"] is True
    assert event(vfm.json("project", "show", "VFM-0001", "--by", PM), "hold")["allowed"] is False
    assert event(vfm.json("project", "show", "VFM-0001", "--by", OTHER), "hold")["allowed"] is False


def test_an_event_that_the_board_fires_is_listed_and_says_so(vfm: Vfm, council: Council) -> None:
    council.outline_ready(council.create())
    council.do("VFM-0001", "submit_outline")
    shown = vfm.json("project", "show", "VFM-0001")
    names = [step.event for step in council.home.lifecycles["vfm"].steps("cmt_approval")]
    assert [entry["event"] for entry in shown["events"]] == names
    approved = event(shown, "approve_outline")
    assert approved["allowed"] is False
    assert approved["decided_by"] == "outline"
    assert isinstance(approved["unmet"], list)
    assert "Decide on the outline" in approved["unmet"][0]["sentence"]
    for entry in shown["events"]:
        assert entry["allowed"] == (entry["unmet"] == [])


def test_a_disputed_project_allows_nothing_and_says_who_can_mend_it(vfm: Vfm, council: Council) -> None:
    council.create()
    with council.app.write() as session:
        from vfm_workflow.store import projects

        projects.by_reference(session, "VFM-0001").disputed_at = council.at
    shown = vfm.json("project", "show", "VFM-0001")
    assert [entry["allowed"] for entry in shown["events"]] == [False, False, False]
    assert {entry["unmet"][0]["who"] for entry in shown["events"]} == {"administrator"}


def test_a_project_is_shown_to_a_person_in_words(vfm: Vfm, council: Council) -> None:
    council.create()
    text = vfm.run("project", "show", "VFM-0001").stdout
    assert "VFM-0001  Waste rounds" in text
    assert "no   submit_outline" in text
    assert "yes  hold" in text
    assert "Consult Finance (project_manager, page consultations)" in text


def test_an_unready_project_is_refused_with_every_reason_at_once(vfm: Vfm, council: Council) -> None:
    council.create()
    refused = vfm.run("project", "do", "VFM-0001", "submit_outline", "--by", PM, "--json", code=1)
    said = json.loads(refused.stdout)
    assert said["error"] == "unready"
    required = council.home.lifecycles["vfm"].step("outline", "submit_outline").spec.requires
    assert [name for name in required if name not in {item["requirement"] for item in said["unmet"]}] == [
        "earlier_lessons_answered"
    ]
    for item in said["unmet"]:
        assert f"- {item['sentence']} ({item['who']}, page {item['page']})" in refused.stderr
    assert council.stage("VFM-0001") == "outline"


def test_a_ready_project_moves_and_its_mails_wait(vfm: Vfm, council: Council) -> None:
    council.outline_ready(council.create())
    moved = vfm.json("project", "do", "VFM-0001", "submit_outline", "--by", PM, "--at", "2026-03-02T10:00")
    assert moved == {
        "reference": "VFM-0001",
        "event": "submit_outline",
        "from_stage": "outline",
        "to_stage": "cmt_approval",
        "revision": council.project("VFM-0001").revision,
    }
    assert len(council.mails(notice="decision_asked")) == 5
    with council.app.read() as session:
        from vfm_workflow.store import history

        rows = history.of(session, council.project("VFM-0001").id or 0)
    (row,) = [row for row in rows if row.event == "submit_outline"]
    assert (row.at, row.actor) == ("2026-03-02T10:00:00.000+00:00", "Waste Project Manager")


def test_an_unknown_event_lists_the_stages_own(vfm: Vfm, council: Council) -> None:
    council.create()
    refused = vfm.run("project", "do", "VFM-0001", "sumbit", "--by", PM, "--json", code=1)
    assert json.loads(refused.stdout)["error"] == "unknown_event"
    assert "submit_outline, hold, withdraw" in refused.stderr


def test_the_boards_event_cannot_be_fired_by_hand(vfm: Vfm, council: Council) -> None:
    council.outline_ready(council.create())
    council.do("VFM-0001", "submit_outline")
    refused = vfm.run("project", "do", "VFM-0001", "approve_outline", "--by", address("chief"), code=1)
    assert "follows from the board's decision" in refused.stderr
    assert council.stage("VFM-0001") == "cmt_approval"


def test_a_reason_is_asked_for_where_one_is_needed(vfm: Vfm, council: Council) -> None:
    council.create()
    refused = vfm.json("project", "do", "VFM-0001", "hold", "--by", HEAD, code=1)
    assert refused["fields"] == {"reason": "Say why: “Put on hold” needs a reason"}
    vfm.run("project", "do", "VFM-0001", "hold", "--by", HEAD, "--reason", "An election")
    assert council.stage("VFM-0001") == "on_hold"


def test_a_stale_revision_is_refused_with_what_changed(vfm: Vfm, council: Council) -> None:
    council.create()
    seen = vfm.json("project", "show", "VFM-0001")["revision"]
    vfm.run("project", "do", "VFM-0001", "hold", "--by", HEAD, "--reason", "An election")
    said = vfm.json("project", "do", "VFM-0001", "resume", "--by", HEAD, "--revision", seen, code=1)
    assert said["error"] == "stale_revision"
    assert said["changes"] == ["Head of Street Scene: hold"]
    assert council.stage("VFM-0001") == "on_hold"


def test_nobody_of_that_address_is_not_a_person_who_acts(vfm: Vfm, council: Council) -> None:
    council.create()
    refused = vfm.json("project", "do", "VFM-0001", "hold", "--by", "nobody@wrenfold.example", code=1)
    assert refused["error"] == "not_found"
    assert "nobody@wrenfold.example" in refused["message"]


def test_no_such_project_is_said(vfm: Vfm) -> None:
    assert "There is no project VFM-9999" in vfm.run("project", "show", "VFM-9999", code=1).stderr


def test_an_outline_written_elsewhere_becomes_a_project(vfm: Vfm, council: Council, tmp_path: Path) -> None:
    file = tmp_path / "outline.md"
    file.write_text(outline(council, high_cost="£11 against £7"), encoding="utf-8-sig")
    shown = vfm.json("project", "new", "--from", file, "--by", PM, "--title", "Green waste")
    assert (shown["title"], shown["kind"], shown["department"]) == ("Green waste", "delivery_model", "SS")
    unmet = event(shown, "submit_outline")["unmet"]
    assert isinstance(unmet, list)
    short = [item["sentence"] for item in unmet if item["requirement"] == "outline_complete"]
    assert len(short) == 9
    assert all("has 4 of at least" in sentence for sentence in short)
    assert not [item for item in unmet if item["requirement"] == "criterion_evidenced"]


def test_a_heading_that_is_unknown_or_missing_is_named_by_line(
    vfm: Vfm, council: Council, tmp_path: Path
) -> None:
    file = tmp_path / "outline.md"
    file.write_text(outline(council).replace("Options for change", "Option for changes"), encoding="utf-8")
    line = next(n for n, row in enumerate(file.read_text().splitlines(), 1) if "Option for changes" in row)
    refused = vfm.run("project", "new", "--from", file, "--by", PM, code=1)
    assert (
        f"outline.md:{line}: the heading “Option for changes” is not one of an outline's." in refused.stderr
    )
    assert "the heading “Options for change” is missing" in refused.stderr
    assert vfm.json("project", "list") == []


@pytest.mark.parametrize("data", [b"PK\x03\x04\xff\xfe\x00", "Résumé".encode("latin-1")])
def test_a_file_that_is_not_what_it_says_is_refused(vfm: Vfm, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "outline.md"
    file.write_bytes(data)
    assert "not text in UTF-8" in vfm.run("project", "new", "--from", file, "--by", PM, code=1).stderr


def test_an_outline_that_is_not_there_is_being_used_wrongly(vfm: Vfm, tmp_path: Path) -> None:
    vfm.run("project", "new", "--from", tmp_path / "none.md", "--by", PM, code=2)


def test_every_bad_field_of_a_new_project_is_named(vfm: Vfm) -> None:
    said = vfm.json("project", "new", "--by", PM, "--kind", "sculpture", "--department", "ZZ", code=1)
    assert set(said["fields"]) >= {"title", "kind", "department"}
    assert "delivery_model" in said["fields"]["kind"]


def test_a_list_is_filtered_sorted_and_shown_in_columns(vfm: Vfm, council: Council) -> None:
    council.create("Waste rounds")
    council.create("Garden 100%")
    council.create("Homes", department="PE", manager="other")
    council.do("VFM-0002", "hold", "head", reason="Later")
    titles = [entry["title"] for entry in vfm.json("project", "list", "--sort", "title")]
    assert titles == ["Garden 100%", "Homes", "Waste rounds"]
    assert [e["reference"] for e in vfm.json("project", "list", "--stage", "on_hold")] == ["VFM-0002"]
    assert [e["reference"] for e in vfm.json("project", "list", "--department", "pe")] == ["VFM-0003"]
    assert [e["reference"] for e in vfm.json("project", "list", "--search", "0%")] == ["VFM-0002"]
    assert vfm.json("project", "list", "--rag", "red") == []
    done = vfm.run("project", "list")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "Reference",
        "VFM-0001",
        "VFM-0002",
        "VFM-0003",
    ]
    assert done.stderr == "3 projects.\n"
