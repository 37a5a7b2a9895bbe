"""The milestones of a project: the date CMT agreed, and when each was or will be reached (§10.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, TypedDict

from vfm_workflow.domain.calendar import Calendar, short_day
from vfm_workflow.domain.facts import MilestoneFact
from vfm_workflow.domain.milestones import Slippage, expected, slippage
from vfm_workflow.reports.drawing.lettering import wrap
from vfm_workflow.reports.drawing.parts import Key, legend, nothing, write_free
from vfm_workflow.reports.drawing.scene import (
    BLUE,
    GREEN,
    INK,
    NARROW,
    PAPER,
    QUIET,
    RED,
    WIDE,
    Anchor,
    Area,
    Line,
    Mark,
    Scene,
)
from vfm_workflow.reports.model import Column, Picture, Table, rows_of

Place = Callable[[str], float]
"""Where an ISO day stands from left to right."""


class Milestone(TypedDict):
    """A milestone. Days are ISO."""

    title: str
    agreed: str | None
    """The date CMT agreed last."""
    reached: str
    """When it was done; else its forecast; else, where that has passed, today."""
    state: str
    """`done`, `late` or `open`."""
    late_days: int
    """Calendar days after the agreed date."""


class Milestones(TypedDict):
    """A project's milestones in the order in which they are drawn."""

    kind: str
    today: str
    milestones: list[Milestone]


def milestones(
    key: str, title: str, *, facts: Sequence[MilestoneFact], today: dt.date, calendar: Calendar
) -> Picture:
    """Return the picture of a project's milestones as they stand on a day."""
    lines = [(m, slippage(m.baseline, m.forecast, m.done_on, today, calendar)) for m in facts]
    data = Milestones(
        kind="milestones", today=today.isoformat(), milestones=[_drawn(*line, today) for line in lines]
    )
    return Picture(key, title, finding(lines), {**data}, _table(key, title, lines))


def _drawn(fact: MilestoneFact, slip: Slippage, today: dt.date) -> Milestone:
    reached = (
        expected(fact.forecast, fact.done_on, today) if slip.overdue else (fact.done_on or fact.forecast)
    )
    return Milestone(
        title=fact.title,
        agreed=fact.baseline.isoformat() if fact.baseline is not None else None,
        reached=reached.isoformat(),
        state="done" if fact.done_on else "late" if slip.slipped else "open",
        late_days=slip.calendar_days,
    )


def finding(lines: Sequence[tuple[MilestoneFact, Slippage]]) -> str:
    """Return what the milestones say in a sentence or two, with the figures."""
    if not lines:
        return "There are no milestones yet."
    first = _done(lines)
    still = [line for line in lines if line[0].done_on is None]
    late = [line for line in still if line[1].slipped]
    if late:
        worst, slip = max(late, key=lambda line: line[1].calendar_days)
        count = "1 has" if len(late) == 1 else f"{len(late)} have"
        return (
            f"{first} {count} slipped from the date CMT agreed, “{worst.title}” the most: "
            f"{_many(slip.calendar_days, 'day')} ({_many(slip.working_days, 'working day')})."
        )
    if still and all(fact.baseline is None for fact, _ in lines):
        return f"{first} CMT has not agreed any dates yet."
    if still:
        return f"{first} Nothing still open has slipped from the date CMT agreed."
    return first


def _done(lines: Sequence[tuple[MilestoneFact, Slippage]]) -> str:
    done = sum(fact.done_on is not None for fact, _ in lines)
    if len(lines) == 1:
        return "The one milestone is done." if done else "The one milestone is not done yet."
    return f"{done} of {len(lines)} milestones {'is' if done == 1 else 'are'} done."


def _table(key: str, title: str, lines: Sequence[tuple[MilestoneFact, Slippage]]) -> Table:
    rows = [
        (
            fact.title,
            _agreed(fact),
            fact.forecast.isoformat(),
            fact.done_on.isoformat() if fact.done_on else None,
            slip.calendar_days,
            _words(fact, slip),
        )
        for fact, slip in lines
    ]
    columns = (
        Column("Milestone"),
        Column("CMT agreed"),
        Column("Forecast", "date"),
        Column("Done", "date"),
        Column("Days late", "count"),
        Column("Against the agreed date", wide=True),
    )
    return Table(key, title, columns, rows_of(rows), empty="There are no milestones yet.")


def _agreed(fact: MilestoneFact) -> str:
    """Return the date CMT agreed, and the first one where a decision has set another since."""
    now, first = fact.baseline, fact.first_baseline
    if now is None:
        return "Not yet"
    return f"{short_day(now)}, first {short_day(first)}" if first not in (None, now) else short_day(now)


def _words(fact: MilestoneFact, slip: Slippage) -> str:
    if slip.slipped:
        return f"{_many(slip.calendar_days, 'day')} ({_many(slip.working_days, 'working day')}) late"
    return "No date agreed yet" if fact.baseline is None else "On time"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


# ------------------------------------------------------------------ the drawing

AXIS = 42
"""Height of the years and months over the rows."""


def draw(data: Any, *, narrow: bool) -> Scene:
    """Return the drawing of `Milestones`: a line for each, its agreed date, and when it is reached."""
    scene = Scene(NARROW if narrow else WIDE)
    found: list[Milestone] = data["milestones"]
    if not found:
        return nothing(scene, "There are no milestones yet.")
    top = legend(scene, 0, _keys())
    left = 12.0 if narrow else 232.0
    start, end = _span(found, data["today"])
    days = max((end - start).days, 1)

    def place(day: str) -> float:
        share = (dt.date.fromisoformat(day) - start).days / days
        return round(left + share * (scene.width - left - 18), 1)

    marks = _months(start, end, 5 if narrow else 9)
    _axis(scene, marks, place, data["today"], top)
    y = top + AXIS
    for milestone in found:
        y = _row(scene, milestone, y, place, left)
    for mark in marks:
        scene.rule(place(mark), top + AXIS - 2, place(mark), y)
    today = place(data["today"])
    scene.grid.append(Line(((today, top + AXIS - 2), (today, y)), INK, 2, "5 4"))
    scene.height = y + 4
    return scene


def _keys() -> list[Key]:
    return [
        Key("line", "Date CMT agreed", QUIET, thick=5),
        Key("mark", "Done", GREEN, shape="tick"),
        Key("mark", "Forecast", BLUE, shape="ring"),
        Key("area", "Late", RED, PAPER, hatched=True),
    ]


def _span(found: Sequence[Milestone], today: str) -> tuple[dt.date, dt.date]:
    """Return the first of the month of the earliest day and the first of the month after the latest."""
    days = [today, *(m["reached"] for m in found), *(m["agreed"] for m in found if m["agreed"] is not None)]
    first, last = dt.date.fromisoformat(min(days)), dt.date.fromisoformat(max(days))
    return first.replace(day=1), (last.replace(day=28) + dt.timedelta(days=5)).replace(day=1)


def _months(start: dt.date, end: dt.date, most: int) -> list[str]:
    """Return the firsts of months that are written over the rows, at most so many."""
    months = (end.year - start.year) * 12 + end.month - start.month
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60, 120, 240) if months / s <= most), months)
    index = start.year * 12 + start.month - 1
    return [dt.date(n // 12, n % 12 + 1, 1).isoformat() for n in range(index, index + months, step)]


def _axis(scene: Scene, marks: Sequence[str], place: Place, today: str, top: float) -> None:
    """Write today, then the months and, where there is room, the years."""
    x = place(today)
    half = 24.0
    held = min(max(x, half), scene.width - half)
    write_free(scene, [(held, top + scene.size, "middle")], "Today", bold=True)
    year = ""
    for mark in marks:
        x = place(mark) + 2
        if mark[:4] != year and write_free(scene, [(x, top + scene.size, "start")], mark[:4], bold=True):
            year = mark[:4]
        write_free(
            scene, [(x, top + scene.size + scene.leading, "start")], f"{dt.date.fromisoformat(mark):%b}"
        )


def _row(scene: Scene, milestone: Milestone, y: float, place: Place, left: float) -> float:
    """Draw a milestone from `y` down; return where the next begins. On a phone its name stands over its marks."""
    lines = wrap(milestone["title"], scene.width - 8 if scene.narrow else left - 26, scene.size)
    text = len(lines) * scene.leading
    if scene.narrow:
        for number, line in enumerate(lines):
            scene.say(2, y + scene.size + 2 + number * scene.leading, line, backed=True)
        middle, height = y + text + 16, text + 32
    else:
        height = max(34, text + 12)
        middle = y + height / 2
        scene.paragraph(left - 22, middle - text / 2 + scene.size, lines, "end")
    mark = place(milestone["reached"])
    agreed = place(milestone["agreed"]) if milestone["agreed"] is not None else None
    late = milestone["late_days"] > 0
    if agreed is not None:
        colour = RED if late else GREEN
        scene.bar(agreed, mark, middle - 5, 10, PAPER, colour, hatched=late)
        scene.areas.append(Area(agreed - 2, middle - 11, 4, 22, QUIET))
    shape, colour = ("tick", GREEN) if milestone["state"] == "done" else ("ring", RED if late else BLUE)
    scene.marks.append(Mark(mark, middle, shape, 9, colour))  # type: ignore[arg-type]
    if late:
        foot, first = middle + scene.size * 0.35, min(mark, agreed if agreed is not None else mark)
        places: list[tuple[float, float, Anchor]] = [(mark + 13, foot, "start"), (first - 13, foot, "end")]
        write_free(scene, places, f"+{_many(milestone['late_days'], 'day')}", bold=True, backed=True)
    return y + height
