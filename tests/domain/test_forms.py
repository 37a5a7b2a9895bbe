"""What people type is read as they mean it, or refused with a sentence."""

from __future__ import annotations

import contextlib
import datetime as dt
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain import forms

DAYS = st.dates(dt.date(forms.FIRST_YEAR, 1, 1), dt.date(forms.LAST_YEAR, 12, 31))


@pytest.mark.parametrize(
    "text",
    ["2026-11-06", "6/11/2026", "06/11/2026", "6.11.2026", "6-11-2026", "6 November 2026", "6 nov 2026", "6th November, 2026",
     " 6  November  2026 ", "6/Nov/2026"],
)  # fmt: skip
def test_a_date_may_be_typed_in_any_usual_way(text: str) -> None:
    assert forms.parse_date(text) == dt.date(2026, 11, 6)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("31 February 2026", "must be a real date: February 2026 has 28 days"),
        ("29/2/2027", "must be a real date: February 2027 has 28 days"),
        ("0/11/2026", "must be a real date: November 2026 has 30 days"),
        ("11/25/2026", "must be a real date: there is no month 25. Write the day first, like 6/11/2026"),
        ("6/11/26", "must have a year of four digits, like 2026"),
        ("6/11/1926", "must have a year from 2000 to 2099"),
        ("6 Movember 2026", "must be a date, like 6 November 2026 or 6/11/2026"),
        ("next week", "must be a date, like 6 November 2026 or 6/11/2026"),
        ("6//2026", "must include a month"),
        ("//2026", "must include a day and a month"),
    ],
)
def test_a_date_that_cannot_be_is_refused_with_the_reason(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="must") as refused:
        forms.parse_date(text)
    assert str(refused.value) == sentence


def test_a_leap_day_is_a_date() -> None:
    assert forms.parse_date("29 February 2028") == dt.date(2028, 2, 29)


def test_three_empty_boxes_say_what_is_missing() -> None:
    with pytest.raises(ValueError, match="must include a day, a month and a year"):
        forms.parse_date_parts("", " ", "")


@given(DAYS)
def test_whatever_the_boxes_show_reads_as_the_same_date(day: dt.date) -> None:
    assert forms.parse_date_parts(*forms.date_parts(day)) == day
    assert forms.parse_date(forms.join_date(*forms.date_parts(day))) == day
    assert forms.parse_date(day.isoformat()) == day


@given(st.text(max_size=40))
def test_no_text_breaks_a_parser(text: str) -> None:
    measured = partial(forms.parse_measured, unit="per 100,000", places=2)
    for parse in (forms.parse_date, forms.parse_hours, forms.parse_days, forms.parse_places, measured):
        with contextlib.suppress(ValueError):
            parse(text)
    assert len(forms.date_parts(text)) == 3


def test_half_filled_boxes_keep_what_was_typed() -> None:
    assert forms.date_parts(forms.join_date("4", "", "2026")) == ("4", "", "2026")
    assert forms.date_parts(forms.join_date("40", "13", "26")) == ("40", "13", "26")
    assert forms.date_parts("soon") == ("soon", "", "")
    assert forms.join_date("", " ", "") == ""
    assert forms.date_parts(None) == forms.date_parts("") == ("", "", "")


def test_hours_are_whole() -> None:
    assert forms.parse_hours("1,200") == 1200
    for text in ("37.5", "-5", "two weeks", "120 hours"):
        with pytest.raises(ValueError, match="must be a whole number of hours, like 120"):
            forms.parse_hours(text)
    with pytest.raises(ValueError, match="must be 100,000 hours or fewer"):
        forms.parse_hours("9" * 500)


def test_days_are_whole() -> None:
    assert forms.parse_days("8") == 8
    with pytest.raises(ValueError, match="must be 1,000 days or fewer"):
        forms.parse_days("1001")


def test_decimal_places_are_few() -> None:
    assert forms.parse_places(" 2 ") == 2
    with pytest.raises(ValueError, match="from 0 to 6"):
        forms.parse_places("7")


@pytest.mark.parametrize(
    ("text", "unit", "places", "value"),
    [
        ("£71.50", "£ per household", 2, 7150),
        ("71.5", "£ per household", 2, 7150),
        ("55%", "%", 1, 550),
        ("1,020", "days", 0, 1020),
        ("-3", "% change", 0, -3),
    ],
)
def test_a_figure_may_carry_its_own_unit_s_sign(text: str, unit: str, places: int, value: int) -> None:
    assert forms.parse_measured(text, unit, places) == value


@pytest.mark.parametrize("text", ["55%", "£26k", "£26", "92 per 100,000", "1,2,3", "1e3", "ninety"])
def test_a_figure_in_another_unit_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(
        ValueError, match="must be a number, like 92, without its unit: per 100,000 collections"
    ):
        forms.parse_measured(text, "per 100,000 collections", 0, example=92)


def test_a_figure_of_a_million_digits_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="must be a number"):
        forms.parse_measured("9" * 1_000_000, "days", 0)
