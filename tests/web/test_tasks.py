"""“My tasks”: each person sees what waits for them, and nobody else's."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.people import Council
from tests.web.support import Browser
from vfm_workflow.journeys import consult, ideas, tasks
from vfm_workflow.journeys.tasks import Task


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


def waiting(council: Council, key: str) -> list[Task]:
    with council.app.read() as session:
        return tasks.waiting(session, council.home, council.actor(session, key), council.at)


def titles(council: Council, key: str) -> list[str]:
    return [task.title for task in waiting(council, key)]


def test_nobody_gets_in_without_signing_in(browser: Browser) -> None:
    assert browser.get("/tasks").headers["location"] == "/sign-in?next=%2Ftasks"


def test_with_nothing_to_do_the_page_says_so_warmly(browser: Browser) -> None:
    page = browser.sign_in("auditor").get("/tasks")
    assert page.status_code == 200
    assert "Nothing waits for you. Well done." in browser.text


def test_a_manager_sees_how_much_is_missing_from_their_outline(browser: Browser) -> None:
    council = browser.council
    reference = council.create("Waste rounds")
    council.create("Somebody else's", manager="other", department="PE")
    browser.sign_in("manager").get("/tasks")
    assert "Outline: 16 things are still to do" in browser.text
    assert f"{reference} Waste rounds" in browser.text
    assert "Somebody else's" not in browser.text
    council.outline_ready(reference)
    browser.get("/tasks")
    assert "Submit the outline to CMT" in browser.text
    assert "everything that is asked for is there" in browser.text


def test_a_decision_waits_for_each_member_until_they_decide(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    assert titles(council, "chief") == ["Decide on the outline"]
    assert titles(council, "manager") == []
    council.decide(reference, "chief", "approve")
    assert titles(council, "chief") == []
    assert titles(council, "place") == ["Decide on the outline"]


def test_a_member_sends_themself_a_new_link_and_the_old_one_dies(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    old = council.link_of(reference, "chief")
    browser.sign_in("chief").get("/tasks")
    assert "You decide from the link in your mail of 2 March 2026" in browser.text
    request = waiting(council, "chief")[0].request_id
    answer = browser.post(f"/tasks/decisions/{request}/link", follow=True)
    assert answer.status_code == 200
    assert "A new link is on its way to chief@wrenfold.example" in browser.text
    assert council.mails(to="chief", notice="decision_reminded")
    assert council.link_of(reference, "chief") != old


def test_nobody_is_sent_a_link_to_a_decision_that_is_not_theirs(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    request = waiting(council, "chief")[0].request_id
    before = len(council.mails())
    assert browser.sign_in("manager").post(f"/tasks/decisions/{request}/link").status_code == 404
    assert browser.post(f"/tasks/decisions/{10**30}/link").status_code == 404
    assert len(council.mails()) == before


def test_links_are_not_sent_again_and_again(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    request = waiting(council, "chief")[0].request_id
    browser.sign_in("chief")
    answers = [browser.post(f"/tasks/decisions/{request}/link").status_code for _ in range(4)]
    assert answers == [303, 303, 303, 429]


def test_an_expired_link_is_said_to_be_expired(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.later(days=20)
    task = waiting(council, "chief")[0]
    assert task.late
    assert "has expired" in task.why


def test_missing_returns_come_to_the_manager_with_the_oldest_first(council: Council) -> None:
    reference = council.create()
    council.to_implementation(reference)
    council.at = dt.datetime(2026, 5, 12, 9, tzinfo=dt.UTC)
    found = [task for task in waiting(council, "manager") if task.kind == "return"]
    assert [task.title for task in found] == [
        "Submit the return for March 2026",
        "Submit the return for April 2026",
    ]
    assert found[0].due == dt.date(2026, 4, 9)
    assert all(task.late for task in found)
    assert found[0].path == f"/projects/{reference}/returns/2026-03"


def test_a_milestone_past_its_forecast_comes_first(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference, milestone=dt.date(2026, 3, 20))
    council.at = dt.datetime(2026, 3, 23, 9, tzinfo=dt.UTC)
    first, second = waiting(council, "manager")
    assert first.title == "Update “Contract signed”"
    assert first.late
    assert second.title == "Submit the outline to CMT"


def test_a_condition_comes_to_the_head_of_service_and_to_who_set_it(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.decide(reference, "chief", "approve")
    council.decide(reference, "place", "approve")
    council.decide(reference, "resources", "approve_with_conditions", conditions="Consult the wards first")
    assert "Discharge a condition" in titles(council, "head")
    assert "Discharge a condition" in titles(council, "resources")
    for key in ("chief", "planning", "manager"):
        assert "Discharge a condition" not in titles(council, key)


def test_a_consultation_waits_for_whoever_answers(council: Council) -> None:
    reference = council.create()
    with council.app.write() as session:
        for key in ("finance", "legal"):
            consult.ask(session, council.home, reference, key, council.actor(session, "manager"), council.at)
    assert "Answer for Finance" in titles(council, "finance")
    assert titles(council, "legal") == []  # nobody of theirs was named, so they do not see the project
    assert "Answer for Finance" not in titles(council, "head")


def test_a_held_project_waits_for_its_head_of_service(council: Council) -> None:
    reference = council.create()
    council.do(reference, "hold", "head", reason="An election")
    assert titles(council, "head") == ["On hold: resume it when it can go on"]
    assert titles(council, "manager") == []


def test_an_idea_waits_for_those_who_reply(council: Council) -> None:
    with council.app.write() as session:
        ideas.propose(session, council.home, council.actor(session, "holder"), council.at, "Share the depot")
        holder = council.actor(session, "holder")
        ideas.propose(session, council.home, holder, council.at, "Solar roofs", "SS")
    assert "Reply to a Member’s idea" in titles(council, "head")
    assert "Reply to a Member’s idea" in titles(council, "chief")
    assert titles(council, "planning") == []
    assert titles(council, "manager") == []


def test_a_disputed_decision_waits_for_the_administrator(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.decide(reference, "chief", "approve")
    with council.app.write() as session:
        from vfm_workflow.journeys import disputes

        mail = council.mails(to="chief", notice="decision_receipt")[0]
        token = next(link for link in council.links_in(mail) if "/dispute/" in link).rpartition("/")[2]
        disputes.dispute(session, council.home, token, council.at)
    assert titles(council, "admin") == ["Settle the dispute"]
    browser.sign_in("admin").get("/tasks")
    assert "nothing moves until you have settled it" in browser.text
