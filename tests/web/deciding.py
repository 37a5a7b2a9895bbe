"""What the tests of decisions share: a council that was asked, and members who open their mail."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import MetaData, select

from tests.people import Council
from tests.web.support import Browser
from vfm_workflow import wiring
from vfm_workflow.store.tables import OutboxMail

PERSON = {"user-agent": "A person's browser"}


def asked(council: Council, title: str = "Waste rounds") -> str:
    """Begin a project and ask the board about its outline; return its reference."""
    reference = council.create(title)
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    return reference


def newest(council: Council, key: str, notice: str = "decision_asked") -> OutboxMail:
    """Return the newest mail of a kind to somebody."""
    return council.mails(to=key, notice=notice)[-1]


def link_in(council: Council, mail: OutboxMail, kind: str = "/d/") -> str:
    """Return the path of the one link of a kind in a mail."""
    paths = {urlsplit(url).path for url in council.links_in(mail)}
    (path,) = (path for path in paths if path.startswith(kind))
    return path


def fresh(council: Council) -> Browser:
    """Return a browser without cookies, in front of the one web application that a council's test needs to make."""
    kept = vars(council.app)
    if "browser" not in kept:
        kept["browser"] = Browser(council)
    browser: Browser = copy.copy(kept["browser"])
    browser.council, browser.cookies, browser.last = council, httpx.Cookies(), None
    return browser


class Member:
    """Somebody who was asked, with the link of their mail opened in their browser."""

    def __init__(self, council: Council, key: str, notice: str = "decision_asked") -> None:
        self.council, self.key = council, key
        self.browser = fresh(council)
        self.link = link_in(council, newest(council, key, notice))
        self.opened = self.browser.get(self.link)
        self.page = self.opened.headers["location"]

    def look(self) -> httpx.Response:
        """Open the page that the link leads to."""
        return self.browser.get(self.page)

    def decide(self, choice: str = "", *, reason: str = "", conditions: str = "") -> httpx.Response:
        """Look at the page and send its form, as a browser does; return the answer."""
        self.look()
        nonce = self.browser.hidden("nonce") if 'name="nonce"' in self.browser.last.text else ""  # type: ignore[union-attr]
        return self.post(nonce=nonce, choice=choice, reason=reason, conditions=conditions)

    def post(self, **fields: str) -> httpx.Response:
        """Send a form, whatever is in it."""
        return self.browser.send(self.page, fields, headers=PERSON)

    @property
    def text(self) -> str:
        return self.browser.text


def dump(app: wiring.App) -> dict[str, list[Any]]:
    """Return every row of every table, to compare before with after."""
    tables = MetaData()
    with app.database.engine.connect() as connection:
        tables.reflect(connection)
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in tables.tables.items()
        }
