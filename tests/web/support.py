"""A browser without a window, for tests of pages: signs in as somebody, asks, posts, and keeps what it saw."""

from __future__ import annotations

import asyncio
import datetime as dt
import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from fastapi.routing import APIRoute

from tests.people import Council, address
from vfm_workflow.journeys import signin
from vfm_workflow.store import projects
from vfm_workflow.web.app import create
from vfm_workflow.web.pages import routers
from vfm_workflow.web.visit import SESSION_COOKIE, form

BASE = "http://127.0.0.1:8000"


class Browser:
    """Drives the real application of a council, whose clock stands at `council.at`.

    `Browser(council).sign_in("manager").get("/tasks")`; redirects are followed only where asked, with `follow=True`.
    An exception in a page is raised to the test.
    """

    def __init__(self, council: Council) -> None:
        self.council = council
        # The application asks its council what time it is: the tests' council says.
        council.app.demo_now = lambda: council.at  # type: ignore[method-assign]  # a clock that stands still
        self.app = create(council.app, clock=False)
        self.cookies = httpx.Cookies()
        self.last: httpx.Response | None = None

    def sign_in(self, key: str) -> Browser:
        """Begin a session for one of the council's people (a key of `tests.people.PEOPLE`); return the browser."""
        council = self.council
        with council.app.write() as session:
            person = projects.person_by_address(session, address(key))
            lasts = dt.timedelta(days=400)
            secret = signin.begin(session, council.home, person, council.at, lasts=lasts)
        self.cookies = httpx.Cookies()
        self.cookies.set(SESSION_COOKIE, secret, domain="127.0.0.1")
        return self

    def sign_out(self) -> Browser:
        """Forget every cookie; return the browser."""
        self.cookies = httpx.Cookies()
        return self

    def get(
        self, path: str, *, follow: bool = False, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Return the answer to a GET."""
        return self._ask("GET", path, None, follow, headers)

    def post(self, path: str, *, follow: bool = False, **fields: str | int | Sequence[str]) -> httpx.Response:
        """Return the answer to a form. A field that comes more than once is a list."""
        return self._ask("POST", path, fields, follow, None)

    def send(
        self,
        path: str,
        fields: Mapping[str, Any],
        *,
        follow: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the answer to a form whose field names are no Python names, or that carries headers of its own."""
        return self._ask("POST", path, fields, follow, headers)

    def _ask(
        self,
        method: str,
        path: str,
        fields: Mapping[str, Any] | None,
        follow: bool,
        headers: Mapping[str, str] | None,
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=self.cookies) as client:
                answer = await client.request(
                    method,
                    path,
                    data=dict(fields) if fields is not None else None,
                    headers=_same_origin(headers or {}),
                    follow_redirects=follow,
                )
                self.cookies = client.cookies
                return answer

        self.last = asyncio.run(ask())
        return self.last

    @property
    def text(self) -> str:
        """The last page as a person reads it: no tags, no hidden marks, single spaces."""
        assert self.last is not None, "nothing was asked for yet"
        return readable(self.last.text)

    def hidden(self, name: str) -> str:
        """Return the value of the last page's first hidden field of that name."""
        assert self.last is not None
        found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*value="([^"]*)"', self.last.text)
        assert found is not None, f"the page has no hidden field {name}"
        return html.unescape(found[1])


def posts() -> list[str]:
    """Return the path of every route that takes a form, as it is written in the code."""
    return sorted({route.path for route in _routes() if "POST" in (route.methods or ())})


def forms() -> list[str]:
    """Return those of them that read what was typed; the others are a button alone."""
    reading = {
        route.path for route in _routes() if form in {part.call for part in route.dependant.dependencies}
    }
    return sorted(reading)


def gets() -> list[str]:
    """Return the path of every page."""
    return sorted({route.path for route in _routes() if "GET" in (route.methods or ())})


def _routes() -> list[APIRoute]:
    return [route for router in routers() for route in router.routes if isinstance(route, APIRoute)]


def readable(page: str) -> str:
    """Return the text of a page's body, without scripts, styles and tags."""
    body = page.partition("<body")[2].partition(">")[2] or page
    for tag in ("script", "style"):
        body = re.sub(rf"<{tag}\b.*?</{tag}>", " ", body, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def _same_origin(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers a browser adds when a form comes from our own page."""
    return {"sec-fetch-site": "same-origin", "origin": BASE, **headers}
