"""The pipeline: weights, rounding once, totals that equal their parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.pipeline import PipelineRow, by_stage, plan, weighted

AMOUNTS = st.integers(-(10**10), 10**10)
YEARS = (2026, 2027, 2028)
ROWS = st.lists(
    st.builds(
        PipelineRow,
        project=st.just("VFM-0001"),
        title=st.just("Waste rounds"),
        department=st.sampled_from(["SS", "PE"]),
        stage=st.sampled_from(["Outline", "Implementation"]),
        weight=st.integers(1, 100),
        expected=st.fixed_dictionaries(dict.fromkeys(YEARS, AMOUNTS)),
        cashable=st.fixed_dictionaries(dict.fromkeys(YEARS, AMOUNTS)),
    ),
    max_size=12,
)


def row(expected: int, weight: int) -> PipelineRow:
    return PipelineRow(
        "VFM-0001", "Waste rounds", "SS", "Outline", weight, {2026: expected}, {2026: expected}
    )


def test_half_a_penny_is_rounded_up_and_a_cost_away_from_nothing() -> None:
    assert weighted(50, 1) == 1
    assert weighted(49, 1) == 0
    assert weighted(-50, 1) == -1


@given(AMOUNTS, st.integers(0, 100))
def test_a_weighted_amount_is_never_half_a_penny_off(pence: int, percent: int) -> None:
    assert abs(weighted(pence, percent) * 100 - pence * percent) <= 50
    assert weighted(-pence, percent) == -weighted(pence, percent)


@given(ROWS)
def test_a_years_totals_are_the_sums_of_what_is_shown_for_each_project_and_each_stage(
    rows: list[PipelineRow],
) -> None:
    for year in plan(rows, dict.fromkeys(YEARS, 1_000_00)):
        stages = by_stage(rows, year.year)
        assert year.weighted == sum(r.weighted(year.year) for r in rows) == sum(s[4] for s in stages)
        assert year.expected == sum(s[3] for s in stages)
        assert year.shortfall == year.target - year.weighted
        assert sum(s[2] for s in stages) == len(rows)


def test_what_is_found_twice_over_leaves_less_than_nothing_to_find() -> None:
    (year,) = plan([row(300_00, 50), row(100_00, 100)], {2026: 200_00})
    assert (year.expected, year.weighted, year.shortfall) == (400_00, 250_00, -50_00)
