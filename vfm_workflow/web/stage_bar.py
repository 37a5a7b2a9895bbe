"""The bar of stages over a project: what is done and when, where it stands, and what is to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from vfm_workflow.domain.calendar import Calendar, short_day
from vfm_workflow.domain.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True)
class Move:
    """A project entered a stage."""

    at: dt.datetime
    to_stage: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One stage of the bar. `state` is `done`, `now`, `next` or `stopped`; `note` says the same in words."""

    title: str
    state: str
    note: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The marks, and the current stage's number on the way (from 1)."""

    marks: tuple[Mark, ...]
    number: int
    stage_title: str

    @property
    def count(self) -> int:
        return len(self.marks)

    @property
    def note(self) -> str:
        """What the current mark says, such as `Since 9 January 2026, 12 of 60 working days`."""
        return self.marks[self.number - 1].note


def position(lifecycle: Lifecycle, stage: str) -> int | None:
    """Return where a stage stands on the main line (from 0), None for one that has no place there, such as on hold."""
    line = lifecycle.main_line
    if stage in line:
        return line.index(stage)
    spec = lifecycle.stages.get(stage)
    beside = spec.beside if spec is not None else None
    return line.index(beside) if beside in line else None


def draw(lifecycle: Lifecycle, stage: str, moves: Sequence[Move], calendar: Calendar, today: dt.date) -> Bar:
    """Return the bar of a project in `stage` that came there by `moves`, oldest first."""
    places = _places(lifecycle, moves)
    here = position(lifecycle, stage)
    if here is None:
        here = places[-1] if places else 0
    since = calendar.today(moves[-1].at) if moves else today
    marks = [
        _mark(lifecycle, number, here, stage, _left(places, moves, number, calendar), since, calendar, today)
        for number in range(len(lifecycle.main_line))
    ]
    spec = lifecycle.stages.get(stage)
    return Bar(tuple(marks), here + 1, spec.title if spec is not None else stage)


def _places(lifecycle: Lifecycle, moves: Sequence[Move]) -> list[int]:
    """Return where the project stood on the main line after each move; a stage off it keeps the place before."""
    places: list[int] = []
    for move in moves:
        place = position(lifecycle, move.to_stage)
        places.append(place if place is not None else places[-1] if places else 0)
    return places


def _left(places: Sequence[int], moves: Sequence[Move], number: int, calendar: Calendar) -> dt.date | None:
    """Return the day the project last went past stage `number`."""
    for index in range(len(places) - 1, 0, -1):
        if places[index] > number >= places[index - 1]:
            return calendar.today(moves[index].at)
    return None


def _mark(
    lifecycle: Lifecycle,
    number: int,
    here: int,
    stage: str,
    left: dt.date | None,
    since: dt.date,
    calendar: Calendar,
    today: dt.date,
) -> Mark:
    title = lifecycle.stages[lifecycle.main_line[number]].title
    if number < here:
        return Mark(title, "done", f"Done {short_day(left)}" if left else "Done")
    if number > here:
        return Mark(title, "next", "")
    return _here(lifecycle, title, stage, since, calendar, today)


def _here(
    lifecycle: Lifecycle, title: str, stage: str, since: dt.date, calendar: Calendar, today: dt.date
) -> Mark:
    spec = lifecycle.stages.get(stage)
    if spec is None:
        return Mark(title, "now", f"Since {short_day(since)}")
    on_line = stage in lifecycle.main_line
    if spec.kind == "ended":
        return Mark(title, "done" if on_line else "stopped", f"{spec.title} {short_day(since)}")
    if spec.kind == "held":
        return Mark(title, "stopped", f"{spec.title} since {short_day(since)}")
    said = f"Since {short_day(since)}" if on_line else f"{spec.title} {short_day(since)}"
    if spec.limit_working_days:
        said += f", {calendar.working_days_between(since, today)} of {spec.limit_working_days} working days"
    return Mark(title, "now", said)
