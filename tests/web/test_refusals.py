"""Whatever is refused is a line of the log: who, where, how, and never the token of a link (ASVS V16.3)."""

from __future__ import annotations

import re

import pytest

from tests.people import Council
from tests.web.support import Browser

TOKEN = "x" * 43
FOREIGN = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    said = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().err)
    return [line for line in said.splitlines() if "refused" in line]


@pytest.mark.parametrize(
    ("key", "path", "status", "page"),
    [
        ("", f"/d/{TOKEN}", 410, "/d/{token}"),
        ("", f"/sign-in/{TOKEN}", 410, "/sign-in/{token}"),
        ("finance", "/projects/new", 403, "/projects/new"),
        ("manager", "/people", 404, "/people"),
        ("manager", "/wp-login.php", 404, "none of ours"),
    ],
)
def test_a_refusal_is_logged_once_with_who_and_where(
    council: Council, capsys: pytest.CaptureFixture[str], key: str, path: str, status: int, page: str
) -> None:
    browser = Browser(council)
    if key:
        browser.sign_in(key)
    lines(capsys)
    assert browser.get(path).status_code == status
    (line,) = lines(capsys)
    who = f"person {council.who(key).id}" if key else "nobody signed in"
    assert f"status={status}" in line
    assert f"page={page}" in re.sub("[\"']", "", line)
    assert who in line
    assert TOKEN not in line


def test_a_page_that_opens_or_is_not_there_for_a_stranger_is_no_refusal(
    council: Council, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = Browser(council)
    assert browser.get("/sign-in").status_code == 200
    assert browser.get("/wp-login.php").status_code == 404
    assert lines(capsys) == []


def test_a_form_of_another_site_is_logged(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    browser = Browser(council)
    answer = browser.send("/sign-in", {"address": "a@b.example"}, headers=FOREIGN)
    assert answer.status_code == 403
    (line,) = lines(capsys)
    assert "status=403" in line
    assert "method=POST" in line


def test_a_sign_in_is_logged(council: Council, capsys: pytest.CaptureFixture[str]) -> None:
    browser = Browser(council)
    browser.post("/sign-in", address="legal@wrenfold.example")
    (mail,) = council.mails(notice="sign_in_link")
    link = next(link for link in council.links_in(mail) if "/sign-in/" in link)
    path = link.removeprefix(council.home.base_url)
    browser.get(path)
    assert browser.post(path, nonce=browser.hidden("nonce"), me="yes").status_code == 303
    said = capsys.readouterr().err
    assert "signed in" in said
    assert f"person {council.who('legal').id}" in said
    assert link.rpartition("/")[2] not in said
