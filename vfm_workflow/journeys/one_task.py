"""One thing that waits for somebody, as the page “My tasks” shows it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for somebody: what, where to do it, why it is theirs, and by when."""

    kind: str
    title: str
    path: str
    why: str
    project: str = ""
    """Reference and title, where it is about a project."""
    due: dt.date | None = None
    late: bool = False
    request_id: int | None = None
    """The decision whose link can be mailed again."""

    @property
    def pressing(self) -> tuple[int, dt.date]:
        """Sorts what is late or stands still first, then by the day it is due, then the rest."""
        rank = 0 if self.late or self.kind == "dispute" else 1 if self.due else 2
        return rank, self.due or dt.date.max
