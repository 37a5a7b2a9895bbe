"""Calendar and data: a token is shown once, its address opens a calendar, and ended it answers 410."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import structlog

from tests.library_support import token
from tests.people import Council
from tests.web.support import Browser
from vfm_workflow.logs import redact


@pytest.fixture
def browser(council: Council) -> Browser:
    reference = council.create()
    council.to_implementation(reference)
    return Browser(council).sign_in("manager")


def made(browser: Browser, scope: str = "calendar") -> str:
    answer = browser.post("/account/tokens", scope=scope, name="Outlook at work", days="365")
    assert answer.status_code == 200
    found = re.search(r'id="made"[^>]*value="([^"]+)"', answer.text)
    assert found is not None
    return html.unescape(found[1])


def test_a_calendar_s_address_is_shown_once_and_opens_the_calendar_to_nobody_signed_in(
    browser: Browser,
) -> None:
    address = made(browser)
    path = address.removeprefix(browser.council.home.base_url)
    assert re.fullmatch(r"/calendar/vfm_[\w-]{43}\.ics", path)
    assert path not in browser.get("/account/tokens").text
    assert "Outlook at work" in browser.text
    program = browser.sign_out()
    answer = program.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "Contract signed: Waste rounds" in answer.text.replace("\r\n ", "")
    browser.sign_in("manager").get("/account/tokens")
    assert "Never" not in browser.text


def test_an_ended_address_is_gone_and_one_that_never_was_is_not_found(browser: Browser) -> None:
    path = made(browser).removeprefix(browser.council.home.base_url)
    (end,) = re.findall(r"/account/tokens/\d+/end", browser.get("/account/tokens").text)
    browser.post(end, follow=True)
    assert "It is ended" in browser.text
    assert browser.get(path).status_code == 410
    assert browser.get("/calendar/vfm_" + "x" * 43 + ".ics").status_code == 404
    assert browser.get("/calendar/x.ics").status_code == 404
    reads = token(browser.council, "manager", "read")
    assert browser.get(f"/calendar/{reads}.ics").status_code == 404, "a program's token is no address"


def test_an_address_that_has_run_out_is_gone(browser: Browser) -> None:
    path = made(browser).removeprefix(browser.council.home.base_url)
    browser.council.at += dt.timedelta(days=366)
    assert browser.get(path).status_code == 410


def test_neither_the_address_nor_the_token_is_written_into_a_log(browser: Browser) -> None:
    path = made(browser).removeprefix(browser.council.home.base_url)
    secret = path.removeprefix("/calendar/").removesuffix(".ics")
    with structlog.testing.capture_logs() as logged:
        browser.get(path)
        browser.get(path[:-5] + "x.ics")
        browser.get("/api/projects", headers={"authorization": f"Bearer {secret}"})
    assert [line["status"] for line in logged if line["event"] == "refused"] == [403]
    assert secret not in str(logged)
    assert redact(f"GET {path} failed") == "GET /calendar/[redacted] failed"


def test_what_is_missing_is_named_and_a_stranger_s_token_is_not_theirs_to_end(browser: Browser) -> None:
    answer = browser.post("/account/tokens", scope="", name="", days="")
    assert answer.status_code == 422
    for field in ("scope", "name", "days"):
        assert f'href="#{field}"' in answer.text
    made(browser)
    (end,) = re.findall(r"/account/tokens/\d+/end", browser.get("/account/tokens").text)
    assert browser.sign_in("chief").post(end).status_code == 404


def test_a_token_that_records_is_offered_to_who_records(browser: Browser) -> None:
    assert "Record figures" not in browser.get("/account/tokens").text
    assert "Record figures" in browser.sign_in("performance").get("/account/tokens").text
    assert made(browser, "write").startswith("vfm_")


def test_a_token_is_made_by_who_has_lately_proved_that_it_is_they(browser: Browser) -> None:
    browser.council.at += dt.timedelta(minutes=90)
    answer = browser.post("/account/tokens", scope="read", name="Excel", days="30")
    assert 'id="made"' not in answer.text
    browser.sign_in("manager").get("/account/tokens")
    assert "You have none" in browser.text


def test_too_many_wrong_addresses_from_one_computer_are_refused(browser: Browser) -> None:
    seen = [browser.get(f"/calendar/vfm_{n:043d}.ics").status_code for n in range(61)]
    assert (seen[0], seen[59], seen[60]) == (404, 404, 429)
