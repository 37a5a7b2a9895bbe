"""Decisions by email links, point by point: what the protocol promises, each promise a test."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from freezegun import freeze_time
from sqlalchemy import select
from sqlmodel import col
from structlog.testing import capture_logs

from tests.people import Council
from tests.web.deciding import PERSON, Member, asked, dump, fresh, link_in, newest
from tests.web.support import BASE, Browser
from vfm_workflow import wiring
from vfm_workflow.journeys import decide, disputes, settling, writing
from vfm_workflow.logs import redact
from vfm_workflow.store import decisions, history
from vfm_workflow.store.tables import Condition, History, Link, VoteRow
from vfm_workflow.web.app import create


@pytest.fixture
def project(council: Council) -> str:
    """A project whose board was asked about its outline."""
    return asked(council)


def votes(council: Council) -> list[VoteRow]:
    with council.app.read() as session:
        return list(session.scalars(select(VoteRow).order_by(col(VoteRow.id))))


def links(council: Council, key: str) -> list[Link]:
    with council.app.read() as session:
        mine = select(Link).where(col(Link.person_id) == council.actor(session, key).id)
        return list(session.scalars(mine.order_by(col(Link.id))))


def change_the_outline(council: Council, reference: str, text: str) -> None:
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        writing.save_section(session, council.home, reference, "outline", "why", text, manager, council.at)


def head(browser: Browser, path: str) -> httpx.Response:
    return browser._ask("HEAD", path, None, False, None)


# ---------------------------------------------------------------- point 1: the token


def test_1_the_token_is_opaque_and_the_link_short_enough_for_any_mail_program(
    council: Council, project: str
) -> None:
    mail = newest(council, "chief")
    (address,) = {url for url in council.links_in(mail) if "/d/" in url}
    assert re.fullmatch(re.escape(BASE) + r"/d/[A-Za-z0-9_-]{43}", address)


def test_1_the_database_keeps_only_the_digest_of_a_token(council: Council, project: str) -> None:
    token = link_in(council, newest(council, "chief")).removeprefix("/d/")
    (link,) = links(council, "chief")
    assert link.digest == decisions.token_digest(token)
    kept = dump(council.app)
    del kept["outbox"]  # the mail itself, as its reader has it
    assert token not in repr(kept)


def test_1_one_link_a_member_and_the_choice_is_on_the_page(council: Council, project: str) -> None:
    Member(council, "chief").look()
    assert len(links(council, "chief")) == 1
    assert council.links_in(newest(council, "chief")) == [BASE + link_in(council, newest(council, "chief"))]


# ---------------------------------------------------------------- point 2: one live link a slot


def test_2_a_slot_has_at_most_one_live_link(council: Council, project: str) -> None:
    first = Member(council, "chief")
    council.later(days=3)
    council.app.tick(council.at)
    live = [link for link in links(council, "chief") if link.revoked_at is None]
    assert len(links(council, "chief")) == 2
    assert len(live) == 1
    gone = first.look()
    assert gone.status_code == 410
    assert "a newer link was sent. Use the link in the newest mail" in first.text
    assert Member(council, "chief", "decision_reminded").decide("approve").status_code == 303


def test_2_a_link_remembers_the_address_and_the_mail_it_went_in(council: Council, project: str) -> None:
    (link,) = links(council, "chief")
    mail = newest(council, "chief")
    assert (link.address, link.message_id) == ("chief@wrenfold.example", mail.message_id)


# ---------------------------------------------------------------- point 3: bound to a version


def test_3_mail_and_page_name_the_same_version_and_fingerprint(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    body = council.read_mail(newest(council, "chief")).get_body(("plain",))
    assert body is not None
    found = re.search(r"Version (\d+), fingerprint ([0-9a-f]{8})", body.get_content())
    assert found is not None
    assert f"Version {found[1]} · {found[2]}" in member.text


def test_3_the_page_shows_the_frozen_text_never_the_live_row(council: Council, project: str) -> None:
    member = Member(council, "chief")
    change_the_outline(council, project, "written after the mail went out " * 20)
    member.look()
    assert "why0 why1" in member.text
    assert "written after the mail" not in member.text


def test_3_a_newer_version_kills_the_links_and_voids_the_votes_and_shows_what_changed(
    council: Council, project: str
) -> None:
    place, chief = Member(council, "place"), Member(council, "chief")
    place.decide("approve")
    change_the_outline(council, project, "why0 why1 " + "another reason " * 20)
    council.do(project, "replace_outline")
    assert chief.decide("approve").status_code == 410
    assert "The text has changed since" in chief.text
    assert "[added] another reason" in chief.text
    again = Member(council, "place", "decision_superseded")
    again.look()
    assert "What changed since version 1" in again.text
    assert "[removed] why2" in again.text
    assert "0 of 5 have decided" in again.text
    mails = [
        council.read_mail(council.mails(to="place", notice=name)[-1])
        for name in ("decision_asked", "decision_superseded")
    ]
    assert mails[0]["References"] == mails[1]["References"]
    council.decide(project, "chief", "approve")
    council.decide(project, "resources", "approve")
    assert council.stage(project) == "cmt_approval", "the vote on the first version counted"


# ---------------------------------------------------------------- point 4: looking changes nothing


def test_4_get_and_head_change_nothing_at_all(council: Council, project: str) -> None:
    before = dump(council.app)
    member = Member(council, "chief")
    assert head(member.browser, member.link).status_code == 303
    assert member.look().status_code == 200
    assert head(member.browser, member.page).status_code == 200
    assert dump(council.app) == before


def test_4_the_token_leaves_the_address_and_is_held_in_a_cookie_for_this_link_alone(
    council: Council, project: str
) -> None:
    member = Member(council, "chief")
    assert member.opened.status_code == 303
    token = member.link.removeprefix("/d/")
    assert token not in member.page
    cookie = member.opened.headers["set-cookie"]
    assert token not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=1800" in cookie
    others = Member(council, "place").page
    assert member.browser.get(others).status_code == 403


def test_4_over_https_the_cookie_is_secure_and_bound_to_the_host(
    tmp_path: Path, empty_database: Path, app: wiring.App
) -> None:
    shutil.copy(empty_database, tmp_path / "vfm.sqlite3")
    council = Council(wiring.build(data=str(tmp_path), base_url="https://vfm.wrenfold.example"))
    council.populate()
    asked(council)
    cookie = Member(council, "chief").opened.headers["set-cookie"]
    council.app.close()
    assert cookie.startswith("__Host-vfm_link_")
    assert "Secure" in cookie
    assert "Path=/;" in cookie
    assert "Domain" not in cookie


def test_4_the_cookie_lasts_thirty_minutes(council: Council, project: str) -> None:
    with freeze_time("2026-03-02 09:00:00", real_asyncio=True) as clock:
        member = Member(council, "chief")
        clock.tick(dt.timedelta(minutes=29))
        assert member.look().status_code == 200
        clock.tick(dt.timedelta(minutes=2))
        late = member.look()
    assert late.status_code == 403
    assert "Open the link in the mail again. Nothing was recorded." in member.text


def test_4_nothing_is_stored_indexed_framed_or_leaked_by_the_referer(council: Council, project: str) -> None:
    member = Member(council, "chief")
    page = member.look()
    assert member.opened.headers["referrer-policy"] == "no-referrer"
    assert page.headers["referrer-policy"] == "same-origin"
    for answer in (member.opened, page):
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_4_tokens_are_cut_out_of_logged_paths(council: Council, project: str) -> None:
    assert redact(Member(council, "chief").link) == "/d/[redacted]"


def test_4_a_stranger_with_a_made_up_token_learns_nothing(council: Council, project: str) -> None:
    browser = fresh(council)
    made_up = browser.get("/d/" + "a" * 43)
    said = browser.text
    assert made_up.status_code == 410
    assert project not in said
    assert browser.get("/d/x").text.count("This link is not one of ours") == 1
    assert head(browser, "/d/" + "a" * 43).status_code == 410
    existing, missing = browser.get("/decide/1"), browser.get("/decide/999999")
    assert existing.status_code == missing.status_code == 403
    assert re.sub(r"nonce[-=][^ >]*", "", existing.text) == re.sub(r"nonce[-=][^ >]*", "", missing.text)


# ---------------------------------------------------------------- point 5: only a whole form decides


def test_5_no_choice_is_made_beforehand(council: Council, project: str) -> None:
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
def test_5_an_empty_or_half_form_changes_nothing(
    council: Council, project: str, fields: dict[str, str], said: str
) -> None:
    before = dump(council.app)
    member = Member(council, "chief")
    answer = member.decide(**fields)
    assert answer.status_code == 422
    assert said in member.text
    assert dump(council.app) == before
    assert member.decide("approve").status_code == 303


def test_5_what_was_typed_is_kept(council: Council, project: str) -> None:
    member = Member(council, "chief")
    answer = member.decide("approve_with_conditions", reason="Good work <b>")
    assert answer.status_code == 422
    assert re.search(r'value="approve_with_conditions" checked', answer.text)
    assert "Good work &lt;b&gt;</textarea>" in answer.text


def test_5_a_form_without_the_pages_own_mark_or_with_another_links_is_refused(
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


def test_5_a_form_without_the_cookie_is_refused_and_gives_back_what_was_typed(
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


def test_5_a_form_from_another_site_is_refused(council: Council, project: str) -> None:
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


def test_5_at_most_ten_tries_a_minute_for_one_link(council: Council, project: str) -> None:
    member, other = Member(council, "chief"), Member(council, "place")
    tries = [member.post(choice="approve").status_code for _ in range(11)]
    assert tries == [422] * 10 + [429]
    assert other.decide("approve").status_code == 303, "one member's tries locked out another"


def test_5_a_stranger_cannot_use_up_a_members_tries(council: Council, project: str) -> None:
    member, stranger = Member(council, "chief"), fresh(council)
    assert {stranger.post(member.page, choice="approve").status_code for _ in range(12)} == {403}
    assert member.decide("approve").status_code == 303


def test_5_a_reason_is_asked_for_unless_approving(council: Council, project: str) -> None:
    assert Member(council, "chief").decide("approve").status_code == 303
    assert Member(council, "place").decide("reject", reason="Too dear").status_code == 303


# ---------------------------------------------------------------- point 6: one transaction


def test_6_deciding_moves_the_project_and_everything_with_it(council: Council, project: str) -> None:
    for key in ("place", "resources", "chief"):
        assert Member(council, key).decide("approve").status_code == 303
    assert council.stage(project) == "initial_stage"
    assert len(votes(council)) == 3
    assert len(council.mails(notice="decision_receipt")) == 3
    assert {mail.to for mail in council.mails(notice="decision_made")} >= {"manager@wrenfold.example"}


def test_6_conditions_are_tracked_when_the_board_agrees(council: Council, project: str) -> None:
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
def test_6_if_anything_fails_all_of_it_rolls_back_and_the_link_still_works(
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


def test_6_the_same_decision_again_is_already_recorded(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.decide("reject", reason="Too dear")
    before = dump(council.app)
    again = member.decide("reject", reason="Too dear")
    assert again.status_code == 200
    assert "This was already recorded" in member.text
    assert dump(council.app) == before


def test_6_a_different_decision_is_refused_and_shows_the_first(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    nonce = member.browser.hidden("nonce")
    member.post(nonce=nonce, choice="approve", reason="A good case")
    before = dump(council.app)
    different = member.post(nonce=nonce, choice="reject", reason="On reflection, no")
    assert different.status_code == 409
    assert "A different decision is already recorded" in member.text
    assert "A good case" in member.text
    assert dump(council.app) == before


def test_6_a_vote_after_the_quorum_is_recorded_and_changes_nothing(council: Council, project: str) -> None:
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


def test_6_who_wrote_or_sponsors_it_does_not_decide_it_and_the_link_is_not_spent(
    council: Council, project: str
) -> None:
    chief = Member(council, "chief")
    with council.app.write() as session:
        row = session.merge(council.project(project))
        row.sponsor_id = council.actor(session, "chief").id
    assert chief.decide("approve").status_code == 403
    assert votes(council) == []
    assert links(council, "chief")[0].used_at is None


def test_6_of_eight_racing_posts_exactly_one_decides(council: Council) -> None:
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


# ---------------------------------------------------------------- point 11: receipts and disputes


def test_11_receipts_tell_the_member_the_manager_and_the_others_with_no_live_link_inside(
    council: Council, project: str
) -> None:
    Member(council, "place").decide("approve", reason="A good case")
    receipt = newest(council, "place", "decision_receipt")
    told = {mail.to.partition("@")[0] for mail in council.mails(notice="decision_vote_cast")}
    assert told == {"manager", "chief", "resources", "housing", "customers"}
    for mail in (receipt, *council.mails(notice="decision_vote_cast")):
        assert not [url for url in council.links_in(mail) if "/d/" in url]
    body = council.read_mail(receipt).get_body(("plain",))
    assert body is not None
    assert "A good case" in body.get_content()


def test_11_this_was_not_me_shows_on_get_and_freezes_on_post(council: Council, project: str) -> None:
    Member(council, "place").decide("approve")
    link = link_in(council, newest(council, "place", "decision_receipt"), "/dispute/")
    browser, before = fresh(council), dump(council.app)
    assert browser.get(link).status_code == 200
    assert head(browser, link).status_code == 200
    assert "Opening this page changes nothing" in browser.get(link).text
    nonce = browser.hidden("nonce")
    assert browser.post(link, nonce=nonce).status_code == 422, "an empty form, as a scanner sends it"
    assert browser.post(link, mine="no").status_code == 422
    assert dump(council.app) == before
    done = browser.post(link, nonce=nonce, mine="no")
    assert done.status_code == 200
    assert "The project is stopped" in browser.text
    assert council.project(project).disputed_at == council.at
    told = {mail.to.partition("@")[0] for mail in council.mails(notice="decision_disputed")}
    assert told == {"admin", "manager"}


def test_11_while_it_is_disputed_nobody_decides_and_afterwards_the_same_links_work(
    council: Council, project: str
) -> None:
    Member(council, "place").decide("approve")
    link = link_in(council, newest(council, "place", "decision_receipt"), "/dispute/")
    chief = Member(council, "chief")
    chief.look()
    nonce = chief.browser.hidden("nonce")
    with council.app.write() as session:
        disputes.dispute(session, council.home, link.removeprefix("/dispute/"), council.at)
    chief.look()
    assert "Nobody can decide at the moment" in chief.text
    assert chief.post(nonce=nonce, choice="approve").status_code == 403
    with council.app.write() as session:
        admin = council.actor(session, "admin")
        disputes.settle(session, council.home, project, admin, "They had forgotten", council.at)
    assert chief.decide("approve").status_code == 303


# ---------------------------------------------------------------- point 12: audit


def test_12_the_record_says_who_what_how_and_on_which_text(council: Council, project: str) -> None:
    Member(council, "chief").decide("approve", reason="A good case")
    (vote,) = votes(council)
    (link,) = links(council, "chief")[:1]
    with council.app.read() as session:
        row = session.scalars(select(History).where(col(History.event) == "vote")).one()
        request = decisions.open_requests(session)[0]
        version = decisions.newest_version(session, request.project_id, "outline")
        broken = list(history.verify(session))
    assert version is not None
    assert broken == []
    detail = json.loads(row.detail)
    assert detail["slot"] == vote.slot_id == link.slot_id
    assert detail["digest"] == version.digest
    assert detail["assurance"] == vote.assurance == "A"
    assert detail["address"] == vote.address == "chief@wrenfold.example"
    assert detail["user_agent"] == vote.user_agent == PERSON["user-agent"]
    assert detail["message_id"] == vote.message_id == newest(council, "chief").message_id
    assert (row.actor, row.reason) == ("Chief Executive", "A good case")


def test_12_the_page_says_link_holder_for_somebody_never_signed_by(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.decide("approve")
    member.look()
    assert "Link holder for Chief Executive, level A (link sent to chief@wrenfold.example)" in member.text
    assert "signed by" not in member.text.lower()


def test_the_pages_need_no_server_state_beside_the_database(council: Council, project: str) -> None:
    member = Member(council, "chief")
    member.look()
    nonce = member.browser.hidden("nonce")
    member.browser.app = create(council.app, clock=False)  # another replica
    assert member.post(nonce=nonce, choice="approve").status_code == 303
