"""Issuing a report on its pages: what is said in it, the moment it is frozen, and its addenda."""

from __future__ import annotations

import pytest

from tests.figures_support import moment
from tests.people import Council
from tests.reported import QUARTER, reported, verified
from tests.web.support import Browser
from vfm_workflow.journeys import returns

PAGE = f"/reports/quarter/{QUARTER}"


@pytest.fixture
def browser(council: Council) -> Browser:
    reported(council)
    return Browser(council)


def correct(council: Council) -> None:
    """Have May's return sent back and submitted with less."""
    council.at = moment(2026, 8, 7)
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.send_back(session, council.home, "VFM-0001", "2026-05", head, council.at, "Count again.")
    verified(council, "VFM-0001", "2026-05", "6,900")


def test_a_head_says_something_for_their_department_and_for_no_other(browser: Browser) -> None:
    browser.sign_in("head").get(PAGE)
    assert "Say something in it" in browser.text
    assert "Issue it" not in browser.text
    browser.get(f"{PAGE}/commentary")
    assert "What Street Scene says" in browser.text
    browser.post(f"{PAGE}/commentary", department="SS", text="The bridge held us up.", exempt="", follow=True)
    assert "The commentary is kept." in browser.text
    assert "The bridge held us up." in browser.text
    refused = browser.post(f"{PAGE}/commentary", department="PE", text="Not mine.", exempt="")
    assert refused.status_code == 403
    assert "Not mine." in browser.text  # what was typed is not lost


def test_what_cannot_be_said_is_named_at_its_box_and_kept(browser: Browser) -> None:
    browser.sign_in("performance")
    answer = browser.post(f"{PAGE}/commentary", department="", text="x" * 8001, exempt="9")
    assert answer.status_code == 422
    assert "There is a problem" in browser.text
    assert "Choose public, or paragraph 3 or 4" in browser.text


def test_a_performance_officer_issues_it_once_and_everybody_sees_that_it_stands(browser: Browser) -> None:
    browser.sign_in("performance").get(f"{PAGE}/issue")
    assert "Nothing is said yet by: Planning and Housing, Street Scene." in browser.text
    browser.post(f"{PAGE}/issue", follow=True)
    assert "The report is issued." in browser.text
    assert "Issued 14 July 2026" in browser.text
    again = browser.post(f"{PAGE}/issue")
    assert again.status_code == 403
    assert "was issued already" in browser.text
    browser.sign_in("head").get(PAGE)
    assert "Say something in it" not in browser.text


def test_what_was_corrected_is_shown_before_it_is_added(browser: Browser) -> None:
    browser.sign_in("performance").post(f"{PAGE}/issue")
    correct(browser.council)
    browser.sign_in("performance").get(PAGE)
    assert "figures were entered or corrected since" in browser.text
    browser.get(f"{PAGE}/addendum")
    assert "£21,000.50" in browser.text
    assert "£20,900.50" in browser.text
    browser.post(f"{PAGE}/addendum", text="May was counted twice.", follow=True)
    assert "Addendum 1, 7 August 2026" in browser.text
    assert "May was counted twice." in browser.text
    answer = browser.post(f"{PAGE}/addendum", text="")
    assert answer.status_code == 422
    assert "No figure was corrected since" in browser.text


@pytest.mark.parametrize("end", ["issue", "addendum", "commentary"])
def test_nobody_else_finds_these_pages(browser: Browser, end: str) -> None:
    for stranger in ("manager", "chief", "finance", "holder", "admin"):
        browser.sign_in(stranger)
        assert browser.get(f"{PAGE}/{end}").status_code in (403, 404), stranger
        assert browser.post(f"{PAGE}/{end}").status_code in (403, 404), stranger
