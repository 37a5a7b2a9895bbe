"""Python's garbage collector while the program starts: there is nothing for it to find, and it looks again and again."""

from __future__ import annotations

import gc


def pause() -> None:
    """Stop collecting until `resume`. A start makes 170,000 objects, and all but a hundredth of them stay for good."""
    gc.disable()


SELDOM = 200_000
"""So many objects more than went are made before it looks, in a process that makes millions and keeps few."""


def seldom() -> None:
    """Collect again, but seldom: what a simulated day makes goes by itself, and every look walks all that is kept."""
    resume()
    gc.set_threshold(SELDOM, 20, 20)


def resume() -> None:
    """Collect again, and never walk what is there now: it lives as long as the process."""
    gc.freeze()
    gc.enable()
