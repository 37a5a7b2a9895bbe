"""How other councils do: their median, worked out once for pages, pictures and reports (§4.4)."""

from __future__ import annotations

from collections.abc import Iterable


def median(values: Iterable[int], places: int) -> tuple[int, int] | None:
    """Return the middle of values in steps of 10^-places as (value, places), exactly; None of no values.

    It has one decimal place more where it lies half-way between two steps, and only there.
    """
    ordered = sorted(values)
    if not ordered:
        return None
    doubled = ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]
    return (doubled // 2, places) if doubled % 2 == 0 else (doubled * 5, places + 1)
