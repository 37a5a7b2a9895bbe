"""A furnished council behind a real server, and Chromium to look at it, once a session."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext

from tests.browser.council import furnish
from tests.people import Council, address
from vfm_workflow import wiring
from vfm_workflow.journeys import signin
from vfm_workflow.store import projects
from vfm_workflow.web.app import create
from vfm_workflow.web.visit import SESSION_COOKIE

DESK, PHONE = 1280, 390
"""Widths in pixels that every page is looked at."""


@dataclass
class Served:
    """A council behind a server: its address, and ways to look at it as somebody."""

    url: str
    council: Council
    browser: Browser
    kept: dict[tuple[str, int], BrowserContext] = field(default_factory=dict)

    def window(self, key: str, width: int) -> BrowserContext:
        """Return the window in which somebody looks at one page after another; it stays open."""
        if (key, width) not in self.kept:
            self.kept[key, width] = self.look(key, width)
        return self.kept[key, width]

    def look(self, key: str = "", width: int = DESK, *, scripts: bool = True) -> BrowserContext:
        """Return a browser's window of a width, signed in as one of the council's people or as nobody. Close it."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts, base_url=self.url
        )
        if key:
            context.add_cookies([{"name": SESSION_COOKIE, "value": self._secret(key), "url": self.url}])
        return context

    def _secret(self, key: str) -> str:
        council = self.council
        with council.app.write() as session:
            person = projects.person_by_address(session, address(key))
            return signin.begin(session, council.home, person, council.at, lasts=dt.timedelta(days=400))


@pytest.fixture(autouse=True)
def _loop_of_its_own(playwrights_loop: None) -> None:
    """Every test of this folder drives Chromium."""


@pytest.fixture(scope="session")
def served(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path, chromium: Browser
) -> Iterator[Served]:
    """A furnished council on a free port of this machine. Tests share it: they leave it as they found it."""
    data = tmp_path_factory.mktemp("served")
    shutil.copy(empty_database, data / "vfm.sqlite3")
    with pytest.MonkeyPatch.context() as patch, socket.socket() as listening:
        for name in [name for name in os.environ if name.startswith("VFM_")]:
            patch.delenv(name)
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        council = Council(wiring.build(data=str(data), base_url=url))
        council.populate()
        furnish(council)
        patch.setattr(council.app, "demo_now", lambda: council.at)
        with _running(council, listening):
            yield Served(url, council, chromium)
        council.app.close()


@contextmanager
def _running(council: Council, listening: socket.socket) -> Iterator[None]:
    """Serve the council's pages in a thread until the end."""
    application = create(council.app, clock=False)
    config = uvicorn.Config(application, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    waited = time.monotonic() + 20
    while not server.started and time.monotonic() < waited:
        time.sleep(0.02)
    assert server.started, "the server did not start"
    yield
    server.should_exit = True
    thread.join(10)
