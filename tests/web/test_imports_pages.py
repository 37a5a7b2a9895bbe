"""Sending a file: looked at, then imported, by a job; what is wrong stands by line and column."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import re

import httpx
import pytest

from tests.journeys.jobbing import work
from tests.library_support import READINGS, csv_of, record, stocked
from tests.people import Council, address
from tests.web.support import BASE, Browser, _same_origin
from vfm_workflow.journeys.importing import IMPORTERS

GOOD = csv_of(
    READINGS, ("SS-01", "2026-10", "", "2735253", "39606", ""), ("SS-02", "2026-10", "79", "", "", "")
)


@pytest.fixture
def browser(council: Council) -> Browser:
    stocked(council)
    return Browser(council).sign_in("performance")


def send(browser: Browser, data: bytes, kind: str = "readings", name: str = "october.csv") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(browser.app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=browser.cookies) as client:
            answer = await client.post(
                "/imports", data={"kind": kind}, files={"file": (name, data)}, headers=_same_origin({})
            )
            browser.cookies = client.cookies
            return answer

    browser.last = asyncio.run(ask())
    return browser.last


def test_a_file_is_looked_at_then_imported_and_its_readings_lead_back_to_it(browser: Browser) -> None:
    page = send(browser, GOOD).headers["location"]
    browser.get(page)
    assert "It begins within half a minute" in browser.text
    assert work(browser.council)
    browser.get(page)
    assert "Ready to import" in browser.text
    assert "2 rows: 2 new, 0 corrected, 0 as known already" in browser.text
    assert "69.06 (£2,735,253 ÷ 39,606)" in browser.text
    browser.post(f"{page}/apply", follow=True)
    assert work(browser.council)
    browser.get(page)
    assert "Imported" in browser.text
    browser.get("/measures/SS-01")
    assert browser.last is not None
    assert f'href="{page}"' in browser.last.text
    assert "october.csv" in browser.text
    assert browser.get(f"{page}/file").content == GOOD
    assert browser.post(f"{page}/apply").status_code == 403


def test_its_job_leads_to_it(browser: Browser) -> None:
    page = send(browser, GOOD).headers["location"]
    work(browser.council)
    browser.get("/jobs")
    assert "Import figures" in browser.text
    assert browser.last is not None
    (job,) = re.findall(r'href="(/jobs/\d+)"', browser.last.text)
    assert f'href="{page}"' in browser.get(job).text
    assert browser.post("/jobs", kind="import").status_code == 404


def test_what_is_wrong_stands_by_line_and_column_and_nothing_can_be_imported(browser: Browser) -> None:
    bad = csv_of(READINGS, ("SS-01", "2026-10", "x", "", "", ""), ("=SS", "2026-10", "1", "", "", ""))
    page = send(browser, bad).headers["location"]
    work(browser.council)
    browser.get(page)
    assert "2 things are wrong in 2 rows" in browser.text
    assert "Line 2 value The value must be a number" in browser.text
    assert "Line 3 measure It begins with “=”" in browser.text
    assert "Import all of it" not in browser.text


def test_corrections_are_shown_with_what_they_replace(browser: Browser) -> None:
    record(browser.council, "SS-02", "2026-10", "85")
    page = send(browser, csv_of(READINGS, ("SS-02", "2026-10", "79", "", "", "Counted again"))).headers[
        "location"
    ]
    work(browser.council)
    browser.get(page)
    assert "Corrections" in browser.text
    assert "SS-02, October 2026 85 79 Counted again 2" in browser.text


def test_a_form_without_a_file_or_a_kind_is_shown_again(browser: Browser) -> None:
    for answer, field in (
        (send(browser, b""), "file"),
        (send(browser, GOOD, "wages"), "kind"),
        (browser.post("/imports"), "kind"),
    ):
        assert answer.status_code == 422
        assert f'href="#{field}"' in answer.text
    assert send(browser, b"x" * (2 * 1024 * 1024 + 1)).status_code == 422
    assert send(browser, b"x" * 3_000_000).status_code == 413


def test_each_kind_has_a_template_with_its_columns(browser: Browser) -> None:
    for kind, importer in IMPORTERS.items():
        if kind == "people":
            continue
        answer = browser.get(f"/imports/templates/{kind}.csv")
        head, example = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
        assert head == [column.name for column in importer.columns]
        assert any(example)
        browser.get("/imports")
        assert all(column.name in browser.text for column in importer.columns)
    assert browser.get("/imports/templates/people.csv").status_code == 403
    assert browser.get("/imports/templates/wages.csv").status_code == 404


def test_the_names_of_a_file_are_inert(browser: Browser) -> None:
    page = send(browser, GOOD, name='../../<script>alert(1)</script>".csv').headers["location"]
    answer = browser.get(page)
    assert "<script>alert" not in answer.text
    assert (
        '"'
        not in browser.get(f"{page}/file")
        .headers["content-disposition"]
        .partition('filename="')[2]
        .partition('"; ')[0]
    )


def test_people_are_imported_by_an_administrator_who_has_lately_proved_that_it_is_they(
    council: Council,
) -> None:
    admin = Browser(council).sign_in("admin")
    admin.get("/people")
    assert "Import from a file" in admin.text
    data = csv_of(("address", "post", "role", "department"), (address("new"), "Clerk", "consultee", "SS"))
    page = send(admin, data, "people").headers["location"]
    work(council)
    council.at += dt.timedelta(minutes=90)
    answer = admin.post(f"{page}/apply")
    assert answer.status_code in (303, 403)
    assert not work(council), "nothing was asked for before it was proved"
    admin.sign_in("admin").post(f"{page}/apply")
    assert work(council)
    assert council.who("new").name == "Clerk"
    assert Browser(council).sign_in("performance").get(page).status_code == 404


@pytest.mark.parametrize("who", ["manager", "chief", "head", "holder", "auditor"])
def test_who_imports_nothing_finds_no_page(council: Council, who: str) -> None:
    browser = Browser(council).sign_in(who)
    assert browser.get("/imports").status_code == 403
    assert send(browser, GOOD).status_code in (403, 422)
    assert browser.get("/imports/1").status_code == 404
