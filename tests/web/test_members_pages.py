"""Who works on a project: added and taken off, and what that opens to them."""

from __future__ import annotations

import pytest

from tests.access_support import add_member, join_more
from tests.people import Council, address
from tests.web.support import Browser

PAGE = "/projects/VFM-0001"


@pytest.fixture
def browser(council: Council) -> Browser:
    join_more(council)
    council.create()
    council.create("Garden waste")
    return Browser(council)


def test_a_partner_sees_a_project_from_when_they_are_added_until_they_are_taken_off(browser: Browser) -> None:
    council = browser.council
    assert browser.sign_in("partner").get(PAGE).status_code == 404
    browser.sign_in("manager").post(
        f"{PAGE}/members", address=address("partner"), role="partner", follow=True
    )
    assert "Partner's Waste Manager , partner, since" in browser.text
    assert browser.sign_in("partner").get(PAGE).status_code == 200
    browser.get("/projects")
    assert "Waste rounds" in browser.text
    assert "Garden waste" not in browser.text
    assert "1 project" in browser.text
    person = council.who("partner").id
    browser.sign_in("head").post(f"{PAGE}/members/{person}", role="partner", follow=True)
    assert "Nobody is added yet." in browser.text
    assert browser.sign_in("partner").get(PAGE).status_code == 404


def test_a_partner_sees_no_history_no_decision_and_no_other_project(browser: Browser) -> None:
    council = browser.council
    add_member(council, "VFM-0001", "partner", "partner")
    council.outline_ready("VFM-0001")
    council.do("VFM-0001", "submit_outline")
    page = browser.sign_in("partner").get(PAGE).text
    for hidden in ("Latest history", "What happens next", "/decisions", "/history", "VFM-0002", "board"):
        assert hidden not in page, hidden
    browser.get("/projects")
    assert "Decide on the outline" not in browser.text
    browser.get(f"{PAGE}/savings")
    assert "Fewer rounds" in browser.text
    browser.get("/returns")
    assert "VFM-0002" not in browser.text


def test_a_mentor_sees_measures_and_no_saving(browser: Browser) -> None:
    add_member(browser.council, "VFM-0001", "mentor", "mentor")
    browser.council.outline_ready("VFM-0001")
    browser.sign_in("mentor").get(f"{PAGE}/measures")
    assert "Cost per household" in browser.text
    assert "Fewer rounds" not in browser.text
    assert browser.get(f"{PAGE}/savings").status_code == 404


def test_to_be_added_as_a_mentor_makes_nobody_the_manager(browser: Browser) -> None:
    add_member(browser.council, "VFM-0001", "other", "mentor")
    browser.sign_in("other")
    assert browser.post(f"{PAGE}/milestones", title="Mine").status_code == 403
    assert browser.post(f"{PAGE}/members", address=address("partner"), role="partner").status_code == 403


@pytest.mark.parametrize(
    ("who", "role", "said"),
    [
        ("admin", "mentor", "An administrator keeps the system"),
        ("partner", "manager", "Choose what they are: one of Partner, Mentor"),
        ("nobody", "partner", "Choose who works on the project"),
    ],
)
def test_who_cannot_be_added_is_said(browser: Browser, who: str, role: str, said: str) -> None:
    answer = browser.sign_in("manager").post(f"{PAGE}/members", address=address(who), role=role)
    assert answer.status_code == 422
    assert said in browser.text


def test_nobody_is_added_twice_in_one_role(browser: Browser) -> None:
    add_member(browser.council, "VFM-0001", "partner", "partner")
    browser.sign_in("manager").post(f"{PAGE}/members", address=address("partner"), role="partner")
    assert "is there already as partner" in browser.text


def test_the_history_says_who_was_added_and_taken_off(browser: Browser) -> None:
    add_member(browser.council, "VFM-0001", "partner", "partner")
    browser.sign_in("auditor").get(f"{PAGE}/history")
    assert "Added to the project" in browser.text
