"""The clock says what is due: on its day, once, to whoever it concerns, however often and however late it ticks."""

from __future__ import annotations

import contextlib
import datetime as dt
import random

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel, col

from tests.figures_support import submit, typed
from tests.journeys.clockwork import Said, at, days, running, said, tick, walk, when
from tests.people import Council, address
from vfm_workflow.errors import LinkDead
from vfm_workflow.journeys import dates, decide, planning, post, returns
from vfm_workflow.store.tables import Condition, DigestSent, Link, OutboxMail, Person

D = dt.date
SEPTEMBER = D(2026, 9, 1)
DUE = D(2026, 10, 7)
"""September's return: the fifth working day of October."""
CMT = ("chief", "place", "resources", "housing", "customers")


def digests(council: Council) -> list[OutboxMail]:
    return council.mails(notice="digest")


def body(council: Council, mail: OutboxMail) -> str:
    found = council.read_mail(mail).get_body(("plain",))
    assert found is not None
    text = found.get_content()
    assert isinstance(text, str)
    return text


def move(council: Council, reference: str, forecast: D, by: str = "manager") -> None:
    """Forecast the project's one milestone anew."""
    (milestone,) = council.milestones(reference)
    with council.app.write() as session:
        actor = council.actor(session, by)
        dates.change_milestone(
            session, council.home, reference, milestone.id or 0, actor, council.at, forecast=forecast
        )


@pytest.fixture
def reference(council: Council) -> str:
    """A project in implementation since the first of September 2026, whose news have been told."""
    reference = running(council, SEPTEMBER)
    tick(council, D(2026, 9, 2))
    return reference


# ------------------------------------------------------------------ the monthly return


def test_a_return_is_announced_due_overdue_and_escalated_on_the_right_days(
    council: Council, reference: str
) -> None:
    walk(council, D(2026, 9, 3), D(2026, 10, 31))
    assert when(council, "return_due_soon") == [D(2026, 10, 2)]
    assert when(council, "return_due") == [DUE]
    assert when(council, "return_overdue", "manager") == [
        D(2026, 10, 8),
        D(2026, 10, 15),
        D(2026, 10, 22),
        D(2026, 10, 29),
    ]
    assert when(council, "return_overdue", "head") == [D(2026, 10, 12), D(2026, 10, 19), D(2026, 10, 26)]
    for member in CMT:
        assert when(council, "return_overdue", member) == [D(2026, 10, 21)]
    assert {row.to for row in said(council, "return_overdue")} == {"manager", "head", *CMT}
    assert {row.subject for row in said(council, "return_overdue")} == {reference}


def test_each_step_of_a_chain_is_told_why_it_hears_and_whom_to_ask(council: Council, reference: str) -> None:
    walk(council, D(2026, 9, 3), D(2026, 10, 21))
    why = {
        "manager": "you manage the project",
        "head": "you head the service",
        "chief": "CMT hears of returns",
    }
    for person, reason in why.items():
        mail = [mail for mail in digests(council) if mail.to == address(person)][-1]
        assert reason in mail.why
        asked = "Send the September" if person == "manager" else "Ask Waste Project Manager for the September"
        assert asked in body(council, mail)


def test_whoever_hears_at_one_step_of_a_chain_does_not_hear_at_the_next(council: Council) -> None:
    running(council, SEPTEMBER, manager="head")  # the head of service manages it themselves
    walk(council, D(2026, 9, 2), D(2026, 10, 13))
    assert [row.period for row in said(council, "return_overdue", "head")] == ["2026-09"]


def test_the_overdue_mail_stops_when_the_return_is_in(council: Council, reference: str) -> None:
    walk(council, D(2026, 9, 3), D(2026, 10, 9))
    at(council, D(2026, 10, 9))
    submit(council, reference, "2026-09")
    walk(council, D(2026, 10, 10), D(2026, 11, 2))
    assert when(council, "return_overdue") == [D(2026, 10, 8)], (
        "the head of service hears later, and it is in by then"
    )
    assert when(council, "return_to_verify", "head")[0] == D(2026, 10, 12)


def test_a_later_return_stops_the_chase_for_an_earlier_one(council: Council, reference: str) -> None:
    walk(council, D(2026, 9, 3), D(2026, 11, 2))
    at(council, D(2026, 11, 2))
    submit(council, reference, "2026-10")
    before = len(said(council, "return_overdue"))
    walk(council, D(2026, 11, 3), D(2026, 11, 30))
    assert len(said(council, "return_overdue")) == before


def test_a_return_in_time_is_never_chased(council: Council, reference: str) -> None:
    at(council, D(2026, 10, 1))
    submit(council, reference, "2026-09")
    walk(council, D(2026, 10, 2), D(2026, 10, 31))
    assert {row.job for row in said(council)} & {"return_due_soon", "return_due", "return_overdue"} == set()


def test_a_return_waits_for_the_head_of_service_every_week_until_verified(
    council: Council, reference: str
) -> None:
    at(council, D(2026, 10, 5))
    submit(council, reference, "2026-09")
    walk(council, D(2026, 10, 6), D(2026, 10, 14))
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.verify(session, council.home, reference, "2026-09", head, council.at)
    walk(council, D(2026, 10, 15), D(2026, 10, 31))
    assert when(council, "return_to_verify") == [D(2026, 10, 6), D(2026, 10, 12)]


def test_a_corrected_return_is_announced_to_the_head_again(council: Council, reference: str) -> None:
    at(council, D(2026, 10, 5))
    submit(council, reference, "2026-09")
    walk(council, D(2026, 10, 6), D(2026, 10, 6))
    at(council, D(2026, 10, 6))
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.send_back(session, council.home, reference, "2026-09", head, council.at, "Check the cost")
    walk(council, D(2026, 10, 7), D(2026, 10, 7))
    assert when(council, "return_sent_back", "manager") == [D(2026, 10, 7)]
    at(council, D(2026, 10, 8))
    submit(council, reference, "2026-09", form=typed(council, reference, cost="70.00"))
    walk(council, D(2026, 10, 9), D(2026, 10, 9))
    assert when(council, "return_to_verify", "head") == [D(2026, 10, 6), D(2026, 10, 9)]


def test_a_project_that_has_ended_is_no_longer_chased(council: Council, reference: str) -> None:
    walk(council, D(2026, 9, 3), D(2026, 10, 1))
    at(council, D(2026, 10, 1))
    council.do(reference, "withdraw", "head", reason="The grant fell through")
    walk(council, D(2026, 10, 2), D(2026, 10, 31))
    assert {row.job for row in said(council)} & {"return_due_soon", "return_due", "return_overdue"} == set()


def test_a_month_spent_on_hold_owes_no_return(council: Council, reference: str) -> None:
    at(council, D(2026, 9, 15))
    council.do(reference, "hold", "head", reason="An election")
    at(council, D(2026, 10, 2))
    council.do(reference, "resume", "head")
    walk(council, D(2026, 10, 5), D(2026, 10, 30))
    assert when(council, "return_overdue") == []


# ------------------------------------------------------------------ milestones


def test_a_slip_is_reported_to_the_manager_and_the_head_the_next_morning_once(
    council: Council, reference: str
) -> None:
    (milestone,) = council.milestones(reference)
    at(council, D(2026, 9, 3))
    move(council, reference, milestone.forecast + dt.timedelta(days=7))
    walk(council, D(2026, 9, 4), D(2026, 9, 30))
    assert [(row.day, row.to) for row in said(council, "milestone_slipped")] == [
        (D(2026, 9, 4), "head"),
        (D(2026, 9, 4), "manager"),
    ]
    assert said(council, "milestone_slipped_far") == []


def test_a_slip_past_the_tolerance_goes_to_cmt(council: Council, reference: str) -> None:
    (milestone,) = council.milestones(reference)
    calendar = council.home.calendar
    at(council, D(2026, 9, 3))
    move(council, reference, calendar.add_working_days(milestone.forecast, 20))
    tick(council, D(2026, 9, 4))
    assert said(council, "milestone_slipped_far") == []
    move(council, reference, calendar.add_working_days(milestone.forecast, 21))
    tick(council, D(2026, 9, 7))
    assert {row.to for row in said(council, "milestone_slipped_far")} == {
        "chief", "place", "resources", "housing", "customers",
    }  # fmt: skip


def test_each_new_forecast_is_said_once_and_the_old_one_coming_back_is_not(
    council: Council, reference: str
) -> None:
    (milestone,) = council.milestones(reference)
    later, latest = (milestone.forecast + dt.timedelta(days=n) for n in (7, 14))
    for day, forecast in ((3, later), (8, latest), (11, later)):
        at(council, D(2026, 9, day))
        move(council, reference, forecast)
        walk(council, D(2026, 9, day + 1), D(2026, 9, day + 1))
    assert when(council, "milestone_slipped", "manager") == [D(2026, 9, 4), D(2026, 9, 9)]


def test_an_overdue_milestone_is_said_once_a_month(council: Council) -> None:
    reference = running(council, SEPTEMBER, milestone=D(2026, 9, 18))
    walk(council, D(2026, 9, 2), D(2026, 11, 30))
    assert when(council, "milestone_due_soon", "manager") == [D(2026, 9, 11)]
    assert when(council, "milestone_slipped", "head") == [D(2026, 9, 21), D(2026, 10, 1), D(2026, 11, 2)]
    periods = [row.period for row in said(council, "milestone_slipped", "head")]
    assert periods == ["overdue-2026-09", "overdue-2026-10", "overdue-2026-11"]
    at(council, D(2026, 11, 30))
    (milestone,) = council.milestones(reference)
    with council.app.write() as session:
        dates.finish_milestone(
            session,
            council.home,
            reference,
            milestone.id or 0,
            D(2026, 11, 27),
            council.actor(session, "manager"),
            council.at,
        )
    walk(council, D(2026, 12, 1), D(2026, 12, 31))
    assert len(when(council, "milestone_slipped", "head")) == 3, "a milestone that is done slips no more"


def test_a_slip_of_a_project_on_hold_is_not_news(council: Council) -> None:
    reference = running(council, SEPTEMBER, milestone=D(2026, 9, 18))
    at(council, D(2026, 9, 10))
    council.do(reference, "hold", "head", reason="An election")
    walk(council, D(2026, 9, 11), D(2026, 10, 30))
    assert said(council, "milestone_slipped") == []


# ------------------------------------------------------------------ quarters, limits, conditions


def test_a_quarter_is_asked_of_the_head_and_of_finance_until_it_is_verified(
    council: Council, reference: str
) -> None:
    walk(council, D(2026, 9, 3), D(2026, 11, 15))
    assert when(council, "quarter_due", "head") == when(council, "quarter_due", "finance") == [D(2026, 10, 7)]
    assert when(council, "quarter_overdue", "finance") == [D(2026, 10, 15), D(2026, 10, 29), D(2026, 11, 12)]
    assert {row.subject for row in said(council, "quarter_overdue", "head")} == {"SS"}
    asked = [
        council.read_mail(mail).get_body(("plain",)) for mail in council.mails(to="head", notice="digest")
    ]
    assert any("Q2 2026/27, Street Scene" in part.get_content() for part in asked if part)
    assert {row.subject for row in said(council, "quarter_overdue", "finance")} == {"council"}
    others = {row.job for row in said(council, to="planning")}
    assert others == {"budget_season_opens"}, "the other department has no project"


def test_a_verified_quarter_is_not_asked_for(council: Council, reference: str) -> None:
    at(council, D(2026, 10, 5))
    submit(council, reference, "2026-09")
    with council.app.write() as session:
        returns.verify(
            session, council.home, reference, "2026-09", council.actor(session, "head"), council.at
        )
    walk(council, D(2026, 10, 6), D(2026, 10, 30))
    assert {row.job for row in said(council)} & {"quarter_due", "quarter_overdue"} == set()


def test_a_project_over_the_limit_of_its_stage_is_said_to_whoever_it_waits_for(council: Council) -> None:
    at(council, SEPTEMBER)
    council.create()
    calendar = council.home.calendar
    first = calendar.add_working_days(SEPTEMBER, 61)  # sixty are allowed
    walk(council, SEPTEMBER, calendar.add_working_days(first, 21))
    for person in ("manager", "head"):
        assert when(council, "stage_over_limit", person) == [first, calendar.add_working_days(first, 20)]


def test_a_condition_is_recalled_every_twenty_working_days_until_discharged(council: Council) -> None:
    at(council, SEPTEMBER)
    reference = council.create()
    council.outline_ready(reference, milestone=D(2027, 9, 1))
    council.do(reference, "submit_outline")
    council.decide(reference, "chief", "approve_with_conditions", conditions="Ask the unions")
    council.approve(reference, "place", "resources")
    calendar = council.home.calendar
    walk(council, D(2026, 9, 2), D(2026, 10, 28))
    first = calendar.add_working_days(SEPTEMBER, 20)
    assert when(council, "condition_open", "manager") == [first, calendar.add_working_days(first, 20)]
    with council.app.write() as session:
        condition = session.scalars(select(Condition)).one()
        planning.discharge_condition(
            session,
            council.home,
            reference,
            condition.id or 0,
            council.actor(session, "head"),
            council.at,
            "They agree",
        )
    walk(council, D(2026, 10, 29), D(2026, 12, 31))
    assert len(when(council, "condition_open", "manager")) == 2


# ------------------------------------------------------------------ decisions


@pytest.fixture
def asked(council: Council) -> str:
    """A project whose outline CMT was asked for on Tuesday 1 September; the deadline is Tuesday the 8th."""
    at(council, SEPTEMBER)
    reference = council.create()
    council.outline_ready(reference, milestone=D(2027, 9, 1))
    council.do(reference, "submit_outline")
    council.decide(reference, "chief", "approve")
    return reference


def test_whoever_has_not_decided_is_reminded_two_days_before_and_on_the_day(
    council: Council, asked: str
) -> None:
    posted = walk(council, D(2026, 9, 2), D(2026, 9, 20))
    reminders = [mail for mail in posted if mail.notice == "decision_reminded"]
    mails = council.mails(notice="decision_reminded")
    assert len(reminders) == len(mails) == 8
    assert {mail.to for mail in mails} == {
        address(key) for key in ("place", "resources", "housing", "customers")
    }
    days_sent = sorted({council.home.calendar.today(mail.created_at) for mail in mails})
    assert days_sent == [D(2026, 9, 4), D(2026, 9, 8)]


def test_a_reminder_mints_a_new_link_and_revokes_the_old(council: Council, asked: str) -> None:
    old = council.link_of(asked, "place")
    walk(council, D(2026, 9, 2), D(2026, 9, 4))
    new = council.link_of(asked, "place")
    assert new != old
    with council.app.read() as session:
        dead, live = session.get(Link, old), session.get(Link, new)
    assert dead is not None
    assert live is not None
    assert dead.revoked_why == "a newer link was sent"
    assert live.revoked_at is None
    council.decide(asked, "place", "approve")
    with council.app.read() as session, pytest.raises(LinkDead, match="a newer link was sent"):
        decide.refuse_dead(session, council.home, decide.open_link(session, council.home, old), council.at)


def test_reminders_missed_while_nothing_ran_fold_into_one(council: Council, asked: str) -> None:
    tick(council, D(2026, 9, 8), "08:00")
    tick(council, D(2026, 9, 8), "12:00")
    assert len(council.mails(notice="decision_reminded")) == 4


def test_nobody_is_reminded_after_the_deadline_or_outside_working_hours(council: Council, asked: str) -> None:
    tick(council, D(2026, 9, 4), "07:45")
    tick(council, D(2026, 9, 4), "18:00")
    tick(council, D(2026, 9, 9), "10:00")
    assert council.mails(notice="decision_reminded") == []


def test_somebody_who_has_left_is_not_reminded(council: Council, asked: str) -> None:
    with council.app.write() as session:
        session.scalars(select(Person).where(col(Person.address) == address("place"))).one().active = False
    walk(council, D(2026, 9, 2), D(2026, 9, 8))
    assert address("place") not in {mail.to for mail in council.mails(notice="decision_reminded")}


def test_a_decision_past_its_deadline_is_said_to_the_manager_and_the_chair(
    council: Council, asked: str
) -> None:
    walk(council, D(2026, 9, 2), D(2026, 9, 22))
    for person in ("manager", "chief"):
        assert when(council, "decision_lapsed", person) == [D(2026, 9, 9), D(2026, 9, 16)]
    mail = next(mail for mail in digests(council) if mail.to == address("chief"))
    text = body(council, mail)
    assert "Director of Place" in text
    assert "Chief Executive has" not in text


# ------------------------------------------------------------------ digests


def test_what_happened_on_a_day_is_said_in_the_next_mornings_digest(council: Council) -> None:
    at(council, SEPTEMBER, "10:00")
    reference = council.create()
    tick(council, SEPTEMBER, "10:30")
    council.do(reference, "hold", "head", reason="An election")
    tick(council, SEPTEMBER, "17:00")  # nobody has had a digest yet today, so it may be said at once
    assert when(council, "stage_changed", "manager") == [SEPTEMBER]
    council.do(reference, "resume", "head")
    tick(council, SEPTEMBER, "17:30")
    assert when(council, "stage_changed", "manager") == [SEPTEMBER], "one digest a day"
    tick(council, D(2026, 9, 2))
    assert when(council, "stage_changed", "manager") == [SEPTEMBER, D(2026, 9, 2)]
    assert when(council, "stage_changed", "head") == [], "who did it knows already"


def test_a_digest_is_one_mail_with_every_fact_in_it_and_says_why_it_came(council: Council) -> None:
    first = running(council, SEPTEMBER)
    second = running(council, SEPTEMBER, title="Garden waste")
    walk(council, D(2026, 9, 2), DUE)
    mail = [mail for mail in digests(council) if mail.to == address("manager")][-1]
    text = body(council, mail)
    assert first in text
    assert second in text
    assert "September 2026" in text
    assert "You get this mail because" in text
    assert "you manage the project" in mail.why


def test_each_reader_starts_with_what_is_theirs_to_do(council: Council) -> None:
    late = running(council, SEPTEMBER, milestone=D(2026, 10, 2))
    other = running(council, SEPTEMBER, title="Garden waste")
    walk(council, D(2026, 9, 2), D(2026, 10, 2))
    at(council, D(2026, 10, 2))
    submit(council, other, "2026-09")
    tick(council, D(2026, 10, 5))
    starts = {}
    for person in ("manager", "head"):
        text = body(council, [mail for mail in digests(council) if mail.to == address(person)][-1])
        assert (
            f"{late} · agreed 2 October 2026 · passed and not done: 1 working day (3 calendar days)" in text
        )
        starts[person] = text.partition("START HERE: ")[2].splitlines()[0]
    assert starts == {
        "manager": "Say what will be done about Contract signed, Waste rounds",
        "head": "Verify the September 2026 return for Garden waste",
    }


def test_nobody_gets_two_digests_a_day_nor_an_empty_one(council: Council, reference: str) -> None:
    running(council, D(2026, 9, 2), title="Garden waste", milestone=D(2026, 10, 20))
    posted = walk(council, D(2026, 9, 3), D(2026, 11, 30), ("07:30", "08:00", "12:00", "17:55"))
    mails = digests(council)
    calendar = council.home.calendar
    assert len({(mail.to, calendar.today(mail.created_at)) for mail in mails}) == len(mails)
    assert all(mail.facts > 0 for mail in posted)
    with council.app.read() as session:
        assert session.scalar(select(func.count()).select_from(DigestSent)) == len(mails)
    assert len(said(council)) == len(set(said(council)))


def test_nothing_is_said_on_weekends_and_bank_holidays(council: Council, reference: str) -> None:
    walk(council, D(2026, 9, 3), D(2026, 12, 24))
    for day in (D(2026, 12, 25), D(2026, 12, 26), D(2026, 12, 27), D(2026, 12, 28)):
        assert walk(council, day, day, ("00:00", "07:30", "10:00", "18:00")) == []
    assert walk(council, D(2026, 12, 29), D(2027, 1, 15)) != []


def test_nothing_is_said_before_half_past_seven(council: Council, reference: str) -> None:
    assert tick(council, DUE, "07:29") == []
    assert tick(council, DUE, "07:30") != []


def test_on_the_days_around_a_change_of_the_clocks_the_morning_is_the_councils(council: Council) -> None:
    running(council, D(2026, 2, 2), milestone=D(2026, 3, 1))
    calendar = council.home.calendar
    walk(council, D(2026, 2, 3), D(2026, 3, 28))
    for sunday, monday, hour in ((D(2026, 3, 29), D(2026, 3, 30), 6), (D(2026, 10, 25), D(2026, 10, 26), 7)):
        council.at = dt.datetime.combine(sunday, dt.time(), dt.UTC)
        for _ in range(23 * 2):  # every half hour of the day on which an hour is missing or comes twice
            assert council.app.tick(council.later(minutes=30)) == []
        assert calendar.moment(monday, "07:30") == dt.datetime.combine(monday, dt.time(hour, 30), dt.UTC)
        assert council.app.tick(dt.datetime.combine(monday, dt.time(hour, 29), dt.UTC)) == []
        walk(council, monday, monday)
        assert all(row.day != sunday for row in said(council))


def test_a_person_who_has_left_gets_no_digest(council: Council, reference: str) -> None:
    with council.app.write() as session:
        session.scalars(select(Person).where(col(Person.address) == address("manager"))).one().active = False
    walk(council, D(2026, 9, 3), D(2026, 10, 31))
    assert said(council, "return_overdue", "manager") == []
    assert when(council, "return_overdue", "head")


# ------------------------------------------------------------------ whenever and however often it ticks


@pytest.mark.parametrize("seed", [1, 2])
def test_at_any_moments_any_number_of_times_each_fact_is_posted_once(
    council: Council, reference: str, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311  # repeatable, and no secret
    running(council, D(2026, 9, 2), title="Garden waste", milestone=D(2026, 9, 25))
    start, told = council.home.calendar.moment(D(2026, 9, 3), "00:00"), 0
    moments = sorted(start + dt.timedelta(minutes=draw.randrange(60 * 24 * 80)) for _ in range(60))
    for moment in moments:
        for _ in range(draw.choice((1, 1, 3))):
            told += sum(mail.facts for mail in council.app.tick(moment) if mail.notice == "digest")
    facts = [row for row in said(council) if row.job != "decision_reminded" and row.day > D(2026, 9, 2)]
    assert told == len(facts) == len(set(facts)) > 0


@pytest.mark.parametrize(("back", "rounds"), [(D(2026, 10, 28), 1), (D(2027, 1, 11), 4)])
def test_after_weeks_of_silence_each_month_is_said_once_in_one_digest(
    council: Council, reference: str, back: D, rounds: int
) -> None:
    walk(council, D(2026, 9, 3), D(2026, 10, 7))
    before, mails = len(said(council)), len(digests(council))
    posted = tick(council, back)
    assert {mail.to for mail in posted} >= {address("manager"), address("head")}
    assert len(posted) == len({mail.to for mail in posted}) == len(digests(council)) - mails
    overdue = [row for row in said(council, "return_overdue", "manager") if row.day == back]
    assert len(overdue) == len({row.period.partition("+")[0] for row in overdue}) == rounds
    assert len(said(council)) > before
    assert tick(council, back, "12:00") == [], "nothing is left to say"


def test_a_return_of_half_a_year_ago_is_no_longer_chased(council: Council, reference: str) -> None:
    tick(council, D(2027, 6, 1))
    months = {row.period[:7] for row in said(council, "return_overdue")}
    assert months == {"2026-12", "2027-01", "2027-02", "2027-03", "2027-04"}


# ------------------------------------------------------------------ preview


def count_rows(council: Council) -> dict[str, int]:
    with council.app.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in SQLModel.metadata.tables.items()
        }


class NotKept(Exception):
    """Ends a preview's transaction without keeping it."""


def preview(council: Council, days_ahead: int) -> list[tuple[dt.datetime, post.Posted]]:
    found: list[tuple[dt.datetime, post.Posted]] = []
    with contextlib.suppress(NotKept), council.app.write() as session:
        found += post.preview(session, council.home, council.at, days_ahead)
        raise NotKept
    return found


def test_the_preview_is_what_is_then_sent_and_leaves_no_row_behind(council: Council, reference: str) -> None:
    running(council, D(2026, 9, 3), title="Garden waste", milestone=D(2026, 10, 20))
    asked = council.create("Fleet")
    council.outline_ready(asked, milestone=D(2026, 12, 18))
    council.do(asked, "submit_outline")
    move(council, reference, D(2027, 12, 1))
    at(council, D(2026, 9, 3), "12:00")
    rows = count_rows(council)
    shown = preview(council, 90)
    assert count_rows(council) == rows
    assert preview(council, 90) == shown, "looking changes nothing"
    sent = []
    for day in days(D(2026, 9, 3), 91):
        for time in ("07:30", "08:00"):
            moment = council.home.calendar.moment(day, time)
            if moment > council.at:
                sent += [(moment, posted) for posted in council.app.tick(moment)]
    assert [(moment, each.notice, each.to, each.subject, each.facts) for moment, each in shown] == [
        (moment, each.notice, each.to, each.subject, each.facts) for moment, each in sent
    ]
    kinds = {each.notice for _, each in shown}
    assert kinds == {"digest", "decision_reminded", "milestone_invitation"}
    assert len(shown) > 30


def test_a_said_row_names_its_person(council: Council, reference: str) -> None:
    walk(council, D(2026, 9, 3), DUE)
    assert Said(DUE, "return_due", "2026-09", reference, "manager") in said(council)
