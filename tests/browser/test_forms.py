"""The long forms in a real browser: at the width of a desk and of a phone, with scripts and without."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Served
from tests.browser.council import NOW
from tests.browser.looking import faults
from tests.people import Council
from vfm_workflow.journeys import lessons, writing

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]

PAGES = [
    ("manager", "/projects/VFM-0003/outline"),
    ("auditor", "/projects/VFM-0003/outline"),
    ("manager", "/projects/VFM-0004/outline"),
    ("chief", "/projects/VFM-0001/outline"),
    ("other", "/projects/VFM-0006/recommendations"),
    ("chief", "/projects/VFM-0001/recommendations"),
    ("manager", "/projects/VFM-0001/milestones"),
    ("auditor", "/projects/VFM-0003/milestones"),
    ("manager", "/projects/VFM-0001/milestones/2"),
    ("manager", "/projects/VFM-0001/rebaseline"),
    ("manager", "/projects/VFM-0004/rebaseline"),
    ("manager", "/projects/VFM-0004/plan"),
    ("manager", "/projects/VFM-0004/plan/add"),
    ("manager", "/projects/VFM-0001/measures"),
    ("auditor", "/projects/VFM-0001/savings"),
    ("manager", "/projects/VFM-0004/measures/add"),
    ("manager", "/projects/VFM-0001/measures/1"),
    ("manager", "/projects/VFM-0001/measures/1/peers"),
    ("manager", "/projects/VFM-0004/savings/add"),
    ("manager", "/projects/VFM-0001/savings/1"),
    ("manager", "/projects/VFM-0004/consultations"),
    ("legal", "/projects/VFM-0004/consultations"),
    ("manager", "/projects/VFM-0001/lessons"),
    ("manager", "/projects/VFM-0001/returns"),
    ("manager", "/projects/VFM-0003/returns"),
    ("manager", "/projects/VFM-0001/returns/2026-10"),
    ("head", "/projects/VFM-0001/returns/2026-09"),
    ("head", "/projects/VFM-0001/returns/2026-08"),
    ("chief", "/projects/VFM-0001/returns/2026-10"),
    ("chief", "/returns"),
    ("chief", "/returns?quarter=2026-Q2"),
    ("chief", "/returns?period=2026-01"),
    ("holder", "/ideas"),
    ("head", "/ideas"),
]


@pytest.mark.parametrize(("key", "path"), PAGES)
def test_a_page_has_no_fault_at_either_width(served: Served, key: str, path: str) -> None:
    for width in (DESK, PHONE):
        assert faults(served, key, path, width) == [], f"at {width} pixels"


@pytest.fixture(scope="module")
def drafted(served: Served) -> str:
    """A project of this module's own, whose outline is to be written and which has a lesson to answer."""
    council = served.council
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        lessons.record(session, council.home, "VFM-0001", "Start with the depot.", manager, NOW)
    return council.create("Street sweeping by zone")


@pytest.fixture(scope="module")
def reporting(served: Served) -> str:
    """A project of this module's own that has been reporting since September."""
    council = served.council
    council.at = dt.datetime(2026, 9, 7, 9, tzinfo=dt.UTC)
    reference = council.create("Trade waste: prices that cover cost")
    council.outline_ready(reference, milestone=dt.date(2026, 12, 11))
    council.do(reference, "submit_outline")
    council.approve(reference)
    council.at = NOW
    return reference


@contextmanager
def opened(
    served: Served, path: str, key: str = "manager", width: int = PHONE, *, scripts: bool = True
) -> Iterator[Page]:
    """Open a page as somebody, and close its window at the end."""
    context = served.look(key, width, scripts=scripts)
    try:
        page = context.new_page()
        page.goto(path)
        yield page
    finally:
        context.close()


def date(page: Page, group: str, day: str, month: str, year: str) -> None:
    """Fill the three boxes of a date."""
    boxes = page.get_by_role("group", name=group)
    for label, value in (("Day", day), ("Month", month), ("Year", year)):
        boxes.get_by_label(label).fill(value)


def theirs(council: Council, reference: str, key: str, text: str) -> None:
    """Let the Head of Service write a section."""
    with council.app.write() as session:
        head = council.actor(session, "head")
        writing.save_section(session, council.home, reference, "outline", key, text, head, council.at)


# ------------------------------------------------------------------ without scripts


def test_a_whole_outline_is_written_without_scripts(served: Served, drafted: str) -> None:
    with opened(served, f"/projects/{drafted}/outline", scripts=False) as page:
        for section in served.council.home.outline.outline:
            words = " ".join(f"{section.title} {number}" for number in range(section.min_words))
            page.locator(f"#{section.key}").fill(words)
        page.get_by_role("checkbox", name="Above average or high cost").check()
        page.get_by_label("Evidence for Above average or high cost").fill("£14.20 a head against £12.60")
        page.get_by_role("button", name="Save and come back later").click()
        assert "The draft is saved." in page.inner_text("main")
        assert "9 of 9 sections are long enough" in page.inner_text("main")
        page.goto(f"/projects/{drafted}/lessons")
        page.get_by_label("How does this project address").first.fill("The depot is our first milestone.")
        page.get_by_role("button", name="Save the answers").click()
        assert "The answers are saved." in page.inner_text("main")
        page.goto(f"/projects/{drafted}/milestones")
        page.get_by_label("What is reached").fill("Zones agreed with ward councillors")
        date(page, "When", "31", "2", "2027")
        page.get_by_role("button", name="Add the milestone").click()
        assert page.get_by_label("What is reached").input_value() == "Zones agreed with ward councillors"
        page.get_by_role("link", name="The date must be a real date: February 2027 has 28 days").click()
        date(page, "When", "26", "2", "2027")
        page.get_by_role("button", name="Add the milestone").click()
        assert "Zones agreed with ward councillors" in page.inner_text("tbody")


def test_a_return_is_written_and_verified_without_scripts(served: Served, reporting: str) -> None:
    path = f"/projects/{reporting}/returns/2026-10"
    with opened(served, path, scripts=False) as page:
        page.get_by_label("Cost per household").fill("fifty five")
        page.get_by_label("Missed collections").fill("88")
        page.get_by_role("button", name="Submit the return").click()
        assert page.title().startswith("Error: ")
        page.get_by_role("link", name="Cost per household must be a number").click()
        assert page.get_by_label("Cost per household").input_value() == "fifty five"
        page.get_by_label("Cost per household").fill("70.10")
        page.get_by_label("Fewer rounds", exact=True).fill("6,700")
        page.get_by_label("Expected by 31 March 2027: Fewer rounds").fill("80,000")
        page.get_by_label("What happened in October 2026?").fill("The price list is drafted.")
        page.get_by_role("button", name="Submit the return").click()
        assert "The return for October 2026 is submitted." in page.inner_text("main")
        assert "Rating: Green" in page.inner_text("main").replace("\n", " ")
    with opened(served, path, "head", scripts=False) as page:
        page.get_by_role("button", name="Verify the return").click()
        assert "The return for October 2026 is verified." in page.inner_text("main")


# ------------------------------------------------------------------ with scripts


def test_a_draft_saves_itself_again_and_again(served: Served, drafted: str) -> None:
    with opened(served, f"/projects/{drafted}/outline", width=DESK) as page:
        box = page.locator("#focus")
        box.fill("First thoughts")
        expect(page.locator("#focus-words")).to_have_text("Too short 2 of at least 20 words")
        expect(page.locator("#focus-state")).to_have_text("Too short 2 of at least 20 words")
        expect(page.get_by_role("status")).to_have_text("Saved at 10:15")
        box.press_sequentially(" and second")
        with page.expect_response(f"**/projects/{drafted}/outline") as second:
            pass
        assert second.value.json()["saved"] is True, "the form carries the mark of what it saved itself"
        page.reload()
        assert page.locator("#focus").input_value() == "First thoughts and second"
        expect(page.locator("#focus-words")).to_have_text("Too short 4 of at least 20 words")
        page.locator("#focus").fill("word " * 20)
        expect(page.locator("#focus-words")).to_have_text("Enough 20 words")


def test_two_writers_lose_nothing(served: Served, drafted: str) -> None:
    with opened(served, f"/projects/{drafted}/outline", width=DESK) as page:
        theirs(served.council, drafted, "options", "Their options")
        page.locator("#options").fill("My options")
        page.locator("#targets").fill("My targets")
        expect(page.get_by_role("status")).to_contain_text(
            "Not saved: somebody else has changed “Options for change”"
        )
        page.get_by_role("button", name="Save and come back later").click()
        assert "Their options" in page.inner_text("main")
        assert page.locator("#options").input_value() == "My options"
        assert page.locator("#targets").input_value() == "My targets"
        page.get_by_role("button", name="Save and come back later").click()
        assert "The draft is saved." in page.inner_text("main")


def test_somebody_signed_out_is_told_and_keeps_the_text(served: Served, drafted: str) -> None:
    with opened(served, f"/projects/{drafted}/outline", width=DESK) as page:
        page.context.clear_cookies()
        page.locator("#why").fill("Half a page that took an hour")
        expect(page.get_by_role("status")).to_contain_text("Not saved: you are signed out")
        page.get_by_role("button", name="Save and come back later").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        assert page.locator("textarea[name=text_why]").input_value() == "Half a page that took an hour"


def test_a_refused_form_has_no_fault_and_leads_to_its_boxes(served: Served, reporting: str) -> None:
    with opened(served, f"/projects/{reporting}/savings/add") as page:
        page.get_by_label("Expected in 2026/27, pounds").fill("26k")
        page.get_by_role("button", name="Save the saving").click()
        page.get_by_role("link", name="The amount expected in 2026/27 must be an amount in pounds").click()
        assert page.evaluate("document.activeElement.id") == "expected_2026"
        assert page.get_by_label("Expected in 2026/27, pounds").input_value() == "26k"
        page.get_by_role("link", name="Choose whether the saving is cashable").click()
        assert page.evaluate("document.activeElement.id") == "cashable"
        assert not page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )


def test_the_small_line_is_drawn_with_what_it_says(served: Served) -> None:
    with opened(served, "/projects/VFM-0001/measures", "chief") as page:
        drawn = page.locator(".vfm-sparkline svg").first
        assert drawn.is_visible()
        assert (drawn.locator("title").text_content() or "").startswith(
            "Cost per household: £64.00 per household"
        )
