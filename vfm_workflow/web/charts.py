"""Where things go in a chart: everything is reckoned here, so that its template only draws."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vfm_workflow.domain.calendar import Calendar, short_day
from vfm_workflow.domain.facts import MilestoneFact
from vfm_workflow.domain.milestones import Slippage, expected, slippage

AXIS = 44
"""Height of the months over the rows, in the drawing's own units, which are pixels at full size."""
LINE = 18
"""Height of a line of text."""
Place = Callable[[dt.date], float]
"""Where a day stands from left to right."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A month on the axis. `year` is said where it begins or changes."""

    x: float
    label: str
    year: str


@dataclass(frozen=True, slots=True)
class Bar:
    """From the agreed date to the day it was or will be reached. `late` is drawn hatched."""

    x: float
    width: float
    late: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One milestone: its label's lines, the middle of its marks, and where they stand."""

    lines: tuple[str, ...]
    text_y: float
    y: float
    agreed: float | None
    mark: float
    state: str
    """`done`, `late` or `open`."""
    bar: Bar | None
    said: str
    said_x: float
    said_left: bool
    """The words stand left of the mark, because there is no room on its right."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One of the two drawings: for a desk, or for a phone."""

    width: int
    height: float
    left: int
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    today: float | None
    text_size: int


@dataclass(frozen=True, slots=True)
class Line:
    """A milestone in the table under the chart."""

    fact: MilestoneFact
    slip: Slippage

    @property
    def words(self) -> str:
        """How late it is, in words."""
        if self.slip.slipped:
            return f"{_many(self.slip.calendar_days, 'day')} ({_many(self.slip.working_days, 'working day')}) late"
        if self.fact.baseline is None:
            return "No date agreed yet"
        return "On time"

    @property
    def agreed(self) -> str:
        """The date CMT agreed, and the first one where a decision has set another since."""
        now, first = self.fact.baseline, self.fact.first_baseline
        if now is None:
            return ""
        return f"{short_day(now)}, first {short_day(first)}" if first not in (None, now) else short_day(now)


@dataclass(frozen=True, slots=True)
class MilestoneChart:
    """The milestones of a project: what they say in a sentence, both drawings, and the table."""

    finding: str
    wide: Drawing
    narrow: Drawing
    lines: tuple[Line, ...]


def milestones(facts: Sequence[MilestoneFact], today: dt.date, calendar: Calendar) -> MilestoneChart | None:
    """Return the chart of a project's milestones, None where it has none."""
    if not facts:
        return None
    lines = tuple(Line(m, slippage(m.baseline, m.forecast, m.done_on, today, calendar)) for m in facts)
    return MilestoneChart(
        finding(lines),
        _draw(lines, today, width=960, left=280, characters=32, ticks=12),
        _draw(lines, today, width=360, left=8, characters=40, ticks=5),
        lines,
    )


def finding(lines: Sequence[Line]) -> str:
    """Return what the milestones say in a sentence or two, with the figures."""
    first = _done(lines)
    still = [line for line in lines if line.fact.done_on is None]
    late = [line for line in still if line.slip.slipped]
    if late:
        worst = max(late, key=lambda line: line.slip.calendar_days)
        count = "1 has" if len(late) == 1 else f"{len(late)} have"
        return (
            f"{first} {count} slipped from the date CMT agreed, “{worst.fact.title}” the most: "
            f"{_many(worst.slip.calendar_days, 'day')} ({_many(worst.slip.working_days, 'working day')})."
        )
    if still and all(line.fact.baseline is None for line in lines):
        return f"{first} CMT has not agreed any dates yet."
    if still:
        return f"{first} Nothing still open has slipped from the date CMT agreed."
    return first


def _done(lines: Sequence[Line]) -> str:
    done = sum(line.fact.done_on is not None for line in lines)
    if len(lines) == 1:
        return "The one milestone is done." if done else "The one milestone is not done yet."
    return f"{done} of {len(lines)} milestones {'is' if done == 1 else 'are'} done."


def _draw(
    lines: Sequence[Line], today: dt.date, *, width: int, left: int, characters: int, ticks: int
) -> Drawing:
    start, end = _span(lines, today)
    right = 16

    def place(day: dt.date) -> float:
        share = (day - start).days / max((end - start).days, 1)
        return round(left + share * (width - left - right), 1)

    rows, y = [], float(AXIS)
    for line in lines:
        label = _wrap(line.fact.title, characters)
        beside = left > 100
        text_height = LINE * len(label)
        height = max(34, text_height + 14) if beside else text_height + 36
        middle = y + height / 2 if beside else y + text_height + 20
        text_y = middle - text_height / 2 + 13 if beside else y + 16
        rows.append(_row(line, label, text_y, middle, place, today, width))
        y += height
    shown = place(today) if start <= today <= end else None
    return Drawing(
        width, y + 10, left, _ticks(start, end, ticks, place), tuple(rows), shown, 15 if left > 100 else 14
    )


def _span(lines: Sequence[Line], today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first of the month of the earliest day and the first of the month after the latest."""
    days = [today]
    for line in lines:
        fact = line.fact
        days += [day for day in (fact.baseline, fact.forecast, fact.done_on) if day is not None]
    first, last = min(days), max(days)
    return first.replace(day=1), (last.replace(day=28) + dt.timedelta(days=5)).replace(day=1)


def _ticks(start: dt.date, end: dt.date, most: int, place: Place) -> tuple[Tick, ...]:
    months = (end.year - start.year) * 12 + end.month - start.month
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60) if months / s <= most), 120)
    found, year = [], 0
    for number in range(0, months, step):
        index = start.year * 12 + start.month - 1 + number
        day = dt.date(index // 12, index % 12 + 1, 1)
        found.append(Tick(place(day), f"{day:%b}", str(day.year) if day.year != year else ""))
        year = day.year
    return tuple(found)


def _row(
    line: Line, label: tuple[str, ...], text_y: float, y: float, place: Place, today: dt.date, width: int
) -> Row:
    fact, slip = line.fact, line.slip
    reached = expected(fact.forecast, fact.done_on, today)
    agreed = place(fact.baseline) if fact.baseline is not None else None
    mark = place(reached if slip.overdue else (fact.done_on or fact.forecast))
    bar = None
    if agreed is not None and abs(mark - agreed) >= 1:
        bar = Bar(min(agreed, mark), abs(mark - agreed), slip.slipped)
    state = "done" if fact.done_on else "late" if slip.slipped else "open"
    said = f"+{_many(slip.calendar_days, 'day')}" if slip.slipped else ""
    said_left = mark > width - 90
    edge = min(mark, agreed if agreed is not None else mark) - 12 if said_left else mark + 12
    return Row(label, text_y, y, agreed, mark, state, bar, said, edge, said_left)


def _wrap(text: str, characters: int) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, characters, max_lines=2, placeholder=" …", break_long_words=True)) or (
        "",
    )


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
