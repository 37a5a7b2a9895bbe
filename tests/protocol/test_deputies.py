"""Point 9 of decisions by email: dated deputies, people and not links, separation of duties, shared mailboxes."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from tests.people import Council
from tests.protocol.support import (
    body,
    change,
    deputise,
    end_deputyships,
    links,
    share,
    sign_in,
    votes,
)
from tests.web.deciding import Member, fresh, link_in, newest
from tests.web.support import Browser
from vfm_workflow.journeys import tasks
from vfm_workflow.store import projects
from vfm_workflow.store.tables import DecisionRequest, Slot, VoteRow


def test_point_09_a_deputy_has_their_own_mail_address_and_link_and_the_members_link_dies(
    council: Council, project: str
) -> None:
    member = Member(council, "place")
    deputise(council, "place", "planning")
    mail = newest(council, "planning", "decision_passed")
    assert mail.to == "planning@wrenfold.example"
    assert "You decide for Director of Place, as the one who stands in." in body(council, mail)
    assert member.look().status_code == 410
    live = [link for key in ("place", "planning") for link in links(council, key) if link.revoked_at is None]
    assert [link.address for link in live] == ["planning@wrenfold.example"], "one live link a seat"


def test_point_09_a_deputy_is_shown_as_x_for_y_wherever_the_vote_is(council: Council, project: str) -> None:
    deputise(council, "place", "planning")
    stand_in, x_for_y = (
        Member(council, "planning", "decision_passed"),
        "Head of Planning for Director of Place",
    )
    stand_in.look()
    assert f"You are deciding as {x_for_y}" in stand_in.text.replace(" ,", ",")
    assert stand_in.decide("approve_with_conditions", conditions="Keep the crews").status_code == 303
    (vote,) = votes(council)
    with council.app.read() as session:
        slot = session.get(Slot, vote.slot_id)
        assert slot is not None
        assert [vote.person_id, slot.person_id] == [
            council.actor(session, key).id for key in ("planning", "place")
        ]
    stand_in.look()
    assert f"Link holder {x_for_y}, level A (link sent to planning@wrenfold.example)" in stand_in.text
    receipt = newest(council, "planning", "decision_receipt")
    assert x_for_y in body(council, receipt)
    assert x_for_y in newest(council, "place", "decision_vote_cast").subject, (
        "the member hears what was decided for them"
    )
    other = Member(council, "chief")
    other.look()
    assert f"{x_for_y}: approved with conditions" in other.text.replace(" :", ":")
    other.decide("approve")
    council.decide(project, "resources", "approve")
    assert x_for_y in body(council, newest(council, "manager", "decision_made"))
    page = Browser(council).sign_in("manager")
    for path in ("decisions", "history", ""):
        page.get(f"/projects/{project}/{path}".rstrip("/"))
        said = "For Director of Place." if path == "history" else x_for_y
        assert said in page.text, path
    dispute = fresh(council)
    dispute.get(link_in(council, receipt, "/dispute/"))
    assert x_for_y in dispute.text


def test_point_09_deputies_are_dated_and_the_links_follow_by_themselves(
    council: Council, project: str
) -> None:
    deputise(council, "place", "planning", first=dt.date(2026, 3, 3), days=1)
    assert council.mails(notice="decision_passed") == []
    council.later(days=1)
    council.app.tick(council.at)
    assert [mail.to for mail in council.mails(notice="decision_passed")] == ["planning@wrenfold.example"]
    council.app.tick(council.at)
    council.later(days=2)
    council.app.tick(council.at)
    assert [mail.to.partition("@")[0] for mail in council.mails(notice="decision_passed")] == [
        "planning",
        "place",
    ]
    assert Member(council, "place", "decision_passed").decide("approve").status_code == 303


def test_point_09_who_is_asked_while_a_deputy_stands_in_mails_the_deputy(council: Council) -> None:
    deputise(council, "place", "planning")
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    assert council.mails(to="place", notice="decision_asked") == []
    assert "for Director of Place" in body(council, newest(council, "planning"))
    with council.app.read() as session:
        mine = {
            key: [
                task.why
                for task in tasks.waiting(session, council.home, council.actor(session, key), council.at)
                if task.kind == "decision"
            ]
            for key in ("place", "planning")
        }
    assert mine["place"] == []
    assert [why.partition(".")[0] for why in mine["planning"]] == ["You decide for Director of Place"]


def test_point_09_quorum_counts_people_so_a_deputy_on_the_same_board_decides_once(
    council: Council, project: str
) -> None:
    deputise(council, "place", "resources")
    council.decide(project, "resources", "approve")  # by their newest link: that of Place's seat
    assert Member(council, "resources").decide("approve").status_code == 403
    assert len(votes(council)) == 1


def test_point_09_somebody_who_stands_in_for_two_decides_once_and_is_told_so(
    council: Council, project: str
) -> None:
    deputise(council, "place", "planning")
    deputise(council, "housing", "planning")
    first, second = (
        link_in(council, mail) for mail in council.mails(to="planning", notice="decision_passed")
    )
    browser = fresh(council)
    page = browser.get(first).headers["location"]
    browser.get(page)
    assert browser.post(page, nonce=browser.hidden("nonce"), choice="approve").status_code == 303
    page = browser.get(second).headers["location"]
    browser.get(page)
    assert browser.post(page, nonce=browser.hidden("nonce"), choice="approve").status_code == 403
    assert "A person decides once, however many seats they stand in for" in browser.text
    assert len(votes(council)) == 1


def test_point_09_the_database_itself_refuses_one_person_two_votes(council: Council, project: str) -> None:
    council.approve(project, "chief", "place")
    first, second = votes(council)
    with council.app.write() as session:
        twice = VoteRow(**{**second.model_dump(exclude={"id"}), "slot_id": 5, "person_id": first.person_id})
        session.add(twice)
        with pytest.raises(IntegrityError, match=r"person_id|uq_vote_person"):
            session.flush()
        session.rollback()


@pytest.mark.parametrize("key", ["manager", "head"])
def test_point_09_the_projects_own_people_are_passed_over_as_deputies(
    council: Council, project: str, key: str
) -> None:
    deputise(council, "place", key)
    assert council.mails(to=key, notice="decision_passed") == []
    assert Member(council, "place").decide("approve").status_code == 303


def test_point_09_separation_of_duties_is_looked_at_again_when_a_deputy_decides(
    council: Council, project: str
) -> None:
    deputise(council, "place", "planning")
    stand_in = Member(council, "planning", "decision_passed")
    stand_in.look()
    nonce = stand_in.browser.hidden("nonce")
    with council.app.write() as session:  # meanwhile the deputy manages it; no clock has ticked since
        projects.by_reference(session, project).manager_id = council.actor(session, "planning").id
    assert stand_in.post(nonce=nonce, choice="approve").status_code == 410
    with council.app.write() as session:  # nor may anybody decide for the sponsor
        row = projects.by_reference(session, project)
        row.manager_id, row.sponsor_id = (council.actor(session, key).id for key in ("manager", "place"))
    assert stand_in.post(nonce=nonce, choice="approve").status_code == 403
    assert "nor does anybody in their place" in stand_in.text
    assert votes(council) == []


def test_point_09_the_asker_does_not_decide_either(council: Council, project: str) -> None:
    member = Member(council, "place")
    with council.app.write() as session:
        session.execute(update(DecisionRequest).values(asked_by=council.actor(session, "place").id))
    assert member.decide("approve").status_code == 403


def test_point_09_a_shared_mailbox_must_sign_in(council: Council, project: str) -> None:
    share(council, "place", "other")
    member = Member(council, "place")
    page = member.look()
    assert page.status_code == 200
    assert "In short" in member.text, "the link opens the page"
    assert "Several people read the mail of Director of Place. Sign in as yourself" in member.text
    assert f'href="/sign-in?next=%2Fdecide%2F{links(council, "place")[0].id}"' in page.text
    assert "Record my decision" not in member.text
    assert member.post(choice="approve").status_code == 422
    assert votes(council) == []


def test_point_09_one_of_its_readers_decides_for_the_mailbox_and_is_named(
    council: Council, project: str
) -> None:
    share(council, "place", "other")
    member = Member(council, "place")
    sign_in(member.browser, "finance", "link")
    member.look()
    assert "Finance Officer, who does not read the mail of Director of Place" in member.text
    sign_in(member.browser, "other", "link")
    member.look()
    assert "You are deciding as Housing Project Manager for Director of Place" in member.text
    assert member.decide("approve").status_code == 303
    member.look()
    assert "Link holder Housing Project Manager for Director of Place, level A" in member.text
    assert newest(council, "other", "decision_receipt")  # type: ignore[truthy-bool]
    assert newest(council, "place", "decision_vote_cast")  # type: ignore[truthy-bool]


def test_point_09_a_reader_who_signs_out_before_sending_decides_nothing_and_loses_nothing(
    council: Council, project: str
) -> None:
    share(council, "place", "other")
    member = Member(council, "place")
    sign_in(member.browser, "other", "link")
    member.look()
    nonce = member.browser.hidden("nonce")
    member.browser.cookies.delete("vfm_session")
    assert member.post(nonce=nonce, choice="reject", reason="Too dear").status_code == 403
    assert "Too dear" in member.text
    assert votes(council) == []
    sign_in(member.browser, "other", "link")
    again = member.look()
    assert "Too dear</textarea>" in again.text
    assert 'value="reject" checked' in again.text
    assert votes(council) == [], "what was kept decides nothing by itself"
    assert member.decide("reject", reason="Too dear").status_code == 303


def test_point_09_a_deputy_who_leaves_gives_the_seat_back(council: Council, project: str) -> None:
    deputise(council, "place", "planning")
    change(council, "planning", active=False)
    assert Member(council, "place", "decision_passed").decide("approve").status_code == 303
    end_deputyships(council)
