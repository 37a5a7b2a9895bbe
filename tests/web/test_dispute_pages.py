"""“This wasn't me”, and the page on which an administrator settles it."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.people import Council
from tests.web.deciding import Member, asked, dump, fresh, link_in, newest
from tests.web.support import Browser


@pytest.fixture
def project(council: Council) -> str:
    """A project on which the Director of Place has decided."""
    reference = asked(council)
    Member(council, "place").decide("approve", reason="A good case")
    return reference


def link(council: Council) -> str:
    return link_in(council, newest(council, "place", "decision_receipt"), "/dispute/")


def say(council: Council, mine: str) -> Browser:
    """Open the receipt's link and answer; return the browser."""
    browser = fresh(council)
    browser.get(link(council))
    browser.post(link(council), nonce=browser.hidden("nonce"), mine=mine)
    return browser


def test_the_page_shows_what_was_recorded(council: Council, project: str) -> None:
    browser = fresh(council)
    page = browser.get(link(council))
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "same-origin"
    for said in ("Did you make this decision?", "Director of Place", "Approved", "A good case", "level A"):
        assert said in browser.text, said


def test_yes_it_was_me_changes_nothing(council: Council, project: str) -> None:
    before = dump(council.app)
    assert "Nothing was changed" in say(council, "yes").text
    assert dump(council.app) == before


def test_no_it_was_not_me_stops_the_project_once(council: Council, project: str) -> None:
    assert "The project is stopped" in say(council, "no").text
    before = dump(council.app)
    browser = fresh(council)
    browser.get(link(council))
    assert "You have told us already" in browser.text
    assert dump(council.app) == before


def test_another_links_mark_does_not_dispute(council: Council, project: str) -> None:
    Member(council, "resources").decide("approve")
    other = link_in(council, newest(council, "resources", "decision_receipt"), "/dispute/")
    browser = fresh(council)
    browser.get(other)
    nonce = browser.hidden("nonce")
    before = dump(council.app)
    assert browser.post(link(council), nonce=nonce, mine="no").status_code == 422
    assert dump(council.app) == before


def test_an_unknown_or_expired_link_says_what_to_do(council: Council, project: str) -> None:
    browser = fresh(council)
    assert browser.get("/dispute/" + "a" * 43).status_code == 410
    assert browser.post("/dispute/" + "a" * 43, mine="no").status_code == 410
    council.at += dt.timedelta(days=60)
    assert browser.get(link(council)).status_code == 410
    assert "Tell an administrator of the system directly" in browser.text


def test_a_decision_link_does_not_dispute(council: Council, project: str) -> None:
    token = link_in(council, newest(council, "chief")).removeprefix("/d/")
    assert fresh(council).get(f"/dispute/{token}").status_code == 410


def test_an_administrator_sees_the_record_and_settles_it_with_a_note(council: Council, project: str) -> None:
    say(council, "no")
    admin = fresh(council).sign_in("admin")
    page = admin.get(f"/projects/{project}/dispute")
    assert page.status_code == 200
    for said in ("Open: the project is frozen", "place@wrenfold.example", "A person's browser", "Settle it"):
        assert said in admin.text, said
    refused = admin.post(f"/projects/{project}/dispute", note=" ")
    assert refused.status_code == 422
    assert "Say what you found and what was done" in admin.text
    assert council.project(project).disputed_at is not None
    done = admin.post(f"/projects/{project}/dispute", note="They had forgotten", follow=True)
    assert done.status_code == 200
    assert "They had forgotten" in admin.text
    assert council.project(project).disputed_at is None


def test_the_manager_sees_that_it_is_disputed_but_not_how_the_link_was_used(
    council: Council, project: str
) -> None:
    say(council, "no")
    manager = fresh(council).sign_in("manager")
    assert manager.get(f"/projects/{project}/dispute").status_code == 200
    assert "An administrator settles this" in manager.text
    assert "A person's browser" not in manager.text
    assert manager.post(f"/projects/{project}/dispute", note="It was fine").status_code == 403
    assert council.project(project).disputed_at is not None


def test_the_auditor_sees_all_of_it(council: Council, project: str) -> None:
    say(council, "no")
    auditor = fresh(council).sign_in("auditor")
    auditor.get(f"/projects/{project}/dispute")
    assert "A person's browser" in auditor.text


def test_who_may_not_know_of_the_project_finds_no_page(council: Council, project: str) -> None:
    say(council, "no")
    holder = fresh(council).sign_in("holder")
    assert holder.get(f"/projects/{project}/dispute").status_code == 404
    assert fresh(council).get(f"/projects/{project}/dispute").status_code == 303


def test_a_project_without_a_dispute_says_so(council: Council, project: str) -> None:
    auditor = fresh(council).sign_in("auditor")
    auditor.get(f"/projects/{project}/dispute")
    assert f"Nothing is disputed on {project}" in auditor.text
    assert fresh(council).sign_in("admin").get(f"/projects/{project}/dispute").status_code == 404
