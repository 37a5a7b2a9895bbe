"""People who move, leave and come back, deputies and shared mailboxes, by command."""

from __future__ import annotations

from tests.cli.conftest import Vfm
from tests.people import Council, address
from vfm_workflow.store import deputies, projects

AT = ("--at", "2026-03-02T09:00")


def test_people_are_listed_and_leavers_apart(vfm: Vfm, council: Council) -> None:
    rows = vfm.json("admin", "list-people")
    assert len(rows) == 16
    assert {
        "address": address("head"), "name": "Head of Street Scene", "role": "head_of_service", "department": "SS",
        "shared": False, "left_at": None,
    } in rows  # fmt: skip
    assert vfm.run("admin", "list-people", "--left").stderr.strip() == "Nobody."
    vfm.run("admin", "leave", address("other"), *AT)
    assert [(row["name"], row["left_at"]) for row in vfm.json("admin", "list-people", "--left")] == [
        ("Housing Project Manager", "2026-03-02T09:00:00+00:00")
    ]
    assert "PE          Head of Planning" in vfm.run("admin", "list-people").stdout


def test_a_person_is_changed_with_their_address(vfm: Vfm, council: Council) -> None:
    changed = vfm.json(
        "admin", "change-person", address("other"), "--name", "Parks Manager", "--department", "ss",
        "--address", "parks@wrenfold.example", *AT,
    )  # fmt: skip
    assert changed == {
        "address": "parks@wrenfold.example", "name": "Parks Manager", "role": "project_manager", "department": "SS",
    }  # fmt: skip
    assert [mail.to for mail in council.mails(notice="address_changed")] == [
        address("other"),
        "parks@wrenfold.example",
    ]


def test_a_bad_address_undoes_the_rest_of_the_change(vfm: Vfm, council: Council) -> None:
    args = ("admin", "change-person", address("other"), "--name", "Parks Manager", "--address", "no address")
    assert set(vfm.json(*args, code=1)["fields"]) == {"address"}
    assert council.who("other").name == "Housing Project Manager"


def test_somebody_leaves_to_a_successor_and_without_one_all_of_theirs_is_listed(
    vfm: Vfm, council: Council
) -> None:
    reference = council.create()
    refused = vfm.json("admin", "leave", address("manager"), code=1)
    assert refused["fields"]["successor"].endswith(f"They manage {reference}")
    left = vfm.json("admin", "leave", address("manager"), "--successor", address("other"), *AT)
    assert (left["name"], left["successor"]) == ("Waste Project Manager", "Housing Project Manager")
    assert left["projects"] == [reference]
    assert "is back" in vfm.run("admin", "come-back", address("manager")).stdout
    assert "only administrator" in vfm.run("admin", "leave", address("admin"), code=1).stderr


def test_a_deputy_is_named_for_some_days_and_ended(vfm: Vfm, council: Council) -> None:
    named = ("admin", "deputy", address("planning"), "--for", address("head"))
    days = ("--from", "2026-03-02", "--until", "2026-03-20")
    done = vfm.json(*named, *days, *AT)
    assert done == {
        "deputy": address("planning"), "for": address("head"), "from": "2026-03-02", "until": "2026-03-20",
    }  # fmt: skip
    with council.app.read() as session:
        head = projects.person_by_address(session, address("head"))
        found = deputies.deputy_on(session, projects.key(head), council.at.date())
        assert found is not None
        assert found.name == "Head of Planning"
    assert "Head of Planning stands in for" in vfm.json(*named, *days, *AT, code=1)["fields"]["from_day"]
    end = ("admin", "end-deputy", address("planning"), "--for", address("head"), *AT)
    assert vfm.json(*end)["ended"] == 1
    assert "does not stand in for" in vfm.run(*end, code=1).stderr


def test_a_deputy_named_by_command_acts_by_command(vfm: Vfm, council: Council) -> None:
    reference = council.create()
    act = ("project", "do", reference, "withdraw", "--by", address("planning"), "--reason", "Overtaken", *AT)
    vfm.run(*act, code=1)
    vfm.run(
        "admin", "deputy", address("planning"), "--for", address("head"), "--from", "2026-03-02",
        "--until", "2026-03-02", *AT,
    )  # fmt: skip
    vfm.run(*act)
    assert council.stage(reference) == "withdrawn"


def test_a_mailbox_is_shared_with_its_readers_and_one_persons_again(vfm: Vfm, council: Council) -> None:
    shared = vfm.json(
        "admin", "share", address("legal"), "--reader", address("head"), "--reader", address("manager")
    )
    assert shared == {
        "address": address("legal"), "shared": True, "readers": [address("head"), address("manager")],
    }  # fmt: skip
    assert "Name at least one" in vfm.run("admin", "share", address("legal"), code=1).stderr
    assert "(shared)" in vfm.run("admin", "list-people").stdout
    assert vfm.json("admin", "share", address("legal"), "--stop")["shared"] is False
