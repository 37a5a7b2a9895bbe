"""A unit cost worked out of its two parts: rounded once, half up, and the parts kept beside it (§4.1)."""

from __future__ import annotations

import re

_POUNDS_PER = re.compile(r"^£\s*per\s+\S", re.IGNORECASE)


def has_parts(kind: str, unit: str) -> bool:
    """Return whether a measure can be worked out of pounds and a count: a unit cost in `£ per` something."""
    return kind == "unit_cost" and bool(_POUNDS_PER.match(unit.strip()))


def unit_cost(numerator: int, denominator: int, places: int) -> int:
    """Return whole pence divided by whole units, in steps of 10^-`places` of a pound.

    It is rounded once, a half away from nought: £10 for 3 is £3.33, £0.05 for 10 is £0.01. Raises ValueError for a
    denominator below 1.
    """
    if denominator < 1:
        raise ValueError("must be 1 or more")
    scale: int = 10**places
    pence, below = abs(numerator) * scale, 100 * denominator
    value = (2 * pence + below) // (2 * below)
    return -value if numerator < 0 else value
