"""A person's calendar: their own dates, each under one name for good, worked out anew each time."""

from __future__ import annotations

import datetime as dt

import icalendar
import pytest

from tests.access_support import everything, join_more
from tests.figures_support import moment
from tests.people import Council
from vfm_workflow.journeys import calendar_feed, dates
from vfm_workflow.store import projects
from vfm_workflow.store.tables import BenefitsReview


def feed(council: Council, key: str) -> dict[str, dict[str, object]]:
    """Return uid → summary, day and address of each entry of somebody's calendar."""
    with council.app.read() as session:
        data = calendar_feed.feed(session, council.home, council.actor(session, key), council.at)
    found: dict[str, dict[str, object]] = {}
    for event in icalendar.Calendar.from_ical(data).walk("VEVENT"):
        uid = str(event["uid"])
        assert uid not in found, "each name stands once"
        found[uid] = {
            "summary": str(event["summary"]),
            "day": event.decoded("dtstart"),
            "until": event.decoded("dtend"),
            "url": str(event["url"]),
        }
    return found


def days(council: Council, key: str, word: str) -> list[tuple[dt.date, str]]:
    found = feed(council, key).values()
    return [
        (entry["day"], str(entry["summary"]))
        for entry in found
        if word in str(entry["summary"]) and isinstance(entry["day"], dt.date)
    ]


@pytest.fixture
def project(council: Council) -> str:
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 4, 2)
    return reference


def test_a_manager_has_milestones_and_returns_and_each_keeps_its_name_when_it_moves(
    council: Council, project: str
) -> None:
    before = feed(council, "manager")
    (milestone,) = council.milestones(project)
    assert days(council, "manager", "Contract signed") == [
        (milestone.forecast, "Contract signed: Waste rounds")
    ]
    moved = milestone.forecast + dt.timedelta(days=30)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.change_milestone(
            session, council.home, project, milestone.id or 0, manager, council.at, forecast=moved
        )
    after = feed(council, "manager")
    assert set(before) == set(after)
    (uid,) = [uid for uid in after if uid.startswith("milestone-")]
    assert (before[uid]["day"], after[uid]["day"]) == (milestone.forecast, moved)
    assert after[uid]["until"] == moved + dt.timedelta(days=1)
    assert str(after[uid]["url"]).endswith(f"/projects/{project}/milestones")


def test_the_returns_owed_and_the_next_months_are_there_on_the_day_they_are_due(
    council: Council, project: str
) -> None:
    assert days(council, "manager", "Monthly return") == [
        (dt.date(2026, 4, 9), "Monthly return for March 2026 due: Waste rounds"),  # Easter stands between
        (dt.date(2026, 5, 8), "Monthly return for April 2026 due: Waste rounds"),
        (dt.date(2026, 6, 5), "Monthly return for May 2026 due: Waste rounds"),
        (dt.date(2026, 7, 7), "Monthly return for June 2026 due: Waste rounds"),
    ]
    assert days(council, "head", "Monthly return") == []


def test_two_projects_of_a_month_are_one_entry(council: Council, project: str) -> None:
    second = council.create("Garden waste")
    council.to_implementation(second)
    assert [summary for _, summary in days(council, "manager", "for May")] == [
        "Monthly return for May 2026 due: 2 projects"
    ]


def test_the_quarter_is_due_for_who_works_for_it_and_released_for_members(council: Council) -> None:
    join_more(council)
    council.at = moment(2026, 11, 23)
    for who in ("head", "performance"):
        assert [summary for _, summary in days(council, who, "Figures of")] == [
            "Figures of Q2 2026/27 due", "Figures of Q3 2026/27 due",
        ]  # fmt: skip
    assert days(council, "manager", "Figures of") == []
    assert [day for day, _ in days(council, "holder", "released to you")] == [
        dt.date(2026, 11, 2), dt.date(2027, 2, 1),
    ]  # fmt: skip
    assert [day for day, _ in days(council, "group", "released to you")] == [
        dt.date(2026, 11, 30), dt.date(2027, 3, 1),
    ]  # fmt: skip


def test_a_decision_is_there_until_it_is_made_for_who_has_the_seat(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    ((day, summary),) = days(council, "chief", "Decide by")
    assert summary.endswith("Waste rounds")
    assert day > council.at.date()
    assert days(council, "manager", "Decide by") == []
    council.decide(reference, "chief", "approve")
    assert days(council, "chief", "Decide by") == []


def test_a_review_after_the_end_is_there_for_who_answers_for_the_project(
    council: Council, project: str
) -> None:
    with council.app.write() as session:
        row = council.project(project)
        session.add(BenefitsReview(project_id=projects.key(row), number=1, due_on=dt.date(2026, 10, 1)))
    for who, count in (("manager", 1), ("head", 1), ("other", 0), ("chief", 0)):
        assert len(days(council, who, "Benefits review 1")) == count


def test_nobody_gets_what_is_not_theirs(council: Council) -> None:
    everything(council)
    assert not [uid for uid in feed(council, "stranger") if not uid.startswith(("released-", "quarter-"))]
    assert not [uid for uid in feed(council, "admin") if uid]


def test_the_same_day_gives_the_same_file(council: Council, project: str) -> None:
    def data() -> bytes:
        with council.app.read() as session:
            return calendar_feed.feed(session, council.home, council.actor(session, "manager"), council.at)

    first = data()
    council.at += dt.timedelta(hours=3)
    assert data() == first
    assert b"METHOD:PUBLISH" in first
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT6H" in first
    assert b"\r\n" in first
    assert max(len(line) for line in first.split(b"\r\n")) <= 75
