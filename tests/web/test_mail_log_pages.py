"""The delivery log: who finds which mail, what it shows, and what it must not."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from tests.mail.bouncing import postfix
from tests.people import Council
from tests.web.deciding import Member, asked, dump, fresh, newest
from tests.web.support import Browser
from vfm_workflow.store.tables import Link, OutboxMail


@pytest.fixture
def project(council: Council) -> str:
    """A project whose board was asked, its mails delivered."""
    reference = asked(council)
    council.app.deliver(council.at)
    return reference


def fail(council: Council, mail_id: int, answer: str = "550 5.1.1 no such user") -> None:
    with council.app.write() as session:
        broken = update(OutboxMail).where(col(OutboxMail.id) == mail_id)
        session.execute(broken.values(state="failed", answer=answer, settled_at=council.at, attempts=1))


def admin(council: Council) -> Browser:
    return fresh(council).sign_in("admin")


def test_the_log_is_for_those_whose_role_reads_it(council: Council, project: str) -> None:
    assert fresh(council).get("/mail").status_code == 303
    assert fresh(council).sign_in("manager").get("/mail").status_code == 404
    assert fresh(council).sign_in("manager").get("/mail/1").status_code == 404
    assert fresh(council).sign_in("auditor").get("/mail").status_code == 200


def test_the_log_shows_every_mail_and_what_the_server_said(council: Council, project: str) -> None:
    browser = admin(council)
    browser.get("/mail")
    assert "Showing 1 to 5 of 5 mails" in browser.text
    for said in ("chief@ wrenfold.example", "A decision is asked for", project, "written to 1-"):
        assert said in browser.text, said


def test_it_is_filtered_by_person_project_subject_state_and_kind(council: Council, project: str) -> None:
    asked(council, "Garden waste")
    fail(council, newest(council, "chief").id or 0)
    browser = admin(council)
    for query, count in (
        ("search=chief", 2),
        (f"search={project}", 5),
        ("search=garden+waste", 5),
        ("state=failed", 1),
        ("state=waiting", 4),
        ("notice=decision_asked", 10),
        ("notice=decision_made", 0),
        ("search=100%25", 0),
        ("state=nonsense", 10),
    ):
        assert browser.get(f"/mail?{query}").status_code == 200
        found = re.search(r"of (\d+) mail", browser.text)
        assert (int(found[1]) if found else 0) == count, query
    browser.get("/mail?search=chief&state=failed")
    assert "550 5.1.1 no such user" in browser.text


def test_a_long_log_has_pages_that_keep_the_filters(council: Council) -> None:
    for title in ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven"):
        asked(council, title)
    browser = admin(council)
    page = browser.get("/mail?notice=decision_asked").text
    assert "Showing 1 to 50 of 55 mails" in browser.text
    assert 'href="/mail?notice=decision_asked&amp;page=2"' in page
    for number in ("2", "99", "-1", "x"):
        assert browser.get(f"/mail?notice=decision_asked&page={number}").status_code == 200
    browser.get("/mail?page=99")
    assert "Showing 51 to 55 of 55 mails" in browser.text


def test_a_mail_shows_its_headers_text_and_tries(council: Council, project: str) -> None:
    browser = admin(council)
    mail = newest(council, "chief")
    assert browser.get(f"/mail/{mail.id}").status_code == 200
    for said in (
        mail.message_id,
        "Auto-Submitted: auto-generated",
        "Read and decide",
        "Sent on 2 March 2026 at 9am",
    ):
        assert said in browser.text, said
    assert browser.get("/mail/99999").status_code == 404
    assert browser.get(f"/mail/{10**30}").status_code == 404


def test_nobody_decides_disputes_or_signs_in_from_the_log(council: Council, project: str) -> None:
    Member(council, "place").decide("approve")
    fresh(council).post("/sign-in", address="chief@wrenfold.example")
    tokens = [
        url.rpartition("/")[2]
        for mail in council.mails()
        for url in council.links_in(mail)
        if re.search("/(d|dispute|sign-in)/", url)
    ]
    with council.app.read() as session:
        issued = session.scalar(select(func.count(col(Link.id))))
    assert len(tokens) == issued == 7
    browser = admin(council)
    for mail in council.mails():
        page = browser.get(f"/mail/{mail.id}").text
        assert not [token for token in tokens if token in page]
    browser.get(f"/mail/{newest(council, 'chief').id}")
    assert "/d/(a link for its reader alone)" in browser.text


def test_an_administrator_lets_a_failed_mail_go_again(council: Council, project: str) -> None:
    mail = newest(council, "chief")
    fail(council, mail.id or 0)
    browser = admin(council)
    assert "Send it again" in browser.get(f"/mail/{mail.id}").text
    assert browser.post(f"/mail/{mail.id}/retry").status_code == 303
    browser.get(f"/mail/{mail.id}")
    assert "Another try was asked for" in browser.text
    assert "asked for by Administrator" in browser.text
    assert council.app.deliver(council.at).sent == 1


def test_who_only_reads_the_log_cannot_send_again(council: Council, project: str) -> None:
    mail = newest(council, "chief")
    fail(council, mail.id or 0)
    auditor = fresh(council).sign_in("auditor")
    assert "Send it again" not in auditor.get(f"/mail/{mail.id}").text
    before = dump(council.app)
    assert auditor.post(f"/mail/{mail.id}/retry").status_code == 403
    assert dump(council.app) == before


def test_a_mail_that_went_is_not_sent_again(council: Council, project: str) -> None:
    assert admin(council).post(f"/mail/{newest(council, 'chief').id}/retry").status_code == 403


def test_administrators_are_told_that_mail_only_goes_to_a_folder(council: Council, project: str) -> None:
    told = "Mail goes to a folder on this machine"
    for path in ("/mail", "/people"):
        browser = admin(council)
        browser.get(path)
        assert told in browser.text
    auditor = fresh(council).sign_in("auditor")
    auditor.get("/mail")
    assert told not in auditor.text
    council.app.set_demo_now(council.at)
    browser = admin(council)
    browser.get("/mail")
    assert told not in browser.text


# ------------------------------------------------------------------ what did not arrive


def test_a_mail_that_came_back_is_looked_into_and_dealt_with(council: Council, project: str) -> None:
    mail = newest(council, "place", "decision_asked")
    council.app.take_bounce(postfix(mail.message_id), council.at)
    council.app.take_bounce(
        postfix("<other@elsewhere.example>", to="x@elsewhere.example", number=2), council.at
    )
    browser = admin(council)
    browser.get("/tasks")
    assert "Look at a mail that may not have arrived" in browser.text
    browser.get("/mail?state=undelivered")
    assert "Showing 1 to 1 of 1 mail" in browser.text
    assert "Came back" in browser.text
    assert "Reports that fit no mail of ours" in browser.text
    assert "x@ elsewhere.example" in browser.text
    browser.get(f"/mail/{mail.id}")
    assert "Came back: it will never arrive (5.1.1): 550 5.1.1 no such mailbox here" in browser.text
    assert "Change the work address of Director of Place" in browser.text
    refused = browser.post(f"/mail/{mail.id}/dealt", note=" ")
    assert refused.status_code == 422
    assert "Write what was done about it" in browser.text
    assert browser.post(f"/mail/{mail.id}/dealt", note="Told by telephone").status_code == 303
    browser.get(f"/mail/{mail.id}")
    assert "Dealt with by Administrator on" in browser.text
    assert "Told by telephone" in browser.text
    browser.get("/tasks")
    assert "may not have arrived" not in browser.text


def test_whoever_only_reads_the_log_settles_nothing(council: Council, project: str) -> None:
    mail = newest(council, "place", "decision_asked")
    council.app.take_bounce(postfix(mail.message_id), council.at)
    browser = fresh(council).sign_in("auditor")
    page = browser.get(f"/mail/{mail.id}").text
    assert "/dealt" not in page
    assert "/retry" not in page
    assert browser.post(f"/mail/{mail.id}/dealt", note="Done").status_code == 403
