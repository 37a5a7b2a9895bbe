"""CMT reads a month of all services on one page; a manager says in half a minute that nothing has changed."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.figures_support import ids, moment, submit, the_return
from tests.people import Council
from tests.web.forms import fields
from tests.web.support import Browser
from vfm_workflow.store.tables import Measure, MeasureTarget, Reading, SavingYear


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


@pytest.fixture
def running(council: Council) -> str:
    """A project that is 34 days late with a plan: its return for April is in, and it is 4 June."""
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 5, 5)
    submit(council, reference, "2026-04", forecast="2026-08-03", action="A second crew")
    council.at = moment(2026, 6, 4)
    return reference


def path(reference: str, period: str = "2026-05") -> str:
    return f"/projects/{reference}/returns/{period}"


# ------------------------------------------------------------------ nothing has changed


def test_the_form_offers_that_nothing_has_changed_and_says_what_is_filled_in(
    browser: Browser, running: str
) -> None:
    page = browser.sign_in("manager").get(path(running))
    assert f'href="{path(running)}?unchanged=yes"' in page.text
    assert "Nothing has changed since April 2026?" in browser.text
    assert (
        "The recovery plan. Leave it empty if nothing is off track. Filled in from April 2026" in browser.text
    )
    sent = fields(page.text, path(running))
    assert (sent["action"], sent["action_by-day"], sent["action_by-month"]) == ("A second crew", "18", "12")


def test_a_return_that_repeats_the_last_is_shown_whole_and_submitted_with_one_button(
    browser: Browser, running: str
) -> None:
    page = browser.sign_in("manager").get(f"{path(running)}?unchanged=yes")
    assert "Return for May 2026: nothing has changed since April 2026" in browser.text
    assert "Cost per household £70.50 per household From April 2026" in browser.text
    assert "£6,666.67 delivered in May 2026; £80,000 expected by 31 March 2027" in browser.text
    assert "Contract signed Expected on 3 August 2026 As it is forecast" in browser.text
    assert "Who sees to it Waste Project Manager" in browser.text
    assert "By which day 18 December 2026" in browser.text
    sent = fields(page.text, path(running)) | {"do": "submit"}
    assert browser.send(path(running), sent).status_code == 303
    row = the_return(browser.council, running, "2026-05")
    assert (row.state, row.rag, row.action) == ("submitted", "amber", "A second crew")
    assert row.narrative == "Nothing has changed since the return for April 2026."


def test_what_cannot_be_filled_in_is_asked_and_its_mistakes_are_shown_beside_it(
    browser: Browser, running: str
) -> None:
    council = browser.council
    with council.app.write() as session:
        year = session.get(SavingYear, (ids(council, running)[1][0], 2026))
        assert year is not None
        year.cost = 500_000
    page = browser.sign_in("manager").get(f"{path(running)}?unchanged=yes")
    assert (
        "This cannot be filled in for you: it belongs to May 2026 alone, or its day has passed."
        in browser.text
    )
    asked = fields(page.text, path(running))
    assert (asked["spend"], asked["spend_forecast"]) == ("", "")
    answer = browser.send(path(running), asked | {"do": "submit", "spend": "26k"})
    assert answer.status_code == 422
    assert "nothing has changed since April 2026" in browser.text
    assert "The spend must be an amount in pounds" in browser.text
    again = fields(answer.text, path(running))
    assert again["spend"] == "26k"
    ready = again | {"do": "submit", "spend": "300", "spend_forecast": "5,000"}
    assert browser.send(path(running), ready).status_code == 303
    assert the_return(council, running, "2026-05").spend_forecast == 500_000


def test_a_mistake_that_the_short_page_has_no_box_for_is_shown_on_the_whole_form(
    browser: Browser, running: str
) -> None:
    page = browser.sign_in("manager").get(f"{path(running)}?unchanged=yes")
    sent = fields(page.text, path(running)) | {"do": "submit", "action_owner": ""}
    answer = browser.send(path(running), sent)
    assert answer.status_code == 422
    assert "Say who sees to it" in browser.text
    assert "Submit the return" in browser.text


def test_nobody_repeats_a_return_that_is_in_or_was_begun(browser: Browser, running: str) -> None:
    browser.sign_in("manager").get(f"{path(running, '2026-04')}?unchanged=yes")
    assert "nothing has changed since" not in browser.text
    browser.get(f"{path(running, '2026-03')}?unchanged=yes")
    assert "nothing has changed since" not in browser.text
    browser.sign_in("chief").get(f"{path(running)}?unchanged=yes")
    assert "has not submitted this return" in browser.text


# ------------------------------------------------------------------ why a colour


def test_a_return_shows_its_four_statuses_and_why(browser: Browser, running: str) -> None:
    browser.sign_in("chief").get(path(running, "2026-04"))
    assert "Time Amber Cost Green Benefit Green Year-end outlook Green" in browser.text
    assert "Why amber? Amber Time: “Contract signed” has slipped 34 days (24 working days)" in browser.text
    assert "Seen to by the Waste Project Manager , by 18 December 2026 ." in browser.text


def test_the_project_and_the_list_say_why(browser: Browser, running: str) -> None:
    council = browser.council
    submit(council, running, "2026-05", no_plan="yes")
    browser.sign_in("chief").get(f"/projects/{running}")
    assert "Why red?" in browser.text
    assert "It was amber in April 2026" in browser.text
    assert "It is off track, and there is no recovery plan." in browser.text
    browser.get("/projects")
    assert "Why red? Waste rounds Return for May 2026. It was amber in the return before." in browser.text
    assert "“Contract signed” has slipped 34 days" in browser.text


# ------------------------------------------------------------------ all services, for CMT


def library(council: Council) -> None:
    """A measure of Street Scene's library, with a target for 2026/27 and a reading for April."""
    with council.app.write() as session:
        officer = council.actor(session, "performance")
        row = Measure(
            department="SS", code="SS-07", position=1, name="Streets below standard", kind="performance", unit="%",
            places=1, direction="lower",
        )  # fmt: skip
        session.add(row)
        session.flush()
        key = row.id or 0
        session.add(
            MeasureTarget(
                measure_id=key, number=1, baseline=70, target=50, at=council.at, by=officer.id, year=2026
            )
        )
        session.add(
            Reading(
                measure_id=key, period="2026-04", number=1, value=48, at=council.at, by=officer.id, source="form"
            )
        )  # fmt: skip


def test_cmt_reads_a_month_of_all_services(browser: Browser, running: str) -> None:
    council = browser.council
    library(council)
    browser.sign_in("chief").get("/returns/2026-04")
    assert "Monthly return of all services, April 2026" in browser.text
    assert "Overall status of 1 project Red 0 Amber 1 Green 0 Returns missing 0" in browser.text
    assert (
        "Waste rounds VFM-0001 · Waste Project Manager · Implementation Amber Amber Green Green Green – 34 days "
        "£6,666.67 £6,666.67" in browser.text
    )
    assert "Two rounds merged. Why amber? “Contract signed” has slipped 34 days" in browser.text
    assert "What is being done: A second crew Waste Project Manager, by 18 December 2026." in browser.text
    assert "Streets below standard SS-07 4.8% 7.0% 5.0% Met" in browser.text


def test_missing_returns_are_named_with_what_they_were(browser: Browser, running: str) -> None:
    council = browser.council
    council.at = moment(2026, 6, 20)
    browser.sign_in("performance").get("/returns/2026-05")
    assert "Missing: Waste rounds (Waste Project Manager, overdue)." in browser.text
    assert "– – – – – Amber – £6,666.67 £6,666.67 Overdue The return is not in." in browser.text


def test_the_month_is_filtered_by_department_colour_and_what_is_missing(
    browser: Browser, running: str
) -> None:
    council = browser.council
    submit(council, running, "2026-05", no_plan="yes")
    browser.sign_in("chief")
    for query, shown in (
        ("", True),
        ("?department=SS", True),
        ("?department=PE", False),
        ("?colour=red", True),
        ("?colour=green", False),
        ("?missing=yes", False),
        ("?colour=blue", True),
    ):
        browser.get(f"/returns/2026-05{query}")
        assert ("Waste rounds" in browser.text) == shown, query
    assert "Nothing fits these filters." not in browser.text


@pytest.mark.parametrize("period", ["soon", "2026-13", "1999-12", "2026-Q1"])
def test_what_is_no_month_has_no_return(browser: Browser, period: str) -> None:
    assert browser.sign_in("chief").get(f"/returns/{period}").status_code == 404


def test_a_month_that_is_not_over_owes_nothing_yet(browser: Browser, running: str) -> None:
    browser.sign_in("chief").get("/returns/2026-06")
    assert "No project owes a return for June 2026" in browser.text
    assert browser.council.home.calendar.today(browser.council.at) == dt.date(2026, 6, 4)


def test_members_and_strangers_do_not_read_it(browser: Browser, running: str) -> None:
    assert browser.sign_in("holder").get("/returns/2026-04").status_code == 404
    assert browser.sign_out().get("/returns/2026-04").status_code == 303
