"""The script that saves a long draft while somebody types it, in a real browser against a scripted server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("autosave")]

STATIC = Path(__file__).resolve().parents[2] / "vfm_workflow" / "web" / "static"
PAGE = """<!DOCTYPE html><html lang="en"><title>Draft</title>
<body class="js-enabled govuk-frontend-supported"><main>
<form method="post" action="/send" data-autosave="/draft">
<input type="hidden" name="revision" value="3" autocomplete="off">
<label for="why">Why</label><textarea id="why" name="why"></textarea>
<p class="vfm-autosave" data-autosave-status role="status"></p><button name="do" value="send">Send</button>
</form></main><script type="module" src="/app.js"></script></body></html>"""


@dataclass
class Reply:
    """What the scripted server answers to one save."""

    status: int = 200
    body: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    held: threading.Event | None = None


class Server(ThreadingHTTPServer):
    """Serves the page and the scripts, answers saves from `replies`, and keeps what was posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply] = []
        self.posts: list[tuple[str, dict[str, list[str]]]] = []

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        """Answer with a script by its name, or with the page."""
        path = STATIC / self.path.strip("/")
        if path.suffix == ".js":
            self.answer(200, "text/javascript", path.read_bytes())
        else:
            self.answer(200, "text/html; charset=utf-8", PAGE.encode())

    def do_POST(self) -> None:
        """Note what was posted, and answer a save with the next reply."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posts.append((self.path, parse_qs(body)))
        if self.path != "/draft":
            self.answer(200, "text/html; charset=utf-8", b"<title>Sent</title>Sent")
            return
        assert self.headers["X-Autosave"] == "1"
        reply = self.server.replies.pop(0)
        if reply.held:
            reply.held.wait(10)
        self.answer(reply.status, "application/json", json.dumps(reply.body).encode(), reply.headers)

    def answer(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send one answer."""
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Yield a server of this test's own."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """Yield the draft's page, opened."""
    page = chromium.new_page()
    page.goto(server.url)
    yield page
    page.close()


def test_a_draft_saves_itself_and_carries_the_new_revision(page: Page, server: Server) -> None:
    server.replies = [
        Reply(body={"saved": True, "at": "10:12", "revision": 4}),
        Reply(body={"saved": True, "at": "10:13", "revision": 5}),
    ]
    page.get_by_label("Why").press_sequentially("Cost")
    expect(page.get_by_role("status")).to_have_text("Saved at 10:12")
    page.get_by_label("Why").press_sequentially(" is high")
    expect(page.get_by_role("status")).to_have_text("Saved at 10:13")
    assert server.posts == [
        ("/draft", {"revision": ["3"], "why": ["Cost"]}),
        ("/draft", {"revision": ["4"], "why": ["Cost is high"]}),
    ]


def test_somebody_whose_session_ended_is_told_and_keeps_the_text(page: Page, server: Server) -> None:
    server.replies = [Reply(303, headers={"Location": "/sign-in"})]
    page.get_by_label("Why").press_sequentially("Cost")
    expect(page.get_by_role("status")).to_contain_text(
        "Not saved: you are signed out. Sign in again in another tab"
    )
    expect(page.get_by_label("Why")).to_have_value("Cost")


def test_a_refusal_is_shown_in_the_words_of_the_server(page: Page, server: Server) -> None:
    server.replies = [Reply(409, {"saved": False, "message": "the Head of Service changed this at 10:11."})]
    page.get_by_label("Why").press_sequentially("Cost")
    expect(page.get_by_role("status")).to_have_text("Not saved: the Head of Service changed this at 10:11.")


def test_a_draft_saved_in_part_carries_the_marks_of_what_was_saved(page: Page, server: Server) -> None:
    server.replies = [
        Reply(409, {"saved": False, "message": "somebody else changed “Targets”.", "revision": 4}),
        Reply(409, {"saved": False, "message": "somebody else changed “Targets”.", "revision": 5}),
    ]
    page.get_by_label("Why").press_sequentially("Cost")
    expect(page.get_by_role("status")).to_have_text("Not saved: somebody else changed “Targets”.")
    with page.expect_response("**/draft"):  # it is noted before it is answered
        page.get_by_label("Why").press_sequentially(" is high")
    assert server.posts[-1] == ("/draft", {"revision": ["4"], "why": ["Cost is high"]})


def test_a_server_in_trouble_is_named(page: Page, server: Server) -> None:
    server.replies = [Reply(500, {"detail": "no disk"})]
    page.get_by_label("Why").press_sequentially("Cost")
    expect(page.get_by_role("status")).to_contain_text("Not saved: the server answered 500.")


def test_sending_waits_for_a_save_under_way_so_that_the_revision_is_fresh(page: Page, server: Server) -> None:
    held = threading.Event()
    server.replies = [Reply(body={"saved": True, "at": "10:12", "revision": 4}, held=held)]
    page.get_by_label("Why").press_sequentially("Cost")
    with page.expect_response("**/draft"):  # it is noted before it is answered
        pass
    page.get_by_role("button", name="Send").click(no_wait_after=True)
    held.set()
    expect(page).to_have_title("Sent")
    assert [path for path, _ in server.posts] == ["/draft", "/send"]
    assert server.posts[-1][1] == {"revision": ["4"], "why": ["Cost"], "do": ["send"]}
