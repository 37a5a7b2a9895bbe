"""Did quality keep? The one rule for a saving's cross-check, with its figures in the sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.quality import Check, judge, worse_by

MONTHS = ("2026-07", "2026-08", "2026-09")
MISSED = Check("Missed collections", "per 100,000", 0, "lower", 0, 92)
ANSWERED = Check("Answered in 30 seconds", "% of calls", 1, "higher", 15, 680)


def said(check: Check | None, **readings: int) -> tuple[str, str]:
    found = judge(check, {f"2026-{month[1:]}": value for month, value in readings.items()}, "2026-Q2", MONTHS)
    return found.verdict, found.sentence


def test_a_reading_as_good_as_the_baseline_or_better_is_quality_kept() -> None:
    assert said(MISSED, m09=92)[0] == "kept"
    verdict, sentence = said(MISSED, m09=80)
    assert (verdict, sentence) == (
        "kept",
        "“Missed collections” stood at 80 per 100,000 in September 2026, better than the 92 per 100,000 it began from.",
    )


def test_a_reading_worse_than_the_baseline_is_quality_fallen_with_its_figures() -> None:
    assert said(MISSED, m09=97) == (
        "fell",
        "“Missed collections” stood at 97 per 100,000 in September 2026, worse than the 92 per 100,000 it began from.",
    )


def test_the_newest_reading_of_the_quarter_decides() -> None:
    assert said(MISSED, m07=120, m09=90)[0] == "kept"
    assert said(MISSED, m07=60, m08=97)[0] == "fell"
    assert said(MISSED, m10=200, m06=200, m08=90)[0] == "kept"


@pytest.mark.parametrize(
    ("value", "verdict", "words"),
    [
        (680, "kept", "as good as the 68.0% of calls it began from"),
        (665, "kept", "within the tolerance of 1.5 around the 68.0% of calls"),
        (664, "fell", "worse than the 68.0% of calls it began from, and beyond the tolerance of 1.5"),
    ],
)
def test_the_tolerance_is_in_steps_of_the_measure(value: int, verdict: str, words: str) -> None:
    found = said(ANSWERED, m09=value)
    assert found[0] == verdict
    assert words in found[1]


def test_nobody_knows_without_a_measure_a_baseline_or_a_reading_and_the_sentence_says_which() -> None:
    assert said(None) == ("unknown", "No measure is named that must not fall for it.")
    assert said(MISSED._replace(baseline=None), m09=1) == (
        "unknown",
        "“Missed collections” has no baseline to compare with.",
    )
    assert said(MISSED) == ("unknown", "“Missed collections” has no reading in Q2 2026/27.")


def test_a_unit_of_pounds_stands_before_its_figure() -> None:
    check = Check("Cost of a visit", "£ per visit", 2, "lower", 0, 305)
    assert (
        "stood at £3.10 per visit in September 2026, worse than the £3.05 per visit"
        in said(check, m09=310)[1]
    )


@given(
    st.integers(-(10**9), 10**9),
    st.integers(-(10**9), 10**9),
    st.integers(0, 10**6),
    st.sampled_from(["lower", "higher"]),
)
def test_it_fell_exactly_where_it_is_worse_by_more_than_the_tolerance(
    baseline: int, value: int, tolerance: int, direction: str
) -> None:
    check = Check("M", "", 0, direction, tolerance, baseline)
    found = judge(check, {"2026-08": value}, "2026-Q2", MONTHS)
    assert found.fell == (worse_by(check, value) > tolerance)
    assert found.known
