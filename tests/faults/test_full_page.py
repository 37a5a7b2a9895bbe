"""A page on a full disk: an error is shown, what was answered is what was kept, and it works again afterwards."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from tests.faults import disk
from tests.faults.disk import SmallDisk
from tests.people import Council, address
from tests.web.support import BASE, Browser
from vfm_workflow import wiring
from vfm_workflow.store import audit
from vfm_workflow.store.tables import Project

pytestmark = [pytest.mark.fault, pytest.mark.skipif(disk.missing(), reason=disk.NEEDED)]
MOST = 300
"""Projects that a disk without room surely does not hold."""


def begin(browser: Browser, number: int) -> httpx.Response:
    """Ask for a new project, as a browser does; a page that fails is answered and not raised."""
    fields = {
        "title": f"Round {number}", "kind": "delivery_model", "department": "SS", "manager": address("manager"),
        "summary": "Fewer rounds. " * 20,
    }  # fmt: skip

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(browser.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=browser.cookies) as client:
            return await client.post("/projects/new", data=fields, headers={"Sec-Fetch-Site": "same-origin"})

    return asyncio.run(ask())


def test_on_a_full_disk_a_page_says_that_it_failed_and_nothing_is_half_done() -> None:
    with SmallDisk(5) as small:
        app = wiring.build(data=str(small.folder / "var"))
        council = Council(app)
        council.populate()
        browser = Browser(council).sign_in("manager")
        answers = [begin(browser, 0).status_code]
        assert answers == [303]
        with small.full():
            while answers[-1] == 303 and len(answers) < MOST:
                answers.append(begin(browser, len(answers)).status_code)
            assert browser.get("/projects").status_code == 200, "looking works all the same"
        assert answers[-1] in (500, 503)
        answers.append(begin(browser, len(answers)).status_code)
        assert answers[-1] == 303
        with app.read() as session:
            assert session.scalar(select(func.count()).select_from(Project)) == answers.count(303)
            assert list(audit.verify(session)) == []
        app.close()
