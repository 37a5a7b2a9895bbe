"""What Members see: approved text, and a quarter's verified figures from the day the release clock says (§6.2)."""

from __future__ import annotations

import pytest

from tests.access_support import everything, verify
from tests.figures_support import moment, submit
from tests.people import Council
from tests.web.support import Browser
from vfm_workflow.domain.release import released_through
from vfm_workflow.store.tables import Lesson, Project

PAGE = "/projects/VFM-0001"


@pytest.fixture
def browser(council: Council) -> Browser:
    everything(council)
    return Browser(council)


def on(browser: Browser, year: int, month: int, day: int, who: str, path: str = PAGE) -> str:
    """Return what somebody reads on a day."""
    browser.council.at = moment(year, month, day)
    assert browser.sign_in(who).get(path).status_code == 200
    return browser.text


def test_a_portfolio_holder_sees_a_quarter_a_month_after_its_end_and_not_the_day_before(
    browser: Browser,
) -> None:
    # The quarter to March 2026 is released on Thursday 30 April.
    assert "No verified return has been released yet." in on(browser, 2026, 4, 29, "holder")
    assert "Rating in March 2026: Green" in on(browser, 2026, 4, 30, "holder")
    assert "£70.50 per household" in browser.text


def test_who_follows_the_cabinets_clock_sees_it_two_months_after_on_a_working_day(browser: Browser) -> None:
    # 31 May 2026 is a Sunday, so it is Monday 1 June.
    for who in ("group", "scrutiny"):
        assert "No verified return has been released yet." in on(browser, 2026, 5, 31, who)
        assert "Rating in March 2026: Green" in on(browser, 2026, 6, 1, who)


def test_the_clock_says_the_last_month_that_is_out(council: Council) -> None:
    home, holder = council.home, council.who("holder")

    def through(year: int, month: int, day: int) -> str | None:
        return released_through(home.calendar, home.roles, holder, moment(year, month, day).date())

    assert through(2026, 7, 30) == "2026-03"
    assert through(2026, 7, 31) == "2026-06"
    assert (
        released_through(home.calendar, home.roles, council.who("chief"), moment(2026, 7, 31).date()) is None
    )


def test_a_return_nobody_has_verified_is_never_released(browser: Browser) -> None:
    council = browser.council
    council.at = moment(2026, 5, 8)
    submit(council, "VFM-0001", "2026-04")
    assert "April 2026" not in on(browser, 2026, 8, 3, "holder")
    council.at = moment(2026, 8, 3)
    verify(council, "VFM-0001", "2026-04")
    assert "Rating in April 2026" in on(browser, 2026, 8, 3, "holder")


def test_members_read_the_text_that_was_approved_and_never_the_draft(browser: Browser) -> None:
    text = on(browser, 2026, 4, 9, "holder")
    assert "Outline, as approved on 2 March 2026" in text
    assert "Recommendations, as approved on 2 March 2026" in text
    assert "Fewer rounds, the same bins." in text
    assert "Stage 5 of 7: Implementation" in text
    browser.council.at = moment(2026, 4, 10)
    with browser.council.app.write() as session:
        project = session.get(Project, 1)
        assert project is not None
        project.summary = "A draft that nobody approved"
    assert "A draft that nobody approved" not in on(browser, 2026, 4, 10, "holder")


def test_members_see_no_history_no_vote_no_condition_and_no_answer_of_an_adviser(browser: Browser) -> None:
    text = on(browser, 2026, 6, 1, "holder")
    for hidden in (
        "Approved with conditions",
        "Report by June",
        "History",
        "The figures agree.",
        "Chief Executive",
    ):
        assert hidden not in text


def test_lessons_are_shown_once_the_project_has_ended(browser: Browser) -> None:
    council = browser.council
    with council.app.write() as session:
        session.add(Lesson(project_id=1, text="Weigh first", on=council.at.date(), by=1))
    assert "Weigh first" not in on(browser, 2026, 6, 1, "holder")
    with council.app.write() as session:
        project = session.get(Project, 1)
        assert project is not None
        project.stage = "closed"
    assert "Weigh first" in on(browser, 2026, 6, 1, "holder")


def test_the_members_list_shows_approved_projects_with_the_rating_that_is_released(browser: Browser) -> None:
    before = on(browser, 2026, 4, 29, "holder", "/projects")
    assert "Waste rounds" in before
    assert "Housing voids" not in before
    assert "1 project" in before
    assert "Not rated" in before
    after = on(browser, 2026, 4, 30, "holder", "/projects")
    assert "Green" in after
    for hidden in ("Live projects", "Next milestone", "Waits for", "Waste Project Manager"):
        assert hidden not in after


@pytest.mark.parametrize(
    "query",
    ["?rag=green", "?rag=red", "?rag=none", "?sort=-rag", "?sort=milestone", "?sort=manager", "?whose=mine"],
)
def test_no_filter_and_no_order_tells_members_what_the_list_does_not_show(
    browser: Browser, query: str
) -> None:
    browser.council.at = moment(2026, 4, 20)
    plain = browser.sign_in("holder").get("/projects").text
    asked = browser.get(f"/projects{query}").text
    rows = [text.partition("<tbody")[2].partition("</tbody>")[0] for text in (plain, asked)]
    assert rows[0] == rows[1] != ""


def test_members_do_not_find_a_project_by_what_they_are_not_shown(browser: Browser) -> None:
    browser.sign_in("holder")
    for words in ("Waste Project Manager", "Housing"):
        browser.get(f"/projects?search={words.replace(' ', '+')}")
        assert "No project fits these filters" in browser.text
    browser.get("/projects?search=rounds")
    assert "1 project" in browser.text
