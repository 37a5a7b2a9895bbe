"""The demonstration: everybody's mailbox, a clock that moves, and anybody's eyes. Nowhere but in a demo."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from tests.people import Council
from tests.web.deciding import Member, asked, dump, fresh, newest
from tests.web.support import Browser
from vfm_workflow.demo import clock
from vfm_workflow.errors import BadInput, NotFound
from vfm_workflow.store import outbox

PATHS = ("/demo", "/demo/people", "/demo/mail/1", "/demo/mail/1/body")
FRIDAY = dt.datetime(2026, 3, 6, 17, 0, tzinfo=dt.UTC)


@pytest.fixture
def demo(council: Council) -> Council:
    """A demo whose board was asked, its mail delivered; its clock is its own."""
    reference = asked(council)
    assert reference == "VFM-0001"
    council.app.set_demo_now(council.at)
    council.app.deliver(council.at)
    return council


def visitor(council: Council) -> Browser:
    """Return a browser before the demo's own clock, not the tests'."""
    browser = fresh(council)
    vars(council.app).pop("demo_now", None)
    return browser


# ---------------------------------------------------------------- only in a demo


def test_outside_a_demo_there_are_no_such_pages(council: Council) -> None:
    asked(council)
    council.app.deliver(council.at)
    admin = fresh(council).sign_in("admin")
    before = dump(council.app)
    for path in PATHS:
        assert admin.get(path).status_code == 404
    for path in ("/demo/clock", "/demo/as/1"):
        assert admin.post(path, step="next_month").status_code == 404
    assert dump(council.app) == before
    assert "vfm-demo-bar" not in admin.get("/mail").text
    with pytest.raises(NotFound):
        clock.move(council.app, "next_month")


# ---------------------------------------------------------------- the mailbox


def test_the_start_of_a_demo_is_its_mailbox(demo: Council) -> None:
    assert visitor(demo).get("/").headers["location"] == "/demo"


def test_the_mailbox_shows_everybodys_mail_by_day_and_what_to_try(demo: Council) -> None:
    browser = visitor(demo)
    browser.get("/demo")
    for said in (
        "What to try",
        "Today, Monday 2 March 2026",
        "Showing 1 to 5 of 5 mails",
        "To Chief Executive · A decision is asked for",
        "Demo: Monday 2 March 2026, 9am",
        "Not signed in",
    ):
        assert said in browser.text, said


def test_the_mailbox_is_filtered_by_person_and_by_kind(demo: Council) -> None:
    demo.decide("VFM-0001", "place", "approve")
    demo.app.deliver(demo.at)
    place = newest(demo, "place").person_id
    browser = visitor(demo)
    for query, count in (
        (f"person={place}", 2),
        ("notice=decision_receipt", 1),
        ("person=99", 0),
        ("person=x", 11),
    ):
        browser.get(f"/demo?{query}")
        found = re.search(r"of (\d+) mail", browser.text)
        assert (int(found[1]) if found else 0) == count, query


def test_the_mailbox_points_at_a_mail_whose_link_still_decides(demo: Council) -> None:
    browser = visitor(demo)
    browser.get("/demo")
    assert "the newest mail that asks for a decision" in browser.text
    demo.approve("VFM-0001")
    browser.get("/demo")
    assert "the newest mail that asks for a decision" not in browser.text


def test_what_has_not_left_is_not_in_the_mailbox(demo: Council) -> None:
    demo.decide("VFM-0001", "place", "approve")
    waiting = newest(demo, "place", "decision_receipt")
    browser = visitor(demo)
    browser.get("/demo")
    assert "Your decision is recorded" not in browser.text
    assert browser.get(f"/demo/mail/{waiting.id}").status_code == 404
    assert browser.get(f"/demo/mail/{waiting.id}/body").status_code == 404


def test_a_mail_is_shown_as_its_reader_sees_it_and_as_text(demo: Council) -> None:
    mail = newest(demo, "chief")
    browser = visitor(demo)
    page = browser.get(f"/demo/mail/{mail.id}").text
    assert f'src="/demo/mail/{mail.id}/body"' in page
    (sandbox,) = re.findall(r'<iframe[^>]* sandbox="([^"]*)"', page)
    assert sandbox.split() == ["allow-same-origin", "allow-top-navigation-by-user-activation", "allow-popups"]
    assert "Chief Executive <chief@wrenfold.example>" in browser.text
    (link,) = [url for url in demo.links_in(mail) if "/d/" in url]
    assert f'href="{link}"' in browser.get(f"/demo/mail/{mail.id}?as=text").text


def test_the_mails_own_html_runs_nothing_and_opens_its_links_in_the_whole_window(demo: Council) -> None:
    mail = newest(demo, "chief")
    body = visitor(demo).get(f"/demo/mail/{mail.id}/body")
    assert body.text.count('<base target="_top">') == 1
    policy = body.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'nonce-")
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert body.headers["x-frame-options"] == "SAMEORIGIN"
    assert body.headers["x-content-type-options"] == "nosniff"
    (link,) = [url for url in demo.links_in(mail) if "/d/" in url]
    assert link in body.text


def test_looking_at_the_mailbox_changes_nothing(demo: Council) -> None:
    before = dump(demo.app)
    for path in PATHS:
        assert visitor(demo).get(path).status_code == 200
    assert dump(demo.app) == before


# ---------------------------------------------------------------- being somebody


def test_one_click_signs_in_as_anybody(demo: Council) -> None:
    browser = visitor(demo)
    browser.get("/demo/people")
    for said in ("Head of Service", "Head of Planning", "Administrator", "Portfolio Holder for Finance"):
        assert said in browser.text
    planning = demo.who("planning").id
    assert browser.post(f"/demo/as/{planning}").headers["location"] == "/tasks"
    browser.get("/demo/people")
    assert "Signed in as Head of Planning" in browser.text
    assert "Head of Planning (you)" in browser.text
    browser.post(f"/demo/as/{demo.who('auditor').id}")
    browser.get("/demo")
    assert "Signed in as Internal Auditor" in browser.text
    assert browser.post("/demo/as/9999").status_code == 404


# ---------------------------------------------------------------- the clock


@pytest.mark.parametrize(
    ("start", "step", "end"),
    [
        ("2026-11-23T10:00", "next_working_day", "2026-11-24T09:00"),
        ("2026-11-27T10:00", "next_working_day", "2026-11-30T09:00"),
        (
            "2026-12-24T10:00",
            "next_working_day",
            "2026-12-29T09:00",
        ),  # Boxing Day is a Saturday: its Monday is closed
        ("2026-11-23T10:00", "next_month", "2026-12-01T09:00"),
        ("2026-12-01T09:00", "next_month", "2027-01-04T09:00"),
        ("2026-11-23T10:00", "end_of_quarter", "2027-01-04T09:00"),
        ("2027-01-04T09:00", "end_of_quarter", "2027-04-01T08:00"),  # summer time: nine is eight in UTC
    ],
)
def test_each_step_leads_to_nine_oclock_on_a_working_day(
    council: Council, start: str, step: str, end: str
) -> None:
    at = dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)
    assert clock.target(council.home.calendar, step, at).isoformat()[:16] == end


def test_every_working_day_between_is_lived_through(demo: Council) -> None:
    visitor(demo)
    demo.app.set_demo_now(FRIDAY)
    moved = clock.move(demo.app, "next_working_day")
    assert (moved.now.isoformat()[:16], moved.days) == ("2026-03-09T09:00", 1)
    assert clock.move(demo.app, "next_month").days == 17


def test_reminders_arrive_on_their_days_while_the_clock_moves(demo: Council) -> None:
    visitor(demo)
    moved = clock.move(demo.app, "next_month")
    assert moved.now == demo.app.demo_now() == dt.datetime(2026, 4, 1, 8, 0, tzinfo=dt.UTC)
    assert moved.days == 22
    assert moved.delivered >= moved.posted > 10
    days = {mail.created_at.date() for mail in demo.mails(to="chief", notice="decision_reminded")}
    assert days == {dt.date(2026, 3, 5), dt.date(2026, 3, 9)}
    assert {mail.state for mail in demo.mails()} == {"sent"}


def test_month_end_brings_the_reminders_of_returns(demo: Council) -> None:
    for key in ("chief", "place", "resources"):
        demo.decide("VFM-0001", key, "approve")
    visitor(demo)
    clock.move(demo.app, "next_month")
    while demo.app.now().date() < dt.date(2026, 4, 10):
        clock.move(demo.app, "next_working_day")
    texts = [demo.read_mail(mail).get_body(("plain",)) for mail in demo.mails(to="manager", notice="digest")]
    said = "\n".join(text.get_content() for text in texts if text is not None).upper()
    assert "MONTHLY RETURN" in said


def test_the_same_days_lived_twice_bring_nothing_new(demo: Council) -> None:
    visitor(demo)
    clock.move(demo.app, "next_working_day")
    before = dump(demo.app)
    demo.app.tick(demo.app.now())
    assert demo.app.deliver(demo.app.now()).sent == 0
    assert dump(demo.app) == before


def test_moving_the_clock_says_what_arrived_and_keeps_the_visitor_signed_in(demo: Council) -> None:
    browser = visitor(demo)
    browser.post(f"/demo/as/{demo.who('manager').id}")
    moved = browser.post("/demo/clock", step="next_month")
    assert moved.headers["location"] == "/demo"
    browser.get("/demo")
    found = re.search(r"It is now Wednesday 1 April 2026, 9am; (\d+) mails arrived\.", browser.text)
    assert found is not None
    assert int(found[1]) == len(demo.mails()) - 5
    assert "Demo: Wednesday 1 April 2026, 9am" in browser.text
    assert "Signed in as Waste Project Manager" in browser.text


def test_a_step_that_is_none_is_refused(demo: Council) -> None:
    browser = visitor(demo)
    assert browser.post("/demo/clock", step="next_century").status_code == 422
    assert browser.post("/demo/clock").status_code == 422
    assert demo.app.demo_now() == demo.at
    with pytest.raises(BadInput, match="next_working_day, next_month, end_of_quarter"):
        clock.move(demo.app, "")


def test_a_visitor_decides_from_a_mail_that_the_clock_brought(demo: Council) -> None:
    visitor(demo)
    clock.move(demo.app, "next_working_day")
    clock.move(demo.app, "next_working_day")
    clock.move(demo.app, "next_working_day")
    member = Member(demo, "chief", "decision_reminded")
    assert member.decide("approve").status_code == 303
    with demo.app.read() as session:
        assert outbox.waiting_count(session, demo.app.now()) > 0
