"""A pytest plugin: Debian's Chromium, started once a process, for whoever needs a real browser."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


def program() -> str:
    """Return Debian's Chromium: the same without windows of its own where it is installed, at half the cost."""
    return shutil.which("chromium-headless-shell") or "/usr/bin/chromium"


@pytest.fixture(scope="session")
def started() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """Debian's Chromium and Playwright's event loop. There is one a process: Playwright cannot start twice in one."""
    with sync_playwright() as playwright:
        loop = asyncio.get_running_loop()
        yield playwright.chromium.launch(executable_path=program(), args=["--no-sandbox"]), loop
        asyncio._set_running_loop(loop)


@pytest.fixture(scope="session")
def chromium(started: tuple[Browser, asyncio.AbstractEventLoop]) -> Browser:
    """Debian's Chromium."""
    return started[0]


@pytest.fixture
def playwrights_loop(started: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[None]:
    """Playwright leaves its loop marked as running in this thread, where the tests after these run loops of their own."""
    asyncio._set_running_loop(started[1])
    yield
    asyncio._set_running_loop(None)
