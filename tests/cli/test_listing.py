"""The list of projects: one statement of rows a page, filtered, searched, sorted and counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, update
from sqlmodel import col

from tests.people import Council
from vfm_workflow.domain.roles import Reach
from vfm_workflow.errors import BadInput
from vfm_workflow.store import listing
from vfm_workflow.store.tables import Milestone, Project


@contextmanager
def statements(council: Council) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(council.app.database.engine, "before_cursor_execute", hear)
    yield said
    event.remove(council.app.database.engine, "before_cursor_execute", hear)


def references(council: Council, **wanted: object) -> list[str]:
    with council.app.read() as session:
        rows, _ = listing.page(session, **wanted)  # type: ignore[arg-type]  # the test's own names
    return [row.reference for row in rows]


@pytest.fixture
def four(council: Council) -> Council:
    """Four projects: two of Street Scene, one on hold, and one of Planning in implementation with milestones."""
    for title in ("waste rounds", "Garden waste", "50%_off"):
        council.create(title)
    council.create("Homes", department="PE", manager="other")
    council.do("VFM-0002", "hold", "head", reason="Later")
    with council.app.write() as session:
        for number, colour in ((1, "green"), (2, "red"), (4, "amber")):
            session.execute(update(Project).where(col(Project.id) == number).values(rag=colour))
        for title, day, done in (
            ("Started", dt.date(2026, 1, 5), dt.date(2026, 1, 5)),
            ("Later", dt.date(2026, 9, 1), None),
            ("Next", dt.date(2026, 6, 1), None),
        ):
            session.add(Milestone(project_id=1, position=1, title=title, forecast=day, done_on=done))
    return council


def test_a_row_has_its_next_open_milestone_and_its_manager(four: Council) -> None:
    with four.app.read() as session:
        rows, total = listing.page(session)
    assert total == 4
    assert (rows[0].milestone, rows[0].forecast, rows[0].baseline) == ("Next", dt.date(2026, 6, 1), None)
    assert (rows[3].milestone, rows[3].manager) == (None, "Housing Project Manager")
    assert (rows[0].lifecycle_name, rows[0].lifecycle_version) == ("vfm", 1)
    assert rows[0].lifecycle == four.home.lifecycles["vfm"].digest


def test_a_page_is_one_statement_and_a_full_one_a_second_to_count(four: Council) -> None:
    with statements(four) as said, four.app.read() as session:
        listing.page(session)
        listing.page(session, limit=None)
    assert len(said) == 2
    with statements(four) as said, four.app.read() as session:
        rows, total = listing.page(session, limit=2, offset=2)
    assert len(said) == 2
    assert [row.reference for row in rows] == ["VFM-0003", "VFM-0004"]
    assert total == 4


def test_a_page_past_the_end_is_empty_and_still_counts(four: Council) -> None:
    with four.app.read() as session:
        assert listing.page(session, offset=100) == ([], 4)


def test_filters_meet(four: Council) -> None:
    assert references(four, stage="on_hold") == ["VFM-0002"]
    assert references(four, department="pe") == ["VFM-0004"]
    assert references(four, rag="red") == ["VFM-0002"]
    assert references(four, rag="none") == ["VFM-0003"]
    assert references(four, manager_id=four.who("other").id) == ["VFM-0004"]
    assert references(four, stage="outline", department="SS", rag="green") == ["VFM-0001"]


def test_a_search_takes_wildcards_as_they_stand(four: Council) -> None:
    assert references(four, search="%_") == ["VFM-0003"]
    assert references(four, search="_") == ["VFM-0003"]
    assert references(four, search="WASTE R") == ["VFM-0001"]
    assert references(four, search="0004") == ["VFM-0004"]
    assert references(four, search="housing project") == ["VFM-0004"]
    assert references(four, search="'; DROP TABLE project; --") == []
    with four.app.read() as session:
        assert (
            listing.page(session, search="waste", limit=1)[1] == 3
        )  # two titles, and a manager of waste projects


def test_sorts_go_both_ways_and_what_has_nothing_comes_last(four: Council) -> None:
    assert references(four, sort="title") == ["VFM-0003", "VFM-0002", "VFM-0004", "VFM-0001"]
    assert references(four, sort="-reference")[0] == "VFM-0004"
    assert references(four, sort="rag") == ["VFM-0002", "VFM-0004", "VFM-0001", "VFM-0003"]
    assert references(four, sort="milestone")[0] == "VFM-0001"
    assert references(four, sort="-milestone")[0] == "VFM-0001"
    for name in listing.SORTS:
        assert len(references(four, sort=name)) == 4


def test_an_unknown_sort_lists_the_known_ones(four: Council) -> None:
    with pytest.raises(BadInput, match="reference, title, stage"):
        references(four, sort="colour; DROP TABLE project")


def test_who_may_not_read_everything_gets_their_own(four: Council) -> None:
    other, planning = four.who("other"), four.who("planning")
    assert references(four, reach=Reach(other, "own", ())) == ["VFM-0004"]
    assert references(four, reach=Reach(planning, "department", ())) == ["VFM-0004"]
    assert references(four, reach=Reach(four.who("legal"), "own", ())) == []
    assert len(references(four, reach=Reach(other, "all", ()))) == 4


def test_one_row_is_found_by_its_reference(four: Council) -> None:
    with four.app.read() as session:
        found = listing.one(session, " vfm-0002 ")
        assert found is not None
        assert found.title == "Garden waste"
        assert listing.one(session, "VFM-0099") is None
