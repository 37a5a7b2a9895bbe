"""Numbers as the rules' sentences say them, never rounded across a threshold."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.rag.verdict import Colour


def over(value: int | Fraction, amber: int | Fraction, red: int | Fraction) -> Colour:
    """Return the colour of a value that is off track over `amber` and far off over `red`."""
    if value > red:
        return "red"
    return "amber" if value > amber else "green"


def percent_down(value: Fraction) -> str:
    """Return a percentage rounded down to one decimal: 94.96% must not read as the 95% it did not reach."""
    return _tenths(math.floor(value * 10))


def percent_up(value: Fraction) -> str:
    """Return a percentage rounded up to one decimal: 100.04% must not read as the 100% it went over."""
    return _tenths(math.ceil(value * 10))


def _tenths(tenths: int) -> str:
    return f"{tenths // 10 if tenths % 10 == 0 else tenths / 10}%"


def many(count: int, what: str) -> str:
    """Return `1 day` or `2 days`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def day(iso: str) -> str:
    """Return `3 August 2026` for `2026-08-03`."""
    return short_day(dt.date.fromisoformat(iso))
