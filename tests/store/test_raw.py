"""The short way to the driver gives what SQLAlchemy's own way gives, and takes each select apart once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import bindparam, func, literal, select
from sqlmodel import col

from tests.people import Council
from vfm_workflow.journeys.post import post_due
from vfm_workflow.store import decisions, due, outbox, projects, raw
from vfm_workflow.store.raw import done, rows, seldom
from vfm_workflow.store.tables import DecisionRequest, Invitation, Milestone, MonthlyReturn, Person, Project

DAY = dt.date(2026, 6, 30)
_P, _M = Project, Milestone
SELECTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "moments": (select(col(_P.id), col(_P.reference), col(_P.created_at), col(_P.stage_since)), {}),
    "dates": (select(col(_M.id), col(_M.forecast), col(_M.baseline)).order_by(col(_M.id)), {}),
    "a date given": (select(col(_M.title)).where(col(_M.forecast) >= bindparam("day")), {"day": DAY}),
    "a moment given": (
        select(col(_P.id)).where(col(_P.created_at) > bindparam("at"), col(_P.title) != bindparam("not")),
        {"not": "Nothing", "at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
    ),
    "given twice": (
        select(col(_M.id)).where(
            (col(_M.forecast) >= bindparam("day")) | (col(_M.baseline) == bindparam("day"))
        ),
        {"day": DAY},
    ),
    "said in it": (
        select(col(Person.address), literal("x"), func.count()).where(col(Person.active).is_(True)),
        {},
    ),
    "lists and flags": (select(col(_P.id), col(_P.priorities)), {}),
    "whole rows": (select(Person).order_by(col(Person.id)), {}),
    "a name twice": (select(col(_P.id), col(_M.id)).join(_M, col(_M.project_id) == col(_P.id)), {}),
    "a list given": (
        select(col(Person.id)).where(col(Person.id).in_(bindparam("ids", expanding=True))),
        {"ids": [1, 2]},
    ),
}


@pytest.fixture
def busy(council: Council) -> Council:
    council.to_implementation(council.create())
    return council


@pytest.mark.parametrize("name", SELECTS)
def test_the_rows_are_those_that_sqlalchemy_gives(busy: Council, name: str) -> None:
    statement, values = SELECTS[name]
    with busy.app.read() as session:
        found = [tuple(row) for row in rows(session, statement, values)]
        assert found == [tuple(row) for row in done(session, statement, values)]
        assert found


def test_a_moment_is_given_as_the_tables_hold_it(busy: Council) -> None:
    began = busy.project("VFM-0001").created_at
    same = select(col(Project.reference)).where(col(Project.created_at) == bindparam("at"))
    with busy.app.read() as session:
        assert rows(session, same, {"at": began}) == [("VFM-0001",)]
        assert rows(session, same, {"at": began.astimezone(dt.timezone(dt.timedelta(hours=5)))}) == [
            ("VFM-0001",)
        ]


def test_a_column_is_found_by_its_name(busy: Council) -> None:
    with busy.app.read() as session:
        (row,) = rows(session, SELECTS["moments"][0])
        assert row.reference == "VFM-0001"
        assert row.created_at.tzinfo is dt.UTC
        assert row._asdict()["reference"] == "VFM-0001"


def test_what_is_not_written_yet_is_found(busy: Council) -> None:
    with busy.app.write() as session:
        project = projects.by_reference(session, "VFM-0001")
        project.title = "Another title"
        assert rows(session, select(col(Project.title))) == [("Another title",)]


def test_what_a_select_needs_and_is_not_given_is_an_error(busy: Council) -> None:
    with busy.app.read() as session, pytest.raises(KeyError, match="day"):
        rows(session, SELECTS["a date given"][0])


def test_a_tick_takes_no_select_apart_twice(busy: Council) -> None:
    with busy.app.write() as session:
        post_due(session, busy.home, busy.at)
    before = raw._known.cache_info()
    for minutes in range(1, 4):
        with busy.app.write() as session:
            post_due(session, busy.home, busy.later(minutes=minutes))
    after = raw._known.cache_info()
    assert after.hits > before.hits
    assert after.misses == before.misses, "a select that the clock asks is built each time"
    assert after.currsize < raw.KNOWN


def test_what_seldom_finds_are_rows_of_the_orm(busy: Council) -> None:
    nothing = select(DecisionRequest).where(col(DecisionRequest.state) == "superseded")
    with busy.app.write() as session:
        assert not seldom(session, nothing)
        found = seldom(session, select(Project).where(col(Project.reference) == "VFM-0001"))
        assert [project for (project,) in found] == [projects.by_reference(session, "VFM-0001")]


def test_a_row_is_inserted_once(busy: Council) -> None:
    entry = {"milestone_id": 1, "person_id": 1, "sequence": 0, "day": DAY, "title": "It opens"}
    row = {**entry, "cancelled": False, "sent_at": busy.at}
    with busy.app.write() as session:
        assert outbox.insert_new(session, Invitation, row)
        assert not outbox.insert_new(session, Invitation, {**row, "title": "Another"})
        assert [one.title for one in session.scalars(select(Invitation))] == ["It opens"]


def test_a_project_is_read_by_its_reference_once(busy: Council) -> None:
    with busy.app.write() as session:
        project = projects.by_reference(session, " vfm-0001 ")
        assert projects.by_reference(session, "VFM-0001") is project
        session.expunge(project)
        assert projects.by_reference(session, "VFM-0001") is not project


def test_open_decisions_are_looked_up_among_the_open_ones(busy: Council) -> None:
    with busy.app.read() as session:
        for statement in (decisions._OPEN_REQUESTS, due._open_decisions()):
            sql = str(statement.compile(dialect=busy.app.database.engine.dialect))
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all()
            assert "USING INDEX uq_decision_request_open" in str(plan)


def test_open_decisions_come_in_the_order_in_which_they_were_asked_for(council: Council) -> None:
    references = [council.create(), council.create()]
    for reference in reversed(references):
        council.outline_ready(reference)
        council.do(reference, "submit_outline")
    with council.app.read() as session:
        found = due.open_decisions(session)
    assert [row.id for row in found] == sorted(row.id for row in found)
    assert [row.project_id for row in found] == [2, 1]


def test_a_select_over_a_list_is_left_to_sqlalchemy() -> None:
    """A select over a list has another text for each length: SQLAlchemy writes it, and it is not kept here."""
    listed = select(col(MonthlyReturn.id)).where(
        col(MonthlyReturn.period).in_(bindparam("months", expanding=True))
    )
    assert raw._known(listed) is None
