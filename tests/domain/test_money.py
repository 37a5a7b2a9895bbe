"""Money is whole pence; a figure is whole steps of its unit; what is neither is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.money import (
    LIMIT_PENCE,
    figure,
    is_rounded,
    parse_figure,
    parse_pounds,
    pounds,
    short_pounds,
)


@pytest.mark.parametrize(
    ("typed", "pence"),
    [
        ("26000", 2_600_000),
        ("26,000", 2_600_000),
        ("£1,250.50", 125_050),
        (" £ 26 000 ", 2_600_000),
        ("-£60,000", -6_000_000),
        ("£-60,000", -6_000_000),
        ("0.5", 50),
        ("0", 0),
        ("1234567.89", 123_456_789),
    ],
)
def test_pounds_are_read_as_people_write_them(typed: str, pence: int) -> None:
    assert parse_pounds(typed) == pence


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "26k",
        "2.5%",
        "€5",
        "$5",
        "£",
        "1,25",
        "12,34,567",
        "1.234",
        "--5",
        "5-",
        "26.000,50",
        "NaN",
        "1e6",
        "٢٦",
        "½",
    ],
)
def test_what_is_no_amount_in_pounds_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="must be an amount in pounds"):
        parse_pounds(typed)


def test_an_amount_no_council_spends_is_a_slip_of_the_keyboard() -> None:
    with pytest.raises(ValueError, match="too large"):
        parse_pounds("9" * 15)


@given(st.integers(-LIMIT_PENCE, LIMIT_PENCE))
def test_every_amount_is_read_back_from_how_it_is_shown(pence: int) -> None:
    assert parse_pounds(pounds(pence)) == pence


@pytest.mark.parametrize(
    ("pence", "shown"), [(2_600_000, "£26,000"), (5, "£0.05"), (-150, "-£1.50"), (0, "£0")]
)
def test_pence_are_shown_only_where_there_are_any(pence: int, shown: str) -> None:
    assert pounds(pence) == shown


@pytest.mark.parametrize(
    ("typed", "places", "value"), [("71.5", 2, 7150), ("£71", 2, 7100), ("1,234", 0, 1234), ("-3.0", 0, -3)]
)
def test_a_figure_is_read_in_its_measures_smallest_step(typed: str, places: int, value: int) -> None:
    assert parse_figure(typed, places) == value


@pytest.mark.parametrize(
    ("typed", "places", "said"),
    [
        ("71.555", 2, "at most 2 decimal places"),
        ("71.55", 1, "at most 1 decimal place$"),
        ("0.5", 0, "a whole number"),
        ("about 70", 0, "must be a number"),
        ("70 per 100k", 0, "without its unit"),
        ("1e5", 0, "must be a number"),
        ("9" * 20, 0, "too large"),
        ("", 0, "must be a number"),
        ("٣", 0, "must be a number"),
    ],
)
def test_what_is_no_figure_of_the_measure_is_refused(typed: str, places: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_figure(typed, places)


@given(st.integers(-LIMIT_PENCE, LIMIT_PENCE), st.integers(0, 6))
def test_every_figure_is_read_back_from_how_it_is_shown(value: int, places: int) -> None:
    assert parse_figure(figure(value, places), places) == value


@pytest.mark.parametrize(
    ("pence", "beside", "said"),
    [
        (0, 0, "£0"),
        (49, 0, "£0"),
        (50, 0, "£1"),
        (9_999_49, 0, "£9,999"),
        (9_999_50, 0, "£10k"),
        (12_499_99, 0, "£12k"),
        (12_500_00, 0, "£13k"),
        (627_000_00, 0, "£627k"),
        (627_000_00, 1_775_000_00, "£0.63m"),
        (999_499_99, 0, "£999k"),
        (999_500_00, 0, "£1.00m"),
        (1_145_000_00, 0, "£1.15m"),
        (1_154_999_99, 0, "£1.15m"),
        (-1_145_000_00, 0, "-£1.15m"),
        (-40, 0, "£0"),
        (1_234_567_890_00, 0, "£1,234.57m"),
    ],
)
def test_an_amount_is_said_short_rounded_half_up_in_the_unit_of_what_stands_beside_it(
    pence: int, beside: int, said: str
) -> None:
    assert short_pounds(pence, beside) == said


def test_it_is_known_whether_a_short_amount_is_rounded() -> None:
    assert not is_rounded(250_000_00)
    assert is_rounded(250_000_01)
    assert is_rounded(5_000_00, beside=2_000_000_00)
