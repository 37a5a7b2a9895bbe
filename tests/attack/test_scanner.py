"""A mail gateway over every kind of link that a mail can carry: GET and HEAD, then a real browser that presses everything."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

from tests.attack.conftest import links_of_every_kind
from tests.attack.corpus import MARKUP
from tests.attack.scanning import press_everything
from tests.attack.test_tokens import live
from tests.attack.walking import Visitor, kinds, schema
from tests.browser.conftest import Served, _running
from tests.browser.council import furnish
from tests.people import Council
from tests.web.deciding import dump
from vfm_workflow import wiring


def state(council: Council) -> dict[str, list[Any]]:
    """Return every row that a scanner must leave alone: all of them."""
    return dump(council.app)


# ------------------------------------------------------------------ plain HTTP


@pytest.mark.xdist_group("attack")
def test_fetching_every_kind_of_link_changes_nothing_and_it_works_afterwards(visitor: Visitor) -> None:
    links = {kind: live(visitor, kind) for kind in kinds(visitor)}
    before = state(visitor.council)
    for kind, link in links.items():
        for method in ("GET", "HEAD", "GET", "OPTIONS", "PROPFIND", "TRACE"):
            stranger = visitor.as_("")
            for follow in (True, False):
                stranger._ask(method, link, None, follow, {"sec-fetch-site": "none", "user-agent": "Gateway"})
            for more in ("?choice=approve&mine=no", "?utm_source=mail", "#decide", "?nonce=x&do=submit"):
                stranger._ask(method, link + more, None, True, None)
        assert state(visitor.council) == before, kind
        person = visitor.as_("")
        assert person.get(link, follow=True).status_code == 200, kind
        assert "<form" in person.last.text, kind  # type: ignore[union-attr]  # just asked


@pytest.mark.xdist_group("attack")
def test_an_empty_form_sent_to_every_route_of_a_link_changes_nothing(visitor: Visitor) -> None:
    """What a scanner posts: nothing, or what stands in the page already, without a choice."""
    links = {kind: live(visitor, kind) for kind in kinds(visitor)}
    before = state(visitor.council)
    for kind, link in links.items():
        stranger = visitor.as_("")
        landed = urlsplit(str(stranger.get(link, follow=True).url)).path
        nonce = stranger.hidden("nonce") if 'name="nonce"' in stranger.last.text else ""  # type: ignore[union-attr]
        for path in {link, landed}:
            for pairs in ([], [("nonce", nonce)], [("nonce", ""), ("choice", ""), ("mine", "")]):
                answer = stranger.pairs(path, pairs)
                assert answer.status_code in (400, 403, 405, 409, 410, 422), (
                    f"{path} {pairs}: {answer.status_code}"
                )
        assert state(visitor.council) == before, kind


# ------------------------------------------------------------------ Chromium


@pytest.fixture
def scanned(
    tmp_path: Path, empty_database: Path, chromium: Browser, playwrights_loop: None
) -> Iterator[Served]:
    """The furnished council with every kind of link in its mails, behind a real server."""
    shutil.copy(empty_database, tmp_path / "vfm.sqlite3")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        council = Council(wiring.build(data=str(tmp_path), base_url=url))
        council.populate()
        furnish(council)
        links_of_every_kind(council)
        council.app.demo_now = lambda: council.at  # type: ignore[method-assign]  # a clock that stands still
        with _running(council, listening):
            yield Served(url, council, chromium)
        council.app.close()


def link_of(served: Served, kind: str) -> str:
    """Return the newest link of a kind that works, found over the network as its reader finds it."""
    for mail in reversed(served.council.mails()):
        for url in served.council.links_in(mail):
            if urlsplit(url).path.startswith(kind) and httpx.get(url, follow_redirects=False).status_code in (
                200,
                303,
            ):
                return url
    raise AssertionError(f"no mail carries a link of the kind {kind}")


@pytest.mark.browser
@pytest.mark.xdist_group("pages")
def test_a_browser_that_presses_everything_does_nothing(scanned: Served) -> None:
    council = scanned.council
    found = kinds_of(scanned)
    links = {kind: link_of(scanned, kind) for kind in found}
    before = state(council)
    for kind, link in links.items():
        context = scanned.look()
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        assert press_everything(page, link) >= 1, kind
        cookies = {cookie["name"] for cookie in context.cookies()}
        context.close()
        assert not any("session" in name for name in cookies), f"{kind} signed a scanner in"
        after = state(council)
        changed = {table for table in before if before[table] != after[table]}
        assert changed == set(), f"{kind} changed {changed}"
        person = scanned.look()
        page = person.new_page()
        page.goto(link)
        assert page.locator("main form").count() >= 1, f"{kind} no longer works for its person"
        person.close()


def kinds_of(served: Served) -> list[str]:
    """Return every kind of link, from the routes of an application like the one that is served."""
    from vfm_workflow.web.app import create

    visitor = Visitor.__new__(Visitor)
    visitor.council, visitor.app = served.council, create(served.council.app, clock=False)
    return sorted({path.partition("{token}")[0] for path in schema(visitor)["paths"] if "/{token}" in path})


@pytest.mark.browser
@pytest.mark.xdist_group("pages")
def test_hostile_text_runs_nothing_in_a_real_browser(scanned: Served) -> None:
    """A sample: the texts are written by their journeys, and the pages looked at with the browser's own ears open."""
    council = scanned.council
    hostile_texts(council)
    said: list[str] = []
    context = scanned.look("manager")
    context.add_init_script("window.vfm_ran = () => console.error('vfm_ran was called')")
    page = context.new_page()
    listen(page, said, scanned.url)
    for path in (
        "/projects", "/tasks", "/projects/VFM-0003", "/projects/VFM-0003/outline", "/projects/VFM-0003/history",
        "/projects/VFM-0003/milestones", "/ideas",
    ):  # fmt: skip
        page.goto(path)
        page.wait_for_load_state("networkidle")
        for handle in page.locator("main a, main input, main textarea").all()[:20]:
            if handle.is_visible():
                handle.focus()
        assert page.locator("vfmx, svg animate, base, iframe[srcdoc]").count() == 0, path
    page.goto(f"/projects?search={httpx.QueryParams({'x': MARKUP})!s}".replace("x=", ""))
    context.close()
    assert said == []


def listen(page: Page, said: list[str], ours: str) -> None:
    """Note in `said` each dialog, error, warning, and request to somewhere else."""

    def dialog(one: Dialog) -> None:
        said.append(f"dialog {one.message}")
        one.dismiss()

    def console(one: ConsoleMessage) -> None:
        if one.type in ("error", "warning"):
            said.append(one.text)

    def request(one: Request) -> None:
        if not one.url.startswith(ours):
            said.append(one.url)

    page.on("dialog", dialog)
    page.on("console", console)
    page.on("request", request)
    page.on("pageerror", lambda error: said.append(str(error)))


def hostile_texts(council: Council) -> None:
    """Write markup wherever VFM-0003, an outline that has just begun, takes text."""
    import datetime as dt

    from vfm_workflow.journeys import dates, ideas, writing

    with council.app.write() as session:
        home, manager, at = council.home, council.actor(session, "manager"), council.at
        for section in home.outline.outline:
            writing.save_section(session, home, "VFM-0003", "outline", section.key, MARKUP, manager, at)
        writing.save_criterion(session, home, "VFM-0003", "high_cost", MARKUP, manager, at)
        dates.add_milestone(session, home, "VFM-0003", MARKUP[:120], dt.date(2027, 5, 4), manager, at)
        ideas.propose(session, home, council.actor(session, "holder"), at, MARKUP)
    council.create(MARKUP[:110])
