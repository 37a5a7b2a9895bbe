"""Deciding in a real browser: a scanner that presses everything decides nothing, and the person afterwards does."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select
from sqlmodel import col

from tests.attack.scanning import press_everything
from tests.browser.conftest import DESK, PHONE, Served, _running
from tests.browser.looking import _looks, faults
from tests.people import Council, address
from tests.web.deciding import asked, link_in, newest
from vfm_workflow import wiring
from vfm_workflow.journeys import deputies, leaving, moving
from vfm_workflow.store.tables import Link, VoteRow

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]


@pytest.fixture
def board(served: Served, tmp_path: Path, empty_database: Path) -> Iterator[Served]:
    """A council of this test's own, whose board was asked, behind a server of its own."""
    shutil.copy(empty_database, tmp_path / "vfm.sqlite3")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        council = Council(wiring.build(data=str(tmp_path), base_url=url))
        council.populate()
        asked(council)
        council.app.set_demo_now(council.at)  # the application's clock stands where the council's does
        with _running(council, listening):
            yield Served(url, council, served.browser)
        council.app.close()


def votes(council: Council) -> int:
    with council.app.read() as session:
        return session.scalar(select(func.count(col(VoteRow.id)))) or 0


def links_used(council: Council) -> int:
    with council.app.read() as session:
        return session.scalar(select(func.count(col(Link.id))).where(col(Link.used_at).is_not(None))) or 0


def decision_link(council: Council, key: str) -> str:
    return link_in(council, newest(council, key))


def test_a_scanner_that_opens_the_link_and_presses_every_button_decides_nothing(board: Served) -> None:
    link = decision_link(board.council, "chief")
    scanner = board.look()
    page = scanner.new_page()
    assert press_everything(page, link) >= 1
    scanner.close()
    assert votes(board.council) == 0
    assert links_used(board.council) == 0
    person = board.look(width=PHONE)
    page = person.new_page()
    page.goto(link)
    page.get_by_label("Approve", exact=True).check()
    page.get_by_role("button", name="Record my decision").click()
    expect(page.get_by_role("heading", name="Your decision is recorded")).to_be_visible()
    person.close()
    assert votes(board.council) == 1


def test_a_scanner_that_opens_a_receipt_disputes_nothing(board: Served) -> None:
    board.council.decide("VFM-0001", "place", "approve")
    link = link_in(board.council, newest(board.council, "place", "decision_receipt"), "/dispute/")
    scanner = board.look()
    assert press_everything(scanner.new_page(), link) >= 1
    scanner.close()
    assert board.council.project("VFM-0001").disputed_at is None


def test_a_person_decides_on_a_phone_without_scripts(board: Served) -> None:
    person = board.look(width=PHONE, scripts=False)
    page = person.new_page()
    page.goto(decision_link(board.council, "place"))
    assert "/d/" not in page.url, "the token stayed in the address"
    page.get_by_label("Approve with conditions", exact=True).check()
    page.get_by_role("button", name="Record my decision").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(page.get_by_label("Approve with conditions", exact=True)).to_be_checked()
    page.get_by_label("Conditions, if you approve with conditions").fill("Keep the crews")
    page.get_by_role("button", name="Record my decision").click()
    expect(page.get_by_role("heading", name="Your decision is recorded")).to_be_visible()
    person.close()
    assert votes(board.council) == 1


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_pages_a_link_leads_to_have_no_fault(board: Served, width: int) -> None:
    council = board.council
    council.decide("VFM-0001", "place", "return_for_changes", reason="The north is missing")
    links = {key: decision_link(council, key) for key in ("chief", "housing")}
    context = board.look(width=width)
    page = context.new_page()
    page.goto(links["chief"])
    assert _looks(page) == [], "the form"
    page.get_by_role("button", name="Record my decision").click()
    page.get_by_role("link", name="Choose your decision").click()
    assert page.evaluate("document.activeElement.id") == "choice"
    assert _looks(page) == [], "the form with an error"
    page.get_by_label("Approve", exact=True).check()
    page.get_by_role("button", name="Record my decision").click()
    assert _looks(page) == [], "what was recorded"
    page.goto(link_in(council, newest(council, "chief", "decision_receipt"), "/dispute/"))
    assert _looks(page) == [], "the dispute"
    council.later(days=8)
    council.app.set_demo_now(council.at)
    page.goto(links["housing"])
    expect(page.get_by_role("button", name="Send a new link")).to_be_visible()
    assert _looks(page) == [], "an expired link"
    page.goto("/d/" + "x" * 43)
    assert _looks(page) == [], "an unknown link"
    context.close()


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_a_changed_text_and_its_dead_link_have_no_fault(served: Served, width: int) -> None:
    """VFM-0002 of the furnished council has its second version before the board."""
    old = urlsplit(
        served.council.links_in(served.council.mails(to="housing", notice="decision_asked")[0])[0]
    ).path
    new = link_in(served.council, newest(served.council, "housing", "decision_superseded"))
    context = served.look(width=width)
    page = context.new_page()
    page.goto(new)
    expect(page.get_by_text("What changed since version 1")).to_be_visible()
    assert _looks(page) == []
    page.goto(old)
    assert _looks(page) == []
    context.close()


@pytest.mark.parametrize(
    "path", ["/mail", "/mail?state=failed", "/mail/1", "/people", "/people/new", "/people/departments"]
)
def test_the_administrators_pages_have_no_fault(served: Served, path: str) -> None:
    for width in (DESK, PHONE):
        assert faults(served, "admin", path, width) == [], f"at {width} pixels"


def test_a_persons_page_and_who_stands_in_for_whom_have_no_fault(served: Served) -> None:
    council = served.council
    day = council.home.calendar.today(council.at).isoformat()
    with council.app.write() as session:
        stint = deputies.set_deputy(
            session, council.home, person=address("head"), deputy=address("planning"), from_day=day, until_day=day,
            by=None, at=council.at,
        )  # fmt: skip
        stint_id = stint.id or 0
        moving.share(session, council.home, address("legal"), [address("head")], None, council.at)
        leaving.leave(session, council.home, address("board"), None, council.at)
        person = {key: council.actor(session, key).id for key in ("head", "legal")}
    pages = [
        ("admin", f"/people/{person['head']}"),
        ("admin", f"/people/{person['legal']}"),
        ("admin", "/people"),
    ]
    pages += [("head", "/me/deputies"), ("chief", "/me/deputies"), ("planning", "/tasks")]
    for who, path in pages:
        for width in (DESK, PHONE):
            assert faults(served, who, path, width) == [], f"{path} as {who} at {width} pixels"
    with council.app.write() as session:  # the next test finds the council as this one did
        deputies.end_deputy(session, council.home, stint_id, None, council.at)
        moving.unshare(session, council.home, address("legal"), None, council.at)
        moving.come_back(session, council.home, address("board"), None, council.at)


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_demos_pages_have_no_fault(board: Served, width: int) -> None:
    board.council.app.deliver(board.council.at)
    mail = newest(board.council, "chief").id
    for path in (
        "/demo",
        "/demo?person=1",
        "/demo/people",
        f"/demo/mail/{mail}",
        f"/demo/mail/{mail}?as=text",
    ):
        assert faults(board, "", path, width) == [], path


def test_a_visitor_decides_from_the_mailbox_and_moves_the_clock(board: Served) -> None:
    board.council.app.deliver(board.council.at)
    context = board.look(width=PHONE)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="the newest mail that asks for a decision").click()
    frame = page.frame_locator("iframe")
    mail = frame.locator("html").evaluate("(page) => [page.scrollHeight, page.clientHeight]")
    assert mail[0] == mail[1], "the frame is as tall as the mail"
    assert frame.locator("body").evaluate("(body) => body.getBoundingClientRect().bottom") > mail[1] - 100
    frame.get_by_role("link", name="Read and decide").click()
    page.wait_for_url(re.compile("/decide/"))
    page.get_by_label("Approve", exact=True).check()
    page.get_by_role("button", name="Record my decision").click()
    expect(page.get_by_role("heading", name="Your decision is recorded")).to_be_visible()
    page.get_by_role("button", name="Next day").click()
    expect(page.get_by_role("alert")).to_contain_text("It is now Tuesday 3 March 2026, 9am;")
    expect(page.get_by_role("link", name=re.compile("^Recorded: Approve"))).to_be_visible()
    page.get_by_role("link", name="Be somebody", exact=True).click()
    page.get_by_role("button", name="Waste Project Manager").click()
    expect(page.get_by_text("Signed in as Waste Project Manager ·")).to_be_visible()
    page.get_by_role("button", name="Next month").click()
    expect(page.get_by_text("Signed in as Waste Project Manager ·")).to_be_visible()
    context.close()
