"""Sign-in, tasks and projects in a real browser, at the width of a desk and of a phone."""

from __future__ import annotations

import re
import time

import pytest

from tests.browser.conftest import DESK, PHONE, Served
from tests.browser.looking import faults
from tests.people import address

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]

PAGES = [
    ("", "/sign-in"),
    ("", "/about/lifecycle"),
    ("", "/about/accessibility"),
    ("", "/about/privacy"),
    ("manager", "/sign-out"),
    ("manager", "/tasks"),
    ("manager", "/account/mail"),
    ("head", "/account/mail"),
    ("place", "/tasks"),
    ("auditor", "/tasks"),
    ("chief", "/projects"),
    ("manager", "/projects?stage=outline&sort=-title"),
    ("chief", "/projects?limit=3&page=2"),
    ("manager", "/projects/new"),
    ("head", "/projects/VFM-0001"),
    ("place", "/projects/VFM-0002"),
    ("manager", "/projects/VFM-0003"),
    ("manager", "/projects/VFM-0004"),
    ("head", "/projects/VFM-0005"),
    ("auditor", "/projects/VFM-0006"),
    ("auditor", "/projects/VFM-0007"),
    ("chief", "/measures"),
    ("finance", "/measures?department=SS&state=waiting"),
    ("head", "/measures/SS-01"),
    ("finance", "/measures/SS-02"),
    ("holder", "/measures/SS-01"),
    ("head", "/measures/SS-01/edit"),
    ("head", "/measures/SS-01/figures"),
    ("head", "/measures/SS-01/readings"),
    ("head", "/measures/SS-01/peers"),
    ("performance", "/measures/add"),
    ("performance", "/imports"),
    ("head", "/account/tokens"),
    ("auditor", "/projects/VFM-0001/history"),
    ("auditor", "/projects/VFM-0001/decisions"),
    ("auditor", "/projects/VFM-0002/decisions"),
    ("chief", "/reports"),
    ("holder", "/reports"),
    ("performance", "/reports/quarter/2025-Q4"),
    ("chief", "/reports/mtfp"),
    ("head", "/reports/department/SS"),
    ("manager", "/reports/project/VFM-0001"),
    ("auditor", "/reports/decisions/VFM-0001"),
]


@pytest.mark.parametrize(("key", "path"), PAGES)
def test_a_page_has_no_fault_at_either_width(served: Served, key: str, path: str) -> None:
    for width in (DESK, PHONE):
        assert faults(served, key, path, width) == [], f"at {width} pixels"


def test_the_frozen_texts_have_no_fault(served: Served) -> None:
    context = served.look("auditor")
    page = context.new_page()
    page.goto("/projects/VFM-0002/decisions")
    links = page.locator("a[href*='/versions/']").evaluate_all(
        "all => all.map(each => each.getAttribute('href'))"
    )
    context.close()
    assert any(link.endswith("/changes") for link in links)
    newest = links[0].removesuffix("/changes")
    for path in (newest, f"{newest}/changes"):
        for width in (DESK, PHONE):
            assert faults(served, "auditor", path, width) == [], path


def test_refusals_and_errors_have_no_fault(served: Served) -> None:
    for key, path, status in (
        ("manager", "/projects/VFM-9999", 404),
        ("finance", "/projects/new", 403),
        ("", "/sign-in/" + "x" * 43, 410),
    ):
        for width in (DESK, PHONE):
            assert faults(served, key, path, width, status=status) == [], path


def test_a_form_with_errors_has_no_fault_and_leads_to_the_boxes(served: Served) -> None:
    context = served.look("manager", PHONE)
    page = context.new_page()
    page.goto("/projects/new")
    page.get_by_role("button", name="Begin the project").click()
    assert page.title().startswith("Error: ")
    page.get_by_role("link", name="Write a title").click()
    assert page.evaluate("document.activeElement.id") == "title"
    context.close()


def sign_in_link(served: Served, key: str) -> str:
    """Ask for a link on the page; return it from the mail, which is written once the answer has left."""
    before = len(served.council.mails(to=key, notice="sign_in_link"))
    context = served.look()
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Your work email address").fill(address(key))
    page.get_by_role("button", name="Send me a link").click()
    assert "Check your email" in page.inner_text("h1")
    context.close()
    end = time.monotonic() + 20
    while len(mails := served.council.mails(to=key, notice="sign_in_link")) == before:
        assert time.monotonic() < end, "no mail was written"
        time.sleep(0.02)
    mail = mails[-1]
    return next(link for link in served.council.links_in(mail) if "/sign-in/" in link)


def test_a_person_signs_in_and_out_without_scripts(served: Served) -> None:
    link = sign_in_link(served, "legal")
    context = served.look(width=PHONE, scripts=False)
    page = context.new_page()
    page.goto(link)
    page.get_by_role("checkbox", name="I want to sign in on this device").check()
    page.get_by_role("button", name="Sign in").click()
    assert page.url == f"{served.url}/tasks"
    assert "Legal" in page.inner_text("main")
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    assert "You are signed out." in page.inner_text("main")
    context.close()


def test_a_browser_that_opens_a_sign_in_link_and_waits_signs_nobody_in(served: Served) -> None:
    link = sign_in_link(served, "legal")
    context = served.look()
    page = context.new_page()
    page.goto(link)
    page.wait_for_load_state("networkidle")
    page.goto("/tasks")
    assert "/sign-in" in page.url
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Tick the box if you want to sign in here").click()
    page.get_by_role("checkbox", name="I want to sign in on this device").check()
    page.get_by_role("button", name="Sign in").click()
    assert page.url == f"{served.url}/tasks"
    context.close()


def test_headings_sort_the_list_on_a_phone_too(served: Served) -> None:
    context = served.look("chief", PHONE)
    page = context.new_page()
    page.goto("/projects")
    page.get_by_role("link", name="Project", exact=True).click()
    assert "sort=title" in page.url
    first = page.locator("tbody th a").first.inner_text()
    assert first == "Fleet telematics"
    context.close()


def test_the_chart_is_drawn_for_the_width_it_has(served: Served) -> None:
    for width, shown, hidden in ((DESK, "wide", "narrow"), (PHONE, "narrow", "wide")):
        context = served.look("chief", width)
        page = context.new_page()
        page.goto("/projects/VFM-0001")
        assert page.locator(f".vfm-chart--{shown} svg").is_visible()
        assert not page.locator(f".vfm-chart--{hidden} svg").is_visible()
        title = page.locator(f".vfm-chart--{shown} svg title").text_content() or ""
        assert re.match(r"Milestones: 1 of 3 milestones is done\. 1 has slipped", title)
        context.close()
