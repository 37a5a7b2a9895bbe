"""Which way is better: one rule for every comparison of a measure's value with its baseline, its target, or what it was."""

from __future__ import annotations


def worse_by(direction: str, value: int, than: int) -> int:
    """Return by how many steps `value` is worse than `than`; 0 where they are the same, less where it is better.

    `direction` is `lower` or `higher`: which is better.
    """
    return value - than if direction == "lower" else than - value


def meets(direction: str, value: int, target: int) -> bool:
    """Return whether a value is at its target or better."""
    return worse_by(direction, value, target) <= 0
