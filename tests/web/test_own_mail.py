"""What I am mailed: people choose what the catalogue leaves to them, put things off, and a mail program can stop the rest."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from dataclasses import replace
from email.message import EmailMessage

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from tests.journeys.clockwork import at, running, said, tick, walk, when
from tests.people import Council
from tests.web.support import BASE, Browser
from vfm_workflow import logs
from vfm_workflow.journeys import mail_log, wishes
from vfm_workflow.signing import read_seal
from vfm_workflow.store.tables import NoticeChoice, Occurrence, Snooze

D = dt.date
RFC_8058 = b"List-Unsubscribe=One-Click"
"""The body, byte for byte, that the standard has a mail program send."""


@pytest.fixture
def reference(council: Council) -> str:
    """A project in implementation since the first of September 2026, whose news have been told."""
    reference = running(council, D(2026, 9, 1), milestone=D(2026, 10, 2))
    tick(council, D(2026, 9, 2))
    return reference


def hold(council: Council, reference: str, day: D) -> None:
    at(council, day)
    council.do(reference, "hold", "head", reason="An election")


def resume(council: Council, reference: str, day: D) -> None:
    at(council, day)
    council.do(reference, "resume", "head")


def last_digest(council: Council, key: str) -> EmailMessage:
    return council.read_mail(council.mails(to=key, notice="digest")[-1])


# ------------------------------------------------------------------ choices


def test_the_page_says_what_comes_why_and_what_may_be_chosen(council: Council, reference: str) -> None:
    page = Browser(council).sign_in("manager")
    assert page.get("/account/mail").status_code == 200
    assert "Projects that moved It comes because you manage the project" in page.text
    assert "Monthly returns overdue, because you manage the project" in page.text, "it always comes"
    assert "Figures released to you" not in page.text, "that is for Members"
    html = page.last.text if page.last is not None else ""
    assert 'name="choice_stage_changed"' in html
    assert 'name="choice_return_overdue"' not in html
    assert "What you are mailed" in Browser(council).sign_in("holder").get("/account/mail").text


def test_a_notice_that_was_switched_off_comes_no_more_and_back_on_it_does(
    council: Council, reference: str
) -> None:
    page = Browser(council).sign_in("manager")
    answer = page.post("/account/mail", follow=True, choice_stage_changed="off")
    assert "Your choices are kept." in page.text
    assert answer.status_code == 200
    hold(council, reference, D(2026, 9, 3))
    walk(council, D(2026, 9, 4), D(2026, 9, 11))
    assert D(2026, 9, 4) not in when(council, "stage_changed", "manager")
    with council.app.read() as session:
        waiting = select(func.count()).select_from(Occurrence).where(col(Occurrence.digest_day).is_(None))
        assert session.scalar(waiting) == 0, "nothing piles up for the day on which it is wanted again"
    Browser(council).sign_in("manager").post("/account/mail", choice_stage_changed="daily")
    resume(council, reference, D(2026, 9, 14))
    tick(council, D(2026, 9, 15))
    assert when(council, "stage_changed", "manager")[-1] == D(2026, 9, 15)


def test_a_weekly_notice_comes_with_the_first_digest_of_a_week(council: Council, reference: str) -> None:
    page = Browser(council).sign_in("manager")
    page.post("/account/mail", choice_stage_changed="weekly")
    hold(council, reference, D(2026, 9, 7))  # a Monday
    tick(council, D(2026, 9, 8))
    assert when(council, "stage_changed", "manager")[-1] == D(2026, 9, 8), "the week's first"
    resume(council, reference, D(2026, 9, 8))
    walk(council, D(2026, 9, 9), D(2026, 9, 11))
    assert when(council, "stage_changed", "manager")[-1] == D(2026, 9, 8)
    tick(council, D(2026, 9, 14))
    assert when(council, "stage_changed", "manager")[-1] == D(2026, 9, 14), "and then on the Monday"


@pytest.mark.parametrize(
    ("notice", "choice"),
    [
        ("return_overdue", "off"),  # escalates
        ("decision_lapsed", "off"),  # about a decision
        ("decision_asked", "off"),  # at once
        ("return_due_soon", "weekly"),  # would be missed
        ("condition_open", "off"),  # weekly at most
        ("stage_changed", "hourly"),
        ("no_such_notice", "off"),
        ("quarter_released", "off"),  # not theirs
    ],
)
def test_what_must_come_is_nobodys_to_switch_off(
    council: Council, reference: str, notice: str, choice: str
) -> None:
    page = Browser(council).sign_in("manager")
    answer = page.send("/account/mail", {"choice_milestone_due_soon": "off", f"choice_{notice}": choice})
    assert answer.status_code == 422
    assert "Choose one of those that are offered" in page.text
    with council.app.read() as session:
        assert session.scalars(select(NoticeChoice)).all() == [], "all or nothing"


def test_a_choice_made_under_another_catalogue_is_not_obeyed(council: Council, reference: str) -> None:
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        session.add(NoticeChoice(person_id=manager.id, notice="return_due", choice="off", set_at=council.at))
    walk(council, D(2026, 9, 3), D(2026, 10, 7))
    assert when(council, "return_due", "manager") == [D(2026, 10, 7)]


# ------------------------------------------------------------------ hours


def test_a_digest_comes_at_the_hour_and_on_the_days_somebody_wants(council: Council, reference: str) -> None:
    page = Browser(council).sign_in("manager")
    page.post("/account/mail/hours", digest_at="10:30", weekdays=["2", "4"])
    walk(council, D(2026, 10, 5), D(2026, 10, 16), ("07:30", "10:00", "10:30", "17:00"))
    mails = [mail for mail in council.mails(to="manager", notice="digest") if mail.created_at.month == 10]
    moments = [council.home.calendar.local(mail.created_at) for mail in mails]
    assert {moment.strftime("%H:%M") for moment in moments} == {"10:30"}
    assert {moment.isoweekday() for moment in moments} <= {2, 4}
    assert moments
    page = page.sign_in("manager")
    page.post("/account/mail/hours", digest_at="07:30", weekdays=["1", "2", "3", "4", "5"])
    tick(council, D(2026, 10, 22))
    assert council.mails(to="manager", notice="digest")[-1].created_at == council.at, (
        "the council's own again"
    )


@pytest.mark.parametrize(
    ("digest_at", "weekdays", "why"),
    [
        ("06:00", ["1"], "Choose an hour from 07:30 on"),
        ("18:00", ["1"], "Choose an hour from 07:30 on"),
        ("", ["1"], "Choose an hour"),
        ("09:00", [], "Choose at least one day of the working week"),
        ("09:00", ["6"], "Choose at least one day of the working week"),
        ("09:00", ["12"], "Choose at least one day of the working week"),
    ],
)
def test_an_hour_before_the_councils_or_no_day_is_refused(
    council: Council, digest_at: str, weekdays: list[str], why: str
) -> None:
    page = Browser(council).sign_in("manager")
    answer = page.send("/account/mail/hours", {"digest_at": digest_at, "weekdays": weekdays})
    assert answer.status_code == 422
    assert why in page.text


# ------------------------------------------------------------------ later


def put_off(council: Council, key: str, days: str = "5") -> str:
    """Follow the newest digest's “Remind me later” and press its button; return the address."""
    link = next(
        found for found in council.links_in(council.mails(to=key)[-1]) if "/account/mail/later" in found
    )
    page = Browser(council).sign_in(key)
    path = link.removeprefix(council.home.base_url)
    assert page.get(path).status_code == 200
    notice, subject = page.hidden("notice"), page.hidden("subject")
    assert page.post("/account/mail/later", notice=notice, subject=subject, days=days).status_code == 303
    return path


def test_a_thing_is_put_off_from_the_digest_and_said_again_on_its_day(
    council: Council, reference: str
) -> None:
    walk(council, D(2026, 9, 3), D(2026, 9, 25))
    assert when(council, "milestone_due_soon", "manager") == [D(2026, 9, 25)]
    put_off(council, "manager", "1")
    walk(council, D(2026, 9, 28), D(2026, 10, 1))
    assert when(council, "milestone_due_soon", "manager") == [D(2026, 9, 25), D(2026, 9, 28)]


def waits_for(council: Council) -> list[D]:
    """Return the days until which anything is put off."""
    with council.app.read() as session:
        return list(session.scalars(select(col(Snooze.until_day))))


def test_a_day_that_has_come_is_let_go_once_it_was_said_however_late(
    council: Council, reference: str
) -> None:
    walk(council, D(2026, 9, 3), D(2026, 9, 25))
    put_off(council, "manager", "1")
    assert waits_for(council) == [D(2026, 9, 28)]
    walk(council, D(2026, 9, 30), D(2026, 9, 30))  # nothing ran on the 28th, nor the day after
    assert when(council, "milestone_due_soon", "manager")[-1] == D(2026, 9, 30)
    assert waits_for(council) == []


def test_a_day_still_to_come_is_kept_whatever_else_is_said(council: Council, reference: str) -> None:
    walk(council, D(2026, 9, 3), D(2026, 9, 25))
    put_off(council, "manager", "20")
    (until,) = waits_for(council)
    walk(council, D(2026, 9, 28), D(2026, 10, 9))
    assert waits_for(council) == [until] and until > D(2026, 10, 9)


def test_looking_puts_nothing_off(council: Council, reference: str) -> None:
    walk(council, D(2026, 9, 3), D(2026, 9, 25))
    link = next(found for found in council.links_in(council.mails(to="manager")[-1]) if "/later" in found)
    page = Browser(council).sign_in("manager")
    assert page.get(link.removeprefix(council.home.base_url)).status_code == 200
    assert "Waste rounds: Contract signed" in page.text
    with council.app.read() as session:
        assert session.scalars(select(Snooze)).all() == []


def test_what_is_put_off_is_listed_and_can_be_ended(council: Council) -> None:
    at(council, D(2026, 9, 1))
    council.create()
    first = council.home.calendar.add_working_days(D(2026, 9, 1), 61)
    walk(council, D(2026, 9, 1), first)
    assert when(council, "stage_over_limit", "manager") == [first]
    put_off(council, "manager", "20")
    page = Browser(council).sign_in("manager")
    page.get("/account/mail")
    assert "Waste rounds: Outline Projects over the time limit of their stage · not before" in page.text
    page.post(
        "/account/mail/later/end", follow=True, notice=page.hidden("notice"), subject=page.hidden("subject")
    )
    assert "You are reminded with your next digest" in page.text
    following = council.home.calendar.add_working_days(first, 1)
    walk(council, following, council.home.calendar.add_working_days(first, 3))
    assert when(council, "stage_over_limit", "manager") == [first, following], "once, and not each day"
    assert when(council, "stage_over_limit", "head") == [first], "nobody else waited"
    page = page.sign_in("manager")
    assert page.post("/account/mail/later/end", notice="stage_over_limit", subject="x").status_code == 404


def test_a_round_that_came_while_it_was_put_off_is_not_said_beside_it(council: Council) -> None:
    at(council, D(2026, 9, 1))
    council.create()
    calendar = council.home.calendar
    first = calendar.add_working_days(D(2026, 9, 1), 61)
    walk(council, D(2026, 9, 1), calendar.add_working_days(first, 15))
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        wishes.put_off(
            session, council.home, manager, "stage_over_limit", "VFM-0001:outline", "10", council.at
        )
    walk(council, calendar.add_working_days(first, 16), calendar.add_working_days(first, 39))
    again = calendar.add_working_days(first, 25)
    told = when(council, "stage_over_limit", "manager")
    assert sorted(set(told)) == [first, again], "its second round is among what waited"
    (mail,) = [mail for mail in council.mails(to="manager") if mail.created_at.date() == again]
    assert mail.subject.startswith("1 project "), "said once"
    tick(council, calendar.add_working_days(first, 40))
    assert when(council, "stage_over_limit", "manager")[-1] == calendar.add_working_days(first, 40)


@pytest.mark.parametrize(
    ("key", "notice", "subject"),
    [
        ("other", "milestone_due_soon", "milestone:1"),  # somebody else's
        ("manager", "milestone_due_soon", "milestone:999"),
        ("manager", "return_overdue", "VFM-0001"),  # escalates
        ("manager", "decision_lapsed", "request:1"),
        ("manager", "no_such", "x"),
        ("manager", "", ""),
    ],
)
def test_what_is_not_ones_own_or_must_be_heard_cannot_be_put_off(
    council: Council, reference: str, key: str, notice: str, subject: str
) -> None:
    walk(council, D(2026, 9, 3), D(2026, 9, 25))
    page = Browser(council).sign_in(key)
    assert page.get(f"/account/mail/later?notice={notice}&subject={subject}").status_code == 404
    answer = page.post("/account/mail/later", notice=notice, subject=subject, days="5")
    assert answer.status_code == 404
    with council.app.read() as session:
        assert session.scalars(select(Snooze)).all() == []


@pytest.mark.parametrize("days", ["", "0", "21", "-1", "five", "3"])
def test_it_is_put_off_for_no_longer_than_the_calendar_allows(
    council: Council, reference: str, days: str
) -> None:
    walk(council, D(2026, 9, 3), D(2026, 9, 25))
    page = Browser(council).sign_in("manager")
    answer = page.post("/account/mail/later", notice="milestone_due_soon", subject="milestone:1", days=days)
    assert answer.status_code == 422
    assert "Choose when to be reminded" in page.text


# ------------------------------------------------------------------ unsubscribe (RFC 8058)


def secure(council: Council) -> None:
    """Give the council an https address, as every real one has."""
    council.app.home = replace(council.home, base_url="https://vfm.wrenfold.example")


def raw_post(council: Council, path: str, body: bytes, kind: str) -> httpx.Response:
    """Post as a mail provider's server does: no cookie, no origin, no fetch metadata."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Browser(council).app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.post(path, content=body, headers={"content-type": kind})

    return asyncio.run(ask())


def one_click(council: Council, key: str) -> str:
    """Return the path of the newest digest's List-Unsubscribe."""
    header = last_digest(council, key)["List-Unsubscribe"]
    found = re.fullmatch(r"<https?://[^/>]+(/u/[^>]+)>", str(header))
    assert found is not None, header
    return found[1]


@pytest.fixture
def optional(council: Council, reference: str) -> str:
    """A digest to the head of service with nothing in it that must come; the way to stop such."""
    secure(council)
    at(council, D(2026, 9, 3))
    council.do(reference, "hold", "head", reason="An election")
    tick(council, D(2026, 9, 4))
    return one_click(council, "manager")


def test_a_digest_that_may_stop_says_how_and_one_with_what_must_come_does_not(
    council: Council, optional: str, reference: str
) -> None:
    mail = last_digest(council, "manager")
    assert mail["List-Id"] == "<digest.wrenfold.example>"
    assert mail["List-Unsubscribe-Post"] == RFC_8058.decode()
    resume(council, reference, D(2026, 9, 4))
    walk(council, D(2026, 9, 7), D(2026, 10, 7))
    mixed = last_digest(council, "manager")
    assert "Monthly returns due today" in str(mixed.get_body(("plain",)))
    assert mixed["List-Id"] == "<digest.wrenfold.example>"
    assert mixed["List-Unsubscribe"] is None
    assert mixed["List-Unsubscribe-Post"] is None
    for row in council.mails():
        if row.notice != "digest":
            assert council.read_mail(row)["List-Unsubscribe"] is None, "decisions have no such thing"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (RFC_8058, "application/x-www-form-urlencoded"),
        (
            b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_one_click_of_a_mail_program_stops_what_may_be_stopped_and_nothing_else(
    council: Council, optional: str, reference: str, body: bytes, kind: str
) -> None:
    answer = raw_post(council, optional, body, kind)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers, "it signs nobody in"
    assert "The optional mail has stopped" in answer.text
    assert "Monthly returns overdue, because you manage the project" in answer.text
    with council.app.read() as session:
        choices = {row.notice: row.choice for row in session.scalars(select(NoticeChoice))}
    digests = council.home.catalogue.digests
    assert choices == {key: "off" for _, key, notice in digests if "off" in notice.choices()}
    assert raw_post(council, optional, body, kind).status_code == 200, "again is as good as once"
    resume(council, reference, D(2026, 9, 4))
    walk(council, D(2026, 9, 7), D(2026, 10, 8))
    jobs = {row.job for row in said(council, to="manager") if row.day > D(2026, 9, 4)}
    assert jobs == {"return_due", "return_overdue", "milestone_slipped"}


def test_looking_at_the_link_or_posting_nothing_stops_nothing(council: Council, optional: str) -> None:
    page = Browser(council)
    assert page.get(optional).status_code == 200
    assert "One button stops these for Waste Project Manager" in page.text
    for body in (
        b"",
        b"List-Unsubscribe=",
        b"List-Unsubscribe=One-Clic",
        b"x=One-Click",
        b"List-Unsubscribe=One-Click&List-Unsubscribe=no",
    ):
        answer = raw_post(council, optional, body, "application/x-www-form-urlencoded")
        assert answer.status_code == 422, body
    assert raw_post(council, optional, RFC_8058, "text/plain").status_code == 422
    with council.app.read() as session:
        assert session.scalars(select(NoticeChoice)).all() == []


def test_the_pages_own_button_stops_it_too(council: Council, optional: str) -> None:
    page = Browser(council)
    page.get(optional)
    assert page.send(optional, {"List-Unsubscribe": page.hidden("List-Unsubscribe")}).status_code == 200
    with council.app.read() as session:
        assert session.scalar(select(func.count()).select_from(NoticeChoice))


def test_another_sites_form_cannot_press_it(council: Council, optional: str) -> None:
    answer = Browser(council).send(
        optional, {"List-Unsubscribe": "One-Click"},
        headers={"sec-fetch-site": "cross-site", "origin": "https://bad.example"},
    )  # fmt: skip
    assert answer.status_code == 403


def test_a_seal_that_was_changed_or_is_another_thing_opens_nothing(council: Council, optional: str) -> None:
    seal = optional.removeprefix("/u/")
    assert read_seal(council.app.secret_key, seal) == council.who("manager").id
    for wrong in (
        seal[:-1],
        seal + "A",
        "A" + seal,
        seal.replace(".", "", 1),
        "999.x",
        seal.partition(".")[0],
        "x" * 3000,
    ):
        assert Browser(council).get(f"/u/{wrong}").status_code == 404, wrong
        assert (
            raw_post(council, f"/u/{wrong}", RFC_8058, "application/x-www-form-urlencoded").status_code == 404
        )
    assert read_seal("another key", seal) is None
    assert Browser(council).get(f"/d/{seal}").status_code != 200
    thief = Browser(council)
    thief.get(optional)
    assert thief.get("/tasks").status_code == 303, "it is no session"


def test_no_log_and_no_other_reader_sees_the_seal(council: Council, optional: str) -> None:
    assert logs.redact(f"POST {optional} 200") == "POST /u/[redacted] 200"
    row = council.mails(to="manager", notice="digest")[-1]
    with council.app.read() as session:
        shown = mail_log.show(session, council.home, row.id or 0, council.actor(session, "admin"))
    assert optional.encode() in row.data.replace(b"\r\n", b"")
    assert all(optional not in value for _, value in shown.headers)
    assert optional not in shown.text


def test_a_demo_without_https_offers_the_page_but_no_one_click(council: Council, reference: str) -> None:
    at(council, D(2026, 9, 3))
    council.do(reference, "hold", "head", reason="An election")
    tick(council, D(2026, 9, 4))
    mail = last_digest(council, "manager")
    assert str(mail["List-Unsubscribe"]).startswith("<http://")
    assert mail["List-Unsubscribe-Post"] is None
