"""Points 7 and 8 of decisions by email: when a link runs out, and every reason for which it dies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.people import Council
from tests.protocol.support import body, change, change_the_outline, deputise, end_deputyships, links, votes
from tests.web.deciding import Member, asked, dump, fresh, link_in, newest
from vfm_workflow.journeys import disputes, reseat
from vfm_workflow.store import audit
from vfm_workflow.store.tables import Link, Slot

# ---------------------------------------------------------------- point 7: when a link runs out


def test_point_07_a_link_lasts_five_working_days_over_a_weekend_and_easter(council: Council) -> None:
    council.at = dt.datetime(2026, 4, 2, 9, 0, tzinfo=dt.UTC)  # the Thursday before Easter
    asked(council)
    (link,) = links(council, "chief")
    assert council.home.calendar.local(link.expires_at).isoformat() == "2026-04-13T18:00:00+01:00"


def test_point_07_a_reminder_mints_a_new_link_and_revokes_the_old(council: Council, project: str) -> None:
    council.later(days=3)
    council.app.tick(council.at)
    old, new = links(council, "chief")
    assert (old.revoked_at, old.revoked_why) == (council.at, "a newer link was sent")
    assert new.revoked_at is None
    assert new.expires_at > old.expires_at
    assert [mail.to for mail in council.mails(to="chief", notice="decision_reminded")] == [new.address]


def expired(council: Council) -> Member:
    """Return a member in front of a link that has run out, and no reminder came."""
    member = Member(council, "chief")
    council.later(days=8)
    return member


def test_point_07_an_expired_page_offers_a_new_link_and_looking_sends_none(
    council: Council, project: str
) -> None:
    member = expired(council)
    before = dump(council.app)
    assert member.look().status_code == 410
    assert "This link has expired" in member.text
    assert "Send a new link" in member.text
    assert dump(council.app) == before


def test_point_07_a_new_link_goes_to_the_address_on_record_only(council: Council, project: str) -> None:
    member = expired(council)
    member.look()
    nonce = member.browser.hidden("nonce")
    before = len(council.mails())
    member.browser.post(
        f"{member.page}/again", nonce=nonce, address="thief@evil.example", to="thief@evil.example"
    )
    (mail,) = council.mails()[before:]
    assert (mail.to, mail.notice) == ("chief@wrenfold.example", "decision_reminded")
    assert Member(council, "chief", "decision_reminded").decide("approve").status_code == 303


def test_point_07_the_answer_is_the_same_whoever_asks(council: Council, project: str) -> None:
    member = expired(council)
    member.look()
    nonce = member.browser.hidden("nonce")
    said = set()
    for page, mark in (
        (member.page, nonce),
        (member.page, nonce),
        (member.page, ""),
        ("/decide/999999", nonce),
    ):
        browser = fresh(council)
        assert browser.post(f"{page}/again", nonce=mark).status_code == 200
        said.add(browser.text)
    assert len(said) == 1
    assert len(council.mails(to="chief", notice="decision_reminded")) == 1


# ---------------------------------------------------------------- point 8: why a link dies, and what to do next


def successor(council: Council, reference: str) -> None:
    """The Director of Place leaves, and the Head of Planning follows them."""
    change(council, "planning", role="cmt_member")
    with council.app.write() as session:
        ids = [council.actor(session, key).id for key in ("place", "planning")]
        reseat.hand_over(session, council.home, ids[0], ids[1], council.at)
        reseat.reconcile(session, council.home, council.at)


def leaver(council: Council, reference: str) -> None:
    change(council, "place", active=False)


def moved(council: Council, reference: str) -> None:
    change(council, "place", role="head_of_service")


def new_address(council: Council, reference: str) -> None:
    change(council, "place", address="place2@wrenfold.example")


def deputy(council: Council, reference: str) -> None:
    deputise(council, "place", "planning")


def superseded(council: Council, reference: str) -> None:
    change_the_outline(council, reference, "why0 why1 " + "another reason " * 20)
    council.do(reference, "replace_outline")


def withdrawn(council: Council, reference: str) -> None:
    council.do(reference, "withdraw", "head", reason="No money")


def held(council: Council, reference: str) -> None:
    council.do(reference, "hold", "head", reason="An election")


@pytest.mark.parametrize(
    ("cause", "why", "then"),
    [
        (successor, "Head of Planning has taken over from Director of Place", "Nothing is needed from you."),
        (leaver, "Director of Place has left", "Nothing is needed from you."),
        (moved, "Director of Place is no longer on this board", "Nothing is needed from you."),
        (new_address, "the work address of Director of Place has changed", "Use the link in the newest mail"),
        (deputy, "Head of Planning stands in for Director of Place", "Nothing is needed from you."),
        (superseded, "changed after this mail", "Decide by the link in the newest mail"),
        (withdrawn, "no longer asked for", "Nothing is needed"),
        (held, "on hold", "Nothing is needed"),
    ],
)
def test_point_08_a_link_dies_with_its_reason_and_the_page_says_why_and_what_next(
    council: Council, project: str, cause: Callable[[Council, str], None], why: str, then: str
) -> None:
    member = Member(council, "place")
    member.look()
    nonce = member.browser.hidden("nonce")
    cause(council, project)
    for answer in (member.look(), member.post(nonce=nonce, choice="approve")):
        assert answer.status_code == 410
        assert why in member.text
        assert then in member.text
    assert votes(council) == []


def test_point_08_a_link_dies_when_the_deputyship_ends(council: Council, project: str) -> None:
    deputise(council, "place", "planning")
    stand_in = Member(council, "planning", "decision_passed")
    end_deputyships(council)
    assert stand_in.look().status_code == 410
    assert "Head of Planning no longer stands in for Director of Place. Nothing is needed" in stand_in.text
    assert Member(council, "place", "decision_passed").decide("approve").status_code == 303


def test_point_08_a_deputyship_that_ran_out_kills_the_link_before_any_clock_has_ticked(
    council: Council, project: str
) -> None:
    deputise(council, "place", "planning", days=0)
    stand_in = Member(council, "planning", "decision_passed")
    council.later(days=1)
    assert stand_in.look().status_code == 410
    assert "no longer stands in for Director of Place" in stand_in.text


def test_point_08_once_the_board_has_decided_a_link_decides_nothing_but_may_say_so_late(
    council: Council, project: str
) -> None:
    member = Member(council, "housing")
    council.approve(project)
    member.look()
    assert "The board has decided meanwhile: approved" in member.text
    assert member.decide("reject", reason="I was away").status_code == 303
    assert votes(council)[-1].late
    late = Member(council, "customers")
    council.later(days=8)
    assert late.look().status_code == 410
    assert "the board has decided meanwhile. Nothing is needed from you" in late.text


def test_point_08_after_the_decision_a_leavers_link_records_nothing_more(
    council: Council, project: str
) -> None:
    member = Member(council, "housing")
    council.approve(project)
    change(council, "housing", active=False)
    (link,) = links_of_leaver(council)
    assert (link.revoked_at, link.revoked_why) == (council.at, "Director of Housing has left")
    assert member.decide("reject", reason="I was away").status_code == 410
    assert len(votes(council)) == 3


def links_of_leaver(council: Council) -> list[Link]:
    with council.app.read() as session:
        return list(session.scalars(select(Link).where(col(Link.address) == "housing@wrenfold.example")))


def test_point_08_a_changed_address_gets_a_new_link_at_once(council: Council, project: str) -> None:
    new_address(council, project)
    (mail,) = council.mails(notice="decision_passed")
    assert mail.to == "place2@wrenfold.example"
    assert "has changed" in body(council, mail)


def test_point_08_a_successor_on_the_board_takes_the_seat_and_one_who_may_not_leaves_it_empty(
    council: Council, project: str
) -> None:
    successor(council, project)
    assert Member(council, "planning", "decision_passed").decide("approve").status_code == 303
    with council.app.write() as session:  # housing already sits on it
        ids = [council.actor(session, key).id for key in ("customers", "housing")]
        reseat.hand_over(session, council.home, ids[0], ids[1], council.at)
    with council.app.read() as session:
        why = [slot.vacated_why for slot in session.scalars(select(Slot).order_by(col(Slot.id)))]
    assert sorted(filter(None, why)) == ["Director of Customers has left"]
    council.decide(project, "chief", "approve")
    assert council.stage(project) == "cmt_approval", "two of four are not more than half"


def test_point_08_an_empty_seat_that_completes_the_quorum_settles_the_outcome(
    council: Council, project: str
) -> None:
    council.approve(project, "chief", "place")
    change(council, "housing", active=False)
    assert council.stage(project) == "cmt_approval"
    change(council, "customers", role="head_of_service")
    assert council.stage(project) == "initial_stage"
    assert "seat on the board is empty" in body(council, newest(council, "customers", "decision_withdrawn"))
    with council.app.read() as session:
        assert list(audit.verify(session)) == []


def test_point_08_a_dispute_keeps_an_empty_seat_from_settling_anything_until_it_is_over(
    council: Council, project: str
) -> None:
    council.approve(project, "chief", "place")
    token = link_in(council, newest(council, "place", "decision_receipt"), "/dispute/").removeprefix(
        "/dispute/"
    )
    with council.app.write() as session:
        disputes.dispute(session, council.home, token, council.at)
    change(council, "housing", active=False)
    change(council, "customers", active=False)
    assert council.stage(project) == "cmt_approval"
    with council.app.write() as session:
        disputes.settle(
            session, council.home, project, council.actor(session, "admin"), "It was them", council.at
        )
    council.app.tick(council.at)
    assert council.stage(project) == "initial_stage"


def test_point_08_a_board_that_was_left_with_nobody_stays_asked_and_those_who_can_mend_it_hear(
    council: Council, project: str
) -> None:
    for key in ("chief", "place", "resources", "housing", "customers"):
        change(council, key, active=False)
    told = {mail.to.partition("@")[0] for mail in council.mails(notice="decision_without_board")}
    assert told == {"admin", "manager"}
    assert council.stage(project) == "cmt_approval"
    council.app.tick(council.at)
    assert len(council.mails(notice="decision_without_board")) == 2, "once each"


def test_point_08_doing_it_again_changes_nothing(council: Council, project: str) -> None:
    deputise(council, "place", "planning")
    change(council, "housing", active=False)
    before = dump(council.app)
    with council.app.write() as session:
        reseat.reconcile(session, council.home, council.at)
    assert dump(council.app) == before
