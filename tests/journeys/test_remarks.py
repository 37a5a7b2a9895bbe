"""Those who neither write nor decide have their say (domain §3, §14): comments, challenges, advice, recommendations."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest

from tests.figures_support import events
from tests.journeys.clockwork import at, running, said, tick, walk
from tests.people import PEOPLE, Council
from tests.web.deciding import Member
from tests.web.support import Browser
from vfm_workflow.domain.roles import RoleSpec
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import chasing, people, remarks, tasks
from vfm_workflow.store import decisions, projects
from vfm_workflow.store.tables import Remark

MONDAY = dt.date(2026, 3, 2)


@pytest.fixture
def open_council(council: Council) -> Council:
    """A council that lets its Members, mentors and Board read and remark on every project."""
    roles = dict(council.home.roles)
    for key in ("portfolio_holder", "mentor", "board_member", "vfm_group_member"):
        roles[key] = RoleSpec(title=roles[key].title, may=dict.fromkeys(roles[key].may, "all"))
    council.app.home = dataclasses.replace(council.home, roles=roles)
    with council.app.write() as session:
        people.add_person(
            session, council.home, address="mentor@wrenfold.example", name="Licensing Manager", role="mentor",
            department="PE", at=council.at,
        )  # fmt: skip
    return council


def say(
    council: Council, reference: str, by: str, kind: str, text: str = "Why so?", subject: str = ""
) -> Remark:
    with council.app.write() as session:
        who = council.actor(session, by)
        return remarks.make(
            session, council.home, reference, who, council.at, kind=kind, text=text, subject=subject
        )


def reply(
    council: Council, reference: str, remark: Remark, by: str = "manager", text: str = "Because."
) -> Remark:
    with council.app.write() as session:
        who = council.actor(session, by)
        return remarks.reply(session, council.home, reference, remark.id or 0, who, council.at, text)


def test_each_role_says_what_the_matrix_gives_it(open_council: Council) -> None:
    reference = open_council.create()
    with open_council.app.read() as session:
        project = projects.by_reference(session, reference)
        found = {
            key: remarks.kinds(session, open_council.home, open_council.actor(session, key), project)
            for key in (*PEOPLE, "mentor")
        }
    assert {key: kinds for key, kinds in found.items() if kinds} == {
        "holder": ["comment", "challenge"],
        "finance": ["advice"],
        "board": ["recommendation"],
        "mentor": ["comment"],
    }


def test_those_without_a_say_are_refused_and_strangers_learn_nothing(council: Council) -> None:
    reference = council.create()
    for key in ("manager", "chief", "auditor"):
        with pytest.raises(NotAllowed, match="no say"):
            say(council, reference, key, "comment")
    with pytest.raises(NotFound, match="There is no project"):
        say(council, reference, "admin", "comment")
    with pytest.raises(BadInput, match="Choose what it is"):
        say(council, reference, "finance", "challenge")
    with pytest.raises(BadInput, match="which decision"):
        say(council, reference, "finance", "advice")
    with pytest.raises(BadInput, match="Write what you want to say"):
        say(council, reference, "finance", "advice", " ", "decision:outline")


def test_a_challenge_is_owed_a_reply_and_gets_one(open_council: Council) -> None:
    reference = open_council.create()
    remark = say(open_council, reference, "holder", "challenge")
    with open_council.app.read() as session:
        for key in ("manager", "head"):
            actor = open_council.actor(session, key)
            found = tasks.waiting(session, open_council.home, actor, open_council.at)
            assert "Reply to a challenge" in [task.title for task in found], key
    with pytest.raises(NotAllowed, match="project manager or the Head of Service replies"):
        reply(open_council, reference, remark, "finance")
    with pytest.raises(BadInput, match="Write the reply"):
        reply(open_council, reference, remark, text=" ")
    assert reply(open_council, reference, remark).reply == "Because."
    with pytest.raises(NotAllowed, match="replied to on 2 March 2026 already: Because"):
        reply(open_council, reference, remark, "head", "No.")
    tick(open_council, MONDAY + dt.timedelta(days=1))
    assert [fact.to for fact in said(open_council, "remark_made")] == ["head", "manager"]
    assert [fact.to for fact in said(open_council, "challenge_replied")] == ["holder"]
    assert events(open_council, reference)[1:] == ["remark_made", "challenge_replied"]


def test_a_challenge_without_a_reply_is_told_in_the_digest(open_council: Council) -> None:
    reference = open_council.create()
    say(open_council, reference, "holder", "challenge")
    say(open_council, reference, "holder", "comment")
    walk(open_council, MONDAY + dt.timedelta(days=1), dt.date(2026, 3, 20))
    assert [(fact.day, fact.to) for fact in said(open_council, "challenge_waiting")] == [
        (dt.date(2026, 3, 16), "head"),
        (dt.date(2026, 3, 16), "manager"),
    ]


def test_only_a_challenge_of_that_project_is_replied_to(open_council: Council) -> None:
    reference, other = open_council.create(), open_council.create("Second")
    comment = say(open_council, reference, "holder", "comment")
    challenge = say(open_council, reference, "holder", "challenge")
    with pytest.raises(NotFound, match="no such challenge"):
        reply(open_council, reference, comment)
    with pytest.raises(NotFound, match="no such challenge"):
        reply(open_council, other, challenge)


def test_advice_before_the_submission_is_frozen_and_later_advice_stands_beside_it(
    open_council: Council,
) -> None:
    reference = open_council.create()
    open_council.outline_ready(reference)
    say(open_council, reference, "finance", "advice", "The figures agree.", "decision:outline")
    open_council.do(reference, "submit_outline")
    open_council.later(days=1)
    say(open_council, reference, "board", "recommendation", "We recommend it.", "decision:outline")
    say(open_council, reference, "finance", "advice", "About the other.", "decision:recommendations")
    with open_council.app.read() as session:
        project = projects.by_reference(session, reference)
        version = decisions.newest_version(session, projects.key(project), "outline")
        assert version is not None
        (part,) = [p for p in json.loads(version.snapshot)["parts"] if p["key"] == "advice"]
    assert part["rows"] == [["Advice of Finance", "Finance Officer", "2 March 2026", "The figures agree."]]
    chief = Member(open_council, "chief")
    chief.look()
    before, _, after = chief.text.partition("Said since the text was frozen")
    assert "The figures agree." in before
    assert "We recommend it. Board Member for Housing, 3 March 2026" in after
    assert "About the other." not in chief.text


def test_a_mentor_comments_on_a_return_and_it_stands_there(open_council: Council) -> None:
    reference = running(open_council, MONDAY)
    at(open_council, dt.date(2026, 4, 8))
    say(open_council, reference, "mentor", "comment", "Look at the Tuesday rounds.", "return:2026-03")
    for subject in ("return:2026-13", "return:2027-01", "return:x", "decision:nothing", "<b>"):
        with pytest.raises(BadInput, match="Choose what it is about"):
            say(open_council, reference, "mentor", "comment", "x", subject)
    browser = Browser(open_council).sign_in("auditor")
    browser.get(f"/projects/{reference}/returns/2026-03")
    assert "Look at the Tuesday rounds. Licensing Manager, 8 April 2026" in browser.text
    browser.get(f"/projects/{reference}/returns/2026-02")
    assert "Tuesday rounds" not in browser.text


def test_a_missing_return_is_chased_once_a_day(council: Council) -> None:
    reference = running(council, MONDAY)
    at(council, dt.date(2026, 4, 13), "10:00")
    browser = Browser(council).sign_in("performance")
    page = browser.get("/returns?period=2026-03")
    assert f'action="/projects/{reference}/returns/2026-03/chase"' in page.text
    for _ in range(2):
        sent = {"back": "/returns?period=2026-03"}
        answer = browser.send(f"/projects/{reference}/returns/2026-03/chase", sent)
        assert answer.headers["location"] == "/returns?period=2026-03"
    away = browser.send(f"/projects/{reference}/returns/2026-03/chase", {"back": "https://evil.example"})
    assert away.headers["location"] == f"/projects/{reference}/returns/2026-03"
    tick(council, dt.date(2026, 4, 14))
    assert [fact.to for fact in said(council, "return_chased")] == ["manager"]
    at(council, dt.date(2026, 4, 14), "10:00")
    browser.sign_in("performance").get(f"/projects/{reference}/returns/2026-03")
    assert "Ask for it in the next digest" in browser.text


def test_nobody_else_chases_and_nothing_that_is_not_owed(council: Council) -> None:
    reference = running(council, MONDAY)
    at(council, dt.date(2026, 4, 13))
    with council.app.write() as session:
        head = council.actor(session, "head")
        with pytest.raises(NotAllowed, match="does not ask for returns"):
            chasing.chase(session, council.home, reference, "2026-03", head, council.at)
        officer = council.actor(session, "performance")
        for period in ("2026-04", "2020-01", "x"):
            with pytest.raises(NotFound, match="owes no return"):
                chasing.chase(session, council.home, reference, period, officer, council.at)


def test_the_page_shows_what_was_said_and_takes_what_one_may_say(open_council: Council) -> None:
    reference = open_council.create()
    page, browser = f"/projects/{reference}/comments", Browser(open_council).sign_in("holder")
    browser.get(page)
    assert "Nothing has been said yet." in browser.text
    sent = {"kind": "challenge", "subject": "", "text": "Why not <b>share</b>?"}
    answer = browser.send(page, sent)
    assert answer.headers["location"] == f"{page}#remark_1"
    assert browser.send(page, {**sent, "text": ""}).status_code == 422
    html = browser.sign_in("manager").get(page).text
    assert "<b>share</b>" not in html
    assert "Owed a reply" in browser.text
    assert browser.send(f"{page}/1", {"reply": ""}).status_code == 422
    assert browser.send(f"{page}/1", {"reply": "They will not."}).status_code == 303
    browser.get(page)
    assert "Reply: They will not. Waste Project Manager, 2 March 2026" in browser.text
    assert browser.send(page, sent).status_code == 403
    assert browser.sign_in("admin").get(page).status_code == 404
