"""The pipeline of savings against the target of the Medium Term Financial Plan (§4.4): a stage counts by its weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.money import short_pounds
from vfm_workflow.reports.drawing.lettering import width, wrap
from vfm_workflow.reports.drawing.parts import (
    ROUNDED,
    Key,
    Scale,
    legend,
    money_marks,
    nothing,
    rounding,
    write_free,
)
from vfm_workflow.reports.drawing.scene import (
    BLUE,
    GREEN,
    INK,
    NARROW,
    PALE,
    PAPER,
    RED,
    RULE,
    WIDE,
    Line,
    Scene,
)
from vfm_workflow.reports.model import Column, Picture, Table, rows_of


class Stage(TypedDict):
    """What the projects of a stage expect in the year, and the part of it that counts; whole pence."""

    title: str
    weight: int
    """Per cent."""
    amount: int
    weighted: int


class Pipeline(TypedDict):
    """A year's pipeline, the stages in the order in which they are drawn; whole pence."""

    kind: str
    year: int
    """The financial year, by the calendar year in which it begins."""
    stages: list[Stage]
    target: int


def pipeline(key: str, title: str, *, year: int, stages: Sequence[Stage], target: int) -> Picture:
    """Return the picture of a year: each stage's amount and the part of it that counts, in whole pence, and the target."""
    data = Pipeline(kind="pipeline", year=year, stages=[*stages], target=target)
    return Picture(key, title, found(year, _weighted(data), target), {**data}, _table(key, title, data))


def found(year: int, weighted: int, target: int) -> str:
    """Return what a year's weighted pipeline means for its target, in a sentence."""
    largest = max(abs(weighted), abs(target))
    amounts = (weighted, target, abs(target - weighted))
    have, want, gap = (short_pounds(pence, largest) for pence in amounts)
    name, rounded = year_name(year), rounding(amounts, largest)
    if target == 0:
        return f"{have} is in the weighted pipeline for {name}; there is no target for that year{rounded}."
    said = f"{have} of the {want} target for {name} is in the weighted pipeline"
    if weighted < target:
        return f"{said}: {gap} is still to be found{rounded}."
    if weighted == target:
        return f"{said}: the target is met exactly{rounded}."
    return f"{have} is in the weighted pipeline for {name}: {gap} more than the {want} target{rounded}."


def _weighted(data: Pipeline) -> int:
    return sum(stage["weighted"] for stage in data["stages"])


def _table(key: str, title: str, data: Pipeline) -> Table:
    rows: list[tuple[str, int | None, int | None, int]] = [
        (stage["title"], stage["weight"] * 10, stage["amount"], stage["weighted"]) for stage in data["stages"]
    ]
    weighted = _weighted(data)
    rows.append(("All stages", None, sum(stage["amount"] for stage in data["stages"]), weighted))
    rows.append(("Target", None, None, data["target"]))
    rows.append((_gap_name(weighted, data["target"]), None, None, abs(data["target"] - weighted)))
    columns = (
        Column("Stage"),
        Column("Weight", "percent"),
        Column("Expected", "money"),
        Column("Weighted", "money"),
    )
    note = f"Savings expected in {year_name(data['year'])}. A stage counts by its weight. {ROUNDED}"
    return Table(key, title, columns, rows_of(rows), note)


def _gap_name(weighted: int, target: int) -> str:
    return "Still to be found" if weighted <= target else "More than the target"


Bar = tuple[int, int, str, str, bool]
"""From, to, fill, edge, hatched."""
Row = tuple[str, str, list[Bar]]
"""What a row is, its figures, and its bars."""


def draw(data: Any, *, narrow: bool) -> Scene:
    """Return the drawing of a `Pipeline`: each bar begins where the weighted part of the one above it ends."""
    scene = Scene(NARROW if narrow else WIDE)
    if not data["target"] and not any(stage["amount"] for stage in data["stages"]):
        return nothing(scene, f"Nothing is expected in {year_name(data['year'])}, and there is no target.")
    rows = _rows(data)
    top = legend(scene, 0, _keys(data))
    ends = [end for _, _, bars in rows for bar in bars for end in bar[:2]]
    marks = money_marks(
        int(min(0, *ends, data["target"])), int(max(0, *ends, data["target"])), 4 if narrow else 6
    )
    left = 2.0 if narrow else min(210.0, 14 + max(width(name, scene.size, bold=True) for name, _, _ in rows))
    said = 0.0 if narrow else 12 + max(width(text, scene.size) for _, text, _ in rows)
    across = Scale(marks[0][0], marks[-1][0], left + (14 if narrow else 0), scene.width - said - 18)
    for mark, text in marks:
        write_free(scene, [(across.place(mark), top + scene.size, "middle")], text)
    y = top + scene.leading + 6
    for name, text, bars in rows:
        y = _row(scene, y, name, text, bars, across, left)
    for mark, _ in marks:
        x = across.place(mark)
        scene.rule(x, top + scene.leading + 2, x, y, INK if mark == 0 else RULE)
    if data["target"]:
        place = across.place(data["target"])
        scene.lines.append(Line(((place, top + scene.leading + 2), (place, y)), INK, 2.5, "7 4"))
    scene.height = y + 4
    return scene


def _keys(data: Pipeline) -> list[Key]:
    keys = [
        Key("area", "Counted, by the stage’s weight", BLUE, BLUE),
        Key("area", "Expected, not counted", BLUE, PALE, dashes="3 3"),
    ]
    if data["target"]:
        keys.append(Key("line", f"Target {short_pounds(data['target'])}", INK, dashes="7 4"))
    return keys


def _rows(data: Pipeline) -> list[Row]:
    rows: list[Row] = []
    amounts = [abs(part) for stage in data["stages"] for part in (stage["amount"], stage["weighted"])]
    weighted, target = _weighted(data), data["target"]
    largest = max([*amounts, abs(weighted), abs(target)])
    so_far = 0
    for stage in data["stages"]:
        end = so_far + stage["weighted"]
        bars = [(so_far, end, BLUE, BLUE, False), (end, so_far + stage["amount"], PALE, BLUE, False)]
        text = (
            f"{_money(stage['weighted'], largest)} of {_money(stage['amount'], largest)} ({stage['weight']}%)"
        )
        rows.append((stage["title"], text, bars))
        so_far = end
    rows.append(("Weighted pipeline", _money(weighted, largest), [(0, weighted, INK, INK, False)]))
    if target:
        colour = RED if weighted < target else GREEN
        bars = [(weighted, target, PAPER, colour, True)]
        rows.append((_gap_name(weighted, target), _money(abs(target - weighted), largest), bars))
    return rows


def _money(pence: int, largest: int) -> str:
    return short_pounds(pence, largest)


def _row(
    scene: Scene,
    y: float,
    name: str,
    text: str,
    bars: list[Bar],
    across: Scale,
    left: float,
) -> float:
    """Draw a row from `y` down; return where the next begins. On a phone its words stand over its bars."""
    total = name in ("Weighted pipeline", "Still to be found", "More than the target")
    if scene.narrow:
        lines = wrap(f"{name}: {text}", scene.width - 8, scene.size, bold=total)
        for number, line in enumerate(lines):
            scene.say(2, y + scene.size + number * scene.leading, line, bold=total, backed=True)
        middle, height = y + len(lines) * scene.leading + 12, len(lines) * scene.leading + 28
    else:
        lines = wrap(name, left - 14, scene.size, bold=total)
        height = max(32, len(lines) * scene.leading + 10)
        middle = y + height / 2
        first = middle - (len(lines) - 1) * scene.leading / 2 + scene.size * 0.35
        scene.paragraph(left - 12, first, lines, "end", bold=total)
        scene.say(scene.width - 2, middle + scene.size * 0.35, text, "end", bold=total)
    for start, end, fill, edge, hatched in bars:
        scene.bar(across.place(start), across.place(end), middle - 8, 16, fill, edge, hatched=hatched)
    return y + height
