"""Dates, times and money as a reader of the mail expects them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from vfm_workflow.mail.filters import filters

FILTERS = filters("Europe/London")


def shown(name: str, *values: Any) -> str:
    return str(FILTERS[name](*values))


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type, misc]  # the parts are year to minute


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (utc(2026, 11, 24, 17, 0), "5pm on Tuesday 24 November 2026"),
        (utc(2026, 7, 24, 17, 0), "6pm on Friday 24 July 2026"),
        (utc(2026, 7, 24, 23, 30), "12:30am on Saturday 25 July 2026"),
        (utc(2026, 11, 24, 12, 0), "midday on Tuesday 24 November 2026"),
        (utc(2026, 11, 24, 0, 0), "midnight on Tuesday 24 November 2026"),
        (utc(2026, 11, 24, 12, 5), "12:05pm on Tuesday 24 November 2026"),
        (utc(2026, 11, 24, 10, 15), "10:15am on Tuesday 24 November 2026"),
    ],
)
def test_a_moment_is_shown_by_the_councils_clock_and_day(moment: dt.datetime, expected: str) -> None:
    assert shown("moment", moment) == expected
    assert shown("time", moment) == expected.partition(" on ")[0]
    assert shown("date", moment) == expected.partition(" on ")[2]


def test_a_date_is_shown_in_full_or_short() -> None:
    assert shown("date", dt.date(2026, 11, 23)) == "Monday 23 November 2026"
    assert shown("short_date", dt.date(2026, 11, 3)) == "3 November 2026"


@pytest.mark.parametrize(
    ("pence", "expected"),
    [(2_600_000, "£26,000"), (2_600_050, "£26,000.50"), (5, "£0.05"), (0, "£0"), (-6_000_000, "−£60,000")],
)
def test_money_is_whole_pence(pence: int, expected: str) -> None:
    assert shown("pounds", pence) == expected


@pytest.mark.parametrize("wrong", [26_000.5, "26000", True, None])
def test_money_in_another_unit_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="whole pence"):
        shown("pounds", wrong)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError, match="a zone"):
        shown("moment", dt.datetime(2026, 11, 24, 17, 0))  # noqa: DTZ001 - the mistake this is about
    with pytest.raises(TypeError, match="date"):
        shown("date", "2026-11-24")


def test_counts_and_lists_read_as_english() -> None:
    assert shown("plural", 1, "monthly return") == "1 monthly return"
    assert shown("plural", 1200, "monthly return") == "1,200 monthly returns"
    assert shown("plural", 2, "is not", "are not") == "2 are not"
    assert shown("listed", ["Legal", "Finance", "ICT"]) == "Legal, Finance and ICT"
    assert shown("listed", ["Approve", "Reject"], "or") == "Approve or Reject"
    assert shown("listed", ["Legal"]) == "Legal"
    assert shown("listed", []) == ""
    assert shown("sentence", "by the link") == "By the link."
    assert shown("sentence", "Done.") == "Done."
    assert shown("sentence", "") == ""


def test_line_breaks_of_a_text_are_kept_and_its_markup_is_not() -> None:
    assert shown("broken", "One <b>\nTwo & three") == "One &lt;b&gt;<br>Two &amp; three"
