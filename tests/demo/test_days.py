"""Days are lived through one after another, each action at its moment and each mail on its day."""

from __future__ import annotations

import datetime as dt

from tests.people import Council, address
from vfm_workflow.demo import days
from vfm_workflow.demo.days import Action
from vfm_workflow.journeys import advance

MONDAY, FRIDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 6)


def at(council: Council, day: dt.date, time: str) -> dt.datetime:
    return council.home.calendar.moment(day, time)


def test_a_weekend_passes_without_a_beat(council: Council) -> None:
    start, end = at(council, FRIDAY, "12:00"), at(council, FRIDAY + dt.timedelta(days=3), "09:00")
    assert list(days.moments(council.home.calendar, start, end)) == [
        at(council, FRIDAY + dt.timedelta(days=3), time) for time in ("07:30", "08:00", "09:00")
    ]
    assert list(days.moments(council.home.calendar, end, end)) == []


def test_actions_are_done_at_their_moments_before_the_clock_ticks(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    start, end = at(council, MONDAY, "09:00"), at(council, MONDAY, "16:00")
    arrived: list[dt.datetime] = []

    def submit(moment: dt.datetime) -> None:
        with council.app.write() as session:
            advance.advance(
                session,
                council.home,
                reference,
                "submit_outline",
                council.actor(session, "manager"),
                moment,
            )

    asked = at(council, MONDAY, "10:15")
    beats = list(days.walk(council.app, start, end, [Action(asked, submit)], arrived.append))
    assert [beat.at for beat in beats] == arrived == [asked, end]
    assert beats[0].delivered == beats[0].posted + len(council.mails(notice="decision_asked"))
    assert {mail.state for mail in council.mails()} == {"sent"}
    assert {mail.created_at for mail in council.mails(to="chief")} == {asked}
    assert address("chief") in {mail.to for mail in council.mails(notice="decision_asked")}


def test_what_lies_outside_the_span_is_left_out(council: Council) -> None:
    start, end = at(council, MONDAY, "09:00"), at(council, MONDAY, "16:00")
    done: list[dt.datetime] = []
    outside = [Action(moment, done.append) for moment in (start, end + dt.timedelta(minutes=1))]
    list(days.walk(council.app, start, end, [outside[0], Action(end, done.append), outside[1]]))
    assert done == [end]


def test_the_clock_is_not_asked_where_no_mail_can_follow(council: Council) -> None:
    start, noon = at(council, MONDAY, "09:00"), at(council, MONDAY, "12:00")
    end = at(council, MONDAY, "16:00")
    done: list[dt.datetime] = []
    beats = list(days.walk(council.app, start, end, [Action(noon, done.append, silent=True)]))
    assert done == [noon]
    assert [beat.at for beat in beats] == [end]
