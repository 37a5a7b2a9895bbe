"""Somebody leaves: what is theirs goes to a named successor, and every way in is closed."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.journeys import clockwork
from tests.people import Council, address
from vfm_workflow.errors import BadInput, LinkDead, NotAllowed, NotFound
from vfm_workflow.journeys import deputies, leaving, moving, people, signin
from vfm_workflow.store import decisions as decision_store
from vfm_workflow.store import history, projects
from vfm_workflow.store import people as store
from vfm_workflow.store.tables import Consultation, Department, ExemptGrant, Link, Occurrence, Person, Slot

LASTS, IDLE = dt.timedelta(hours=12), dt.timedelta(minutes=60)


def leave(council: Council, who: str, successor: str = "", by: str | None = "admin") -> leaving.Left:
    with council.app.write() as session:
        actor = council.actor(session, by) if by else None
        named = address(successor) if successor else ""
        return leaving.leave(session, council.home, address(who), actor, council.at, successor=named)


def refused(council: Council, who: str, successor: str = "") -> str:
    with pytest.raises(BadInput) as error:
        leave(council, who, successor)
    assert set(error.value.fields) == {"successor"}
    return error.value.fields["successor"]


def person(council: Council, who: str) -> Person:
    with council.app.read() as session:
        found = store.with_address(session, address(who))
        assert found is not None
        return found


def changes(council: Council, who: str) -> list[store.Change]:
    with council.app.read() as session:
        return store.changes(session, projects.key(person(council, who)))


def events(council: Council, reference: str, event: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (who did it, why, detail) of a project's rows of one kind."""
    with council.app.read() as session:
        rows = history.of(session, projects.key(projects.by_reference(session, reference)))
        assert list(history.verify(session)) == []
        return [(row.actor, row.reason, json.loads(row.detail)) for row in rows if row.event == event]


def test_whoever_has_nothing_leaves_without_a_successor(council: Council) -> None:
    council.later(days=1)
    left = leave(council, "other")
    assert (left.name, left.successor, left.projects) == ("Housing Project Manager", "", ())
    gone = person(council, "other")
    assert (gone.active, gone.left_at) == (False, council.at)
    with council.app.read() as session, pytest.raises(NotFound):
        people.actor_by_address(session, address("other"))


def test_whoever_manages_sponsors_or_heads_cannot_leave_without_saying_who_takes_over(
    council: Council,
) -> None:
    first, second = council.create("One"), council.create("Two", manager="other", department="PE")
    assert refused(council, "manager").endswith(f"They manage {first}")
    assert refused(council, "head").endswith(f"They sponsor {first}, head Street Scene")
    assert refused(council, "planning").endswith(f"They sponsor {second}, head Planning and Housing")
    assert person(council, "manager").active


def test_a_project_that_has_ended_needs_nobody(council: Council) -> None:
    reference = council.create()
    council.do(reference, "withdraw", "head", reason="Overtaken")
    leave(council, "manager")
    assert council.project(reference).manager_id == person(council, "manager").id


def test_the_successor_manages_and_the_projects_history_says_so(council: Council) -> None:
    reference = council.create()
    left = leave(council, "manager", "other")
    assert (left.projects, left.successor) == ((reference,), "Housing Project Manager")
    project = council.project(reference)
    assert project.manager_id == person(council, "other").id
    ((by, why, detail),) = events(council, reference, "manager_changed")
    assert (by, why) == ("Administrator", "Waste Project Manager left")
    assert (detail["from"], detail["to"]) == ("Waste Project Manager", "Housing Project Manager")
    council.do(reference, "withdraw", "head", reason="Overtaken")  # the revision moved with it


def test_the_successor_sponsors_and_heads(council: Council) -> None:
    reference = council.create()
    leave(council, "head", "planning", by=None)
    successor = person(council, "planning").id
    assert council.project(reference).sponsor_id == successor
    with council.app.read() as session:
        department = session.get(Department, "SS")
        assert department is not None and department.head_id == successor
    ((by, _, detail),) = events(council, reference, "sponsor_changed")
    assert (by, detail["to"]) == ("The command line", "Head of Planning")


@pytest.mark.parametrize(
    ("successor", "said"),
    [
        ("nobody", "Nobody here has the address"),
        ("manager", "Nobody takes over from themselves"),
        ("admin", "Administrator is Administrator, a role that does not see every project"),
        ("holder", "a role that does not see every project"),
        ("head", "Head of Street Scene would both manage and sponsor VFM-0001"),
    ],
)
def test_a_successor_who_cannot_take_over_is_refused(council: Council, successor: str, said: str) -> None:
    council.create()
    assert said in refused(council, "manager", successor)
    assert person(council, "manager").active
    assert events(council, "VFM-0001", "manager_changed") == []


def test_a_shared_mailbox_takes_over_from_nobody(council: Council) -> None:
    council.create()
    with council.app.write() as session:
        moving.share(session, council.home, address("other"), [address("head")], None, council.at)
    assert "is a shared mailbox" in refused(council, "manager", "other")


def test_a_leaver_is_signed_out_and_their_links_are_dead_and_say_why(council: Council) -> None:
    with council.app.write() as session:
        gone = projects.person_by_address(session, address("other"))
        secret = signin.begin(session, council.home, gone, council.at, lasts=LASTS)
        url = signin.mint(session, council.home, gone, council.at, LASTS)
    left = leave(council, "other")
    assert (left.sessions, left.links) == (1, 1)
    with council.app.write() as session:
        assert signin.who(session, secret, council.at, IDLE) is None
        with pytest.raises(LinkDead):
            signin.look_up(session, url.rpartition("/")[2], council.at)
        (why,) = session.scalars(select(col(Link.revoked_why)))
        assert why == "Housing Project Manager has left"
        moving.come_back(session, council.home, address("other"), None, council.at)
        assert signin.who(session, secret, council.at, IDLE) is None, "coming back opens no old session"


def test_a_leavers_seat_on_a_board_is_given_up(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    link_id = council.link_of(reference, "place")
    leave(council, "place")
    with council.app.read() as session:
        link = session.get(Link, link_id)
        slot = session.get(Slot, link.slot_id) if link is not None else None
        assert link is not None and link.revoked_at is not None
        assert slot is not None and slot.vacated_why == "Director of Place has left"


def test_a_question_goes_to_the_successor_who_can_answer_it(council: Council) -> None:
    reference = council.create()
    with council.app.write() as session:
        project = projects.by_reference(session, reference)
        asked = Consultation(
            project_id=projects.key(project), key="legal", person_id=council.who("legal").id,
            asked_on=council.at.date(), asked_by=project.manager_id,
        )  # fmt: skip
        session.add(asked)
    assert refused(council, "legal").endswith(f"They are asked about {reference}")
    assert "answers no consultation" in refused(council, "legal", "manager")
    leave(council, "legal", "finance")
    with council.app.read() as session:
        assert session.scalars(select(col(Consultation.person_id))).all() == [council.who("finance").id]
    ((_, why, detail),) = events(council, reference, "consultation_passed_on")
    assert (why, detail["consultee"], detail["to"]) == ("Legal Officer left", "Legal", "Finance Officer")


def test_what_waited_for_a_leavers_digest_is_said_to_the_successor_once(council: Council) -> None:
    reference = clockwork.running(council, dt.date(2026, 3, 2))
    council.do(reference, "hold", "head", reason="An election")
    leave(council, "manager", "other")
    clockwork.tick(council, dt.date(2026, 3, 3))
    told = [row.to for row in clockwork.said(council, "stage_changed")]
    assert "other" in told
    assert "manager" not in told
    with council.app.read() as session:
        gone = person(council, "manager").id
        assert session.scalars(select(Occurrence).where(col(Occurrence.person_id) == gone)).all() == []


def test_a_leavers_deputyships_end_both_ways(council: Council) -> None:
    day = council.at.date().isoformat()
    with council.app.write() as session:
        for away, stands in (("place", "housing"), ("customers", "place")):
            deputies.set_deputy(
                session, council.home, person=address(away), deputy=address(stands), from_day=day,
                until_day="2026-03-20", by=None, at=council.at,
            )  # fmt: skip
    leave(council, "place")
    with council.app.read() as session:
        assert deputies.listed(session, council.home, council.actor(session, "chief"), council.at) == []
    said = [change.detail["why"] for change in changes(council, "customers") if change.what == "deputy_ended"]
    assert said == ["Director of Place left"]


def test_a_leaver_loses_leave_to_read_and_their_successor_reads_the_mailbox(council: Council) -> None:
    reference = council.create(manager="other")
    with council.app.write() as session:
        session.add(
            ExemptGrant(
                project_id=projects.key(projects.by_reference(session, reference)), person_id=council.who("other").id,
                until_day=dt.date(2027, 1, 1), granted_at=council.at, granted_by=council.who("head").id,
            )
        )  # fmt: skip
        moving.share(session, council.home, address("legal"), [address("other")], None, council.at)
    leave(council, "other", "manager")
    with council.app.read() as session:
        assert session.scalars(select(ExemptGrant)).all() == []
        legal = projects.person_by_address(session, address("legal"))
        assert [reader.name for reader in store.readers(session, projects.key(legal))] == [
            "Waste Project Manager"
        ]


def test_the_last_administrator_cannot_leave(council: Council) -> None:
    with pytest.raises(NotAllowed, match=r"only administrator\. Make somebody else one first"):
        leave(council, "admin")
    with council.app.write() as session:
        moving.change(session, council.home, address("auditor"), None, council.at, role="administrator")
    leave(council, "admin", by="auditor")
    assert not person(council, "admin").active


def test_nobody_but_an_administrator_lets_people_leave(council: Council) -> None:
    with (
        pytest.raises(NotAllowed, match="Only an administrator may let people leave"),
        council.app.write() as session,
    ):
        leaving.leave(session, council.home, address("other"), council.actor(session, "chief"), council.at)


def test_the_record_keeps_who_left_and_who_took_over(council: Council) -> None:
    reference = council.create()
    leave(council, "manager", "other")
    newest = changes(council, "manager")[0]
    assert (newest.what, newest.by, newest.detail["successor"]) == (
        "left",
        "Administrator",
        "Housing Project Manager",
    )
    assert newest.detail["projects"] == [reference]
    gave = changes(council, "manager")[1]
    assert (gave.what, gave.detail["to"]) == ("handed_over", "Housing Project Manager")
    took = changes(council, "other")[0]
    assert (took.what, took.detail["from"]) == ("took_over", "Waste Project Manager")


def test_somebody_comes_back_in_the_post_they_had_and_takes_nothing_back(council: Council) -> None:
    reference = council.create()
    leave(council, "manager", "other")
    with council.app.write() as session:
        moving.come_back(
            session, council.home, address("manager"), council.actor(session, "admin"), council.at
        )
    back = person(council, "manager")
    assert (back.active, back.left_at, back.role) == (True, None, "project_manager")
    assert council.project(reference).manager_id == person(council, "other").id
    with council.app.write() as session, pytest.raises(NotFound, match="has left"):
        moving.come_back(session, council.home, address("manager"), None, council.at)


def test_a_leavers_address_says_that_they_can_be_brought_back(council: Council) -> None:
    leave(council, "other")
    with (
        council.app.write() as session,
        pytest.raises(BadInput, match=r"who has left\. They can be brought back"),
    ):
        people.add_person(
            session, council.home, address=address("other"), name="New", role="consultee", department="", at=council.at
        )  # fmt: skip


def test_a_leaver_who_voted_stays_in_the_record(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.decide(reference, "place", "approve")
    leave(council, "place")
    council.approve(reference, "chief", "resources")
    assert council.stage(reference) == "initial_stage"
    with council.app.read() as session:
        (request,) = decision_store.requests_of(
            session, projects.key(projects.by_reference(session, reference))
        )
        assert len(decision_store.votes(session, request.id or 0)) == 3


def test_a_leavers_seat_on_a_board_passes_to_a_successor_who_may_take_it(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    link_id = council.link_of(reference, "place")
    with council.app.write() as session:
        people.add_person(
            session,
            council.home,
            address=address("incoming"),
            name="Incoming Director",
            role="cmt_member",
            department="PE",
            at=council.at,
        )
    leave(council, "place", "incoming")
    with council.app.read() as session:
        link = session.get(Link, link_id)
        slot = session.get(Slot, link.slot_id) if link is not None else None
        assert link is not None and link.revoked_at is not None
        assert slot is not None and slot.vacated_at is None
        assert slot.person_id == council.actor(session, "incoming").id
    council.approve(reference, "chief", "incoming", "resources")
    assert council.stage(reference) == "initial_stage"
