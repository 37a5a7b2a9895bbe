"""Members' ideas: proposed by Members, replied to once by a Head of Service or CMT, read by those the council lets."""

from __future__ import annotations

import pytest

from tests.people import Council
from tests.web.forms import actions, fields
from tests.web.support import Browser

IDEA = "Could sweepers and litter crews share one depot?"


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


def test_a_member_proposes_and_is_replied_to(browser: Browser) -> None:
    assert browser.sign_in("holder").send("/ideas", {"text": IDEA}).status_code == 303
    browser.get("/ideas")
    assert f"Waiting for a reply (1) {IDEA} Portfolio Holder for Finance, 2 March 2026" in browser.text
    page = browser.sign_in("head").get("/ideas")
    assert actions(page.text) == ["/ideas/1"]
    assert browser.send("/ideas/1", {"reply": "We look at it in May."}).status_code == 303
    browser.sign_in("holder").get("/ideas")
    assert "Every idea has had its reply." in browser.text
    assert "Reply: We look at it in May. Head of Street Scene, 2 March 2026" in browser.text


def test_a_reply_is_given_once(browser: Browser) -> None:
    browser.sign_in("holder").send("/ideas", {"text": IDEA})
    browser.sign_in("head").send("/ideas/1", {"reply": "In May."})
    answer = browser.sign_in("chief").send("/ideas/1", {"reply": "In June."})
    assert answer.status_code == 403
    assert "replied on 2 March 2026 already: In May." in browser.text


def test_empty_texts_are_refused_at_their_box(browser: Browser) -> None:
    answer = browser.sign_in("holder").send("/ideas", {"text": " "})
    assert answer.status_code == 422
    assert "Write your idea" in browser.text
    browser.send("/ideas", {"text": IDEA})
    answer = browser.sign_in("head").send("/ideas/1", {"reply": ""})
    assert answer.status_code == 422
    assert '<a href="#reply_1">' in answer.text
    assert 'id="reply_1" name="reply"' in answer.text


def test_too_long_an_idea_is_kept(browser: Browser) -> None:
    answer = browser.sign_in("holder").send("/ideas", {"text": "i" * 6_000})
    assert answer.status_code == 422
    assert fields(answer.text, "/ideas")["text"] == "i" * 6_000


def test_officers_propose_nothing_and_consultees_see_nothing(browser: Browser) -> None:
    page = browser.sign_in("manager").get("/ideas")
    assert actions(page.text) == []
    assert browser.send("/ideas", {"text": IDEA}).status_code == 403
    assert browser.sign_in("legal").get("/ideas").status_code == 404
    assert browser.sign_out().get("/ideas").status_code == 303
