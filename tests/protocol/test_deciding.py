"""Points 5 and 6 of decisions by email: only a whole form decides, in one transaction."""

from __future__ import annotations

import copy
import re
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest
from sqlalchemy import select
from sqlmodel import col
from structlog.testing import capture_logs

from tests.people import Council
from tests.protocol.support import links, votes
from tests.web.deciding import Member, asked, dump, fresh
from vfm_workflow.journeys import decide, settling
from vfm_workflow.store import history
from vfm_workflow.store.tables import Condition
from vfm_workflow.web.app import create

# ---------------------------------------------------------------- point 5: only a whole form decides


def test_point_05_no_choice_is_made_beforehand(council: Council, project: str) -> None:
    page = Member(council, "chief").look().text
    assert page.count('type="radio"') == 4
    assert " checked" not in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose your decision"),
        ({"reason": "Because"}, "Choose your decision"),
        ({"choice": "perhaps"}, "Choose your decision"),
        ({"choice": "reject"}, "Say why you are rejecting it"),
        ({"choice": "return_for_changes", "reason": "  "}, "Say why you are returning it"),
        (
            {"choice": "approve_with_conditions", "conditions": " \n - "},
            "Write the conditions, one on each line",
        ),
        ({"choice": "approve", "conditions": "Report"}, "Conditions go with “Approve with conditions”"),
    ],
)
def test_point_05_an_empty_or_half_form_changes_nothing(
    council: Council, project: str, fields: dict[str, str], said: str
) -> None:
    before = dump(council.app)
    member = Member(council, "chief")
    answer = member.decide(**fields)
    assert answer.status_code == 422
    assert said in member.text
    assert dump(council.app) == before
    assert member.decide("approve").status_code == 303


def test_point_05_what_was_typed_is_kept(council: Council, project: str) -> None:
    member = Member(council, "chief")
    answer = member.decide("approve_with_conditions", reason="Good work <b>")
    assert answer.status_code == 422
    assert re.search(r'value="approve_with_conditions" checked', answer.text)
    assert "Good work &lt;b&gt;</textarea>" in answer.text


def test_point_05_a_form_without_the_pages_own_mark_or_with_another_links_is_refused(
    council: Council, project: str
) -> None:
    member, other = Member(council, "chief"), Member(council, "place")
    before = dump(council.app)
    other.look()
    foreign = other.browser.hidden("nonce")
    for nonce in ("", "made up", foreign):
        answer = member.post(nonce=nonce, choice="approve")
        assert answer.status_code == 422
        assert "nothing was recorded" in member.text
    assert dump(council.app) == before


def test_point_05_a_form_without_the_cookie_is_refused_and_gives_back_what_was_typed(
    council: Council, project: str
) -> None:
    member = Member(council, "chief")
    member.look()
    nonce = member.browser.hidden("nonce")
    before = dump(council.app)
    member.browser.sign_out()
    answer = member.post(nonce=nonce, choice="reject", reason="Too dear")
    assert answer.status_code == 403
    assert "Too dear" in member.text
    assert dump(council.app) == before


def test_point_05_a_form_from_another_site_is_refused(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    fields = {"nonce": member.browser.hidden("nonce"), "choice": "approve"}
    before = dump(council.app)
    for site, origin in (
        ("cross-site", "https://evil.example"),
        ("same-site", "null"),
        ("", "https://evil.example"),
    ):
        headers = {"sec-fetch-site": site, "origin": origin}
        assert member.browser.send(member.page, fields, headers=headers).status_code == 403
    assert dump(council.app) == before


def test_point_05_at_most_ten_tries_a_minute_for_one_link(council: Council, project: str) -> None:
    member, other = Member(council, "chief"), Member(council, "place")
    tries = [member.post(choice="approve").status_code for _ in range(11)]
    assert tries == [422] * 10 + [429]
    assert other.decide("approve").status_code == 303, "one member's tries locked out another"


def test_point_05_a_stranger_cannot_use_up_a_members_tries(council: Council, project: str) -> None:
    member, stranger = Member(council, "chief"), fresh(council)
    assert {stranger.post(member.page, choice="approve").status_code for _ in range(12)} == {403}
    assert member.decide("approve").status_code == 303


def test_point_05_a_reason_is_asked_for_unless_approving(council: Council, project: str) -> None:
    assert Member(council, "chief").decide("approve").status_code == 303
    assert Member(council, "place").decide("reject", reason="Too dear").status_code == 303


# ---------------------------------------------------------------- point 6: one transaction


def test_point_06_deciding_moves_the_project_and_everything_with_it(council: Council, project: str) -> None:
    for key in ("place", "resources", "chief"):
        assert Member(council, key).decide("approve").status_code == 303
    assert council.stage(project) == "initial_stage"
    assert len(votes(council)) == 3
    assert len(council.mails(notice="decision_receipt")) == 3
    assert {mail.to for mail in council.mails(notice="decision_made")} >= {"manager@wrenfold.example"}


def test_point_06_conditions_are_tracked_when_the_board_agrees(council: Council, project: str) -> None:
    Member(council, "place").decide(
        "approve_with_conditions", conditions="Keep the crews\n- Report monthly\n"
    )
    Member(council, "resources").decide("approve")
    Member(council, "chief").decide("approve")
    with council.app.read() as session:
        texts = list(session.scalars(select(col(Condition.text)).order_by(col(Condition.id))))
    assert texts == ["Keep the crews", "Report monthly"]


@pytest.mark.parametrize(
    ("module", "step"),
    [(decide, "_insert_vote"), (settling, "settle"), (settling, "mail_cast"), (settling, "receipt")],
)
def test_point_06_if_anything_fails_all_of_it_rolls_back_and_the_link_still_works(
    council: Council, project: str, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    member = Member(council, "chief")
    before = dump(council.app)
    with monkeypatch.context() as broken, capture_logs() as logged:
        broken.setattr(module, step, fail)
        with pytest.raises(OSError, match="disk is full"):
            member.decide("approve")
    assert [line["event"] for line in logged] == ["a page failed"]
    assert dump(council.app) == before
    assert member.decide("approve").status_code == 303
    assert len(votes(council)) == 1


def test_point_06_the_same_decision_again_is_already_recorded(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.decide("reject", reason="Too dear")
    before = dump(council.app)
    again = member.decide("reject", reason="Too dear")
    assert again.status_code == 200
    assert "This was already recorded" in member.text
    assert dump(council.app) == before


def test_point_06_a_different_decision_is_refused_and_shows_the_first(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    nonce = member.browser.hidden("nonce")
    member.post(nonce=nonce, choice="approve", reason="A good case")
    before = dump(council.app)
    different = member.post(nonce=nonce, choice="reject", reason="On reflection, no")
    assert different.status_code == 409
    assert "A different decision is already recorded" in member.text
    assert "A good case" in member.text
    assert "On reflection, no" in member.text  # what was typed is not lost
    assert dump(council.app) == before


def test_point_06_a_vote_after_the_quorum_is_recorded_and_changes_nothing(
    council: Council, project: str
) -> None:
    late = Member(council, "housing")
    council.approve(project)
    revision = council.project(project).revision
    late.look()
    assert "The board has decided meanwhile: approved" in late.text
    assert late.decide("reject", reason="I was away").status_code == 303
    late.look()
    assert "The board had decided before you: approved." in late.text
    assert votes(council)[-1].late
    assert council.stage(project) == "initial_stage"
    assert council.project(project).revision == revision + 1, "the vote is in the history, and nothing else"


def test_point_06_who_wrote_or_sponsors_it_does_not_decide_it_and_the_link_is_not_spent(
    council: Council, project: str
) -> None:
    chief = Member(council, "chief")
    with council.app.write() as session:
        row = session.merge(council.project(project))
        row.sponsor_id = council.actor(session, "chief").id
    assert chief.decide("approve").status_code == 403
    assert votes(council) == []
    assert links(council, "chief")[0].used_at is None


def test_point_06_of_eight_racing_posts_exactly_one_decides(council: Council) -> None:
    for title in ("Waste rounds", "Garden waste", "Cleansing zones", "Licensing", "Museum hours"):
        reference = asked(council, title)
        member = Member(council, "chief")
        member.look()
        fields = {"nonce": member.browser.hidden("nonce"), "choice": "approve"}
        racers = [copy.copy(member.browser) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            posts = [pool.submit(racer.send, member.page, fields) for racer in racers]
            answers = [post.result().status_code for post in posts]
        assert sorted(answers) == [200] * 7 + [303], answers
        mine = [vote for vote in votes(council) if vote.address == "chief@wrenfold.example"]
        assert len(mine) == int(reference[-4:])
    assert len(council.mails(notice="decision_receipt")) == 5
    with council.app.read() as session:
        assert list(history.verify(session)) == []


def test_point_06_the_pages_need_no_server_state_beside_the_database(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    nonce = member.browser.hidden("nonce")
    member.browser.app = create(council.app, clock=False)  # another replica
    assert member.post(nonce=nonce, choice="approve").status_code == 303
