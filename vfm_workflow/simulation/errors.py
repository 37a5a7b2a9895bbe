"""What ends a simulation, or a process in it."""

from __future__ import annotations

import datetime as dt

from vfm_workflow.errors import VfmError


class Violated(VfmError):
    """Something that must never break did. It says on which day, and how to see it again."""

    def __init__(self, what: str, day: dt.date, again: str) -> None:
        self.what, self.day, self.again = what, day, again
        super().__init__(f"On {day:%A} {day.day} {day:%B %Y}: {what}\nSee it again: {again}")


class Broken(Exception):
    """What is wrong, before it is known by which seed, and mostly on which day: today's where it does not say."""

    def __init__(self, what: str, day: dt.date | None = None) -> None:
        self.day = day
        super().__init__(what)


class Died(Exception):
    """A process ended here: whatever it had not committed is gone, and it says nothing to anybody."""
