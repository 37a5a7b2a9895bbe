"""What people and spreadsheets write for a code, a month or a year is read as they mean it, or refused."""

from __future__ import annotations

import pytest

from vfm_workflow.domain.library import (
    is_agreed,
    lacking,
    missing_kinds,
    next_code,
    parse_code,
    parse_month,
    parse_year,
)


@pytest.mark.parametrize("text", ["SS-01", " ss-01 ", "ss-01"])
def test_a_code_is_the_department_s(text: str) -> None:
    assert parse_code(text, "SS") == "SS-01"


@pytest.mark.parametrize("text", ["PE-01", "SS01", "SS-1", "SS-0001", "SS-", "", "SS-01x"])
def test_another_code_is_refused_with_one_that_would_do(text: str) -> None:
    with pytest.raises(ValueError, match="SS-01"):
        parse_code(text, "SS")


def test_the_next_code_follows_the_highest() -> None:
    assert next_code("SS", []) == "SS-01"
    assert next_code("SS", ["SS-01", "SS-09", "PE-30", ""]) == "SS-10"
    assert next_code("SS", ["SS-99"]) == "SS-100"


@pytest.mark.parametrize(
    "text",
    ["2026-10", "2026-10 ", "October 2026", "Oct 2026", "Oct-26", "oct-2026", "01/10/2026", "1.10.2026"],
)
def test_a_month_is_read_as_spreadsheets_turn_it(text: str) -> None:
    assert parse_month(text) == "2026-10"


@pytest.mark.parametrize(
    "text", ["2026", "2026-13", "2026-00", "10-2026", "15/10/2026", "Octember 2026", "", "2026-Q2", "1999-12", "Oc-26"]
)  # fmt: skip
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a month, like 2026-10"):
        parse_month(text)


@pytest.mark.parametrize("text", ["2026/27", "2026-27", "2026–27", "2026", "2026/2027", "2026 / 27"])
def test_a_financial_year_is_the_one_that_begins(text: str) -> None:
    assert parse_year(text) == 2026


@pytest.mark.parametrize("text", ["2026/28", "26/27", "next year", "", "1999/00"])
def test_what_is_no_financial_year_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_year(text)


def test_two_agree_and_who_is_missing_is_said() -> None:
    assert not is_agreed({"finance"})
    assert is_agreed({"finance", "service"})
    assert lacking({"finance"}) == ["the Head of Service"]
    assert lacking(()) == ["Finance", "the Head of Service"]


def test_a_department_measures_cost_and_performance() -> None:
    assert missing_kinds(["unit_cost"]) == ["performance"]
    assert missing_kinds([]) == ["unit cost", "performance"]
    assert missing_kinds(["performance", "unit_cost"]) == []
