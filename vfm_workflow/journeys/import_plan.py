"""What a file of figures would do, row by row, before any of it is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.csv_sheet import MOST_BAD, Bad, Column, Line, Sheet
from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys.home import Home

MOST_LISTED = 200
"""Rows that are named one by one in what is kept of an import; the others are counted."""
EVERY = 250
"""Rows between two words of how far it is."""
Progress = Callable[[int, int], None]
"""Is told how many rows were looked at, of how many."""


def silent(_: int, __: int) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a row changes, in words."""

    line: int
    what: str
    was: str
    now: str
    reason: str = ""


@dataclass(frozen=True)
class Asked:
    """A file to be read: by whom, when, and what it is called. `by` is None at the command line without `--by`."""

    session: Session
    home: Home
    by: Actor | None
    at: dt.datetime
    name: str
    progress: Progress = silent

    @property
    def today(self) -> dt.date:
        return self.home.calendar.today(self.at)

    def rows(self, sheet: Sheet, plan: Plan) -> Iterator[Line]:
        """Yield each row, saying how far it is, until too much is wrong."""
        for done, line in enumerate(sheet.lines):
            if len(plan.bad) >= MOST_BAD:
                plan.bad.append(
                    Bad(line.number, "", f"More than {MOST_BAD} rows are wrong: the rest was not looked at")
                )
                return
            if done % EVERY == 0:
                self.progress(done, len(sheet.lines))
            yield line


Write = Callable[[Asked, int], None]
"""Does what was planned, in the transaction in which it was planned; the number is the batch's."""


@dataclass
class Plan:
    """What a file would do. Nothing of it is done where anything is bad."""

    rows: int
    new: list[Change] = field(default_factory=list)
    corrections: list[Change] = field(default_factory=list)
    known: int = 0
    """Rows that say what is known already."""
    bad: list[Bad] = field(default_factory=list)
    write: Write | None = None

    def take(self, change: Change, *, correction: bool) -> None:
        """Count a change among the new ones or the corrections."""
        (self.corrections if correction else self.new).append(change)

    def refuse(self, line: int, problems: Mapping[str, str]) -> None:
        """Say what is wrong with a row, column by column."""
        self.bad += [Bad(line, column, said) for column, said in problems.items()]

    def result(self) -> dict[str, Any]:
        """Return it as the batch keeps it and programs read it: counts, and the rows by line."""

        def listed(changes: Sequence[Change]) -> list[dict[str, Any]]:
            return [
                {"line": c.line, "what": c.what, "was": c.was, "now": c.now, "reason": c.reason}
                for c in changes[:MOST_LISTED]
            ]

        worst = sorted(self.bad, key=lambda bad: bad.line)
        return {
            "rows": self.rows,
            "new": len(self.new),
            "corrections": len(self.corrections),
            "unchanged": self.known,
            "problems": [{"line": b.line, "column": b.column, "message": b.said} for b in worst],
            "changes": listed(self.new),
            "corrected": listed(self.corrections),
        }


@dataclass(frozen=True)
class Importer:
    """A kind of file: its columns, who may send one, and how it is read."""

    name: str
    title: str
    explained: str
    permission: str
    columns: Sequence[Column]
    plan: Callable[[Asked, Sheet], Plan]
    unsigned: bool = False
    """The command line may do it in nobody's name, because the rows it makes name nobody."""
