"""Milestones: agreed, forecast, done and late, and asking CMT for new dates."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.people import Council
from tests.web.forms import actions, boxes, fields
from tests.web.support import Browser
from vfm_workflow.store import history, projects
from vfm_workflow.store.tables import ProposalRow


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


@pytest.fixture
def running(council: Council) -> str:
    """A project in implementation, with one milestone agreed for 30 June 2026."""
    reference = council.create()
    council.to_implementation(reference)
    return reference


def milestone(council: Council, reference: str) -> int:
    return council.milestones(reference)[0].id or 0


def where(reference: str, milestone_id: int) -> str:
    return f"/projects/{reference}/milestones/{milestone_id}"


def move(browser: Browser, reference: str, *date: str, why: str = "The union asked for a ballot") -> int:
    """Move the first milestone's forecast; return the status."""
    number = milestone(browser.council, reference)
    typed = {"do": "move", "why": why, **boxes(f"milestone_{number}", *date)}
    return browser.send(where(reference, number), typed).status_code


def test_a_milestone_is_added_with_its_date(browser: Browser) -> None:
    reference = browser.council.create()
    path = f"/projects/{reference}/milestones"
    browser.sign_in("manager").get(path)
    assert "There are no milestones yet." in browser.text
    answer = browser.send(path, {"title": "Contract signed", **boxes("forecast", "6", "11", "2026")})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    browser.get(path)
    assert "Contract signed Not agreed yet 6 November 2026 New Not agreed by CMT yet" in browser.text


@pytest.mark.parametrize(
    ("date", "said"),
    [
        (("31", "2", "2026"), "The date must be a real date: February 2026 has 28 days"),
        (("6", "13", "2026"), "The date must be a real date: there is no month 13"),
        (("6", "11", "26"), "The date must have a year of four digits, like 2026"),
        (("6", "", "2026"), "The date must include a month"),
        (("", "", ""), "The date must be given"),
        (("6", "11", "20260"), "The date must be a date"),
    ],
)
def test_a_date_that_does_not_exist_gets_its_own_error(
    browser: Browser, date: tuple[str, ...], said: str
) -> None:
    reference = browser.council.create()
    path = f"/projects/{reference}/milestones"
    typed = {"title": "Contract signed", **boxes("forecast", *date)}
    answer = browser.sign_in("manager").send(path, typed)
    assert answer.status_code == 422
    assert said in browser.text
    assert '<a href="#forecast">' in answer.text
    sent = fields(answer.text, path)
    assert {name: sent[name] for name in typed} == typed, "what was typed is kept"
    assert browser.council.milestones(reference) == []


def test_both_mistakes_of_a_form_are_named_at_once(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("manager").send(f"/projects/{reference}/milestones", {"title": " "})
    assert "Write what is reached at this milestone" in browser.text
    assert "The date must be given" in browser.text


def test_a_moved_forecast_shows_its_slippage_in_both_counts_of_days(browser: Browser, running: str) -> None:
    browser.sign_in("manager")
    assert move(browser, running, "3", "8", "2026") == 303
    page = browser.get(f"/projects/{running}/milestones")
    assert "30 June 2026 3 August 2026 Late 34 days late (24 working days)" in browser.text
    assert f'id="milestone_{milestone(browser.council, running)}"' in page.text
    with browser.council.app.read() as session:
        newest = history.of(session, projects.by_reference(session, running).id or 0)[0]
    assert (newest.event, newest.reason) == ("forecast_moved", "The union asked for a ballot")


def test_a_forecast_of_an_agreed_date_does_not_move_without_a_reason(browser: Browser, running: str) -> None:
    assert move(browser.sign_in("manager"), running, "3", "8", "2026", why=" ") == 422
    assert "Say why the forecast moves" in browser.text
    assert browser.council.milestones(running)[0].forecast == dt.date(2026, 6, 30)


def test_a_bad_date_is_kept_in_the_form_that_it_was_typed_into(browser: Browser, running: str) -> None:
    assert move(browser.sign_in("manager"), running, "31", "6", "2026") == 422
    assert "The forecast must be a real date: June 2026 has 30 days" in browser.text
    assert browser.last is not None
    number = milestone(browser.council, running)
    assert f'id="milestone_{number}" name="milestone_{number}-day" type="text"' in browser.last.text
    assert 'value="31"' in browser.last.text
    assert "The union asked for a ballot" in browser.last.text


def test_a_milestone_is_done_on_the_day_it_was_reached(browser: Browser, running: str) -> None:
    number = milestone(browser.council, running)
    browser.council.later(days=130)
    browser.sign_in("manager")
    typed = {"do": "done", **boxes(f"done_on_{number}", "6", "7", "2026")}
    assert browser.send(where(running, number), typed).status_code == 303
    browser.get(f"/projects/{running}/milestones")
    assert "Done 6 July 2026 Done 6 days late (4 working days)" in browser.text


def test_a_milestone_is_not_done_in_the_future(browser: Browser, running: str) -> None:
    number = milestone(browser.council, running)
    typed = {"do": "done", **boxes(f"done_on_{number}", "6", "7", "2026")}
    assert browser.sign_in("manager").send(where(running, number), typed).status_code == 422
    assert "6 July 2026 is still to come" in browser.text


def test_only_what_cmt_has_not_agreed_can_be_removed(browser: Browser, running: str) -> None:
    council = browser.council
    browser.sign_in("manager")
    agreed = milestone(council, running)
    assert "Remove this milestone" not in browser.get(where(running, agreed)).text
    assert browser.send(where(running, agreed), {"do": "remove"}).status_code == 403
    assert "Ask CMT for new dates instead of removing it" in browser.text
    browser.send(f"/projects/{running}/milestones", {"title": "New", **boxes("forecast", "6", "11", "2026")})
    new = council.milestones(running)[1].id or 0
    assert "Remove this milestone" in browser.get(where(running, new)).text
    assert browser.send(where(running, new), {"do": "remove"}).status_code == 303
    assert len(council.milestones(running)) == 1


def test_readers_see_the_dates_and_no_form(browser: Browser, running: str) -> None:
    page = browser.sign_in("auditor").get(f"/projects/{running}/milestones")
    assert "30 June 2026" in browser.text
    assert actions(page.text) == []
    assert browser.sign_in("holder").get(f"/projects/{running}/milestones").status_code == 404


def test_another_projects_milestone_is_not_found_here(browser: Browser, running: str) -> None:
    other = browser.council.create("Another")
    number = milestone(browser.council, running)
    assert browser.sign_in("manager").get(where(other, number)).status_code == 404
    assert browser.get(f"/projects/{running}/milestones/99999999999999999999").status_code == 404


# ------------------------------------------------------------------ new dates


def test_cmt_is_asked_for_new_dates_beside_the_old_ones(browser: Browser, running: str) -> None:
    council = browser.council
    path = f"/projects/{running}/rebaseline"
    browser.sign_in("manager")
    move(browser, running, "3", "8", "2026")
    page = browser.get(path)
    assert (
        "Agreed by CMT: 30 June 2026. Forecast: 3 August 2026, 34 days late (24 working days)" in browser.text
    )
    number = milestone(council, running)
    sent = fields(page.text, path, reason="A second ballot", do="ask")
    assert [sent[name] for name in boxes(f"milestone_{number}", "", "", "")] == ["3", "8", "2026"]
    answer = browser.send(path, sent)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/projects/{running}/milestones")
    assert council.mails(to="chief", notice="decision_asked")
    council.approve(running)
    browser.get(f"/projects/{running}/milestones")
    assert "First agreed: 30 June 2026 3 August 2026" in browser.text
    browser.get(path)
    assert "First agreed: 30 June 2026. Agreed by CMT: 3 August 2026" in browser.text


def test_a_proposal_can_be_saved_without_asking(browser: Browser, running: str) -> None:
    path, number = f"/projects/{running}/rebaseline", milestone(browser.council, running)
    typed = {"reason": "A second ballot", "do": "draft", **boxes(f"milestone_{number}", "3", "8", "2026")}
    assert browser.sign_in("manager").send(path, typed).status_code == 303
    assert not browser.council.mails(to="chief", notice="decision_asked")[3:]
    page = browser.get(path)
    assert fields(page.text, path)["reason"] == "A second ballot"
    with browser.council.app.read() as session:
        project = projects.by_reference(session, running)
        assert session.get(ProposalRow, project.id) is not None


def test_every_mistake_in_a_proposal_is_named_and_kept(browser: Browser, running: str) -> None:
    path, number = f"/projects/{running}/rebaseline", milestone(browser.council, running)
    typed = {"reason": " ", "do": "ask", **boxes(f"milestone_{number}", "31", "6", "2026")}
    answer = browser.sign_in("manager").send(path, typed)
    assert answer.status_code == 422
    assert "The new date of “Contract signed” must be a real date: June 2026 has 30 days" in browser.text
    assert "Say why new dates are needed" in browser.text
    assert fields(answer.text, path)[f"milestone_{number}-day"] == "31"
    same = {"reason": "Because", "do": "ask", **boxes(f"milestone_{number}", "30", "6", "2026")}
    assert browser.send(path, same).status_code == 422
    assert "30 June 2026 is the date CMT agreed already" in browser.text


def test_a_proposal_on_an_old_page_is_refused_with_what_was_typed(browser: Browser, running: str) -> None:
    path, number = f"/projects/{running}/rebaseline", milestone(browser.council, running)
    page = browser.sign_in("manager").get(path)
    typed = fields(
        page.text, path, reason="A second ballot", do="ask", **boxes(f"milestone_{number}", "3", "8", "2026")
    )
    move(browser, running, "20", "7", "2026")
    answer = browser.send(path, typed)
    assert answer.status_code == 409
    assert "has changed since you opened it" in browser.text
    assert fields(answer.text, path)["reason"] == "A second ballot"
    assert browser.send(path, fields(answer.text, path, do="ask")).status_code == 303, (
        "the second time it is meant"
    )


def test_new_dates_are_not_asked_for_before_any_are_agreed(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    page = browser.sign_in("manager").get(f"/projects/{reference}/rebaseline")
    assert "CMT has not agreed a date for any milestone yet" in browser.text
    assert actions(page.text) == []
    number = milestone(council, reference)
    typed = {"reason": "Because", "do": "ask", **boxes(f"milestone_{number}", "3", "8", "2026")}
    assert browser.send(f"/projects/{reference}/rebaseline", typed).status_code == 422
