"""What stands beside the chain is held against it: votes and frozen texts (protocol, point 12)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.people import Council
from vfm_workflow.store import audit


@pytest.fixture
def reference(council: Council) -> str:
    """A decided project, beside another that is in order."""
    in_order, reference = council.create("In order"), council.create()
    for each in (in_order, reference):
        council.outline_ready(each)
        council.do(each, "submit_outline")
        council.approve(each)
    return reference


def tamper(council: Council, *statements: str) -> None:
    with council.app.database.engine.connect() as connection, connection.begin():
        connection.execute(text("DROP TRIGGER IF EXISTS milestone_baseline"))
        for table in ("history", "vote", "version", "baseline"):
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb}"))
        for statement in statements:
            connection.execute(text(statement))


def broken(council: Council) -> list[tuple[str, str]]:
    with council.app.read() as session:
        return [(each.reference, each.what) for each in audit.verify(session)]


def test_an_untouched_record_is_whole(council: Council, reference: str) -> None:
    assert broken(council) == []


@pytest.mark.parametrize(
    "change",
    ["choice = 'reject'", "reason = 'Because'", "person_id = 7", "assurance = 'C'", "address = 'x@y.example'", "late = 1",
     "conditions = '[\"Keep the crews\"]'", "message_id = ''"],
)  # fmt: skip
def test_a_changed_vote_is_found(council: Council, reference: str, change: str) -> None:
    tamper(council, f"UPDATE vote SET {change} WHERE id = 4")
    ((found, what),) = broken(council)
    assert found == reference
    assert what.startswith("the vote of row")
    assert what.endswith("was changed")


def test_a_removed_vote_is_found(council: Council, reference: str) -> None:
    tamper(council, "DELETE FROM link WHERE vote_id = 6", "DELETE FROM vote WHERE id = 6")
    assert [(found, what.partition(" of ")[0], what[-7:]) for found, what in broken(council)] == [
        (reference, "the vote", "missing")
    ]


def test_a_vote_that_was_put_in_is_found(council: Council, reference: str) -> None:
    tamper(
        council,
        "INSERT INTO vote (request_id, version_id, slot_id, person_id, choice, reason, conditions, at, assurance, address,"
        " user_agent, message_id, late) SELECT v.request_id, v.version_id, s.id, s.person_id, v.choice, v.reason,"
        " v.conditions, v.at, v.assurance, v.address, v.user_agent, v.message_id, v.late FROM vote v JOIN slot s"
        " ON s.request_id = v.request_id WHERE v.id = 6 AND s.id NOT IN (SELECT slot_id FROM vote) LIMIT 1",
    )
    assert broken(council) == [(reference, "a vote is there that no row of the history speaks of")]


@pytest.mark.parametrize("also", ["", ", digest = '" + "0" * 64 + "'"])
def test_a_changed_text_is_found(council: Council, reference: str, also: str) -> None:
    tamper(council, f"UPDATE version SET snapshot = replace(snapshot, 'why1', 'not'){also} WHERE id = 2")
    ((found, what),) = broken(council)
    assert found == reference
    assert what.endswith("asked about was changed")


def test_a_broken_chain_is_named_once_and_what_it_says_is_not_believed(
    council: Council, reference: str
) -> None:
    tamper(council, "UPDATE history SET detail = '{}' WHERE project_id = 2 AND event = 'vote'")
    assert [found for found, _ in broken(council)] == [reference]


def test_changed_figures_are_found(council: Council, reference: str) -> None:
    tamper(
        council,
        "UPDATE decision_request SET frozen = replace(frozen, '2026-06-30', '2026-12-31') WHERE project_id = 2",
    )
    found = broken(council)
    assert {each for each, _ in found} == {reference}
    assert "the dates and figures that row" in found[0][1]
    assert found[-1][1] == "the date agreed for “Contract signed” is not what its decision says"


def test_a_changed_agreed_date_is_found(council: Council, reference: str) -> None:
    tamper(council, "UPDATE baseline SET date = '2026-12-31' WHERE milestone_id = 2")
    assert [what for _, what in broken(council)] == [
        "the date agreed for “Contract signed” is not what its decision says",
        "“Contract signed” shows another date than CMT agreed",
    ]


def test_a_milestone_that_shows_another_date_is_found(council: Council, reference: str) -> None:
    tamper(council, "UPDATE milestone SET baseline = '2026-12-31' WHERE id = 2")
    assert broken(council) == [(reference, "“Contract signed” shows another date than CMT agreed")]
