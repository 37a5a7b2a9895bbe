"""How far a line's saving has come in a quarter: delivered, evidenced, verified, banked (§15.1). Whole pence throughout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from vfm_workflow.domain.calendar import quarter_name
from vfm_workflow.domain.money import pounds
from vfm_workflow.domain.quality import Quality

State = Literal["none", "delivered", "fell", "refused", "evidenced", "verified", "banked"]
STATES: Mapping[State, str] = {
    "none": "Nothing yet",
    "delivered": "Not claimed yet",
    "fell": "Not claimed: quality fell",
    "refused": "Refused by Finance",
    "evidenced": "To be verified",
    "verified": "To be banked",
    "banked": "Banked",
}
"""How a quarter of a line stands → what people read, in the order of the way."""
OPEN = ("evidenced", "verified")
COUNTED = ("evidenced", "verified", "banked")
"""States of a claim in which its amount is spoken for."""


NOT_ASKED = Quality("unknown", "")


@dataclass(frozen=True, slots=True)
class Quarter:
    """A line's figures of one quarter, in whole pence."""

    quarter: str
    delivered: int = 0
    """As the returns have it, verified or not."""
    confirmed: int = 0
    """Of that, what is in verified returns, or said by Finance after the project's end."""
    claimed: Mapping[str, int] = field(default_factory=dict)
    """State of a claim → the amounts claimed together."""
    quality: Quality = NOT_ASKED

    @property
    def evidenced(self) -> int:
        """What was put before Finance and not refused: verified and banked are part of it."""
        return sum(self.claimed.get(state, 0) for state in COUNTED)

    @property
    def verified(self) -> int:
        """What Finance has verified: banked is part of it."""
        return self.claimed.get("verified", 0) + self.claimed.get("banked", 0)

    @property
    def banked(self) -> int:
        return self.claimed.get("banked", 0)

    @property
    def left(self) -> int:
        """What may still be claimed."""
        return max(self.confirmed - self.evidenced, 0)

    @property
    def over(self) -> int:
        """What is claimed beyond what the returns now say: a correction came later."""
        return max(self.evidenced - self.delivered, 0)

    @property
    def state(self) -> State:
        """The step that the quarter waits for; what is still to be claimed comes before what is banked."""
        if self.claimed.get("evidenced"):
            return "evidenced"
        if self.claimed.get("verified"):
            return "verified"
        if self.delivered > self.evidenced:
            if self.quality.fell:
                return "fell"
            return "refused" if "refused" in self.claimed else "delivered"
        if self.banked:
            return "banked"
        return "refused" if "refused" in self.claimed else "none"


def correction(title: str, quarter: Quarter) -> str:
    """Return the warning that more is claimed than was delivered, empty where it is not."""
    if not quarter.over:
        return ""
    return (
        f"Corrected after it was claimed: the returns now say {pounds(quarter.delivered)} of “{title}” for "
        f"{quarter_name(quarter.quarter)}, and {pounds(quarter.evidenced)} is claimed, {pounds(quarter.over)} too much."
    )


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a line, or several together, come to in a financial year, in whole pence."""

    gross: int = 0
    """What is expected, before the cost to achieve it."""
    cost: int = 0
    first: int = 0
    """Gross as CMT agreed it first; as it is expected where CMT has agreed nothing yet."""
    forecast: int = 0
    """At the year's end, as the newest return says; as it is expected where none says."""
    delivered: int = 0
    evidenced: int = 0
    verified: int = 0
    banked: int = 0
    placed: int = 0
    """Of what is banked: it is said where it went."""
    fenced: int = 0

    @property
    def net(self) -> int:
        """Gross less the cost to achieve it."""
        return self.gross - self.cost

    @classmethod
    def total(cls, rows: Iterable[Amounts]) -> Amounts:
        """Return the sums of all rows, each figure by itself."""
        found = list(rows)
        return cls(**{name: sum(getattr(row, name) for row in found) for name in cls.__slots__})
