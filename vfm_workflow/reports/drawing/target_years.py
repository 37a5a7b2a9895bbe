"""Five years of the weighted pipeline against the target of the Medium Term Financial Plan (§4.4, §4.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.money import short_pounds
from vfm_workflow.reports.drawing.lettering import width
from vfm_workflow.reports.drawing.parts import (
    ROUNDED,
    Key,
    Scale,
    axis_room,
    legend,
    money_marks,
    nothing,
    value_axis,
)
from vfm_workflow.reports.drawing.pipeline import found
from vfm_workflow.reports.drawing.scene import BLUE, INK, NARROW, PAPER, RED, WIDE, Area, Line, Scene
from vfm_workflow.reports.model import Column, Picture, Table, rows_of


class PlanYear(TypedDict):
    """A financial year of the plan, in whole pence; `weighted` is the part of `amount` that counts."""

    year: int
    amount: int
    weighted: int
    target: int


class TargetYears(TypedDict):
    """The years of the plan, the first first."""

    kind: str
    years: list[PlanYear]


def target_years(key: str, title: str, *, years: Sequence[PlanYear]) -> Picture:
    """Return the picture of the plan's years: pipeline, its weighted part and target of each, in whole pence."""
    data = TargetYears(kind="target_years", years=[*years])
    return Picture(key, title, _finding(data["years"]), {**data}, _table(key, title, data))


def _finding(years: Sequence[PlanYear]) -> str:
    if not years:
        return "There is no year to plan for."
    met = sum(year["weighted"] >= year["target"] for year in years)
    last = years[-1]
    told = found(last["year"], last["weighted"], last["target"])
    if len(years) == 1:
        return told
    count = "all" if met == len(years) else "none of the" if met == 0 else f"{met} of"
    return f"The weighted pipeline meets the target in {count} {len(years)} years. {told}"


def _table(key: str, title: str, data: TargetYears) -> Table:
    rows = [
        (year_name(y["year"]), y["amount"], y["weighted"], y["target"], y["weighted"] - y["target"])
        for y in data["years"]
    ]
    columns = (
        Column("Financial year"),
        Column("Expected", "money"),
        Column("Weighted", "money"),
        Column("Target", "money"),
        Column("Over or under", "money"),
    )
    note = f"Weighted: each project’s savings count by its stage’s weight. {ROUNDED}"
    return Table(key, title, columns, rows_of(rows), note)


def draw(data: Any, *, narrow: bool) -> Scene:
    """Return the drawing of `TargetYears`: a bar and a target for each year, and both in figures under it."""
    scene = Scene(NARROW if narrow else WIDE)
    years = data["years"]
    known = [amount for year in years for amount in (year["weighted"], year["target"])]
    if not any(known):
        return nothing(scene, "There is no target, and nothing is in the weighted pipeline.")
    short = any(year["weighted"] < year["target"] for year in years)
    keys = [Key("area", "Weighted pipeline", BLUE, BLUE), Key("line", "Target", INK, thick=4)]
    if short:
        keys.append(Key("area", "Still to be found", RED, PAPER, hatched=True))
    top = legend(scene, 0, keys)
    marks = money_marks(min(0, *known), max(0, *known), 5)
    left, right = axis_room(scene, marks), scene.width - 4.0
    rows = ("Year", "Weighted", "Target")
    if not narrow:
        left = max(left, 12 + max(width(row, scene.size, bold=True) for row in rows))
    bottom = top + (190 if narrow else 220)
    up = Scale(marks[0][0], marks[-1][0], bottom, top + 12)
    value_axis(scene, marks, up, left, right)
    largest, step = max(abs(amount) for amount in known), (right - left) / len(years)
    for number, year in enumerate(years):
        _bar(scene, year, left + (number + 0.5) * step, step * 0.6, up)
    scene.height = _figures(scene, years, largest, left, step, bottom + 10)
    return scene


def _bar(scene: Scene, year: PlanYear, middle: float, wide: float, up: Scale) -> None:
    zero, have, want = up.place(0), up.place(year["weighted"]), up.place(year["target"])
    x = middle - wide / 2
    if want < have - 0.5:
        _piece(scene, x, wide, want, have, PAPER, RED, hatched=True)
    if abs(have - zero) >= 0.5:
        _piece(scene, x, wide, zero, have, BLUE, BLUE, hatched=False)
    scene.lines.append(Line(((x - 6, want), (x + wide + 6, want)), INK, 4))


def _piece(
    scene: Scene, x: float, wide: float, y1: float, y2: float, fill: str, edge: str, *, hatched: bool
) -> None:
    scene.areas.append(Area(x, min(y1, y2), wide, abs(y1 - y2), fill, edge, hatched))


def _figures(
    scene: Scene, years: Sequence[PlanYear], largest: int, left: float, step: float, y: float
) -> float:
    """Write each year with its figures under its bar; return where they end. Where there is little room the names of the
    lines stand over them."""
    lines = [
        ("", [year_name(year["year"]) for year in years], True),
        ("Weighted", [short_pounds(year["weighted"], largest) for year in years], False),
        ("Target", [short_pounds(year["target"], largest) for year in years], False),
    ]
    fits = all(width(text, scene.size, bold=True) + 4 <= step for _, texts, _ in lines for text in texts)
    for name, texts, bold in lines:
        if name and (scene.narrow or not fits):
            scene.say(2, y + scene.size, f"{name}:", bold=True)
            y += scene.leading
        elif name:
            scene.say(left - 8, y + scene.size, name, "end", bold=True)
        for number, text in enumerate(texts):
            # without room for all in one line, every second stands a line lower
            drop = 0 if fits else number % 2 * scene.leading
            half = width(text, scene.size, bold=bold) / 2
            middle = min(max(left + (number + 0.5) * step, half), scene.width - half)
            scene.say(middle, y + scene.size + drop, text, "middle", bold=bold)
        y += scene.leading * (1 if fits else 2)
    return y + 8
