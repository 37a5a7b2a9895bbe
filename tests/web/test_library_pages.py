"""The library's pages: coverage first, two signatures, every reading with who and when, corrections beside the first."""

from __future__ import annotations

import pytest

from tests.access_support import join_more
from tests.library_support import COST, MISSED, NOVEMBER, both, figures, measure, record, stocked
from tests.people import Council
from tests.web.support import Browser


@pytest.fixture
def browser(council: Council) -> Browser:
    stocked(council)
    return Browser(council).sign_in("head")


def test_the_library_says_which_departments_are_covered_and_what_is_missing(council: Council) -> None:
    council.at = NOVEMBER
    page = Browser(council).sign_in("chief")
    page.get("/measures")
    assert "No department has agreed both a unit cost and a performance measure for 2026/27 yet" in page.text
    measure(council)
    page.get("/measures")
    assert "No performance measure" in page.text
    assert "No performance is measured: value for money is the balance" in page.text
    measure(council, **MISSED, tolerance="")
    for code in ("SS-01", "SS-02"):
        figures(council, code, "71", "60")
        both(council, code, 1)
    page.get("/measures")
    assert (
        "1 of 2 departments have agreed a unit cost and a performance measure for 2026/27: not Planning"
        in page.text
    )


def test_filters_show_a_part_and_the_header_leads_there(browser: Browser) -> None:
    browser.get("/tasks")
    assert browser.last is not None
    assert 'href="/measures"' in browser.last.text
    for query, there, gone in (
        ("kind=unit_cost", "Cost of collection", "Missed collections"),
        ("kind=performance", "Missed collections", "Cost of collection"),
        ("state=none", "0 measures", "Cost of collection"),
        ("department=PE", "0 measures", "Cost of collection"),
        ("state=retired", "0 measures", "Cost of collection"),
    ):
        browser.get(f"/measures?{query}")
        assert there in browser.text
        assert gone not in browser.text.partition("Show all")[2]


def test_a_measure_is_added_agreed_by_two_and_recorded(council: Council) -> None:
    council.at = NOVEMBER
    head, finance = Browser(council).sign_in("head"), Browser(council).sign_in("finance")
    assert head.send("/measures/add", COST).headers["location"] == "/measures/SS-01"
    head.post("/measures/SS-01/figures", year="2026/27", baseline="71", target="68", follow=True)
    assert "The figures for 2026/27 are proposed" in head.text
    assert "Agree 2026/27 for the Head of Service" in head.text
    assert "Agree 2026/27 for Finance" not in head.text
    head.post("/measures/SS-01/agree", number="1", side="service", follow=True)
    assert "The other side is still to sign" in head.text
    finance.get("/measures/SS-01")
    assert "Agree 2026/27 for Finance" in finance.text
    finance.post("/measures/SS-01/agree", number="1", side="finance", follow=True)
    assert "Both have signed: the figures are agreed" in finance.text
    head.post(
        "/measures/SS-01/readings", month="2026-10", numerator="2735253", denominator="39606", follow=True
    )
    assert "October 2026 is recorded: 69.06 (£2,735,253 ÷ 39,606)" in head.text
    head.post("/measures/SS-01/readings", month="2026-10", value="69.10", reason="A later bill", follow=True)
    assert "October 2026 is corrected" in head.text
    assert "A later bill" in head.text
    assert "Earlier: 69.06" in head.text


def test_a_refused_form_keeps_what_was_typed_and_names_the_field(browser: Browser) -> None:
    answer = browser.post("/measures/SS-01/readings", month="2026-10", numerator="2.7m", denominator="39606")
    assert answer.status_code == 422
    assert "There is a problem" in browser.text
    assert 'value="2.7m"' in answer.text
    assert 'href="#numerator"' in answer.text
    answer = browser.post("/measures/SS-01/figures", year="2026/27", baseline="x", target="")
    assert answer.status_code == 422
    assert 'href="#baseline"' in answer.text
    answer = browser.send("/measures/add", {**COST, "department": "PE"})
    assert answer.status_code == 403
    answer = browser.post("/measures/SS-01/peers", name_1="", value_1="66", source="")
    assert answer.status_code == 422
    assert 'href="#name_1"' in answer.text


def test_nobody_signs_twice_nor_for_the_other_side(browser: Browser) -> None:
    figures(browser.council, "SS-01", "71", "67")
    assert browser.post("/measures/SS-01/agree", number="2", side="finance").status_code == 403
    assert browser.post("/measures/SS-01/agree", number="1", side="service").status_code == 409
    assert browser.post("/measures/SS-01/agree", number="٣", side="service").status_code == 403
    assert browser.post("/measures/SS-01/agree", number="9" * 30, side="service").status_code == 403


def test_peers_are_shown_with_their_median_and_source(browser: Browser) -> None:
    browser.post(
        "/measures/SS-01/peers", name_1="Ashby Vale", value_1="66.10", name_2="Ostley", value_2="70.21",
        source="The club", follow=True,
    )  # fmt: skip
    assert "Median £68.155 per household of 2 councils" in browser.text
    assert "Source: The club." in browser.text


def test_a_retired_measure_is_found_among_the_retired(browser: Browser) -> None:
    browser.post("/measures/SS-02/retire", follow=True)
    assert "SS-02 is retired. All of it stays." in browser.text
    browser.get("/measures")
    assert "Missed collections" not in browser.text
    browser.get("/measures?state=retired")
    assert "Missed collections" in browser.text
    browser.post("/measures/SS-02/retire", do="back", follow=True)
    assert "taken up again" in browser.text


def test_what_is_not_there_is_not_found(browser: Browser) -> None:
    for path in ("/measures/SS-99", "/measures/x", "/measures/SS-99/readings"):
        assert browser.get(path).status_code == 404
    assert browser.post("/measures/SS-99/retire").status_code == 404


def test_who_only_reads_finds_no_form(browser: Browser) -> None:
    record(browser.council, "SS-01", "2026-10", "69.00")
    reader = browser.sign_in("chief")
    reader.get("/measures/SS-01")
    for word in ("Record a month", "Propose figures", "Agree 2026/27", "Retire", "Change the measure"):
        assert word not in reader.text
    assert "Finance Officer" in reader.text


def test_members_see_released_months_without_who_and_why(browser: Browser) -> None:
    join_more(browser.council)
    record(browser.council, "SS-01", "2026-09", "69.50")
    record(browser.council, "SS-01", "2026-10", "69.00")
    member = browser.sign_in("holder")
    member.get("/measures/SS-01")
    assert "September 2026" in member.text
    assert "Head of Street Scene" not in member.text.partition("Readings Every")[2]
    assert "October" not in member.text
    member.get("/measures")
    assert "£69.50 per household" in member.text
    other = browser.sign_in("group")
    other.get("/measures/SS-01")
    assert "None is released yet" in other.text


def test_a_project_s_form_offers_the_library_and_shows_what_is_taken_over(browser: Browser) -> None:
    reference = browser.council.create()
    manager = browser.sign_in("manager")
    manager.get(f"/projects/{reference}/measures/add")
    assert "SS-01 Cost of collection, £ per household" in manager.text
    manager.post(
        f"/projects/{reference}/measures/add", library="SS-01", baseline="71", target="64", follow=True
    )
    assert "“Cost of collection” is saved" in manager.text
    assert "Taken over from SS-01 of the library" in manager.text
    manager.get("/measures/SS-01")
    assert f"{reference} Waste rounds" in manager.text.partition("Projects that take it over")[2]
    answer = manager.post(f"/projects/{reference}/measures/add", library="SS-99", baseline="71", target="64")
    assert answer.status_code == 422
    assert 'href="#library"' in answer.text
