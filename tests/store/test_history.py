"""A project's history is a chain: any row changed, removed, added or moved is found, and named."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tests.people import Council
from vfm_workflow.errors import StaleRevision
from vfm_workflow.store import history
from vfm_workflow.store import projects as store
from vfm_workflow.store.history import FIELDS, Entry, link_hash


@pytest.fixture
def reference(council: Council) -> str:
    """A project with some history, beside another that is in order."""
    council.outline_ready(council.create("In order"))
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference)
    return reference


def tamper(council: Council, *statements: str) -> None:
    """Change the history as somebody with the file in their hands would."""
    with council.app.database.engine.connect() as connection, connection.begin():
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS history_no_{verb}"))
        for statement in statements:
            connection.execute(text(statement))


def broken(council: Council) -> list[tuple[str, int, str]]:
    with council.app.read() as session:
        return [(each.reference, each.seq, each.what) for each in history.verify(session)]


def test_an_untouched_history_is_in_order_and_leads_to_todays_stage(council: Council, reference: str) -> None:
    assert broken(council) == []
    project = council.project(reference)
    with council.app.read() as session:
        rows = list(reversed(history.of(session, project.id or 0)))
    assert [row.seq for row in rows] == list(range(1, project.revision + 1))
    assert rows[-1].hash == project.head
    stage = rows[0].from_stage
    for row in rows:
        assert row.from_stage == stage
        stage = row.to_stage
    assert stage == project.stage == "initial_stage"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "'Somebody else'"),
        ("actor_id", "3"),
        ("at", "'2026-03-01T09:00:00.000+00:00'"),
        ("event", "'reject_outline'"),
        ("reason", "'Because'"),
        ("detail", '\'{"choice":"reject"}\''),
        ("to_stage", "'rejected'"),
        ("from_stage", "'closed'"),
    ],
)
def test_a_changed_row_is_found_and_named(council: Council, reference: str, column: str, value: str) -> None:
    tamper(council, f"UPDATE history SET {column} = {value} WHERE project_id = 2 AND seq = 4")
    assert broken(council) == [(reference, 4, "row 4 was changed")]


def test_a_row_changed_with_its_hash_breaks_the_next(council: Council, reference: str) -> None:
    tamper(council, f"UPDATE history SET hash = '{'0' * 64}' WHERE project_id = 2 AND seq = 4")
    assert broken(council)[0][:2] == (reference, 4)
    with council.app.read() as session:
        row = next(r for r in history.of(session, 2) if r.seq == 4)
        values = {name: getattr(row, name) for name in FIELDS} | {"reason": "Forged"}
        forged = link_hash(row.prev_hash, values)
    tamper(
        council, f"UPDATE history SET reason = 'Forged', hash = '{forged}' WHERE project_id = 2 AND seq = 4"
    )
    assert broken(council) == [(reference, 5, "row 5 does not follow row 4")]


def test_a_removed_row_is_found(council: Council, reference: str) -> None:
    tamper(council, "DELETE FROM history WHERE project_id = 2 AND seq = 3")
    assert broken(council) == [(reference, 3, "row 3 is missing")]


def test_a_row_removed_from_the_end_is_found(council: Council, reference: str) -> None:
    last = council.project(reference).revision
    tamper(council, f"DELETE FROM history WHERE project_id = 2 AND seq = {last}")
    (found,) = broken(council)
    assert found == (reference, last - 1, f"rows after {last - 1} are missing: the project is at {last}")


def test_a_whole_history_removed_is_found(council: Council, reference: str) -> None:
    tamper(council, "DELETE FROM history WHERE project_id = 2")
    assert [each[0] for each in broken(council)] == [reference]


def test_two_rows_that_changed_places_are_found(council: Council, reference: str) -> None:
    tamper(
        council,
        "UPDATE history SET seq = 99 WHERE project_id = 2 AND seq = 3",
        "UPDATE history SET seq = 3 WHERE project_id = 2 AND seq = 4",
        "UPDATE history SET seq = 4 WHERE project_id = 2 AND seq = 99",
    )
    assert broken(council)[0][:2] == (reference, 3)


def test_a_row_added_at_the_end_is_found_and_named(council: Council, reference: str) -> None:
    project = council.project(reference)
    row = {
        "project_id": 2,
        "seq": project.revision + 1,
        "at": "2026-03-02T10:00:00.000+00:00",
        "actor_id": 1,
        "actor": "Chief Executive",
        "event": "close",
        "from_stage": project.stage,
        "to_stage": project.stage,
        "reason": "",
        "detail": "{}",
    }
    values = ", ".join(json.dumps(value).replace("'", "''").replace('"', "'") for value in row.values())
    values += f", '{project.head}', '{link_hash(project.head, row)}'"
    tamper(council, f"INSERT INTO history ({', '.join(row)}, prev_hash, hash) VALUES ({values})")
    (found,) = broken(council)
    assert found == (
        reference,
        project.revision + 1,
        f"row {project.revision + 1} was added: the project is at {project.revision}",
    )


def test_a_row_of_another_project_in_the_chain_is_found(council: Council, reference: str) -> None:
    tamper(
        council,
        "DELETE FROM history WHERE project_id = 2 AND seq = 2",
        "UPDATE history SET project_id = 2 WHERE project_id = 1 AND seq = 2",
    )
    found = broken(council)
    assert {each[0] for each in found} == {"VFM-0001", reference}


def test_a_stage_set_by_hand_is_found(council: Council, reference: str) -> None:
    tamper(council, "UPDATE project SET stage = 'closed' WHERE id = 2")
    (found,) = broken(council)
    assert "not the one its history ends in (initial_stage)" in found[2]


def test_each_broken_project_is_named_once(council: Council, reference: str) -> None:
    tamper(council, "UPDATE history SET actor = 'X' WHERE seq >= 2")
    assert [each[:2] for each in broken(council)] == [("VFM-0001", 2), (reference, 2)]


def test_a_project_read_before_somebody_else_changed_it_is_not_overwritten(
    council: Council, reference: str
) -> None:
    with council.app.read() as session:
        before = store.by_reference(session, reference)
    council.do(reference, "hold", "head", reason="An election")
    with council.app.write() as session, pytest.raises(StaleRevision, match="Load it again"):
        history.record(session, before, Entry("close", None, council.at))
    assert broken(council) == []


text_of_history = st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=20) | st.integers() | st.none())


@given(text_of_history, text_of_history, st.text(alphabet="0123456789abcdef", min_size=64, max_size=64))
def test_no_two_rows_have_the_same_hash(
    first: dict[str, object], second: dict[str, object], previous: str
) -> None:
    empty: dict[str, object] = dict.fromkeys(FIELDS)
    one, other = {**empty, **first}, {**empty, **second}
    assert (link_hash(previous, one) == link_hash(previous, other)) == (one == other)
    assert link_hash(previous, one) != link_hash("", one)


def test_moments_are_kept_in_utc_and_a_naive_one_is_refused(council: Council, reference: str) -> None:
    with council.app.read() as session:
        at = history.of(session, 2)[0].at
    assert dt.datetime.fromisoformat(at).utcoffset() == dt.timedelta()
    assert council.project(reference).stage_since.tzinfo is dt.UTC
