"""A saving's year shared out over its months, so that what was delivered can be set against it (§15.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vfm_workflow.domain.calendar import Calendar, month_end

if TYPE_CHECKING:
    from vfm_workflow.domain.facts import SavingFact

SHARED_OUT = "1/12 of the amount expected in the year"
"""How a month's profile is reckoned, for whoever reads the figure."""


def months_so_far(period: str, calendar: Calendar) -> list[str]:
    """Return the months of the financial year of `period` (such as `2026-10`), up to and with it."""
    year = calendar.financial_year(month_end(period))
    months = [month for quarter in range(1, 5) for month in calendar.quarter_months(f"{year}-Q{quarter}")]
    return [month for month in months if month <= period]


def expected_in(saving: SavingFact, period: str, calendar: Calendar) -> int:
    """Return the whole pence expected in the financial year of `period`, 0 outside the profile."""
    year = calendar.financial_year(month_end(period))
    return next((expected for known, _, expected, _ in saving.years if known == year), 0)


def shared_out(expected_in_years: Iterable[int]) -> int:
    """Return the whole pence profiled for some months, given what each one's year expects: 1/12 a month."""
    return (2 * sum(expected_in_years) + 12) // 24


def cost_in(savings: Iterable[SavingFact], year: int) -> int | None:
    """Return the whole pence that achieving some savings was to cost in a financial year.

    None where no cost was estimated in any year, or where the year lies outside their profiles: then there is nothing to
    judge spending by.
    """
    known = [pair for saving in savings for pair in saving.costs]
    here = [cost for known_year, cost in known if known_year == year]
    return sum(here) if here and any(cost for _, cost in known) else None
