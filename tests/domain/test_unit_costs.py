"""A unit cost is worked out once, rounded half away from nought, and never otherwise."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.unit_costs import has_parts, unit_cost


@pytest.mark.parametrize(
    ("pence", "units", "places", "value"),
    [
        (100_000, 300, 2, 333),  # £1,000 ÷ 300 is £3.33
        (5, 1000, 2, 0),
        (50, 1000, 4, 5),
        (5, 10, 2, 1),  # half a penny is a penny
        (-5, 10, 2, -1),
        (15, 10, 2, 2),
        (273_525_300, 39_606, 2, 6906),
        (273_525_300, 39_606, 0, 69),
        (0, 7, 2, 0),
    ],
)
def test_a_value_is_rounded_once_and_a_half_goes_up(pence: int, units: int, places: int, value: int) -> None:
    assert unit_cost(pence, units, places) == value


@given(st.integers(-(10**13), 10**13), st.integers(1, 10**9), st.integers(0, 6))
def test_it_is_what_exact_arithmetic_says(pence: int, units: int, places: int) -> None:
    exact = Decimal(pence) / 100
    whole = (exact.scaleb(places) * 10**20 / units).to_integral_value()  # 20 more places than are kept
    assert unit_cost(pence, units, places) == int((whole / 10**20).quantize(Decimal(1), ROUND_HALF_UP))


def test_nothing_is_divided_by_nothing() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        unit_cost(100, 0, 2)


@pytest.mark.parametrize(
    ("kind", "unit", "said"),
    [
        ("unit_cost", "£ per household", True),
        ("unit_cost", "£ PER m²", True),
        ("unit_cost", "£ thousand a year", False),
        ("unit_cost", "£k per vehicle", False),
        ("unit_cost", "% of cost", False),
        ("performance", "£ per household", False),
    ],
)
def test_only_pounds_per_unit_can_be_worked_out_of_pounds_and_a_count(
    kind: str, unit: str, said: bool
) -> None:
    assert has_parts(kind, unit) is said
