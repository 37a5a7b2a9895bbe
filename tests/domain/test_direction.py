"""Which way is better: one rule, whichever way a measure goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.direction import meets, worse_by

VALUES = st.integers(-(10**9), 10**9)


def test_a_lower_cost_and_a_higher_rate_are_better() -> None:
    assert worse_by("lower", 71, 64) == 7
    assert worse_by("higher", 71, 64) == -7
    assert meets("lower", 64, 64)
    assert not meets("lower", 65, 64)
    assert meets("higher", 64, 64)
    assert not meets("higher", 63, 64)


@given(VALUES, VALUES)
def test_what_is_worse_one_way_is_as_much_better_the_other(value: int, than: int) -> None:
    assert worse_by("lower", value, than) == -worse_by("higher", value, than)
    assert meets("lower", value, than) or meets("higher", value, than)
