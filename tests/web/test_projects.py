"""The list of projects, and beginning one."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest

from tests.people import Council, address
from tests.web.support import Browser
from vfm_workflow.journeys import dates
from vfm_workflow.store.tables import Project


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


def shown(browser: Browser, query: str = "") -> list[str]:
    """Return the references of a page of the list, in order."""
    page = browser.get(f"/projects{query}")
    assert page.status_code == 200, page.text
    return re.findall(r'rowheader"[^>]*><a[^>]*href="/projects/(VFM-\d+)"', page.text)


def test_the_list_shows_each_project_with_stage_rating_and_milestone(browser: Browser) -> None:
    council = browser.council
    reference = council.create("Waste rounds")
    council.to_implementation(reference)
    council.create("Housing voids", manager="other", department="PE")
    assert shown(browser.sign_in("chief")) == ["VFM-0001", "VFM-0002"]
    assert "VFM-0001 · Street Scene · Waste Project Manager" in browser.text
    assert "5 of 7: Implementation" in browser.text
    assert "1 of 7: Outline" in browser.text
    assert "Not rated" in browser.text
    assert "Contract signed 30 June 2026" in browser.text
    assert "2 projects" in browser.text


def test_filters_and_search_narrow_the_list_and_are_kept(browser: Browser) -> None:
    council = browser.council
    council.outline_ready(council.create("Waste rounds"))
    council.do("VFM-0001", "submit_outline")
    council.create("Housing voids", manager="other", department="PE")
    browser.sign_in("manager")
    assert shown(browser, "?stage=cmt_approval") == ["VFM-0001"]
    assert "The board Decide on the outline, by 9 March 2026" in browser.text
    assert shown(browser, "?department=PE") == ["VFM-0002"]
    assert '<option value="PE" selected>' in browser.last.text if browser.last else ""
    assert shown(browser, "?search=voids") == ["VFM-0002"]
    assert shown(browser, "?search=100%25") == []
    assert "No project fits these filters" in browser.text
    assert shown(browser, "?whose=mine") == ["VFM-0001"]
    assert shown(browser, "?rag=red") == []
    assert shown(browser, "?rag=none") == ["VFM-0001", "VFM-0002"]


def test_a_heading_sorts_the_list_and_turns_it_round(browser: Browser) -> None:
    for title in ("Beta", "Alpha", "Gamma"):
        browser.council.create(title)
    browser.sign_in("chief")
    assert shown(browser, "?sort=title") == ["VFM-0002", "VFM-0001", "VFM-0003"]
    assert browser.last is not None
    assert 'aria-sort="ascending"' in browser.last.text
    assert 'href="?sort=-title"' in browser.last.text
    assert shown(browser, "?sort=-title") == ["VFM-0003", "VFM-0001", "VFM-0002"]


def test_a_long_list_has_pages_that_keep_the_filters(browser: Browser) -> None:
    for number in range(30):
        browser.council.create(f"Project {number:02d}")
    browser.sign_in("chief")
    assert len(shown(browser, "?department=SS")) == 25
    assert "Showing 1 to 25 of 30 projects" in browser.text
    assert browser.last is not None
    second = html.unescape(re.findall(r'href="(\?[^"]*page=2)"', browser.last.text)[0])
    assert second == "?department=SS&page=2"
    assert len(shown(browser, second)) == 5
    assert "Showing 26 to 30 of 30 projects" in browser.text
    assert len(shown(browser, "?limit=200")) == 30
    assert shown(browser, "?page=99") == []
    assert "go to the first page" in browser.text


@pytest.mark.parametrize(
    "query", ["?sort=password", "?page=-1", "?page=9999999999999", "?limit=0", "?rag=blue", "?page=²"]
)
def test_an_odd_address_shows_the_list_all_the_same(browser: Browser, query: str) -> None:
    browser.council.create()
    assert browser.sign_in("chief").get(f"/projects{query}").status_code == 200


def test_what_was_typed_into_the_search_is_shown_inert(browser: Browser) -> None:
    page = browser.sign_in("chief").get("/projects?search=%22%3E%3Cscript%3E")
    assert "<script>" not in page.text.partition("<body")[2]
    assert "&#34;&gt;&lt;script&gt;" in page.text


def test_the_figures_count_what_slipped_what_is_missing_and_what_waits(browser: Browser) -> None:
    council = browser.council
    council.to_implementation(council.create("Waste rounds"))
    council.outline_ready(council.create("Housing voids", manager="other", department="PE"))
    council.do("VFM-0002", "submit_outline", "other")
    browser.sign_in("chief").get("/projects")
    assert "Live projects 2" in browser.text
    assert "Milestones slipped 0 none is later than CMT agreed" in browser.text
    assert "Returns missing for February 2026 0" in browser.text
    assert "Decisions waiting 1 none past its deadline" in browser.text
    council.at = dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        milestone = council.milestones("VFM-0001")[0]
        dates.change_milestone(
            session,
            council.home,
            "VFM-0001",
            milestone.id or 0,
            manager,
            council.at,
            forecast=dt.date(2026, 7, 20),
        )
    browser.sign_in("chief").get("/projects")
    assert "Milestones slipped 1 later than CMT agreed, in 1 project" in browser.text
    assert "Returns missing for March 2026 1 are due on 9 April 2026" in browser.text
    assert "Decisions waiting 1 1 past the deadline" in browser.text
    assert "Slipped 20 days: 20 July 2026" in browser.text


def test_a_project_that_left_monitoring_after_the_month_still_owes_its_return(browser: Browser) -> None:
    council = browser.council
    council.to_implementation(council.create())
    council.at = dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)
    council.do("VFM-0001", "hold", "head", reason="An election")
    browser.sign_in("chief").get("/projects")
    assert "Live projects 0 1 more on hold" in browser.text
    assert "Returns missing for March 2026 1" in browser.text
    assert "On hold, from 5 of 7: Implementation" in browser.text


def test_somebody_without_the_right_to_read_sees_no_project_and_no_figure(browser: Browser) -> None:
    browser.council.create()
    assert shown(browser.sign_in("holder")) == []
    assert "Live projects" not in browser.text


def test_a_manager_begins_a_project(browser: Browser) -> None:
    page = browser.sign_in("manager").get("/projects/new")
    assert page.status_code == 200
    assert f'value="{address("manager")}" selected' in page.text
    answer = browser.post(
        "/projects/new",
        title="Parking permits online",
        kind="procurement",
        department="SS",
        manager=address("manager"),
        sponsor="",
        summary="Fewer visits.",
        partner="",
        priorities=["Customer Service", "Reputation"],
        planned_days="40",
        follow=True,
    )
    assert answer.status_code == 200
    assert "VFM-0001 is begun. Write its outline, then submit it to CMT." in browser.text
    project: Project = browser.council.project("VFM-0001")
    assert (project.kind, project.planned_days, project.priorities) == (
        "procurement",
        40,
        ["Customer Service", "Reputation"],
    )


def test_a_project_that_cannot_begin_says_everything_at_once_and_keeps_what_was_typed(
    browser: Browser,
) -> None:
    answer = browser.sign_in("manager").post(
        "/projects/new",
        title="",
        kind="",
        department="",
        summary="Kept",
        planned_days="many",
        priorities=["Housing"],
    )
    assert answer.status_code == 422
    for field in ("title", "kind", "department", "manager", "planned_days"):
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}"' in answer.text
    assert ">Kept</textarea>" in answer.text
    assert re.search(r'value="Housing"[^>]*checked', answer.text)
    with browser.council.app.read() as session:
        assert session.get(Project, 1) is None


def test_only_who_may_begin_projects_is_offered_it(browser: Browser) -> None:
    browser.sign_in("finance").get("/projects")
    assert "Begin a new project" not in browser.text
    assert browser.get("/projects/new").status_code == 403
    assert browser.post("/projects/new", title="Mine").status_code == 403
