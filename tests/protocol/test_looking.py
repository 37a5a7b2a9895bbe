"""Point 4 of decisions by email: looking changes nothing."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path

from freezegun import freeze_time

from tests.people import Council
from tests.protocol.support import head
from tests.web.deciding import Member, asked, dump, fresh
from vfm_workflow import wiring
from vfm_workflow.logs import redact

# ---------------------------------------------------------------- point 4: looking changes nothing


def test_point_04_get_and_head_change_nothing_at_all(council: Council, project: str) -> None:
    before = dump(council.app)
    member = Member(council, "chief")
    assert head(member.browser, member.link).status_code == 303
    assert member.look().status_code == 200
    assert head(member.browser, member.page).status_code == 200
    assert dump(council.app) == before


def test_point_04_the_token_leaves_the_address_and_is_held_in_a_cookie_for_this_link_alone(
    council: Council, project: str
) -> None:
    member = Member(council, "chief")
    assert member.opened.status_code == 303
    token = member.link.removeprefix("/d/")
    assert token not in member.page
    cookie = member.opened.headers["set-cookie"]
    assert token not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=1800" in cookie
    others = Member(council, "place").page
    assert member.browser.get(others).status_code == 403


def test_point_04_over_https_the_cookie_is_secure_and_bound_to_the_host(
    tmp_path: Path, empty_database: Path, app: wiring.App
) -> None:
    shutil.copy(empty_database, tmp_path / "vfm.sqlite3")
    council = Council(wiring.build(data=str(tmp_path), base_url="https://vfm.wrenfold.example"))
    council.populate()
    asked(council)
    cookie = Member(council, "chief").opened.headers["set-cookie"]
    council.app.close()
    assert cookie.startswith("__Host-vfm_link_")
    assert "Secure" in cookie
    assert "Path=/;" in cookie
    assert "Domain" not in cookie


def test_point_04_the_cookie_lasts_thirty_minutes(council: Council, project: str) -> None:
    with freeze_time("2026-03-02 09:00:00", real_asyncio=True) as clock:
        member = Member(council, "chief")
        clock.tick(dt.timedelta(minutes=29))
        assert member.look().status_code == 200
        clock.tick(dt.timedelta(minutes=2))
        late = member.look()
    assert late.status_code == 403
    assert "Open the link in the mail again. Nothing was recorded." in member.text


def test_point_04_nothing_is_stored_indexed_framed_or_leaked_by_the_referer(
    council: Council, project: str
) -> None:
    member = Member(council, "chief")
    page = member.look()
    assert member.opened.headers["referrer-policy"] == "no-referrer"
    assert page.headers["referrer-policy"] == "same-origin"
    for answer in (member.opened, page):
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_point_04_tokens_are_cut_out_of_logged_paths(council: Council, project: str) -> None:
    assert redact(Member(council, "chief").link) == "/d/[redacted]"


def test_point_04_a_stranger_with_a_made_up_token_learns_nothing(council: Council, project: str) -> None:
    browser = fresh(council)
    made_up = browser.get("/d/" + "a" * 43)
    said = browser.text
    assert made_up.status_code == 410
    assert project not in said
    assert browser.get("/d/x").text.count("This link is not one of ours") == 1
    assert head(browser, "/d/" + "a" * 43).status_code == 410
    existing, missing = browser.get("/decide/1"), browser.get("/decide/999999")
    assert existing.status_code == missing.status_code == 403
    assert re.sub(r"nonce[-=][^ >]*", "", existing.text) == re.sub(r"nonce[-=][^ >]*", "", missing.text)
