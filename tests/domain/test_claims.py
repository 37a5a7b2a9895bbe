"""How far a quarter has come, and totals that are the sums of their rows, in whole pence."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.claims import COUNTED, STATES, Amounts, Quarter, correction
from vfm_workflow.domain.quality import Quality

FELL = Quality("fell", "It fell.")
PENCE = st.integers(-(10**12), 10**12)
AMOUNTS = st.builds(Amounts, **{field.name: PENCE for field in dataclasses.fields(Amounts)})
CLAIMED = st.dictionaries(st.sampled_from([*COUNTED, "refused"]), st.integers(1, 10**9))
QUARTERS = st.builds(
    Quarter,
    quarter=st.just("2026-Q1"),
    delivered=st.integers(0, 10**9),
    confirmed=st.integers(0, 10**9),
    claimed=CLAIMED,
    quality=st.sampled_from([FELL, Quality("kept", ""), Quality("unknown", "")]),
)


@pytest.mark.parametrize(
    ("quarter", "state"),
    [
        (Quarter("2026-Q1"), "none"),
        (Quarter("2026-Q1", 500, 500), "delivered"),
        (Quarter("2026-Q1", 500, 500, quality=FELL), "fell"),
        (Quarter("2026-Q1", 500, 500, {"refused": 500}), "refused"),
        (Quarter("2026-Q1", 500, 500, {"evidenced": 500}), "evidenced"),
        (Quarter("2026-Q1", 500, 500, {"verified": 200, "banked": 300}), "verified"),
        (Quarter("2026-Q1", 500, 500, {"banked": 500}), "banked"),
        (Quarter("2026-Q1", 600, 600, {"banked": 500}), "delivered"),
        (Quarter("2026-Q1", 600, 600, {"banked": 500}, FELL), "fell"),
    ],
)
def test_a_quarter_stands_at_the_step_it_waits_for(quarter: Quarter, state: str) -> None:
    assert quarter.state == state


@given(QUARTERS)
def test_each_step_is_part_of_the_one_before_it(quarter: Quarter) -> None:
    assert quarter.banked <= quarter.verified <= quarter.evidenced
    assert quarter.evidenced == sum(quarter.claimed.get(state, 0) for state in COUNTED)
    assert quarter.left == max(quarter.confirmed - quarter.evidenced, 0)
    assert quarter.state in STATES


def test_a_claim_beyond_what_the_returns_now_say_is_named_with_its_figures() -> None:
    quarter = Quarter("2026-Q1", 190_000, 190_000, {"banked": 210_000})
    assert correction("Fuel", quarter) == (
        "Corrected after it was claimed: the returns now say £1,900 of “Fuel” for Q1 2026/27, and £2,100 is claimed, "
        "£200 too much."
    )
    assert correction("Fuel", Quarter("2026-Q1", 210_000, 0, {"banked": 210_000})) == ""


@given(st.lists(AMOUNTS))
def test_a_total_is_the_sum_of_its_rows_in_every_figure(rows: list[Amounts]) -> None:
    total = Amounts.total(rows)
    for field in dataclasses.fields(Amounts):
        assert getattr(total, field.name) == sum(getattr(row, field.name) for row in rows)
    assert total.net == sum(row.net for row in rows) == total.gross - total.cost


@given(AMOUNTS)
def test_net_is_gross_less_cost_to_the_penny(row: Amounts) -> None:
    assert row.net + row.cost == row.gross
    assert isinstance(row.net, int)
