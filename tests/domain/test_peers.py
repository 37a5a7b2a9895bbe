"""The median of other councils: exact, and with one place more only where it lies half-way."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from statistics import median as middle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.peers import median


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ((), None),
        ((7,), (7, 2)),
        ((9, 1, 5), (5, 2)),
        ((7, 9), (8, 2)),
        ((9, 6), (75, 3)),
        ((-6, -9), (-75, 3)),
    ],
)
def test_a_median_has_a_place_more_only_where_it_lies_half_way(
    values: Sequence[int], found: tuple[int, int] | None
) -> None:
    assert median(values, 2) == found


@given(st.lists(st.integers(-(10**18), 10**18), min_size=1), st.integers(0, 4))
def test_a_median_is_exact(values: list[int], places: int) -> None:
    found = median(values, places)
    assert found is not None
    value, shown = found
    assert Fraction(value, 10**shown) == Fraction(middle([Fraction(one) for one in values])) / 10**places
