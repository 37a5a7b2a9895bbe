"""The page a member decides on, and the pages a link leads to when it cannot decide any more."""

from __future__ import annotations

import datetime as dt

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select
from sqlmodel import col

from tests.people import Council
from tests.web.deciding import Member, asked, dump, fresh, newest
from vfm_workflow.domain.snapshot import Change
from vfm_workflow.journeys import dates, lessons
from vfm_workflow.store.tables import Link
from vfm_workflow.web import decision_view


@pytest.fixture
def project(council: Council) -> str:
    """A project whose board was asked about its outline."""
    return asked(council)


def links(council: Council) -> int:
    with council.app.read() as session:
        return session.scalar(select(func.count(col(Link.id)))) or 0


def test_the_page_holds_all_that_a_busy_person_decides_from(council: Council, project: str) -> None:
    council.decide(project, "place", "return_for_changes", reason="The north is missing")
    member = Member(council, "chief")
    assert member.look().status_code == 200
    for said in (
        "Decide on the outline: Waste rounds",
        "You are deciding as Chief Executive , from a link sent to chief@wrenfold.example",
        "Reply by 6pm on Monday 9 March 2026",
        "Opening this page records nothing.",
        "Fewer rounds, the same bins.",
        "Cost per household: £71.00 → £64.00 per household",
        "Fewer rounds (cashable, ongoing):",
        "2026/27 £80,000 · 2027/28 £210,000",
        "Director of Place: returned for changes , 2 March 2026",
        "Director of Housing: not yet decided",
        "3 of the 5 members must decide, the Chief Executive among them. 1 of 5 have decided; 3 are needed.",
        "Read the full text you decide on (outline,",
        "The figures agree.",
        "The project moves to “Initial stage”.",
        "The project moves to “Returned for changes”. Say what must change below.",
        "The project ends as “Rejected”.",
    ):
        assert said in member.text, said


def test_each_decision_offers_the_choices_of_its_lifecycle(council: Council) -> None:
    reference = council.create()
    council.to_implementation(reference)
    milestone = council.milestones(reference)[0]
    with council.app.write() as session:
        manager, new = council.actor(session, "manager"), milestone.forecast + dt.timedelta(days=60)
        dates.propose(
            session,
            council.home,
            reference,
            {milestone.id or 0: new},
            "The supplier failed",
            manager,
            council.at,
        )
    council.do(reference, "ask_rebaseline")
    member = Member(council, "chief")
    page = member.look().text
    assert "Decide on new dates or figures: Waste rounds" in member.text
    assert 'value="return_for_changes"' not in page
    assert "New dates or figures agreed. The project stays at “Implementation”." in member.text
    assert "The supplier failed" in member.text


def test_the_last_decision_considers_the_lessons(council: Council) -> None:
    reference = council.create()
    council.to_implementation(reference)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        for milestone in council.milestones(reference):
            dates.finish_milestone(
                session, council.home, reference, milestone.id or 0, council.at.date(), manager, council.at
            )
    council.do(reference, "finish_implementation")
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        lessons.record(session, council.home, reference, "Start with the depot", manager, council.at)
    council.do(reference, "submit_lessons")
    member = Member(council, "chief")
    page = member.look().text
    assert 'value="reject"' not in page
    assert 'name="conditions"' not in page
    assert "Start with the depot" in member.text
    assert member.decide("return_for_changes", reason="Say more").status_code == 303


def test_what_people_wrote_is_shown_inert(council: Council, project: str) -> None:
    attack = "<script>alert(1)</script>"
    Member(council, "place").decide("approve_with_conditions", conditions=attack, reason=attack)
    member = Member(council, "place")
    assert attack not in member.look().text
    assert "&lt;script&gt;" in member.look().text


def test_after_deciding_the_page_says_what_was_recorded_and_what_happens_next(
    council: Council, project: str
) -> None:
    member = Member(council, "place")
    member.decide("approve_with_conditions", conditions="Keep the crews", reason="Sound")
    member.look()
    for said in (
        "Your decision is recorded",
        "Approved with conditions",
        "Keep the crews",
        "Sound",
        "1 of 5 have decided",
    ):
        assert said in member.text, said
    council.approve(project, "resources", "chief")
    member.look()
    assert (
        "The board has decided: approved with conditions. The project is now at “Initial stage”."
        in member.text
    )


def test_after_the_deadline_one_may_still_decide(council: Council, project: str) -> None:
    council.later(days=6)
    council.app.tick(council.at)  # Sunday: nothing
    council.later(days=1)
    council.app.tick(council.at)  # the last day: a reminder with a new link
    council.later(days=1)
    member = Member(council, "chief", "decision_reminded")
    member.look()
    assert "The deadline has passed" in member.text
    assert member.decide("approve").status_code == 303


def test_an_expired_link_offers_another_and_mails_it_to_the_address_on_record(
    council: Council, project: str
) -> None:
    member = Member(council, "chief")
    council.later(days=8)
    gone = member.look()
    assert gone.status_code == 410
    assert "This link has expired" in member.text
    nonce = member.browser.hidden("nonce")
    assert member.post(nonce=nonce, choice="approve").status_code == 410
    before = links(council)
    sent = member.browser.post(f"{member.page}/again", nonce=nonce)
    assert sent.status_code == 200
    assert "Look in your mail" in member.text
    assert links(council) == before + 1
    assert newest(council, "chief", "decision_reminded").to == "chief@wrenfold.example"
    assert Member(council, "chief", "decision_reminded").decide("approve").status_code == 303


def test_asking_for_another_link_says_the_same_whoever_asks_and_does_nothing_for_a_stranger(
    council: Council, project: str
) -> None:
    member = Member(council, "chief")
    council.later(days=8)
    member.look()
    nonce = member.browser.hidden("nonce")
    before = dump(council.app)
    stranger = fresh(council)
    stranger.post(f"{member.page}/again", nonce="made up")
    said = stranger.text
    stranger.post("/decide/99999/again", nonce=nonce)
    assert stranger.text == said
    assert dump(council.app) == before
    member.browser.post(f"{member.page}/again", nonce=nonce)
    assert member.text == said
    again = dump(council.app)
    member.browser.post(f"{member.page}/again", nonce=nonce)
    assert member.text == said
    assert dump(council.app) == again, "a link that was replaced brought another"


def test_a_link_that_still_works_is_not_replaced(council: Council, project: str) -> None:
    member = Member(council, "chief")
    assert "Send a new link" not in member.look().text
    mark = URLSafeTimedSerializer(council.app.secret_key, salt="decide-again")
    before = dump(council.app)
    assert member.browser.post(f"{member.page}/again", nonce=mark.dumps(1)).status_code == 200
    assert dump(council.app) == before


def test_an_expired_link_after_the_board_decided_needs_nothing(council: Council, project: str) -> None:
    member = Member(council, "housing")
    council.approve(project)
    council.later(days=8)
    assert member.look().status_code == 410
    assert "the board has decided meanwhile. Nothing is needed from you." in member.text
    assert "Send a new link" not in member.text


def test_a_withdrawn_project_kills_its_links_and_says_why(council: Council, project: str) -> None:
    member = Member(council, "chief")
    council.do(project, "withdraw", "head", reason="Another way was found")
    assert member.look().status_code == 410
    assert "This decision is no longer asked for" in member.text
    assert "Nothing is needed from you." in member.text


def test_a_project_on_hold_says_so_and_asks_again_when_it_resumes(council: Council, project: str) -> None:
    member = Member(council, "chief")
    council.do(project, "hold", "head", reason="Waiting for the budget")
    assert member.look().status_code == 410
    assert "This project is on hold" in member.text
    council.do(project, "resume", "head")
    assert Member(council, "chief").decide("approve").status_code == 303


def test_a_dispute_link_does_not_decide(council: Council, project: str) -> None:
    Member(council, "place").decide("approve")
    receipt = newest(council, "place", "decision_receipt")
    (link,) = [url for url in council.links_in(receipt) if "/dispute/" in url]
    answer = fresh(council).get("/d/" + link.rpartition("/")[2])
    assert answer.status_code == 410
    assert "set-cookie" not in answer.headers


def test_an_address_that_no_database_could_hold_is_no_page(council: Council) -> None:
    browser = fresh(council)
    assert browser.get(f"/decide/{10**30}").status_code == 404
    assert browser.get("/decide/abc").status_code == 404


def test_a_long_text_that_stayed_the_same_is_cut_down_beside_a_change() -> None:
    words = " ".join(f"w{n}" for n in range(100))
    change = Change(
        "why", "Why", (("same", words), ("removed", " old"), ("added", " new"), ("same", " " + words))
    )
    ((title, runs),) = decision_view.abridged([change])
    assert title == "Why"
    before, _, _, after = (text for _, text in runs)
    assert before.split() == ["…", *(f"w{n}" for n in range(85, 100))]
    assert after.split() == [*(f"w{n}" for n in range(15)), "…"]
