"""Asking for a link teaches a stranger nothing: not by its words, its work, nor its limits."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.people import Council, address
from tests.statements import listen
from tests.web.support import BASE, Browser
from vfm_workflow.store import projects

KNOWN, LEFT, BOX = address("manager"), address("other"), address("place")
STRANGER = "xanager@wrenfold.example"
"""As long as the known one, so that even the lengths of the answers agree."""


@pytest.fixture
def browser(council: Council) -> Browser:
    with council.app.write() as session:
        projects.person_by_address(session, LEFT).active = False
        projects.person_by_address(session, BOX).shared = True
    return Browser(council)


class Work:
    """Counts the statements of a council until its answer has left, and after."""

    def __init__(self, council: Council) -> None:
        self.before, self.after, self.answered = 0, 0, False
        self.close = listen(council, self._count)

    def _count(self, _: str) -> None:
        if self.answered:
            self.after += 1
        else:
            self.before += 1


def ask(browser: Browser, who: str) -> tuple[Work, bytes]:
    """Ask for a link as a server would; return the work it took and the answer's bytes, but for nonce and address."""
    work = Work(browser.council)
    body = f"address={who}&next=/tasks".encode()
    sent: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            sent.append(b"%d" % message["status"])
            sent.extend(name for name, _ in message["headers"])
        else:
            sent.append(message["body"])
            work.answered = not message.get("more_body", False)

    headers = {
        "host": BASE.removeprefix("http://"),
        "origin": BASE,
        "sec-fetch-site": "same-origin",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
    }
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/sign-in", "raw_path": b"/sign-in", "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000), "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    async def run() -> None:
        await browser.app(scope, receive, send)

    asyncio.run(run())
    work.close()
    text = b"\n".join(sent).replace(who.encode(), b"")
    return work, re.sub(rb'nonce="[^"]*"', b"", text)


def test_the_answer_to_a_stranger_a_leaver_and_a_mailbox_is_byte_for_byte_that_to_a_colleague(
    browser: Browser,
) -> None:
    answers = {ask(browser, who)[1] for who in (KNOWN, STRANGER, LEFT, BOX)}
    assert len(answers) == 1
    assert [mail.notice for mail in browser.council.mails()] == ["sign_in_link", "sign_in_shared"]


def test_the_same_work_is_done_before_the_answer_leaves_whoever_asks(browser: Browser) -> None:
    works = {who: ask(browser, who)[0] for who in (KNOWN, STRANGER, LEFT, BOX)}
    assert len({work.before for work in works.values()}) == 1
    assert works[KNOWN].before == 0, "nobody is looked up before the answer has left"
    assert works[KNOWN].after > works[STRANGER].after > 0, "and the mail is written after it"


def test_the_limits_are_the_same_for_both(browser: Browser) -> None:
    answers = {
        who: [browser.post("/sign-in", address=who).status_code for _ in range(12)]
        for who in (KNOWN, STRANGER)
    }
    assert answers[KNOWN] == answers[STRANGER]
    assert answers[KNOWN][-1] == 429


def test_a_shared_mailbox_is_told_by_mail_to_use_ones_own_address(browser: Browser) -> None:
    browser.post("/sign-in", address=BOX)
    (mail,) = browser.council.mails(to="place")
    body = browser.council.read_mail(mail).get_body(("plain",))
    assert body is not None
    assert "ask again with your own work address" in body.get_content()
    assert browser.council.links_in(mail)[0].endswith("/sign-in")
