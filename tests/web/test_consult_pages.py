"""Consultations and customers' evidence: asked, answered by the consultee or for them, and not one survey alone."""

from __future__ import annotations

import pytest

from tests.people import Council
from tests.web.forms import actions, boxes, fields
from tests.web.support import Browser

HEARD = {
    "source": "Residents’ survey",
    "group": "1,140 households, all wards",
    "finding": "Bins on the right day come first.",
    **boxes("on", "28", "2", "2026"),
}


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


@pytest.fixture
def path(council: Council) -> str:
    return f"/projects/{council.create()}/consultations"


def test_a_consultee_is_asked_and_answers_here(browser: Browser, path: str) -> None:
    page = browser.sign_in("manager").get(path)
    assert "Finance Must be consulted Not asked" in browser.text
    assert 'id="finance"' in page.text
    assert browser.send(f"{path}/finance", {"do": "ask"}).status_code == 303
    page = browser.sign_in("finance").get(path)
    assert "Asked on 2 March 2026 by the Waste Project Manager." in browser.text
    assert "Answer for Finance" in browser.text
    assert '<textarea class="govuk-textarea" id="finance" name="answer"' in page.text, (
        "the checklist leads here"
    )
    answer = browser.send(f"{path}/finance", {"do": "answer", "answer": "The figures **agree**."})
    assert answer.status_code == 303
    page = browser.get(path)
    assert "Answered on 2 March 2026; recorded by the Finance Officer." in browser.text
    assert "<strong>agree</strong>" in page.text


def test_the_manager_records_an_answer_for_them_and_corrects_it(browser: Browser, path: str) -> None:
    browser.sign_in("manager").send(f"{path}/unions", {"do": "ask"})
    browser.get(path)
    assert "What Trade unions answered" in browser.text
    browser.send(f"{path}/unions", {"do": "answer", "answer": "Welcome"})
    page = browser.get(path)
    assert "Change the answer of Trade unions" in browser.text
    assert fields(page.text, f"{path}/unions")["answer"] == "Welcome"


def test_a_question_nobody_answered_is_taken_back(browser: Browser, path: str) -> None:
    browser.sign_in("manager").send(f"{path}/legal", {"do": "ask"})
    assert browser.send(f"{path}/legal", {"do": "take_back"}).status_code == 303
    browser.get(path)
    assert "Legal Not asked" in browser.text


def test_an_empty_answer_is_refused_at_its_box(browser: Browser, path: str) -> None:
    browser.sign_in("manager").send(f"{path}/legal", {"do": "ask"})
    answer = browser.send(f"{path}/legal", {"do": "answer", "answer": " "})
    assert answer.status_code == 422
    assert "Write what Legal answered" in browser.text
    assert '<a href="#legal">' in answer.text
    assert 'id="legal" name="answer"' in answer.text


def test_an_answer_that_comes_too_late_is_kept_on_the_page(browser: Browser, path: str) -> None:
    council = browser.council
    reference = path.split("/")[2]
    browser.sign_in("manager").send(f"{path}/finance", {"do": "ask"})
    council.do(reference, "hold", "head", reason="Waiting")
    answer = browser.sign_in("finance").send(f"{path}/finance", {"do": "answer", "answer": "No objection"})
    assert answer.status_code == 403
    assert "On hold, which does not take changes" in browser.text


def test_evidence_is_logged_with_source_date_group_and_finding(browser: Browser, path: str) -> None:
    evidence = path.replace("consultations", "evidence")
    browser.sign_in("manager").send(evidence, HEARD)
    browser.get(path)
    assert (
        "Residents’ survey 28 February 2026 1,140 households, all wards Bins on the right day come first."
        in browser.text
    )
    assert "One survey alone is thin evidence (§4.9.1)" in browser.text
    browser.send(evidence, {**HEARD, "source": "Focus group"})
    browser.get(path)
    assert "thin evidence" not in browser.text
    assert browser.send(f"{evidence}/2", {}).status_code == 303
    browser.get(path)
    assert "Focus group" not in browser.text.partition("Add evidence")[0]


def test_every_mistake_about_evidence_is_named_and_kept(browser: Browser, path: str) -> None:
    evidence = path.replace("consultations", "evidence")
    typed = {**HEARD, "source": "", "finding": "", **boxes("on", "30", "2", "2026")}
    answer = browser.sign_in("manager").send(evidence, typed)
    assert answer.status_code == 422
    for said in ("Write where it comes from", "Write what they said", "February 2026 has 28 days"):
        assert said in browser.text
    sent = fields(answer.text, evidence)
    assert (sent["group"], sent["on-day"]) == (HEARD["group"], "30")
    browser.send(evidence, {**HEARD, **boxes("on", "3", "3", "2026")})
    assert "3 March 2026 is still to come" in browser.text


def test_readers_see_it_all_and_no_form(browser: Browser, path: str) -> None:
    page = browser.sign_in("auditor").get(path)
    assert actions(page.text) == []
    assert browser.send(f"{path}/finance", {"do": "ask"}).status_code == 403
    assert browser.sign_in("holder").get(path).status_code == 404
    assert browser.sign_in("manager").send(f"{path}/nobody", {"do": "ask"}).status_code == 404
