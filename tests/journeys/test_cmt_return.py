"""The month of all services as one answer: every figure is what its project's return says, and each saving counts once."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.figures_support import ids, moment, submit, typed
from tests.people import Council
from tests.statements import heard
from vfm_workflow.domain.monthly import Money, MonthlyReport, ProjectMonth
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import cmt_return, returns
from vfm_workflow.store.tables import Measure, MeasureTarget, Reading, SavingLine


@pytest.fixture
def reference(council: Council) -> str:
    """A project in implementation since March 2026; it is 5 May."""
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 5, 5)
    return reference


def monthly(council: Council, period: str = "2026-04", by: str = "chief") -> MonthlyReport:
    with council.app.read() as session:
        return cmt_return.monthly(session, council.home, period, council.actor(session, by), council.at)


def the_one(council: Council, period: str = "2026-04") -> ProjectMonth:
    (project,) = monthly(council, period).projects
    return project


def second(council: Council) -> str:
    """Another project, in its initial stage since March, managed by somebody else for another department."""
    at, council.at = council.at, moment(2026, 3, 2)
    reference = council.create("Voids", manager="other", department="PE")
    council.outline_ready(reference)
    council.do(reference, "submit_outline", "other")
    council.approve(reference, "chief", "resources", "customers")
    council.at = at
    return reference


def test_a_return_that_is_in_is_told_whole(council: Council, reference: str) -> None:
    submit(council, reference, "2026-03", spend="500", saved="0")
    submit(
        council, reference, "2026-04", forecast="2026-08-03", action="A second crew", spend="1,200",
        saved="6,400", spend_forecast="2,000",
    )  # fmt: skip
    one = the_one(council)
    assert (one.reference, one.department, one.manager, one.stage) == (
        reference,
        "SS",
        "Waste Project Manager",
        "Implementation",
    )
    assert (one.overall, one.time, one.cost, one.benefit, one.outlook, one.before) == (
        "amber", "amber", "green", "green", "green", "green",
    )  # fmt: skip
    assert (one.slip_days, one.slip_working_days, one.slipped) == (34, 24, "Contract signed")
    assert one.money == one.counted == Money(640_000, 666_667, 8_000_000, 8_000_000)
    assert (one.spent, one.spend_forecast, one.days_used) == (120_000, 200_000, 8), "March was another year"
    assert (one.narrative, one.action, one.action_owner, one.action_by) == (
        "Two rounds merged.",
        "A second crew",
        "Waste Project Manager",
        dt.date(2026, 12, 18),
    )
    assert [reason.rule for reason in one.reasons] == ["time", "plan"]
    assert (one.state, one.missing, one.due) == ("submitted", False, dt.date(2026, 5, 8))


def test_a_return_that_is_not_in_is_missing_and_says_what_it_was(council: Council, reference: str) -> None:
    submit(council, reference, "2026-03", forecast="2026-08-03", no_plan="yes")
    one = the_one(council)
    assert (one.state, one.overall, one.before, one.overdue, one.slip_days) == (
        "missing",
        None,
        "red",
        False,
        None,
    )
    council.at = moment(2026, 5, 9)
    report = monthly(council)
    assert [project.reference for project in report.missing] == [reference]
    assert report.projects[0].overdue
    assert (report.count("red"), report.count(None)) == (0, 1)


def test_a_return_sent_back_is_missing_and_its_figures_stand(council: Council, reference: str) -> None:
    submit(council, reference, "2026-04")
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.send_back(session, council.home, reference, "2026-04", head, council.at, "Look again")
    one = the_one(council)
    assert (one.missing, one.sent_back_why, one.overall) == (True, "Look again", "green")


def test_what_is_delivered_and_profiled_is_what_the_rule_said(council: Council, reference: str) -> None:
    submit(council, reference, "2026-04", saved="10,000")
    council.at = moment(2026, 6, 3)
    submit(council, reference, "2026-05", saved="2,700")
    one = the_one(council, "2026-05")
    (figures,) = [reason.figures for reason in one.why if reason.rule == "saving"]
    assert (one.money.delivered, one.money.profiled) == (figures["delivered"], figures["profiled"])


def test_a_correction_counts_once_and_a_line_counted_elsewhere_is_in_no_total(
    council: Council, reference: str
) -> None:
    other = second(council)
    submit(council, reference, "2026-04", saved="6,400", no_plan="yes")
    with council.app.write() as session:
        head = council.actor(session, "head")
        returns.send_back(session, council.home, reference, "2026-04", head, council.at, "Look again")
    submit(council, reference, "2026-04", saved="6,700")
    submit(council, other, "2026-04", "other", form=typed(council, other, saved="7,000"))
    with council.app.write() as session:
        line = session.get(SavingLine, ids(council, other)[1][0])
        assert line is not None
        line.counted_in = ids(council, reference)[1][0]
    report = monthly(council)
    assert {one.reference: one.money.delivered for one in report.projects} == {
        reference: 670_000,
        other: 700_000,
    }
    assert report.money == Money(670_000, 666_667, 8_000_000, 8_000_000)
    assert [(part.code, part.money.delivered) for part in report.departments] == [("PE", 0), ("SS", 670_000)]


def test_who_reads_some_returns_gets_those_alone(council: Council, reference: str) -> None:
    second(council)
    submit(council, reference, "2026-04")
    assert [one.reference for one in monthly(council, by="chief").projects] == ["VFM-0002", reference]
    assert [one.reference for one in monthly(council, by="legal").projects] == [], "nobody asked them"
    for nobody in ("holder", "admin"):
        with pytest.raises(NotAllowed):
            monthly(council, by=nobody)


def test_a_department_s_library_stands_beside_its_projects(council: Council, reference: str) -> None:
    with council.app.write() as session:
        officer = council.actor(session, "performance")
        rows = [
            Measure(
                department="PE", code=f"PE-0{n}", position=n, name=name, kind="performance", unit="days", places=0,
                direction="lower", tolerance=1, retired_on=retired,
            )
            for n, (name, retired) in enumerate(
                (("Days to decide", None), ("Not recorded yet", None), ("No longer kept", dt.date(2026, 4, 30))), 1
            )
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        key = rows[0].id or 0
        for year, target in ((2025, 30), (2026, 20)):
            session.add(
                MeasureTarget(
                    measure_id=key, number=year - 2024, baseline=40, target=target, at=council.at, by=officer.id,
                    year=year,
                )
            )  # fmt: skip
        for number, value in ((1, 50), (2, 42)):
            session.add(
                Reading(
                    measure_id=key, period="2026-04", number=number, value=value, at=council.at, by=officer.id,
                    source="csv",
                )
            )  # fmt: skip
    (part,) = [one for one in monthly(council).departments if one.code == "PE"]
    assert (part.name, part.projects) == ("Planning and Housing", ())
    first, not_yet = part.measures
    assert (first.value, first.baseline, first.target, first.recorded_by, first.source) == (
        42,
        40,
        20,
        "Performance Officer",
        "csv",
    )
    assert (first.met, first.fallen) == (False, True)
    assert (not_yet.value, not_yet.met, not_yet.fallen, not_yet.recorded_by) == (None, None, None, "")
    assert monthly(council, "2026-03").departments[0].measures[0].target == 30, "of the year before"


def test_a_part_of_it_keeps_its_totals(council: Council, reference: str) -> None:
    other = second(council)
    submit(council, reference, "2026-04", saved="6,700")
    report = monthly(council)
    assert report.only(department="SS").money.delivered == 670_000
    assert [one.reference for one in report.only(missing=True).projects] == [other]
    assert [one.reference for one in report.only(colour="green").projects] == [reference]
    assert [one.reference for one in report.only(colour="none").projects] == [other]


def test_it_asks_as_many_questions_of_two_projects_as_of_one(council: Council, reference: str) -> None:
    submit(council, reference, "2026-04")
    monthly(council)  # lifecycles are kept once read
    with heard(council) as asked:
        monthly(council)
    one = len(asked)
    other = second(council)
    submit(council, other, "2026-04", "other", form=typed(council, other))
    with heard(council) as asked:
        monthly(council)
    assert 0 < len(asked) == one <= 10


def test_what_is_no_month_is_refused(council: Council) -> None:
    with pytest.raises(NotFound, match="is no month"):
        monthly(council, "2026-13")
