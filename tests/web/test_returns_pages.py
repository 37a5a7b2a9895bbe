"""Monthly returns: written with last month's figures beside, verified or sent back, and seen together by CMT."""

from __future__ import annotations

import pytest

from tests.figures_support import events, ids, moment, submit, the_return, typed
from tests.people import Council
from tests.web.forms import actions, boxes, fields
from tests.web.support import Browser

AUTOSAVE = {"x-autosave": "1"}


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


@pytest.fixture
def running(council: Council) -> str:
    """A project in implementation since March, on the day the return for March is due."""
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 4, 9)
    return reference


def path(reference: str, period: str = "2026-03") -> str:
    return f"/projects/{reference}/returns/{period}"


def filled(
    council: Council, reference: str, page: str, period: str = "2026-03", **changes: str
) -> dict[str, str | list[str]]:
    """Return the form as it is open, filled in well; its dates stay in their boxes."""
    wanted = {
        name: value
        for name, value in typed(council, reference, **changes).items()
        if not name.startswith("milestone_")
    }
    return fields(page, path(reference, period), **wanted)


def test_the_months_are_listed_with_state_and_due_date(browser: Browser, running: str) -> None:
    submit(browser.council, running, "2026-03")
    browser.council.at = moment(2026, 5, 20)
    browser.sign_in("manager").get(f"/projects/{running}/returns")
    assert "April 2026 8 May 2026 Overdue Not rated March 2026 9 April 2026 To be verified" in browser.text


def test_a_project_that_owes_none_says_when_they_begin(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("manager").get(f"/projects/{reference}/returns")
    assert "No return is due yet." in browser.text
    assert "Initial stage, Recommendations, Implementation." in browser.text
    assert browser.get(path(reference)).status_code == 404


def test_the_form_shows_what_was_last_reported_beside_each_box(browser: Browser, running: str) -> None:
    council = browser.council
    submit(council, running, "2026-03")
    council.at = moment(2026, 5, 6)
    page = browser.sign_in("manager").get(path(running, "2026-04"))
    assert "Due Friday 8 May 2026, working day 5 of the month." in browser.text
    assert "March 2026: £70.50 per household Target: £64.00 per household or less" in browser.text
    assert "Last reported: £6,666.67 in March 2026." in browser.text
    assert (
        "When you expect to reach it. Agreed by CMT: 30 June 2026. Last forecast: 30 June 2026"
        in browser.text
    )
    sent = fields(page.text, path(running, "2026-04"))
    number = ids(council, running)[2][0]
    assert [sent[name] for name in boxes(f"milestone_{number}", "", "", "")] == ["30", "6", "2026"]
    assert "rag" not in sent, "nobody chooses the rating"


def test_a_return_is_submitted_and_shows_its_rating_with_the_reasons(browser: Browser, running: str) -> None:
    council = browser.council
    page = browser.sign_in("manager").get(path(running))
    answer = browser.send(path(running), {**filled(council, running, page.text), "do": "submit"})
    assert (answer.status_code, answer.headers["location"]) == (303, path(running))
    page = browser.get(path(running))
    assert actions(page.text) == []
    assert (
        "To be verified Due 9 April 2026 Submitted 9 April 2026 at 10am by the Waste Project Manager"
        in browser.text
    )
    assert "Rating: Green" in browser.text
    assert "No open milestone has slipped from the date CMT agreed." in browser.text
    assert "Cost per household: £70.50 per household" in browser.text
    assert "Fewer rounds £6,666.67" in browser.text


def test_every_mistake_is_named_and_everything_typed_is_kept(browser: Browser, running: str) -> None:
    council = browser.council
    page = browser.sign_in("manager").get(path(running))
    (cost, missed), (line,), (mile,) = ids(council, running)
    wrong = filled(council, running, page.text, cost="fifty five", missed="", saved="26k", narrative="")
    wrong |= {"do": "submit", **boxes(f"milestone_{mile}", "31", "6", "2026")}
    answer = browser.send(path(running), wrong)
    assert answer.status_code == 422
    for field, said in (
        (f"measure_{cost}", "Cost per household must be a number"),
        (f"measure_{missed}", "Enter March 2026's figure for “Missed collections”"),
        (f"saving_{line}", "“Fewer rounds” must be an amount in pounds"),
        (f"milestone_{mile}", "The date of “Contract signed” must be a real date: June 2026 has 30 days"),
        ("narrative", "Say what happened this month"),
    ):
        assert said in browser.text
        assert f'<a href="#{field}">' in answer.text
        assert f'id="{field}"' in answer.text
    assert answer.text.count("<title>Error: ") == 1
    sent = fields(answer.text, path(running))
    assert (sent[f"measure_{cost}"], sent[f"saving_{line}"], sent[f"milestone_{mile}-day"]) == (
        "fifty five",
        "26k",
        "31",
    )
    kept = fields(browser.get(path(running)).text, path(running))
    assert kept[f"measure_{cost}"] == "fifty five", "the draft has it too"
    assert the_return(council, running, "2026-03").state == "draft"


def test_off_track_needs_an_action_or_the_word_that_there_is_none(browser: Browser, running: str) -> None:
    council = browser.council
    number = ids(council, running)[2][0]
    page = browser.sign_in("manager").get(path(running))
    late = filled(council, running, page.text) | {
        "do": "submit",
        **boxes(f"milestone_{number}", "3", "8", "2026"),
    }
    assert browser.send(path(running), late).status_code == 422
    assert "Say what you are doing about it, or tick that there is no recovery plan yet." in browser.text
    assert browser.send(path(running), late | {"no_plan": "yes"}).status_code == 303
    browser.get(path(running))
    assert "Rating: Red" in browser.text
    assert "It is off track, and there is no recovery plan." in browser.text
    assert "There is no recovery plan yet." in browser.text


def test_a_draft_is_saved_as_it_was_typed_and_rated_as_it_stands(browser: Browser, running: str) -> None:
    council = browser.council
    number = ids(council, running)[2][0]
    page = browser.sign_in("manager").get(path(running))
    draft = filled(council, running, page.text, cost="not known yet", action="A third loader")
    draft |= {"do": "draft", **boxes(f"milestone_{number}", "3", "8", "2026")}
    assert browser.send(path(running), draft).status_code == 303
    page = browser.get(path(running))
    assert fields(page.text, path(running))[f"milestone_{number}-month"] == "8"
    assert "not known yet" in page.text
    assert "Rating as it stands Amber" in browser.text
    assert "34 days (24 working days)" in browser.text


def test_a_milestone_is_reported_as_done(browser: Browser, running: str) -> None:
    council = browser.council
    number = ids(council, running)[2][0]
    page = browser.sign_in("manager").get(path(running))
    done = filled(council, running, page.text) | {"do": "submit", f"done_{number}": "yes"}
    done |= boxes(f"done_on_{number}", "20", "3", "2026")
    assert browser.send(path(running), done).status_code == 303
    assert str(council.milestones(running)[0].done_on) == "2026-03-20"


def test_autosave_keeps_the_draft(browser: Browser, running: str) -> None:
    council = browser.council
    page = browser.sign_in("manager").get(path(running))
    typing = filled(council, running, page.text, narrative="Two rou")
    answer = browser.send(path(running), typing, headers=AUTOSAVE)
    assert answer.json() == {"saved": True, "at": "10:00"}
    assert fields(browser.get(path(running)).text, path(running))["narrative"] == "Two rou"
    submit(council, running, "2026-03")
    answer = browser.send(path(running), typing, headers=AUTOSAVE)
    assert (answer.status_code, answer.json()["saved"]) == (403, False)
    assert "was submitted" in answer.json()["message"]


def test_somebody_signed_out_keeps_what_they_typed(browser: Browser, running: str) -> None:
    page = browser.sign_in("manager").get(path(running))
    ready = filled(browser.council, running, page.text) | {"do": "submit"}
    answer = browser.sign_out().send(path(running), ready)
    assert answer.status_code == 401
    sent = fields(answer.text, path(running))
    assert browser.sign_in("manager").send(path(running), sent).status_code == 303
    assert the_return(browser.council, running, "2026-03").state == "submitted"


def test_a_return_on_an_old_page_is_refused_with_what_changed(browser: Browser, running: str) -> None:
    council = browser.council
    page = browser.sign_in("manager").get(path(running))
    ready = filled(council, running, page.text) | {"do": "submit"}
    number = ids(council, running)[2][0]
    move = {"do": "move", "why": "A ballot", **boxes(f"milestone_{number}", "3", "7", "2026")}
    browser.send(f"/projects/{running}/milestones/{number}", move)
    answer = browser.send(path(running), ready)
    assert answer.status_code == 409
    assert "Since then: Waste Project Manager: forecast moved." in browser.text
    again = fields(answer.text, path(running)) | {"do": "submit", "action": "A ballot"}
    assert browser.send(path(running), again).status_code == 303


def test_the_head_of_service_verifies(browser: Browser, running: str) -> None:
    council = browser.council
    submit(council, running, "2026-03")
    page = browser.sign_in("head").get(path(running))
    assert actions(page.text) == [f"{path(running)}/verify", f"{path(running)}/send-back"]
    assert browser.send(f"{path(running)}/verify", {}).status_code == 303
    browser.get(path(running))
    assert "Verified 9 April 2026 at 10am by the Head of Street Scene" in browser.text
    assert browser.send(f"{path(running)}/verify", {}).status_code == 403
    assert "is verified already" in browser.text


def test_the_head_of_service_sends_it_back_with_a_reason(browser: Browser, running: str) -> None:
    council = browser.council
    submit(council, running, "2026-03")
    browser.sign_in("head")
    assert browser.send(f"{path(running)}/send-back", {"reason": " "}).status_code == 422
    assert "Say what must be corrected" in browser.text
    assert browser.send(f"{path(running)}/send-back", {"reason": "March has 23 rounds"}).status_code == 303
    page = browser.sign_in("manager").get(path(running))
    assert "Sent back to be corrected: March has 23 rounds" in browser.text
    assert fields(page.text, path(running))["narrative"] == "Two rounds merged."
    assert "return_sent_back" in events(council, running)


def test_who_may_not_write_or_verify_reads(browser: Browser, running: str) -> None:
    council = browser.council
    for key in ("chief", "auditor", "other", "planning"):
        page = browser.sign_in(key).get(path(running))
        assert actions(page.text) == []
        assert "has not submitted this return" in browser.text
    answer = browser.send(path(running), {**typed(council, running), "do": "submit"})
    assert answer.status_code == 403
    submit(council, running, "2026-03")
    assert browser.sign_in("planning").send(f"{path(running)}/verify", {}).status_code == 403
    assert browser.sign_in("holder").get(path(running)).status_code == 404


def test_a_month_that_is_not_over_has_no_return(browser: Browser, running: str) -> None:
    browser.sign_in("manager").get(path(running, "2026-04"))
    assert "April 2026 is not over yet." in browser.text
    assert browser.get(path(running, "soon")).status_code == 404


# ------------------------------------------------------------------ all services


def test_cmt_sees_every_services_month(browser: Browser, running: str) -> None:
    council = browser.council
    council.create("Not reporting yet")
    submit(council, running, "2026-03", forecast="2026-08-03", action="A third loader")
    page = browser.sign_in("chief").get("/returns")
    assert "Monthly returns, March 2026" in browser.text
    assert (
        "1 return is expected of 1 project: 0 verified, 1 to be verified, 0 in draft, 0 not begun."
        in browser.text
    )
    assert (
        "Waste rounds VFM-0001 · Street Scene · Waste Project Manager Implementation To be verified"
        in browser.text
    )
    assert "Amber" in browser.text
    assert f'href="{path(running)}"' in page.text
    assert "Not reporting yet" not in browser.text
    browser.get("/returns?period=2026-03&department=PE")
    assert "No project of that department owes a return for March 2026." in browser.text


def test_a_quarter_shows_its_three_months(browser: Browser, running: str) -> None:
    council = browser.council
    submit(council, running, "2026-03")
    council.at = moment(2026, 7, 20)
    submit(council, running, "2026-04", forecast="2026-12-01", no_plan="yes")
    browser.sign_in("performance").get("/returns?quarter=2026-Q1&department=SS")
    assert "Monthly returns, Q1 2026/27" in browser.text
    assert (
        "3 returns are expected of 1 project: 0 verified, 1 to be verified, 0 in draft, 2 not begun."
        in browser.text
    )
    assert "Overdue Waste rounds, June 2026" in browser.text
    assert browser.get("/returns?period=2026-Q1").text.count("Q1 2026/27") >= 2, (
        "the list of months offers quarters too"
    )


@pytest.mark.parametrize(
    "query", ["period=soon", "quarter=2026-Q9", "quarter=soon", "period=2026-13", "period=-Q"]
)
def test_what_is_no_month_is_not_found(browser: Browser, query: str) -> None:
    assert browser.sign_in("chief").get(f"/returns?{query}").status_code == 404


def test_members_do_not_see_figures_that_are_not_released(browser: Browser) -> None:
    assert browser.sign_in("holder").get("/returns").status_code == 404
    assert browser.sign_out().get("/returns").status_code == 303
