"""What a council decides about savings (`config/savings.yaml`): its target, their destinations, and when they are looked at
again (§4.4, §15)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import Field, field_validator

from vfm_workflow.documents import Document, Strict, validate

PLAN_YEARS = 5
"""The Medium Term Financial Plan looks five years ahead (§4.4)."""
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Mtfp(Strict):
    """The five-year target: a part of the net budget to be saved each year, on top of the years before."""

    first_year: int = Field(ge=2000, le=2200)
    net_budget: int = Field(gt=0, le=100_000_000_000)
    """Whole pounds a year."""
    target_percent: Decimal = Field(ge=0, le=100, max_digits=6)

    @property
    def years(self) -> range:
        """The financial years of the plan, each by the year in which it begins."""
        return range(self.first_year, self.first_year + PLAN_YEARS)

    def target(self, year: int) -> int:
        """Return the whole pence to be saved in a year of the plan, 0 before it and the last year's amount after it."""
        steps = min(max(year - self.first_year + 1, 0), PLAN_YEARS)
        exact = Decimal(self.net_budget) * self.target_percent * steps  # pounds × per cent are pence
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


class SavingsRules(Strict):
    """The whole of `config/savings.yaml`."""

    mtfp: Mtfp
    destinations: Mapping[Key, Annotated[str, Field(min_length=1, max_length=80)]] = Field(min_length=1)
    benefits_review_months: tuple[Annotated[int, Field(ge=1, le=120)], ...] = (6, 12, 24)

    @field_validator("benefits_review_months")
    @classmethod
    def _in_order(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("write each number of months once, the smallest first")
        return value


def load(document: Document) -> SavingsRules:
    """Return the rules. Raises ConfigError naming file and line of whatever cannot be used."""
    return validate(SavingsRules, document)
