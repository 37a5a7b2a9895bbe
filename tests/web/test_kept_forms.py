"""A form whose session has ended loses nothing: every form of every page, by walking all there are."""

from __future__ import annotations

import re

from tests.people import Council
from tests.web.forms import fields
from tests.web.support import Browser, forms
from vfm_workflow.web.visit import SESSION_COOKIE

OPEN = (
    "/sign-in",
    "/sign-out",
    "/decide",
    "/dispute",
    "/demo",
    "/d/",
    "/consult",
    "/c/",
    "/idea/",
    "/u/",
    "/notify/",
)
"""Forms for whoever holds a link, or for anybody: nobody has to be signed in for them."""

TYPED: dict[str, str | list[str]] = {
    "reason": "\n\nCaf\u00e9 costs <b>£71</b> & \u202eright to left\u202c, 😀 “quoted” 'and' \"so\" {{ 7*7 }}",
    "title": "Waste rounds",
    "criterion": ["high_cost", "off_vision", "high_cost"],
    "revision": "3",
    "empty": "",
    "do": "submit",
    "[odd] name\"'<>": "kept",
}


def concrete(path: str) -> str:
    return re.sub(
        r"{(\w+)}", lambda found: {"reference": "VFM-0001", "period": "2026-03"}.get(found[1], "1"), path
    )


def test_every_form_that_needs_somebody_keeps_what_was_typed(council: Council) -> None:
    council.create()
    browser = Browser(council)
    walked = [concrete(path) for path in forms() if not path.startswith(OPEN)]
    assert len(walked) > 20
    for path in walked:
        answer = browser.send(path, TYPED)
        assert answer.status_code == 401, path
        assert fields(answer.text, path) == TYPED, path


def test_what_was_kept_is_sent_again_once_somebody_is_signed_in(council: Council) -> None:
    reference = council.create()
    browser = Browser(council).sign_in("head")
    browser.get(f"/projects/{reference}")
    revision = browser.hidden("revision")
    council.later(minutes=61)  # the session has timed out meanwhile
    path = f"/projects/{reference}/events"
    answer = browser.send(path, {"event": "hold", "reason": "Waits for the county", "revision": revision})
    assert answer.status_code == 401
    assert "Waits for the county" in browser.text
    assert council.project(reference).lifecycle != "on_hold"
    again = fields(answer.text, path)
    assert browser.sign_in("head").send(path, again).status_code == 303
    assert "Waits for the county" in browser.get(f"/projects/{reference}/history").text


def test_the_page_sends_nothing_by_itself_and_runs_nothing(council: Council) -> None:
    reference = council.create()
    answer = Browser(council).send(
        f"/projects/{reference}/events", {"reason": "<script>alert(1)</script>" * 9}
    )
    assert "<script>alert" not in answer.text
    assert answer.text.count("<script") == Browser(council).get("/sign-in").text.count("<script")
    assert "autofocus" not in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")


def test_a_form_with_fields_without_end_is_not_kept(council: Council) -> None:
    reference = council.create()
    browser = Browser(council)
    path = f"/projects/{reference}/events"
    assert browser.send(path, {f"field{n}": "1" for n in range(2100)}).status_code == 400
    assert browser.send(path, {"reason": "x" * (2 * 1024 * 1024 + 1)}).status_code == 413


def test_a_form_from_another_site_is_not_even_kept(council: Council) -> None:
    reference = council.create()
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://bad.example"}
    answer = Browser(council).send(f"/projects/{reference}/events", {"reason": "planted"}, headers=foreign)
    assert answer.status_code == 403
    assert "planted" not in answer.text
