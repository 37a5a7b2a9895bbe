"""The action plan: six fields an element, drafts allowed, totals that equal their parts."""

from __future__ import annotations

import pytest

from tests.figures_support import element
from tests.people import Council
from tests.web.forms import actions, boxes, fields
from tests.web.support import Browser

FILLED = {
    "title": "Re-route",
    "scope": "All rounds",
    "method": "Routing software",
    "who": "Operations supervisor",
    "hours": "310",
    "gain_low": "60,000",
    "gain_high": "£90,000",
    "gain": "Fewer missed bins",
    **boxes("target", "17", "4", "2026"),
}


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


@pytest.fixture
def path(council: Council) -> str:
    return f"/projects/{council.create()}/plan"


def test_an_element_is_added_with_its_six_fields(browser: Browser, path: str) -> None:
    browser.sign_in("manager").get(f"{path}/add")
    assert browser.send(f"{path}/add", FILLED).status_code == 303
    page = browser.get(path)
    for said in (
        "All rounds",
        "310 staff hours",
        "17 April 2026",
        "£60,000 to £90,000 a year. Fewer missed bins",
    ):
        assert said in browser.text
    assert 'id="element_1"' in page.text


def test_the_totals_are_the_sums_of_the_elements(browser: Browser, path: str) -> None:
    reference = path.split("/")[2]
    element(browser.council, reference, title="One", hours="310", gain_low="60000", gain_high="90000")
    element(browser.council, reference, title="Two", hours="1,180", gain_low="55000", gain_high="85000")
    browser.sign_in("chief").get(path)
    assert "Elements 2 Staff hours, all elements 1,490 310 + 1180" in browser.text
    assert "Gains a year, all elements £115,000 to £175,000" in browser.text


def test_a_draft_element_may_lack_everything_but_its_title(browser: Browser, path: str) -> None:
    assert browser.sign_in("manager").send(f"{path}/add", {"title": "Re-route"}).status_code == 303
    browser.get(path)
    assert browser.text.count("Not given yet") == 6


def test_every_mistake_is_named_and_everything_typed_is_kept(browser: Browser, path: str) -> None:
    typed = {
        **FILLED,
        "title": "",
        "hours": "2 weeks",
        "gain_low": "90000",
        "gain_high": "60k",
        **boxes("target", "31", "4", "2026"),
    }
    answer = browser.sign_in("manager").send(f"{path}/add", typed)
    assert answer.status_code == 422
    for said in (
        "Write what this element of the plan is",
        "The staff hours must be a whole number of hours, like 120",
        "The target date must be a real date: April 2026 has 30 days",
        "The high end of the gains must be an amount in pounds",
    ):
        assert said in browser.text
    sent = fields(answer.text, f"{path}/add")
    assert {name: sent[name] for name in typed} == typed


def test_an_element_is_changed_where_it_stands(browser: Browser, path: str) -> None:
    browser.sign_in("manager").send(f"{path}/add", FILLED)
    page = browser.get(f"{path}/1")
    sent = fields(page.text, f"{path}/1", who="Waste Project Manager")
    assert sent["target-month"] == "4"
    assert browser.send(f"{path}/1", sent).status_code == 303
    browser.get(path)
    assert "Waste Project Manager" in browser.text
    assert "£60,000 to £90,000 a year" in browser.text, "the rest stays as it was"


def test_an_element_is_removed_in_two_steps(browser: Browser, path: str) -> None:
    browser.sign_in("manager").send(f"{path}/add", FILLED)
    assert "Remove this element" in browser.get(f"{path}/1").text
    assert browser.send(f"{path}/1", {"do": "remove"}).status_code == 303
    browser.get(path)
    assert "No element is written yet." in browser.text


def test_readers_see_the_plan_and_no_form(browser: Browser, path: str) -> None:
    browser.sign_in("manager").send(f"{path}/add", FILLED)
    for page in (browser.sign_in("auditor").get(path), browser.get(f"{path}/1")):
        assert actions(page.text) == []
        assert "Routing software" in page.text
    assert browser.send(f"{path}/1", FILLED).status_code == 403
    assert browser.get(f"{path}/2").status_code == 404


def test_a_stage_that_takes_no_changes_says_so(browser: Browser, path: str) -> None:
    reference = path.split("/")[2]
    browser.council.do(reference, "hold", "head", reason="Waiting for a tender")
    browser.sign_in("manager").get(path)
    assert "The action plan cannot be changed in the stage On hold." in browser.text
