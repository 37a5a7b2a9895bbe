"""Lessons: recorded by a project, answered by those that begin after it, read by everybody."""

from __future__ import annotations

import pytest

from tests.people import Council
from tests.web.forms import actions, fields
from tests.web.support import Browser
from vfm_workflow.journeys import lessons


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


@pytest.fixture
def earlier(council: Council) -> str:
    """An earlier project that recorded two lessons."""
    reference = council.create("Fleet")
    council.to_implementation(reference)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        for said in ("Start with the depot.", "Ask the **drivers** first."):
            lessons.record(session, council.home, reference, said, manager, council.at)
    return reference


def path(reference: str) -> str:
    return f"/projects/{reference}/lessons"


def test_a_new_project_says_how_it_addresses_each_lesson(browser: Browser, earlier: str) -> None:
    reference = browser.council.create("Rounds")
    page = browser.sign_in("manager").get(path(reference))
    assert "Start with the depot." in browser.text
    assert f"How does this project address the lesson of {earlier}?" in browser.text
    assert 'id="lesson_1"' in page.text
    where = f"{path(reference)}/answers"
    answer = browser.send(where, fields(page.text, where, lesson_1="The depot is in the first milestone."))
    assert answer.status_code == 303, "a lesson left empty for now is no mistake"
    page = browser.get(path(reference))
    assert fields(page.text, where) == {"lesson_1": "The depot is in the first milestone.", "lesson_2": ""}
    browser.get(path(earlier))
    assert f"The depot is in the first milestone. What {reference} does about it" in browser.text


def test_an_answer_that_is_emptied_is_refused_and_the_other_kept(browser: Browser, earlier: str) -> None:
    reference = browser.council.create("Rounds")
    where = f"{path(reference)}/answers"
    browser.sign_in("manager").send(where, {"lesson_1": "First milestone", "lesson_2": "A workshop"})
    answer = browser.send(where, {"lesson_1": "", "lesson_2": "Two workshops"})
    assert answer.status_code == 422
    assert '<a href="#lesson_1">' in answer.text
    assert fields(answer.text, where) == {"lesson_1": "", "lesson_2": "Two workshops"}
    assert fields(browser.get(path(reference)).text, where)["lesson_2"] == "A workshop", "all or none"


def test_a_lesson_is_recorded(browser: Browser, earlier: str) -> None:
    browser.sign_in("manager")
    assert browser.send(path(earlier), {"text": "Measure *before* you change."}).status_code == 303
    page = browser.get(path(earlier))
    assert "<em>before</em>" in page.text
    assert "The Waste Project Manager, 2 March 2026" in browser.text
    assert browser.send(path(earlier), {"text": " "}).status_code == 422
    assert "Write what was learned" in browser.text


def test_a_stage_that_takes_no_lessons_says_so(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("manager").get(path(reference))
    assert "This project’s lessons cannot be changed in the stage Outline." in browser.text
    answer = browser.send(path(reference), {"text": "Too early"})
    assert answer.status_code == 403
    assert fields(answer.text, path(reference))["text"] == "Too early"


def test_readers_see_the_lessons_and_no_form(browser: Browser, earlier: str) -> None:
    reference = browser.council.create("Rounds")
    page = browser.sign_in("auditor").get(path(reference))
    assert actions(page.text) == []
    assert "Start with the depot." in browser.text
    assert "Not answered" in browser.text
    assert 'id="lesson_1"' in page.text
    assert browser.send(f"{path(reference)}/answers", {"lesson_1": "x"}).status_code == 403
