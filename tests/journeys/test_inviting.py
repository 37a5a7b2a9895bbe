"""A milestone in its manager's calendar: entered when CMT agrees it, moved with its forecast, taken out when over."""

from __future__ import annotations

import datetime as dt

from icalendar import Calendar

from tests.journeys.clockwork import at, running, tick, walk
from tests.journeys.test_clock import move
from tests.people import Council, address
from vfm_workflow.journeys import dates
from vfm_workflow.store import projects, wishes
from vfm_workflow.store.tables import Invitation, OutboxMail, Person

D = dt.date
SEPTEMBER = D(2026, 9, 1)
DAY = D(2027, 3, 31)
INVITED, CANCELLED = "milestone_invitation", "milestone_cancelled"


def entry(council: Council, mail: OutboxMail) -> tuple[str, dict[str, object]]:
    """Return (method, the entry's own words) of a mail; it must be the last alternative and say its method twice."""
    message = council.read_mail(mail)
    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html", "text/calendar"]
    text = parts[-1].get_content()
    assert isinstance(text, str)
    calendar = Calendar.from_ical(text)
    method = str(calendar["METHOD"])
    assert parts[-1].get_param("method") == method
    (event,) = calendar.walk("VEVENT")
    assert calendar["PRODID"] and str(calendar["VERSION"]) == "2.0"
    said = {
        "uid": str(event["UID"]),
        "sequence": event.decoded("SEQUENCE"),
        "day": event.decoded("DTSTART"),
        "ends": event.decoded("DTEND"),
        "summary": str(event["SUMMARY"]),
        "status": str(event["STATUS"]),
        "to": str(event["ATTENDEE"]).removeprefix("mailto:"),
        "from": str(event["ORGANIZER"]).removeprefix("mailto:"),
        "stamp": event.decoded("DTSTAMP"),
    }
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED", "nobody is asked to answer"
    return method, said


def entries(council: Council, to: str = "manager") -> list[tuple[str, dict[str, object]]]:
    """Return the entries that somebody was mailed, oldest first."""
    mails = [mail for mail in council.mails(to=to) if mail.notice in (INVITED, CANCELLED)]
    return [entry(council, mail) for mail in mails]


def start(council: Council) -> str:
    """A project whose one milestone CMT has agreed."""
    return running(council, SEPTEMBER, milestone=DAY)


def test_an_agreed_milestone_is_entered_in_its_managers_calendar_once(council: Council) -> None:
    start(council)
    walk(council, D(2026, 9, 1), D(2026, 9, 8))
    ((method, said),) = entries(council)
    (mail,) = council.mails(notice=INVITED)
    assert method == "REQUEST"
    assert said | {"uid": "", "stamp": ""} == {
        "uid": "",
        "sequence": 0,
        "day": DAY,
        "ends": DAY + dt.timedelta(days=1),
        "summary": "Contract signed: Waste rounds",
        "status": "CONFIRMED",
        "to": address("manager"),
        "from": council.home.mail_from,
        "stamp": "",
    }
    assert said["stamp"] == mail.created_at
    assert str(said["uid"]).endswith(f"@{council.home.mail_domain}")
    assert mail.subject == "On 31 March 2027: Contract signed, Waste rounds"
    message = council.read_mail(mail)
    assert message["References"] == message["In-Reply-To"] is not None, "it stands in the project's thread"


def test_what_cmt_has_not_agreed_is_in_nobodys_calendar(council: Council) -> None:
    at(council, SEPTEMBER)
    reference = council.create()
    council.outline_ready(reference, milestone=DAY)
    walk(council, SEPTEMBER, D(2026, 9, 8))
    assert council.mails(notice=INVITED) == []


def test_a_moved_forecast_moves_the_entry_and_keeps_its_name(council: Council) -> None:
    reference = start(council)
    tick(council, D(2026, 9, 2), "08:00")
    at(council, D(2026, 9, 3))
    move(council, reference, DAY + dt.timedelta(days=14))
    walk(council, D(2026, 9, 4), D(2026, 9, 8))
    (_, first), (method, second) = entries(council)
    assert method == "REQUEST"
    assert (first["uid"], first["sequence"], first["day"]) == (second["uid"], 0, DAY)
    assert (second["sequence"], second["day"]) == (1, DAY + dt.timedelta(days=14))
    text = council.read_mail(council.mails(notice=INVITED)[-1]).get_body(("plain",))
    assert text is not None
    assert "has moved from 31 March 2027" in text.get_content()


def test_moves_that_were_missed_while_nothing_ran_are_one_mail(council: Council) -> None:
    reference = start(council)
    tick(council, D(2026, 9, 2), "08:00")
    for days in (7, 14, 21):
        at(council, D(2026, 9, 3))
        move(council, reference, DAY + dt.timedelta(days=days))
    tick(council, D(2026, 10, 12), "09:00")
    found = entries(council)
    assert [(said["sequence"], said["day"]) for _, said in found] == [
        (0, DAY),
        (1, DAY + dt.timedelta(days=21)),
    ]
    tick(council, D(2026, 10, 12), "09:01")
    assert len(entries(council)) == 2


def test_a_milestone_that_moved_there_and_back_meanwhile_is_no_mail(council: Council) -> None:
    reference = start(council)
    tick(council, D(2026, 9, 2), "08:00")
    at(council, D(2026, 9, 3))
    for days in (7, 0):
        move(council, reference, DAY + dt.timedelta(days=days))
    walk(council, D(2026, 9, 4), D(2026, 9, 8))
    assert len(entries(council)) == 1


def test_a_milestone_that_is_reached_leaves_the_calendar(council: Council) -> None:
    reference = start(council)
    tick(council, D(2026, 9, 2), "08:00")
    at(council, D(2026, 9, 3))
    (milestone,) = council.milestones(reference)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.finish_milestone(
            session, council.home, reference, milestone.id or 0, D(2026, 9, 3), manager, council.at
        )
    walk(council, D(2026, 9, 4), D(2026, 9, 8))
    (_, first), (method, last) = entries(council)
    assert method == "CANCEL"
    assert (last["uid"], last["sequence"], last["status"], last["day"]) == (first["uid"], 1, "CANCELLED", DAY)
    (mail,) = council.mails(notice=CANCELLED)
    text = council.read_mail(mail).get_body(("plain",))
    assert text is not None
    assert "It was reached on 3 September 2026." in text.get_content()


def test_the_entries_of_a_project_that_ends_leave_and_those_of_one_on_hold_stay(council: Council) -> None:
    reference = start(council)
    tick(council, D(2026, 9, 2), "08:00")
    at(council, D(2026, 9, 3))
    council.do(reference, "hold", "head", reason="An election")
    walk(council, D(2026, 9, 4), D(2026, 9, 8))
    assert len(entries(council)) == 1
    at(council, D(2026, 9, 9))
    council.do(reference, "resume", "head")
    council.do(reference, "withdraw", "head", reason="The grant fell through")
    walk(council, D(2026, 9, 10), D(2026, 9, 14))
    assert [method for method, _ in entries(council)] == ["REQUEST", "CANCEL"]


def test_a_day_that_has_passed_stays_in_the_calendar_as_it_was(council: Council) -> None:
    reference = running(council, SEPTEMBER, milestone=D(2026, 9, 10))
    walk(council, D(2026, 9, 1), D(2026, 9, 10))
    at(council, D(2026, 9, 14))
    (milestone,) = council.milestones(reference)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.finish_milestone(
            session, council.home, reference, milestone.id or 0, D(2026, 9, 10), manager, council.at
        )
    walk(council, D(2026, 9, 15), D(2026, 9, 18))
    assert [method for method, _ in entries(council)] == ["REQUEST"]


def test_whoever_takes_the_project_over_gets_the_entry_and_who_had_it_loses_it(council: Council) -> None:
    reference = start(council)
    tick(council, D(2026, 9, 2), "08:00")
    at(council, D(2026, 9, 3))
    with council.app.write() as session:
        projects.by_reference(session, reference).manager_id = council.actor(session, "other").id
    walk(council, D(2026, 9, 4), D(2026, 9, 8))
    assert [method for method, _ in entries(council)] == ["REQUEST", "CANCEL"]
    assert [method for method, _ in entries(council, "other")] == ["REQUEST"]


def test_somebody_who_has_left_is_mailed_nothing(council: Council) -> None:
    start(council)
    with council.app.write() as session:
        session.get_one(Person, council.actor(session, "manager").id).active = False
    walk(council, D(2026, 9, 2), D(2026, 9, 8))
    assert council.mails(notice=INVITED) == []


def choose(council: Council, key: str, choice: str) -> None:
    with council.app.write() as session:
        wishes.choose(session, council.actor(session, key).id, INVITED, choice, council.at)


def test_a_manager_may_switch_them_off_and_a_head_of_service_may_have_them(council: Council) -> None:
    start(council)
    choose(council, "manager", "off")
    choose(council, "head", "daily")
    choose(council, "planning", "daily")
    walk(council, D(2026, 9, 1), D(2026, 9, 8))
    assert entries(council) == []
    assert [method for method, _ in entries(council, "head")] == ["REQUEST"]
    assert entries(council, "planning") == [], "another service's"


def test_an_entry_that_would_be_wrong_is_taken_out_of_the_calendar_of_whoever_switched_them_off(
    council: Council,
) -> None:
    reference = start(council)
    tick(council, D(2026, 9, 2), "08:00")
    choose(council, "manager", "off")
    walk(council, D(2026, 9, 3), D(2026, 9, 4))
    assert len(entries(council)) == 1, "while it is right it stays"
    at(council, D(2026, 9, 7))
    move(council, reference, DAY + dt.timedelta(days=14))
    walk(council, D(2026, 9, 8), D(2026, 9, 11))
    assert [method for method, _ in entries(council)] == ["REQUEST", "CANCEL"]
    choose(council, "manager", "daily")
    walk(council, D(2026, 9, 14), D(2026, 9, 15))
    *_, (method, said) = entries(council)
    assert (method, said["sequence"]) == ("REQUEST", 2), "back on, it comes again"


def test_entries_are_mailed_in_decision_hours(council: Council) -> None:
    start(council)
    for day, time in ((D(2026, 9, 2), "07:30"), (D(2026, 9, 2), "18:00"), (D(2026, 9, 5), "10:00")):
        tick(council, day, time)
    assert council.mails(notice=INVITED) == []
    tick(council, D(2026, 9, 7), "08:00")
    assert len(council.mails(notice=INVITED)) == 1
    with council.app.read() as session:
        row = session.get_one(Invitation, (1, council.actor(session, "manager").id))
    assert (row.sequence, row.day, row.cancelled) == (0, DAY, False)
