"""Pictures on pages: the finding as a caption, both drawings, the table; and shown to whom the figures are."""

from __future__ import annotations

import html
import re

import pytest

from tests.figures_support import ids, moment, submit
from tests.people import Council
from tests.web.forms import fields
from tests.web.support import Browser


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


@pytest.fixture
def running(council: Council) -> str:
    """A project under way with three months reported."""
    reference = council.create()
    council.to_implementation(reference)
    for month, cost in ((4, "70.60"), (5, "69.80"), (6, "67.50")):
        council.at = moment(2026, month + 1, 5)
        submit(
            council, reference, f"2026-{month:02d}", cost=cost, forecast="2026-12-01", action="A third loader"
        )
    return reference


def captions(page: str) -> dict[str, str]:
    """Return picture's key → what it says."""
    found = re.findall(r'<figcaption[^>]*id="([^"]+)-finding">([^<]*)</figcaption>', page)
    return {key: html.unescape(said) for key, said in found}


def compare(browser: Browser, reference: str, measure: int, *values: str) -> None:
    path = f"/projects/{reference}/measures/{measure}/peers"
    typed = fields(browser.get(path).text, path) | {"source": "Club 2025/26"}
    for number, value in enumerate(values, start=1):
        typed |= {f"name_{number}": f"Council {number}", f"value_{number}": value}
    assert browser.send(path, typed).status_code == 303


def test_a_measure_shows_its_months_against_target_and_other_councils(
    browser: Browser, council: Council, running: str
) -> None:
    cost, missed = ids(council, running)[0][:2]
    browser.sign_in("manager")
    compare(browser, running, cost, "66", "68", "71")
    compare(browser, running, missed, "95", "90")
    page = browser.get(f"/projects/{running}/measures").text
    said = captions(page)
    assert said[f"trend-{cost}"] == (
        "£67.50 per household in June 2026, better than the £70.60 per household in April 2026; the target of £64.00 per "
        "household is not reached yet; better than the median of 3 other councils (£68.00 per household)."
    )
    assert said[f"scatter-{cost}-{missed}"].startswith(
        "Higher cost and better performance than the median of 2 other councils: £67.50 per household against £67.00"
    )
    for key in (f"trend-{cost}", f"scatter-{cost}-{missed}"):
        assert f'<title id="{key}-wide">' in page
        assert f'<title id="{key}-narrow">' in page
    assert "Show the figures as a table" in browser.text


def test_without_other_councils_nothing_is_scattered(browser: Browser, running: str) -> None:
    page = browser.sign_in("manager").get(f"/projects/{running}/measures").text
    assert not [key for key in captions(page) if key.startswith("scatter")]


def test_savings_show_what_was_delivered_against_the_profile(browser: Browser, running: str) -> None:
    said = captions(browser.sign_in("manager").get(f"/projects/{running}/savings").text)
    assert said["savings-profile"] == (
        "By the end of June 2026 £20k of the £20k profiled by then is delivered: as profiled (amounts rounded). "
        "£80k is forecast for the year against £80k: as profiled."
    )


def test_the_list_shows_officers_the_pipeline_and_the_departments(browser: Browser, running: str) -> None:
    page = browser.sign_in("chief").get("/projects").text
    said = captions(page)
    assert list(said) == ["pipeline", "plan-years", "coverage"]
    assert "of the £1.78m target for 2030/31 is in the weighted pipeline" in said["pipeline"]
    assert said["coverage"].startswith("None of ")
    assert 'href="#pictures"' in page


def test_a_change_of_stage_shows_at_once(browser: Browser, council: Council, running: str) -> None:
    assert ">1 under way<" in browser.sign_in("chief").get("/projects").text
    council.to_implementation(council.create("Street lights"))
    assert ">2 under way<" in browser.get("/projects").text


@pytest.mark.parametrize("query", ["?rag=red", "?search=waste", "?page=2"])
def test_a_part_of_the_list_has_no_pictures_of_the_whole(browser: Browser, running: str, query: str) -> None:
    assert captions(browser.sign_in("chief").get(f"/projects{query}").text) == {}


def test_members_see_no_pictures_of_what_is_not_released(browser: Browser, running: str) -> None:
    assert captions(browser.sign_in("holder").get("/projects").text) == {}
