"""Walks the application as somebody: follows every link, finds every form, and sends it whatever a test wants."""

from __future__ import annotations

import asyncio
import copy
import re
import sqlite3
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tests.attack.reading import Form, Page
from tests.people import Council
from tests.web.support import BASE, Browser, _same_origin
from vfm_workflow.web.loading import load_all

Pairs = Sequence[tuple[str, str]]
Key = tuple[str, tuple[str, ...]]
"""A kind of form: where it goes, and what it asks."""
EACH = 2
"""Pages looked at for each kind of page: a project in several states has several forms."""
AWAY = ("/static/", "/demo", "/sign-out")


def shape(path: str) -> str:
    """Return the kind of page an address is: its numbers, references and tokens taken out."""
    plain = urlsplit(path).path
    plain = re.sub(r"[A-Za-z0-9_-]{43}", "*", plain)
    return re.sub(r"VFM-\d+|\d{4}-\d{2}|\d+", "*", plain)


class Visitor(Browser):
    """A browser of the tests that can also send what no browser would."""

    def as_(self, key: str) -> Visitor:
        """Return another browser in front of the same application, signed in as `key`, or as nobody."""
        other = copy.copy(self)
        other.cookies = httpx.Cookies()
        return other.sign_in(key) if key else other  # type: ignore[return-value]  # sign_in returns self

    def raw(self, path: str, kind: str, body: bytes) -> httpx.Response:
        """Return the answer to a body of any content type."""
        return self._send(path, content=body, headers={"content-type": kind})

    def pairs(self, path: str, pairs: Pairs, files: dict[str, Any] | None = None) -> httpx.Response:
        """Return the answer to a form, its fields in order and as often as they come."""
        if files:
            many: dict[str, list[str]] = {}
            for name, value in pairs:
                many.setdefault(name, []).append(value)
            return self._send(path, data=many, files=files)
        body = str(httpx.QueryParams(list(pairs))).encode()
        return self._send(path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})

    def _send(self, path: str, headers: dict[str, str] | None = None, **given: Any) -> httpx.Response:
        self.forget_tries()

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=self.cookies) as client:
                answer = await client.post(path, headers=_same_origin(headers or {}), **given)
                self.cookies = client.cookies
                return answer

        self.last = asyncio.run(ask())
        return self.last

    def bare(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        """Return the answer to a request with these headers and no others; a page that fails answers 500."""
        return self._once(method, path, headers=headers)

    def sent(self, method: str, url: str, data: Any, params: Any) -> httpx.Response:
        """Return the answer to what a generator of requests made, from our own page."""
        self.forget_tries()
        return self._once(method, url, headers=_same_origin({}), data=data, params=params)

    def _once(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=self.cookies) as client:
                return await client.request(method, path, **given)

        return asyncio.run(ask())

    @property
    def inside(self) -> Any:
        """The FastAPI application under the middleware."""
        return inside(self.app)

    def forget_tries(self) -> None:
        """Let the limits of tries begin again, so that what is behind them is reached."""
        forget_tries(self.app)


def inside(app: Any) -> Any:
    """Return the FastAPI application under its middleware."""
    while not hasattr(app, "openapi"):
        app = app.app
    return app


def forget_tries(app: Any) -> None:
    """Let the limits of an application begin again."""
    state = inside(app).state
    if hasattr(state, "limiter"):
        del state.limiter


@dataclass
class Walk:
    """What was seen: each page by its address, and each form by where it goes and what it asks."""

    pages: dict[str, httpx.Response] = field(default_factory=dict)
    forms: dict[Key, tuple[str, Form]] = field(default_factory=dict)


def walk(visitor: Browser, starts: Iterable[str]) -> Walk:
    """Return everything that can be reached by links from `starts`, a few pages of each kind."""
    found, waiting, counted = Walk(), list(starts), dict[str, int]()
    while waiting:
        path = waiting.pop(0)
        kind = shape(path)
        if path in found.pages or counted.get(kind, 0) >= EACH or path.startswith(AWAY):
            continue
        counted[kind] = counted.get(kind, 0) + 1
        answer = found.pages[path] = visitor.get(path)
        if answer.is_redirect:
            waiting.insert(0, urljoin(path, answer.headers["location"]))
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        page = Page(answer.text)
        waiting += [link.partition("#")[0] for link in page.links]
        for form in page.forms:
            form.action = urljoin(path, form.action or path)
            names = tuple(sorted({re.sub(r"\d+", "*", name) for name in form.names}))
            found.forms.setdefault((shape(form.action), names), (path, form))
    return found


class Snapshot:
    """A council's database as it stood, to go back to: what one attack wrote is not there for the next."""

    def __init__(self, council: Council) -> None:
        self.file = Path(council.app.loaded.data) / "vfm.sqlite3"
        self.kept = sqlite3.connect(":memory:")
        with sqlite3.connect(self.file) as live:
            live.backup(self.kept)
        live.close()

    def restore(self) -> None:
        """Put everything back."""
        with sqlite3.connect(self.file) as live:
            self.kept.backup(live)
        live.close()

    def close(self) -> None:
        self.kept.close()


def tokens(council: Council, kind: str) -> Iterator[str]:
    """Yield the path of every link of a kind (such as `/d/`) in every mail, newest first."""
    for mail in reversed(council.mails()):
        for url in council.links_in(mail):
            path = urlsplit(url).path
            if path.startswith(kind) and len(path) > len(kind) + 20:
                yield path


def kinds(visitor: Visitor) -> list[str]:
    """Return every kind of link that a mail can carry, from the application's own routes: `/d/`, `/dispute/`, …"""
    return sorted({path.partition("{token}")[0] for path in schema(visitor)["paths"] if "/{token}" in path})


def schema(visitor: Visitor) -> dict[str, Any]:
    """Return the application's own OpenAPI document, which it serves to nobody."""
    load_all(visitor.inside)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # GET and HEAD share an operation's name
        found: dict[str, Any] = visitor.inside.openapi()
    return found
