"""Figures with their units, how far they have come, and the small line that draws them."""

from __future__ import annotations

import pytest

from vfm_workflow.domain.facts import MeasureFact
from vfm_workflow.store.returns import Reported
from vfm_workflow.web.figures import progress, spark, unit_of, valued


def measure(
    baseline: int | None = 7100, target: int | None = 6400, unit: str = "£ per household"
) -> MeasureFact:
    return MeasureFact(1, "Cost", "unit_cost", unit, 2, "lower", baseline, target)


def reported(**months: int) -> list[Reported]:
    return [Reported(f"2026-{name[1:]}", 1, value) for name, value in months.items()]


@pytest.mark.parametrize(
    ("unit", "value", "said"),
    [
        ("£ per household", "71.00", "£71.00 per household"),
        ("£", "-5.50", "-£5.50"),
        ("% of calls", "68", "68% of calls"),
        ("%", "68", "68%"),
        ("days", "14", "14 days"),
    ],
)
def test_a_unit_stands_where_people_write_it(unit: str, value: str, said: str) -> None:
    assert unit_of(unit).of(value) == said


def test_no_value_is_shown_as_nothing() -> None:
    assert valued(measure(), None) == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7100, "0% of the way"),
        (6790, "44% of the way"),
        (6401, "99% of the way"),
        (6400, "The target is reached."),
        (6000, "The target is reached."),
        (7101, "Worse than the baseline."),
    ],
)
def test_progress_is_never_rounded_up(value: int, said: str) -> None:
    assert progress(measure(), value).startswith(said)


def test_progress_says_nothing_where_there_is_no_way_to_go() -> None:
    assert progress(measure(target=None), 6800) == ""
    assert progress(measure(target=7100), 6800) == ""


def test_a_line_breaks_where_a_month_was_not_reported() -> None:
    drawn = spark(measure(), reported(m04=7060, m05=7010, m07=6900))
    assert drawn is not None
    assert len(drawn.runs) == 1
    assert len(drawn.lone) == 1
    assert drawn.last == drawn.lone[0]
    assert drawn.said == (
        "Cost: £70.60 per household in April 2026, £69.00 per household in July 2026; the target is £64.00 per household"
    )


def test_a_level_line_stays_in_its_box_and_one_month_is_no_line() -> None:
    drawn = spark(measure(target=None), reported(m04=7000, m05=7000))
    assert drawn is not None
    assert drawn.target is None
    assert all(0 <= value <= 180 for value in drawn.last)
    assert spark(measure(), reported(m04=7000)) is None
