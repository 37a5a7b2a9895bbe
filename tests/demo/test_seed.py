"""The demo council, after its past was lived through: as demo-council's table has it, and sound all through."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from tests.wrenfold import BASE
from vfm_workflow.demo import content
from vfm_workflow.demo.entries import FIRST_YEAR
from vfm_workflow.domain import milestones as slips
from vfm_workflow.journeys import decide, ideas, lessons, library_view, pipeline, planning, returns
from vfm_workflow.journeys import people as people_journey
from vfm_workflow.journeys.reporting import mtfp
from vfm_workflow.journeys.reporting.parts import Asked
from vfm_workflow.store import decisions, deputies, facts, history, outbox, people
from vfm_workflow.store import projects as store
from vfm_workflow.store.tables import (
    Condition,
    Consultation,
    DecisionRequest,
    DigestSent,
    Idea,
    ImportBatch,
    Lesson,
    LessonAnswer,
    Link,
    Measure,
    MonthlyReturn,
    Occurrence,
    OutboxMail,
    PeerValue,
    Project,
    Reading,
    SavingLine,
    SavingYear,
)
from vfm_workflow.wiring import App

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
YEAR_5 = FIRST_YEAR + 4
STAGES = {
    1: "implementation", 2: "implementation", 3: "initial_stage", 4: "lessons_learned", 5: "implementation",
    6: "recommendations", 7: "initial_stage", 8: "closed", 9: "cmt_approval", 10: "rejected", 11: "implementation",
    12: "lessons_learned", 13: "implementation", 14: "implementation", 15: "recommendations", 16: "lessons_learned",
    17: "returned", 18: "outline", 19: "outline", 20: "initial_stage",
}  # fmt: skip
LIGHTS = {
    1: "amber", 2: "green", 3: "green", 5: "red", 6: "green", 7: "amber", 11: "green", 13: "amber", 14: "red",
    15: "green", 20: "green",
}  # fmt: skip
"""Of the projects under way; the others have nothing to report."""


@pytest.fixture(scope="module")
def numbers() -> dict[str, int]:
    """Title → the number in the data, by which the demo's table speaks of a project."""
    return {project.title: project.number for project in content.read().projects}


@pytest.fixture(scope="module")
def projects(read_only: App, numbers: dict[str, int]) -> dict[int, Project]:
    with read_only.read() as session:
        return {numbers[row.title]: row for row in session.scalars(select(Project).order_by(col(Project.id)))}


def the_mails(app: App) -> list[OutboxMail]:
    with app.read() as session:
        return list(session.scalars(select(OutboxMail).order_by(col(OutboxMail.id))))


# ---------------------------------------------------------------- the projects


def test_every_project_stands_in_its_stage(projects: dict[int, Project]) -> None:
    assert {number: project.stage for number, project in projects.items()} == STAGES


def test_every_light_is_as_the_rules_find_it(projects: dict[int, Project]) -> None:
    assert {number: projects[number].rag for number in LIGHTS} == LIGHTS


def test_whatever_is_off_track_has_an_action_its_owner_and_its_day_or_says_that_there_is_none(
    read_only: App, projects: dict[int, Project]
) -> None:
    number_of = {project.id: number for number, project in projects.items()}
    with read_only.read() as session:
        off = [row for row in session.scalars(select(MonthlyReturn)) if row.rag not in (None, "green")]
    assert {row.rag_outlook for row in off} == {"green", "amber", "red"}
    assert all(row.action_owner and row.action_by for row in off if row.action)
    assert {(number_of[row.project_id], row.period) for row in off if not row.action} == {(14, "2026-10")}
    assert {(number_of[row.project_id], row.period) for row in off if row.beyond_team} == {(5, "2026-10")}


def test_references_follow_the_order_in_which_projects_began(projects: dict[int, Project]) -> None:
    rows = sorted(projects.values(), key=lambda project: project.created_at)
    assert [row.reference for row in rows] == [f"VFM-{n:04d}" for n in range(1, 21)]
    data = sorted(content.read().projects, key=lambda project: (project.day_of("create"), project.number))
    assert [row.title for row in rows] == [project.title for project in data]


@pytest.mark.parametrize(("number", "days"), [(1, 34), (5, 62), (7, 11)])
def test_a_late_project_is_as_many_days_late(
    read_only: App, projects: dict[int, Project], number: int, days: int
) -> None:
    with read_only.read() as session:
        rows = facts.milestones(session, projects[number].id or 0)
    assert slips.worst(rows, TODAY, read_only.home.calendar).calendar_days == days


def test_the_pipeline_of_the_fifth_year_and_its_weighted_part(read_only: App) -> None:
    query = (
        select(col(Project.lifecycle), col(Project.stage), func.sum(SavingYear.expected))
        .join(SavingLine, col(SavingLine.project_id) == col(Project.id))
        .join(SavingYear, col(SavingYear.line_id) == col(SavingLine.id))
        .where(
            col(SavingYear.year) == YEAR_5,
            col(SavingLine.ongoing).is_(True),
            col(SavingLine.counted_in).is_(None),
        )
        .group_by(col(Project.lifecycle), col(Project.stage))
    )
    weights = {
        (lifecycle.digest, key): stage.weight_percent
        for lifecycle in read_only.home.lifecycles.values()
        for key, stage in lifecycle.stages.items()
    }
    with read_only.read() as session:
        found = {(lifecycle, stage): pence for lifecycle, stage, pence in session.execute(query)}
    assert sum(found.values()) == 2_177_000_00
    weighted = sum(pence * weights[place] for place, pence in found.items()) // 100
    assert round(weighted / 1_000_000_00, 2) == 1.15


def test_the_picture_of_the_pipeline_has_the_figures_of_the_plan(read_only: App) -> None:
    with read_only.read() as session:
        found = {each.key: each for each in pipeline.pictures(session, read_only.home, NOW, savings=True)}
        asked = Asked(session, read_only.home, "2026", NOW)
        plan = mtfp.plan_years(asked)[-1]
    stages = {row[0].value: row for row in found["pipeline"].table.rows}
    assert [cell.value for cell in stages["All stages"][2:]] == [plan.expected, plan.weighted]
    assert plan.expected == 2_177_000_00
    assert stages["Still to be found"][3].value == plan.shortfall
    assert found["pipeline"].finding.startswith("£1.15m of the £1.78m target for 2030/31")
    assert "Policy and Assets have not yet" in found["coverage"].finding


def test_each_project_has_five_peers_for_each_measure(read_only: App) -> None:
    with read_only.read() as session:
        query = select(func.count()).select_from(PeerValue).group_by(col(PeerValue.measure_id))
        assert set(session.scalars(query)) == {5}
        of_projects = select(func.count()).where(col(Measure.project_id).is_not(None))
        assert session.scalar(of_projects) == 40


def test_each_project_under_way_gave_all_its_returns_of_the_year_but_one(
    read_only: App, projects: dict[int, Project]
) -> None:
    at = read_only.now()
    with read_only.read() as session:
        for number in LIGHTS:
            months = returns.periods(session, read_only.home, projects[number], at)
            year = [month for month in months if month.period >= "2026-04"]
            assert len(year) == 7
            assert [month.state for month in year].count("missing") == 1, f"project {number}"


def test_a_measure_has_a_reading_for_every_return(read_only: App, projects: dict[int, Project]) -> None:
    with read_only.read() as session:
        for project in projects.values():
            given = {
                month.period
                for month in returns.periods(session, read_only.home, project, read_only.now())
                if month.state in ("submitted", "verified")
            }
            query = select(Measure).where(col(Measure.project_id) == project.id)
            for measure in session.scalars(query).all():
                periods = select(col(Reading.period)).where(col(Reading.measure_id) == measure.id)
                assert set(session.scalars(periods)) == given


# ---------------------------------------------------------------- what happened to them


def test_every_history_is_unbroken(read_only: App) -> None:
    with read_only.read() as session:
        assert list(history.verify(session)) == []


def test_conditions_are_discharged_or_open(read_only: App, projects: dict[int, Project]) -> None:
    with read_only.read() as session:
        rows = list(session.scalars(select(Condition)))
    still = Counter(row.project_id for row in rows if row.discharged_at is None)
    assert len(rows) == 16
    assert still == {projects[number].id: 1 for number in (1, 5, 13, 15)}


def test_new_dates_stand_beside_the_old_ones(read_only: App, projects: dict[int, Project]) -> None:
    with read_only.read() as session:
        rows = facts.milestones(session, projects[13].id or 0)
    twice = [row for row in rows if len(row.baselines) > 1]
    assert [row.title for row in twice] == ["Cleaning and maintenance contract starts"]
    assert twice[0].baselines == (dt.date(2026, 8, 28), dt.date(2026, 12, 1))
    assert twice[0].first_baseline == dt.date(2026, 8, 28)


def test_a_link_expired_and_a_fresh_one_decided(read_only: App, projects: dict[int, Project]) -> None:
    with read_only.read() as session:
        request = decisions.requests_of(session, projects[7].id or 0)[0]
        chief = store.person_by_address(session, "chief.executive@wrenfold.example")
        slot = next(s for s in decisions.slots(session, request.id or 0) if s.person_id == chief.id)
        query = select(Link).where(col(Link.slot_id) == slot.id).order_by(col(Link.id))
        *_, expired, fresh = list(session.scalars(query))
    assert expired.used_at is None
    assert expired.revoked_at is not None and expired.revoked_at > expired.expires_at
    assert fresh.issued_at == expired.revoked_at
    assert fresh.used_at is not None and fresh.used_at.date() == dt.date(2026, 4, 28)


def test_the_board_of_all_departments_advised_on_what_concerns_all(
    read_only: App, projects: dict[int, Project]
) -> None:
    with read_only.read() as session:
        for number in (13, 14):
            (request,) = [
                r for r in decisions.requests_of(session, projects[number].id or 0) if r.decision == "board"
            ]
            people = [store.person(session, s.person_id) for s in decisions.slots(session, request.id or 0)]
            assert len({person.department for person in people}) == 8
            assert request.outcome == "approve"


def test_a_double_count_was_caught(read_only: App, projects: dict[int, Project]) -> None:
    with read_only.read() as session:
        found = planning.double_counts(session, read_only.home)
        events = [row.event for row in history.of(session, projects[16].id or 0)]
    caught = [one for one in found if one.warning == "counted_once"]
    assert [one.projects for one in caught] == [(projects[16].reference, projects[13].reference)]
    assert [one for one in found if one.warning == "same_budget"] == []
    assert "saving_changed" in events


def test_of_eight_lessons_two_wait_for_an_answer(read_only: App, projects: dict[int, Project]) -> None:
    with read_only.read() as session:
        assert session.scalar(select(func.count()).select_from(Lesson)) == 8
        assert session.scalar(select(func.count()).select_from(LessonAnswer)) == 16
        waiting = lessons.of_project(session, read_only.home, projects[19].reference, read_only.now())
    assert len(waiting.unanswered) == 2
    assert {lesson.project for lesson in waiting.earlier} == {projects[8].reference}


def test_four_ideas_one_of_them_without_a_reply(read_only: App, projects: dict[int, Project]) -> None:
    with read_only.read() as session:
        rows = list(session.scalars(select(Idea).order_by(col(Idea.id))))
        assert len(ideas.listing(session)) == 4
    assert [row.replied_on is None for row in rows] == [False, False, False, True]
    assert projects[3].reference in rows[0].reply
    assert not any("{project" in row.text + row.reply for row in rows)


def test_every_consultation_was_answered_by_the_link_in_its_mail_and_two_wait_with_a_live_one(
    read_only: App, projects: dict[int, Project]
) -> None:
    at = read_only.now()
    with read_only.read() as session:
        rows = list(session.scalars(select(Consultation)))
        links = list(session.scalars(select(Link).where(col(Link.purpose) == "consult")))
    answered = {(row.project_id, row.key) for row in rows if row.answered_on is not None}
    assert {(link.project_id, link.consultee) for link in links if link.used_at is not None} == answered
    live = [
        link for link in links if link.used_at is None and link.revoked_at is None and link.expires_at > at
    ]
    assert {(link.project_id, link.consultee) for link in live} == {
        (projects[18].id, "finance"),
        (projects[19].id, "finance"),
    }


# ---------------------------------------------------------------- its morning


def test_it_opens_on_a_monday_morning(read_only: App) -> None:
    local = read_only.home.calendar.local(read_only.now())
    assert f"{local:%A %d %B %Y %H:%M}" == "Monday 23 November 2026 09:00"


def test_three_decisions_wait_and_their_links_work(read_only: App, projects: dict[int, Project]) -> None:
    at = read_only.now()
    with read_only.read() as session:
        open_ones = decisions.open_requests(session)
        assert [request.project_id for request in open_ones] == [projects[n].id for n in (9, 6, 15)]
        for request in open_ones:
            assert request.deadline > at
        mail = next(
            mail
            for mail in reversed(the_mails(read_only))
            if mail.to == "chief.executive@wrenfold.example"
            and mail.project_id == projects[6].id
            and mail.notice in ("decision_asked", "decision_reminded")
        )
        text = message_from_bytes(mail.data, policy=policy.default).get_body(("plain",))
        assert text is not None
        token = re.search(re.escape(f"{BASE}/d/") + r"([\w-]+)", text.get_content())
        assert token is not None
        link = decide.look_up(session, read_only.home, token[1])
        decide.refuse_dead(
            session, read_only.home, decide.open_link(session, read_only.home, link.id or 0), at
        )


def test_eighteen_projects_are_under_way(read_only: App, projects: dict[int, Project]) -> None:
    with read_only.read() as session:
        kinds = Counter(
            read_only.home.lifecycle(session, project).stages[project.stage].kind
            for project in projects.values()
        )
    assert kinds == {"live": 18, "ended": 2}


# ---------------------------------------------------------------- its mail


def test_every_mail_was_delivered_and_nothing_waits_to_be_said(read_only: App, seeded: Path) -> None:
    mails = the_mails(read_only)
    assert {mail.state for mail in mails} == {"sent"}
    assert len(list((seeded / "mail").glob("*.eml"))) == len(mails) > 1_500
    assert not list((seeded / "mail").glob(".*"))
    with read_only.read() as session:
        assert outbox.pending_facts(session) == []


def test_every_mail_can_be_read(seeded: Path) -> None:
    for file in (seeded / "mail").glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert mail["To"].addresses[0].domain == "wrenfold.example"
        assert mail["Subject"] and mail["Date"] and not mail.defects
        for kind in ("plain", "html"):
            body = mail.get_body((kind,))
            assert body is not None
            # a code's mail leads nowhere: it is typed into the page that its reader has open
            assert BASE in body.get_content() or "Type this code" in body.get_content()


def test_nobody_had_two_digests_a_day(read_only: App) -> None:
    calendar = read_only.home.calendar
    digests = [mail for mail in the_mails(read_only) if mail.notice == "digest"]
    days = Counter((mail.to, calendar.today(mail.created_at)) for mail in digests)
    assert max(days.values()) == 1
    assert all(calendar.is_working_day(day) for _, day in days)
    with read_only.read() as session:
        assert session.scalar(select(func.count()).select_from(DigestSent)) == len(digests)


def test_every_decision_mail_left_in_decision_hours(read_only: App) -> None:
    calendar = read_only.home.calendar
    for mail in the_mails(read_only):
        if mail.notice.startswith("decision_"):
            local = calendar.local(mail.settled_at or mail.created_at)
            assert calendar.is_working_day(local.date())
            assert dt.time(8) <= local.time() <= dt.time(18)


def test_every_kind_of_notice_was_sent_that_its_past_gives_cause_for(read_only: App) -> None:
    with read_only.read() as session:
        said = set(session.scalars(select(col(Occurrence.job)).distinct()))
    assert {
        "condition_open", "decision_lapsed", "milestone_due_soon", "milestone_slipped", "milestone_slipped_far",
        "quarter_due", "quarter_overdue", "quarter_released", "return_due", "return_due_soon", "return_overdue",
        "return_to_verify", "stage_changed", "budget_season_opens", "cmt_return", "quarterly_report",
    } <= said  # fmt: skip


def test_every_request_has_an_outcome_or_is_open(read_only: App) -> None:
    with read_only.read() as session:
        rows = Counter(session.scalars(select(col(DecisionRequest.state))))
    assert rows == {"decided": 31, "open": 3}


# ------------------------------------------------------------------ people who left, and who stands in


def test_a_project_manager_has_left_and_the_history_says_who_took_over(read_only: App) -> None:
    with read_only.read() as session:
        (leaver,) = people.leavers(session)
        assert leaver.name == "Land Charges Project Manager"
        assert leaver.left_at is not None
        (project,) = [p for p in session.scalars(select(Project)) if "land charges" in p.title.lower()]
        assert store.person(session, project.manager_id).name == "Legal Project Manager"
        events = [row.event for row in history.of(session, project.id or 0)]
        assert events[-1] == "created"
        assert events[-2] == "manager_changed", "before anything else happened to it"


def test_a_head_of_service_stands_in_for_a_director_on_the_demos_day(read_only: App) -> None:
    with read_only.read() as session:
        director = store.person_by_address(session, "director.of.communities@wrenfold.example")
        deputy = deputies.deputy_on(session, director.id or 0, TODAY)
        assert deputy is not None
        assert deputy.name == "Head of Human Resources"
        assert deputies.deputy_on(session, director.id or 0, TODAY - dt.timedelta(days=1)) is None


# ---------------------------------------------------------------- the library of measures


def test_every_department_has_agreed_a_cost_and_a_performance_measure_for_two_years(read_only: App) -> None:
    with read_only.read() as session:
        chief = people_journey.actor_by_address(session, "chief.executive@wrenfold.example")
        found = library_view.library(session, read_only.home, chief, read_only.now())
    assert len(found.covered) == len(found.departments) == 8
    for department in found.departments:
        for kind in ("unit_cost", "performance"):
            agreed = [{f.target.year for f in each.figures if f.is_agreed} for each in department.of(kind)]
            assert any({2025, 2026} <= years for years in agreed), f"{department.code} {kind}"
    waiting = {
        each.code: each.state for d in found.departments for each in d.measures if each.state != "agreed"
    }
    assert waiting == {"CS-03": "waiting", "PE-02": "changing"}


def test_every_month_of_nineteen_was_imported_from_a_file_and_one_was_corrected(read_only: App) -> None:
    with read_only.read() as session:
        batches = list(session.scalars(select(ImportBatch).order_by(col(ImportBatch.id))))
        rows = session.execute(
            select(col(Measure.code), col(Reading.period), col(Reading.source), col(Reading.number))
            .join(Measure, col(Measure.id) == col(Reading.measure_id))
            .where(col(Measure.project_id).is_(None))
        ).all()
        peers = session.execute(
            select(col(PeerValue.measure_id), func.count()).group_by(col(PeerValue.measure_id))
        ).all()
    assert [batch.name for batch in batches][:: len(batches) - 1] == [
        "readings-2025-04.csv",
        "readings-2026-10.csv",
    ]
    assert len(batches) == 19
    assert all(batch.applied_at is not None for batch in batches)
    assert [(code, period, number) for code, period, source, number in rows if source == "form"] == [
        ("LC-01", "2026-07", 2)
    ]
    assert Counter(code for code, _, source, _ in rows if source == "csv") == dict.fromkeys(
        {code for code, *_ in rows}, 19
    )
    assert {count for _, count in peers} == {5}
