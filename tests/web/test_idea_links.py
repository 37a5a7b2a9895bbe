"""The reply to a Member's idea, by link: asked of the head of the service, given once, mailed to the Member (§14.1)."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.journeys.clockwork import said, tick, walk
from tests.journeys.test_consulting import change
from tests.people import Council
from tests.web.deciding import dump, fresh, link_in, newest
from tests.web.support import Browser
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import ideas
from vfm_workflow.store.tables import Idea

MONDAY = dt.date(2026, 3, 2)


def propose(council: Council, department: str = "PE") -> int:
    with council.app.write() as session:
        by = council.actor(session, "holder")
        return ideas.propose(session, council.home, by, council.at, "Solar roofs.", department).id or 0


def idea(council: Council, idea_id: int = 1) -> Idea:
    with council.app.read() as session:
        found = session.get(Idea, idea_id)
        assert found is not None
        return found


class Head:
    """Whoever was asked for the reply, with the link of their mail opened in their browser."""

    def __init__(self, council: Council, key: str = "planning") -> None:
        self.browser = fresh(council)
        self.link = link_in(council, newest(council, key, "idea_asked"), "/i/")
        self.page = self.browser.get(self.link).headers["location"]

    def send(self, text: str) -> int:
        self.browser.get(self.page)
        nonce = {"nonce": self.browser.hidden("nonce")}
        return self.browser.send(self.page, {**nonce, "text": text}).status_code


def test_the_head_of_the_service_is_asked_and_the_chief_executive_where_it_is_about_none(
    council: Council,
) -> None:
    propose(council)
    propose(council, "")
    assert [mail.to.partition("@")[0] for mail in council.mails(notice="idea_asked")] == ["planning", "chief"]


def test_the_member_gets_the_reply_by_mail(council: Council) -> None:
    propose(council)
    head = Head(council)
    assert head.send("We look at it in May.") == 303
    assert (idea(council).reply, idea(council).replied_on) == ("We look at it in May.", MONDAY)
    for key in ("holder", "planning"):
        body = council.read_mail(newest(council, key, "idea_replied")).get_body(("plain",))
        assert body is not None
        assert "We look at it in May." in body.get_content()
        assert "/i/" not in body.get_content()


def test_opening_and_sending_nothing_changes_nothing(council: Council) -> None:
    propose(council)
    before = dump(council.app)
    head = Head(council)
    head.browser.get(head.page)
    head.browser._ask("HEAD", head.link, None, False, None)
    head.browser._ask("HEAD", head.page, None, False, None)
    assert head.send(" ") == 422
    assert "Write the reply" in head.browser.text
    assert head.browser.send(head.page, {"text": "By a forged form", "nonce": "x"}).status_code == 422
    assert fresh(council).send(head.page, {"text": "By a stranger"}).status_code == 403
    assert dump(council.app) == before


def test_a_reply_is_given_once_by_link_or_on_the_page(council: Council) -> None:
    propose(council)
    head = Head(council)
    head.browser.get(head.page)
    nonce = {"nonce": head.browser.hidden("nonce")}
    assert head.send("In May.") == 303
    assert head.browser.send(head.page, {**nonce, "text": "In May."}).status_code == 200
    assert head.browser.send(head.page, {**nonce, "text": "Never."}).status_code == 409
    assert "In May." in head.browser.text
    propose(council)
    second = Head(council)
    with council.app.write() as session:
        ideas.reply(session, council.home, 2, council.actor(session, "chief"), council.at, "No.")
    assert second.browser.get(second.page).status_code == 410
    assert "the idea has had its reply" in second.browser.text


def test_an_expired_link_is_sent_again(council: Council) -> None:
    propose(council)
    council.later(days=40)
    head = Head(council)
    assert head.browser.get(head.page).status_code == 410
    sent = {"nonce": head.browser.hidden("nonce")}
    for _ in range(2):
        assert head.browser.send(f"{head.page}/again", sent).status_code == 200
    assert len(council.mails(to="planning", notice="idea_asked")) == 2
    assert Head(council).send("In May.") == 303


def test_a_new_head_gets_the_link_and_the_old_one_dies(council: Council) -> None:
    propose(council)
    old = Head(council)
    change(council, "planning", active=False)
    tick(council, MONDAY, "10:00")
    assert old.browser.get(old.page).status_code == 410
    assert Head(council, "chief").send("In May.") == 303


def test_whoever_owes_a_reply_is_reminded_in_the_digest(council: Council) -> None:
    propose(council)
    propose(council, "")
    walk(council, MONDAY + dt.timedelta(days=1), dt.date(2026, 3, 31))
    assert [(fact.day, fact.to) for fact in said(council, "idea_waiting")] == [
        (dt.date(2026, 3, 16), "chief"),
        (dt.date(2026, 3, 16), "planning"),
        (dt.date(2026, 3, 30), "chief"),
        (dt.date(2026, 3, 30), "planning"),
    ]


def test_the_member_chooses_the_service_on_the_page(council: Council) -> None:
    browser = Browser(council).sign_in("holder")
    page = browser.get("/ideas")
    assert '<option value="PE">Planning and Housing</option>' in page.text
    assert browser.send("/ideas", {"text": "Solar roofs", "department": "PE"}).status_code == 303
    browser.get("/ideas")
    assert "2 March 2026 · Planning and Housing" in browser.text
    with pytest.raises(BadInput, match="Choose one of the services"):
        propose(council, "XX")
