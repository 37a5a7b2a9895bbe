"""What comes round by the calendar, and the release of figures: to whom, on which day, once."""

from __future__ import annotations

import datetime as dt

from tests.figures_support import submit
from tests.journeys.clockwork import at, running, said, tick, walk, when
from tests.people import Council, address
from vfm_workflow.journeys import people, reporting, returns

D = dt.date
SCRUTINY = "scrutiny@wrenfold.example"


def verify(council: Council, reference: str, period: str, day: D) -> None:
    """Submit a return on a day and have the head of service verify it."""
    at(council, day)
    submit(council, reference, period)
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.verify(session, council.home, reference, period, head, council.at)


def add_member(council: Council) -> None:
    with council.app.write() as session:
        people.add_person(
            session, council.home, address=SCRUTINY, name="Scrutiny Member", role="scrutiny_member",
            department="", at=council.at,
        )  # fmt: skip


def test_released_figures_are_told_to_each_member_on_the_day_their_role_sees_them(council: Council) -> None:
    add_member(council)
    reference = running(council, D(2026, 9, 1))
    verify(council, reference, "2026-09", D(2026, 10, 5))
    walk(council, D(2026, 10, 6), D(2026, 12, 31))
    assert when(council, "quarter_released", "holder") == [D(2026, 11, 2)], "a month after, on a working day"
    assert when(council, "quarter_released", SCRUTINY) == [D(2026, 11, 30)]
    (mail,) = council.mails(to="holder", notice="digest")
    text = council.read_mail(mail).get_body(("plain",))
    assert text is not None
    assert "Released to you on 2 November 2026 · 1 verified return of 1 project" in text.get_content()
    assert mail.subject == "Q2 2026/27 figures released"


def test_nothing_is_released_where_nothing_is_verified_and_it_is_said_when_it_is(council: Council) -> None:
    reference = running(council, D(2026, 9, 1))
    walk(council, D(2026, 10, 1), D(2026, 11, 4))
    assert said(council, "quarter_released") == []
    verify(council, reference, "2026-09", D(2026, 11, 4))
    tick(council, D(2026, 11, 5))
    assert when(council, "quarter_released", "holder") == [D(2026, 11, 5)]


def test_a_report_issued_after_the_day_of_release_is_told_once_more(council: Council) -> None:
    reference = running(council, D(2026, 9, 1))
    verify(council, reference, "2026-09", D(2026, 10, 5))
    walk(council, D(2026, 10, 6), D(2026, 11, 9))
    assert when(council, "quarter_released", "holder") == [D(2026, 11, 2)]
    at(council, D(2026, 11, 9))
    with council.app.write() as session:
        reporting.issue(session, council.home, "quarter", "2026-Q2", None, council.at)
    walk(council, D(2026, 11, 10), D(2026, 11, 30))
    assert when(council, "quarter_released", "holder") == [D(2026, 11, 2), D(2026, 11, 10)]
    text = council.read_mail(council.mails(to="holder", notice="digest")[-1]).get_body(("plain",))
    assert text is not None
    assert "/reports/quarter/2026-Q2" in text.get_content()


def test_what_comes_round_goes_to_whoever_has_the_role_anywhere(council: Council) -> None:
    walk(council, D(2026, 8, 24), D(2026, 9, 4))
    assert {(row.to, row.day) for row in said(council, "budget_season_opens")} == {
        ("head", D(2026, 9, 1)),
        ("planning", D(2026, 9, 1)),
    }
    with council.app.write() as session:  # a department whose head has another role
        people.add_department(session, code="CX", name="Chief Executive's Office")
        people.set_head(session, "CX", address("chief"), at=council.at)
    tick(council, D(2026, 9, 7))
    assert when(council, "budget_season_opens", "chief") == [D(2026, 9, 7)]


def test_each_period_is_told_once_whatever_the_clock_did_meanwhile(council: Council) -> None:
    walk(council, D(2026, 9, 1), D(2027, 9, 1), ("07:30",))
    months = [row.period for row in said(council, "cmt_return", "performance")]
    assert months[:3] == ["2026-09", "2026-10", "2026-11"], "August's is too late to be of use"
    assert len(months) == len(set(months)) == 12
    quarters = [row.period for row in said(council, "quarterly_report", "performance")]
    assert quarters == ["2026-Q3", "2026-Q4", "2027-Q1", "2027-Q2"]
    assert when(council, "efficiency_statement_due", "finance") == [D(2027, 6, 2)]
    text = next(mail for mail in council.mails(to="finance", notice="digest") if mail.created_at.month == 6)
    assert "Annual Efficiency Statement for 2026/27" in text.subject


def test_after_half_a_year_of_silence_the_newest_round_alone_is_told_in_one_mail(council: Council) -> None:
    tick(council, D(2026, 9, 14))
    before = len(council.mails(to="performance"))
    tick(council, D(2027, 4, 19))
    (mail,) = council.mails(to="performance")[before:]
    assert [row.period for row in said(council, "cmt_return", "performance")] == ["2026-09", "2027-04"]
    assert [row.period for row in said(council, "quarterly_report", "performance")] == ["2027-Q1"]
    assert tick(council, D(2027, 4, 19), "12:00") == []
    assert "Monthly return to CMT for March 2027" in mail.subject
