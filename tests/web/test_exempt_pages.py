"""Text that is exempt from publication: who reads it, who reads that it is exempt, and leave until a day."""

from __future__ import annotations

import pytest

from tests.access_support import add_member, consult, grant, join_more, mark, write
from tests.figures_support import moment
from tests.people import Council
from tests.web.deciding import Member, newest
from tests.web.forms import fields
from tests.web.support import Browser

SECRET = "The contractor offers £312,000"
SENTENCE = "This part is exempt from publication (Schedule 12A, paragraph 3)"
PAGE = "/projects/VFM-0001"


@pytest.fixture
def browser(council: Council) -> Browser:
    """A browser on a project approved with an exempt section that was changed between its two versions."""
    join_more(council)
    reference = council.create()
    council.outline_ready(reference)
    write(council, reference, "why", "Nothing is secret yet. " + "word " * 60)
    council.do(reference, "submit_outline")
    for key in ("chief", "place", "resources"):
        council.decide(reference, key, "return_for_changes", reason="Say more")
    write(council, reference, "why", f"{SECRET}. " + "word " * 60)
    mark(council, reference, "why")
    council.do(reference, "resubmit_outline")
    for key, role in (("partner", "partner"), ("mentor", "mentor"), ("board", "board_member")):
        add_member(council, reference, key, role)
    consult(council, reference, "legal", "legal")
    return Browser(council)


READERS = ["manager", "head", "chief", "place", "finance", "auditor", "legal", "board"]
OTHERS = ["other", "planning", "performance", "partner", "mentor"]


@pytest.mark.parametrize("page", ["/outline", "/versions/2", "/versions/2/changes"])
def test_who_may_not_read_exempt_text_reads_that_it_is_exempt(browser: Browser, page: str) -> None:
    for who in READERS:
        browser.sign_in(who).get(PAGE + page)
        assert SECRET in browser.text, who
    for who in OTHERS:
        assert browser.sign_in(who).get(PAGE + page).status_code == 200
        assert SECRET not in browser.text, who
        assert SENTENCE in browser.text, who


def test_no_page_of_the_project_says_it_to_who_may_not_read_it(browser: Browser) -> None:
    pages = (
        "",
        "/decisions",
        "/history",
        "/milestones",
        "/plan",
        "/consultations",
        "/lessons",
        "/versions/1",
    )
    for who in OTHERS:
        browser.sign_in(who)
        for page in pages:
            browser.get(PAGE + page)
            assert SECRET not in browser.text, (who, page)


def test_a_text_marked_later_is_hidden_in_its_earlier_versions_too(browser: Browser) -> None:
    browser.sign_in("other").get(f"{PAGE}/versions/1")
    assert "Nothing is secret yet" not in browser.text
    assert SENTENCE in browser.text


def test_the_board_that_is_asked_reads_all_of_it(browser: Browser) -> None:
    page = Member(browser.council, "place").look()
    assert SECRET in page.text


def test_the_delivery_log_does_not_say_it_to_who_may_not_read_it(browser: Browser) -> None:
    mail = newest(browser.council, "chief")
    for who, reads in (("chief", True), ("auditor", True), ("performance", False), ("admin", False)):
        assert browser.sign_in(who).get(f"/mail/{mail.id}").status_code == 200
        assert (SECRET in browser.text) is reads, who


def test_members_read_it_by_leave_until_the_day_and_not_after(browser: Browser) -> None:
    council = browser.council
    council.approve("VFM-0001")
    grant(council, "VFM-0001", "holder", "20/3/2026")
    for day, reads in ((20, True), (21, False)):
        council.at = moment(2026, 3, day)
        browser.sign_in("holder").get(PAGE)
        assert (SECRET in browser.text) is reads
        assert (SENTENCE in browser.text) is not reads
    browser.sign_in("group").get(PAGE)
    assert SECRET not in browser.text


def test_leave_is_given_and_ended_on_a_page_by_the_head_of_service(browser: Browser) -> None:
    council = browser.council
    council.approve("VFM-0001")
    page = browser.sign_in("head").get(f"{PAGE}/exempt")
    form = {"until-day": "31", "until-month": "3", "until-year": "2026", "address": "holder@wrenfold.example"}
    assert browser.send(f"{PAGE}/exempt", form, follow=True).status_code == 200
    assert "Portfolio Holder for Finance , until 31 March 2026" in browser.text
    assert page.status_code == 200
    person = council.who("holder").id
    assert browser.send(f"{PAGE}/exempt/{person}", {}, follow=True).status_code == 200
    assert "Nobody has leave." in browser.text
    assert browser.send(f"{PAGE}/exempt/{person}", {}).status_code == 404


def test_leave_that_cannot_be_given_says_why(browser: Browser) -> None:
    browser.sign_in("head")
    past = {"until-day": "1", "until-month": "3", "until-year": "2026", "address": "holder@wrenfold.example"}
    assert browser.send(f"{PAGE}/exempt", past).status_code == 422
    assert "The last day must not be before today" in browser.text
    unseen = {**past, "until-month": "4"}
    assert browser.send(f"{PAGE}/exempt", unseen).status_code == 422
    assert "may not see this project, so leave to read it opens nothing" in browser.text


def test_a_writer_marks_a_section_on_the_form(council: Council) -> None:
    council.create()
    browser = Browser(council).sign_in("manager")
    page = browser.get(f"{PAGE}/outline")
    form = fields(page.text, f"{PAGE}/outline", text_why=SECRET, exempt_why="4")
    assert browser.send(f"{PAGE}/outline", form, follow=True).status_code == 200
    assert "exempt, paragraph 4" in browser.text
    browser.sign_in("other").get(f"{PAGE}/outline")
    assert "Schedule 12A, paragraph 4" in browser.text
    assert SECRET not in browser.text
    browser.sign_in("auditor").get(f"{PAGE}/history")
    assert "Marked as exempt from publication" in browser.text


def test_a_form_that_was_open_before_does_not_make_a_section_public_again(council: Council) -> None:
    council.create()
    browser = Browser(council).sign_in("manager")
    page = browser.get(f"{PAGE}/outline")
    before = fields(page.text, f"{PAGE}/outline", text_delivery="Three rounds a week")
    write(council, "VFM-0001", "why", SECRET)
    mark(council, "VFM-0001", "why")
    assert browser.send(f"{PAGE}/outline", before, headers={"x-autosave": "1"}).status_code == 200
    browser.sign_in("other").get(f"{PAGE}/outline")
    assert "Three rounds a week" in browser.text
    assert SECRET not in browser.text


def test_an_unknown_paragraph_is_refused(council: Council) -> None:
    council.create()
    browser = Browser(council).sign_in("manager")
    form = fields(browser.get(f"{PAGE}/outline").text, f"{PAGE}/outline", exempt_why="5")
    assert browser.send(f"{PAGE}/outline", form).status_code == 422
    assert "exempt under paragraph 3 or 4" in browser.text
