"""Where somebody is signed in: they see it and end it, and an administrator ends it for them."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.people import Council, address
from tests.web.support import Browser
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Person, PersonChange, WebSession
from vfm_workflow.web.pages.account import browser_name
from vfm_workflow.web.visit import SESSION_COOKIE

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1"


def id_of(council: Council, key: str) -> int:
    return council.who(key).id


def digests(council: Council, key: str = "manager") -> list[str]:
    """Return the sessions of somebody that have not ended."""
    with council.app.read() as session:
        query = select(col(WebSession.digest)).where(
            col(WebSession.person_id) == id_of(council, key), col(WebSession.ended_at).is_(None)
        )
        return list(session.scalars(query.order_by(col(WebSession.created_at))))


@pytest.fixture
def two(council: Council) -> tuple[Browser, Browser]:
    """Two browsers of the same person, signed in one after the other."""
    first = Browser(council).sign_in("manager")
    council.later(minutes=5)
    return first, Browser(council).sign_in("manager")


def test_every_browser_is_listed_and_this_one_marked(two: tuple[Browser, Browser]) -> None:
    _, second = two
    second.get("/account")
    assert second.text.count("a link by email") == 2
    assert second.text.count("(this one)") == 1
    assert "2 March 2026 at 9:05am" in second.text


def test_one_browser_is_ended_and_the_other_stays(two: tuple[Browser, Browser]) -> None:
    first, second = two
    old, _ = digests(second.council)
    assert second.post("/account/sessions", which=old, follow=True).status_code == 200
    assert "That browser is signed out" in second.text
    assert first.get("/tasks").status_code == 303
    assert second.get("/tasks").status_code == 200


def test_ending_this_one_signs_out(two: tuple[Browser, Browser]) -> None:
    first, second = two
    _, mine = digests(second.council)
    assert second.post("/account/sessions", which=mine).headers["location"] == "/sign-in"
    assert SESSION_COOKIE not in second.cookies
    assert first.get("/tasks").status_code == 200


def test_all_others_are_ended_at_once(two: tuple[Browser, Browser]) -> None:
    first, second = two
    second.post("/account/sessions", which="others")
    assert first.get("/tasks").status_code == 303
    assert second.get("/tasks").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(two: tuple[Browser, Browser]) -> None:
    first, _ = two
    stranger = Browser(first.council).sign_in("other")
    for which in (*digests(first.council), "", "%", "x" * 64):
        stranger.post("/account/sessions", which=which)
    stranger.post("/account/sessions", which="others")
    assert len(digests(first.council)) == 2
    assert stranger.get("/tasks").status_code == 200


def test_a_session_that_timed_out_is_not_listed(two: tuple[Browser, Browser]) -> None:
    first, second = two
    second.council.later(minutes=57)
    second.get("/account")
    assert second.text.count("a link by email") == 1
    assert first.get("/account").status_code == 303


def test_an_administrator_signs_somebody_out_everywhere_and_the_record_says_so(
    two: tuple[Browser, Browser],
) -> None:
    council = two[0].council
    admin = Browser(council).sign_in("admin")
    page = f"/people/{id_of(council, 'manager')}/sessions"
    admin.get(page)
    assert admin.text.count("a link by email") == 2
    admin.post(f"{page}/end")
    assert digests(council) == []
    assert [browser.get("/tasks").status_code for browser in two] == [303, 303]
    with council.app.read() as session:
        (change,) = session.scalars(select(PersonChange).where(col(PersonChange.what) == "sessions_ended"))
        assert (change.person_id, change.by) == (id_of(council, "manager"), id_of(council, "admin"))


def test_nobody_but_an_administrator_sees_or_ends_them(two: tuple[Browser, Browser]) -> None:
    council = two[0].council
    page = f"/people/{id_of(council, 'manager')}/sessions"
    for key in ("chief", "head", "manager"):
        browser = Browser(council).sign_in(key)
        assert browser.get(page).status_code == 404
        assert browser.post(f"{page}/end").status_code == 404
        assert browser.post(f"/people/{id_of(council, 'manager')}/identity/forget").status_code == 404
    assert len(digests(council)) == 3


def test_an_administrator_lets_a_new_account_take_the_place_of_the_old(two: tuple[Browser, Browser]) -> None:
    council = two[0].council
    with council.app.write() as session:
        projects.person_by_address(session, address("manager")).identity = "https://service.example|1"
    person = id_of(council, "manager")
    admin = Browser(council).sign_in("admin")
    assert "Let a new account take its place" in admin.get(f"/people/{person}/sessions").text
    admin.post(f"/people/{person}/identity/forget")
    with council.app.read() as session:
        assert session.get_one(Person, person).identity is None
    assert digests(council) == []


def test_a_shared_mailbox_is_signed_out_as_soon_as_it_is_one(two: tuple[Browser, Browser]) -> None:
    with two[0].council.app.write() as session:
        projects.person_by_address(session, address("manager")).shared = True
    assert [browser.get("/tasks").status_code for browser in two] == [303, 303]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (EDGE, "Edge on Windows"),
        (PHONE, "Safari on an iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("", "A browser"),
        ("<script>alert(1)</script>", "A browser"),
    ],
)
def test_a_browser_has_a_name_people_know(agent: str, name: str) -> None:
    assert browser_name(agent) == name
