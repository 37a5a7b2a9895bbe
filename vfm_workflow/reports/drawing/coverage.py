"""Which departments have completed a project this year, and which have one under way (§7.3: each at least one a year)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.reports.drawing.lettering import wrap
from vfm_workflow.reports.drawing.parts import Key, legend, nothing
from vfm_workflow.reports.drawing.scene import BLUE, GREEN, NARROW, QUIET, RED, WIDE, Area, Mark, Scene
from vfm_workflow.reports.model import Column, Picture, Table, rows_of

MOST = 8
"""Squares in a row; more are said in figures."""
NAMED = 4
"""Departments named in the finding; more are counted, and the picture names them all."""
LEFT = 280.0
"""Where the marks begin, right of the names."""


class Covered(TypedDict):
    """A department: how many of its projects are completed in the year, and how many are under way."""

    code: str
    name: str
    completed: int
    under_way: int


class Coverage(TypedDict):
    """The departments in the order in which they are drawn."""

    kind: str
    year: int
    """The financial year, by the calendar year in which it begins."""
    departments: list[Covered]


def coverage(key: str, title: str, *, year: int, departments: Sequence[Covered]) -> Picture:
    """Return the picture of a financial year's departments."""
    data = Coverage(kind="coverage", year=year, departments=[*departments])
    return Picture(key, title, _finding(data), {**data}, _table(key, title, data))


def _finding(data: Coverage) -> str:
    departments, year = data["departments"], year_name(data["year"])
    if not departments:
        return "There are no departments."
    without = [d for d in departments if not d["completed"]]
    if not without:
        return f"Every department has completed a project in {year}."
    count = len(departments) - len(without)
    have = "has" if count == 1 else "have"
    said = f"{count or 'None'} of {len(departments)} departments {have} completed a project in {year}"
    idle = [d["name"] for d in without if not d["under_way"]]
    if not idle:
        return f"{said}; {_not_yet(without)}, though {_each(without)} at least one under way."
    if len(idle) == len(without):
        return f"{said}; {_not_yet(without)}, and {_none(without)} under way."
    return f"{said}; {_not_yet(without)}, and {_listed(idle)} {'has' if len(idle) == 1 else 'have'} none under way."


def _not_yet(without: Sequence[Covered]) -> str:
    verb = "has" if len(without) == 1 else "have"
    return f"{_listed([d['name'] for d in without])} {verb} not yet"


def _each(without: Sequence[Covered]) -> str:
    return "it has" if len(without) == 1 else "each has"


def _none(without: Sequence[Covered]) -> str:
    return "it has none" if len(without) == 1 else "none of them has one"


def _listed(names: Sequence[str]) -> str:
    if len(names) > NAMED:
        return f"{len(names)} departments"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _table(key: str, title: str, data: Coverage) -> Table:
    rows = [(d["name"], d["completed"], d["under_way"]) for d in data["departments"]]
    columns = (
        Column("Department"),
        Column(f"Completed in {year_name(data['year'])}", "count", sums=True),
        Column("Under way", "count", sums=True),
    )
    note = "The strategy asks each department to complete at least one project a year (§7.3)."
    return Table(key, title, columns, rows_of(rows), note, total="All departments")


def draw(data: Any, *, narrow: bool) -> Scene:
    """Return the drawing of a `Coverage`: a line for each department."""
    scene = Scene(NARROW if narrow else WIDE)
    departments = data["departments"]
    if not departments:
        return nothing(scene, "There are no departments.")
    y = legend(
        scene,
        0,
        [
            Key("mark", f"Completed in {year_name(data['year'])}", GREEN, shape="tick"),
            Key("mark", "None completed", RED, shape="ring"),
            Key("area", "Under way", BLUE, BLUE),
        ],
    )
    left = 2.0 if narrow else LEFT
    for department in departments:
        scene.rule(0, y, scene.width, y)
        y = _row(scene, department, y, left)
    scene.rule(0, y, scene.width, y)
    scene.height = y + 2
    return scene


def _row(scene: Scene, department: Covered, y: float, left: float) -> float:
    """Draw a department from `y` down; return where the next begins. On a phone its name stands over its marks."""
    lines = wrap(department["name"], scene.width - 8 if scene.narrow else left - 20, scene.size)
    text = len(lines) * scene.leading
    if scene.narrow:
        scene.paragraph(left, y + scene.size + 4, lines)
        middle, height = y + text + 18, text + 34
    else:
        height = max(36, text + 12)
        middle = y + height / 2
        scene.paragraph(left - LEFT + 2, middle - text / 2 + scene.size, lines)
    foot = middle + scene.size * 0.35
    done = department["completed"]
    scene.marks.append(Mark(left + 10, middle, "tick" if done else "ring", 9, GREEN if done else RED))
    said = f"{done:,} completed" if done else "None completed"
    scene.say(left + 26, foot, said, bold=not done)
    _under_way(scene, department["under_way"], left + (140 if scene.narrow else 170), middle)
    return y + height


def _under_way(scene: Scene, count: int, x: float, middle: float) -> None:
    most = 4 if scene.narrow else MOST
    side, step = 11, 15
    for number in range(min(count, most)):
        scene.areas.append(Area(x + number * step, middle - side / 2, side, side, BLUE, BLUE))
    after = x + min(count, most) * step + (4 if count else 0)
    said = f"{count:,} under way" if count else "None under way"
    scene.say(after, middle + scene.size * 0.35, said, colour=QUIET if count else "#0b0c0c", bold=not count)
