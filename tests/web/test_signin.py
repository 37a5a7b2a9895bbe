"""Signing in by link: what a person, a stranger and a mail scanner get."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.people import Council, address
from tests.web.support import Browser
from vfm_workflow.store.tables import WebSession
from vfm_workflow.web.visit import SESSION_COOKIE


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


def link_for(browser: Browser, key: str = "manager", next: str = "/tasks") -> str:
    """Ask for a link as somebody; return its path from the mail."""
    assert browser.post("/sign-in", address=address(key), next=next).status_code == 200
    mail = browser.council.mails(to=key, notice="sign_in_link")[-1]
    link = next_link(browser.council.links_in(mail))
    return link.removeprefix(browser.council.home.base_url)


def next_link(links: list[str]) -> str:
    return next(link for link in links if "/sign-in/" in link)


def sessions(council: Council) -> int:
    with council.app.read() as session:
        return len(list(session.scalars(select(WebSession))))


def test_the_start_leads_to_sign_in_or_to_my_tasks(browser: Browser) -> None:
    assert browser.get("/").headers["location"] == "/sign-in"
    assert browser.sign_in("manager").get("/").headers["location"] == "/tasks"


def test_a_person_signs_in_by_the_link_in_their_mail(browser: Browser) -> None:
    path = link_for(browser)
    browser.get(path)
    assert "Sign in as Waste Project Manager" in browser.text
    answer = browser.post(path, nonce=browser.hidden("nonce"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks")
    assert "You are signed in as Waste Project Manager" in browser.get("/about/privacy").text


def test_a_stranger_and_a_member_of_staff_get_the_same_answer(browser: Browser) -> None:
    known = browser.post("/sign-in", address=address("manager"))
    unknown = browser.post("/sign-in", address="stranger@wrenfold.example")
    assert known.status_code == unknown.status_code == 200
    blank = {address("manager"): "", "stranger@wrenfold.example": ""}
    pages = [page.text.split("</h1>")[1] for page in (known, unknown)]
    for shown in blank:
        pages = [page.replace(shown, "") for page in pages]
    assert pages[0].partition("<script")[0] == pages[1].partition("<script")[0]
    assert browser.council.mails(notice="sign_in_link")[-1].to == address("manager")


def test_what_is_no_address_is_said_and_kept(browser: Browser) -> None:
    answer = browser.post("/sign-in", address="manager at wrenfold")
    assert answer.status_code == 422
    assert 'value="manager at wrenfold"' in answer.text
    assert 'href="#address"' in answer.text
    assert "Error: Sign in" in answer.text


def test_a_scanner_that_opens_the_link_and_posts_an_empty_form_spends_nothing(browser: Browser) -> None:
    path = link_for(browser)
    before = sessions(browser.council)
    browser.get(path)
    assert browser.post(path).status_code == 422
    assert browser.post(path, nonce="guessed").status_code == 422
    assert sessions(browser.council) == before
    browser.get(path)
    assert browser.post(path, nonce=browser.hidden("nonce")).status_code == 303


def test_a_browser_that_did_not_ask_for_the_link_ticks_a_box_first(browser: Browser) -> None:
    path = link_for(browser)
    browser.get(path)
    assert "I want to sign in on this device" not in browser.text
    browser.sign_out().get(path)
    assert "I want to sign in on this device" in browser.text
    before = sessions(browser.council)
    answer = browser.post(path, nonce=browser.hidden("nonce"))
    assert answer.status_code == 422
    assert "Tick the box if you want to sign in here" in browser.text
    assert sessions(browser.council) == before
    assert browser.post(path, nonce=browser.hidden("nonce"), me="yes").status_code == 303


def test_the_mark_of_one_link_opens_no_other(browser: Browser) -> None:
    first, second = link_for(browser), link_for(browser, "other")
    browser.get(first)
    assert browser.post(second, nonce=browser.hidden("nonce")).status_code == 422


def test_a_link_works_once_and_then_says_so(browser: Browser) -> None:
    path = link_for(browser)
    browser.get(path)
    nonce = browser.hidden("nonce")
    browser.post(path, nonce=nonce)
    assert browser.post(path, nonce=nonce).status_code == 410
    browser.sign_out().get(path)
    assert "has been used already" in browser.text
    assert "Send me a link" in browser.text


def test_an_expired_link_offers_a_new_one(browser: Browser) -> None:
    path = link_for(browser)
    browser.council.later(minutes=31)
    answer = browser.get(path)
    assert answer.status_code == 410
    assert "has expired" in browser.text


def test_an_unknown_link_is_dead_not_broken(browser: Browser) -> None:
    assert browser.get("/sign-in/" + "x" * 43).status_code == 410


def test_sign_in_leads_back_to_the_page_that_was_asked_for(browser: Browser) -> None:
    wanted = browser.get("/projects?stage=outline").headers["location"]
    assert wanted == "/sign-in?next=%2Fprojects%3Fstage%3Doutline"
    browser.get(wanted)
    path = link_for(browser, next=browser.hidden("next"))
    browser.get(path)
    assert browser.post(path, nonce=browser.hidden("nonce")).headers["location"] == "/projects?stage=outline"


@pytest.mark.parametrize(
    "target", ["https://bad.example/", "//bad.example", "/\\bad.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_off_the_site(browser: Browser, target: str) -> None:
    path = link_for(browser, next=target)
    browser.get(path)
    assert browser.post(path, nonce=browser.hidden("nonce")).headers["location"] == "/tasks"


def test_sign_out_asks_first_and_then_ends_the_session(browser: Browser) -> None:
    browser.sign_in("manager")
    kept = browser.cookies[SESSION_COOKIE]
    assert "Sign out" in browser.get("/sign-out").text
    assert browser.get("/tasks").status_code == 200
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    browser.cookies.set(SESSION_COOKIE, kept, domain="127.0.0.1")
    assert browser.get("/tasks").headers["location"].startswith("/sign-in")


def test_signing_in_ends_the_session_before(browser: Browser) -> None:
    browser.sign_in("other")
    old = browser.cookies[SESSION_COOKIE]
    path = link_for(browser)
    browser.get(path)
    browser.post(path, nonce=browser.hidden("nonce"))
    assert browser.cookies[SESSION_COOKIE] != old
    browser.sign_out().cookies.set(SESSION_COOKIE, old, domain="127.0.0.1")
    assert browser.get("/tasks").status_code == 303


def test_tries_are_limited_for_each_link_and_address(browser: Browser) -> None:
    path = "/sign-in/" + "y" * 43
    answers = [browser.post(path, nonce="guessed").status_code for _ in range(12)]
    assert answers[-1] == 429
    assert "Too many tries. Wait a minute" in browser.text
    asked = [browser.post("/sign-in", address="stranger@wrenfold.example").status_code for _ in range(11)]
    assert asked[-1] == 429


def test_a_form_from_another_site_signs_nobody_in(browser: Browser) -> None:
    path = link_for(browser)
    browser.get(path)
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://bad.example"}
    assert browser.send(path, {"nonce": browser.hidden("nonce")}, headers=foreign).status_code == 403


def test_the_link_page_leaks_nothing(browser: Browser) -> None:
    answer = browser.get(link_for(browser))
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "form-action 'self'" in answer.headers["content-security-policy"]
