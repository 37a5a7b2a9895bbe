"""What must never happen to a saving is refused by the database itself, whoever asks it."""

from __future__ import annotations

import pytest

from tests.claims_support import banked, delivering, line, put
from tests.people import Council
from tests.store.schema import refuses
from vfm_workflow.store.tables import SavingLine

COLUMNS = (
    "line_id, quarter, amount, evidence, state, evidenced_at, evidenced_by, refused_why, budget_code, journal, quality, "
    "quality_why"
)
CLAIM = (
    f"INSERT INTO saving_claim ({COLUMNS}) VALUES "
    "({line}, '2026-Q1', {amount}, '{evidence}', '{state}', '2026-07-08', 6, '', '', '', '', '')"
)
PLACE = (
    "INSERT INTO saving_destination (claim_id, destination, amount, note, at, by) "
    "VALUES ({claim}, 'reserves', {amount}, '', '2026-07-08', 11)"
).replace(", by)", ', "by")')


def claim(line_id: int, *, amount: int = 100, evidence: str = "Ledger", state: str = "evidenced") -> str:
    return CLAIM.format(line=line_id, amount=amount, evidence=evidence, state=state)


def test_a_claim_is_worth_something_and_has_its_evidence(council: Council) -> None:
    key = line(council, delivering(council))
    assert "ck_saving_claim_amount" in refuses(council, claim(key, amount=0))
    assert "ck_saving_claim_evidence" in refuses(council, claim(key, evidence=""))


def test_a_claim_begins_as_evidenced_and_keeps_what_was_put(council: Council) -> None:
    reference = delivering(council)
    row = put(council, reference)
    said = "a claim keeps what was put before Finance and goes one way"
    assert said in refuses(council, claim(line(council, reference), state="refused"))
    for change in (
        "amount = amount + 1",
        "evidence = 'Another'",
        "quarter = '2026-Q2'",
        "evidenced_by = 11",
        "line_id = line_id + 1",
        "state = 'banked', banked_at = '2026-07-08', budget_code = 'X', journal = 'Y'",
    ):
        assert refuses(council, f"UPDATE saving_claim SET {change} WHERE id = {row.id}"), change
    assert said in refuses(council, "DELETE FROM saving_claim")


def test_one_claim_of_a_line_and_quarter_is_open(council: Council) -> None:
    reference = delivering(council)
    put(council, reference, "100")
    assert "unique" in refuses(council, claim(line(council, reference))).lower()


def test_nobody_verifies_what_they_evidenced(council: Council) -> None:
    reference = delivering(council)
    row = put(council, reference)
    verified = "state = 'verified', verified_at = '2026-07-09', quality = 'kept', verified_by = evidenced_by"
    assert "ck_saving_claim_two_people" in refuses(
        council, f"UPDATE saving_claim SET {verified} WHERE id = {row.id}"
    )


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("quality = '', verified_by = 11", "ck_saving_claim_quality"),
        ("quality = 'unknown', verified_by = 11", "ck_saving_claim_quality"),
    ],
)
def test_what_is_verified_says_what_became_of_quality(council: Council, change: str, constraint: str) -> None:
    reference = delivering(council)
    row = put(council, reference)
    verified = f"state = 'verified', verified_at = '2026-07-09', {change}"
    assert constraint in refuses(council, f"UPDATE saving_claim SET {verified} WHERE id = {row.id}")


def test_what_is_banked_stays_as_it_was_banked(council: Council) -> None:
    row = banked(council, delivering(council))
    for change in ("journal = 'Another'", "budget_code = 'XX'", "state = 'verified'", "banked_by = 6"):
        assert "goes one way" in refuses(council, f"UPDATE saving_claim SET {change} WHERE id = {row.id}"), (
            change
        )


def test_no_more_goes_anywhere_than_was_banked(council: Council) -> None:
    reference = delivering(council)
    row = put(council, reference, "100")
    said = "no more goes anywhere than was banked"
    assert said in refuses(council, PLACE.format(claim=row.id, amount=1)), "it is not banked yet"


def test_the_parts_together_are_no_more_than_was_banked(council: Council) -> None:
    row = banked(council, delivering(council), "100")
    said = "no more goes anywhere than was banked"
    assert said in refuses(council, PLACE.format(claim=row.id, amount=10_001))
    assert refuses(council, PLACE.format(claim=row.id, amount=6_000)) == ""
    assert said in refuses(council, PLACE.format(claim=row.id, amount=4_001))
    assert refuses(council, PLACE.format(claim=row.id, amount=4_000)) == ""
    assert "append-only" in refuses(council, "UPDATE saving_destination SET amount = 1")


def test_a_saving_is_claimed_where_it_is_counted(council: Council) -> None:
    first, second = delivering(council), delivering(council, title="Shared rounds")
    with council.app.write() as session:
        row = session.get(SavingLine, line(council, first))
        assert row is not None
        row.counted_in = line(council, second)
    assert "a saving is claimed where it is counted" in refuses(council, claim(line(council, first)))
    put(council, second)
    said = "a saving that was claimed is counted where it is"
    move = f"UPDATE saving_line SET counted_in = {line(council, first)} WHERE id = {line(council, second)}"
    assert said in refuses(council, move)
