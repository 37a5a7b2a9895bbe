"""A measure month by month, with its target and how other councils do (§4.1–4.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from vfm_workflow.domain.calendar import month_after, month_name
from vfm_workflow.domain.money import figure
from vfm_workflow.domain.peers import median
from vfm_workflow.domain.units import unit_of, with_unit
from vfm_workflow.reports.drawing.parts import (
    Key,
    Scale,
    around,
    axis_room,
    legend,
    month_axis,
    nothing,
    round_marks,
    value_axis,
    write_free,
)
from vfm_workflow.reports.drawing.scene import BLUE, GREEN, INK, NARROW, WIDE, Box, Line, Mark, Scene
from vfm_workflow.reports.model import Cell, Column, Picture, Table


class Median(TypedDict):
    """The middle of some values: `value` in steps of 10^-`places`."""

    value: int
    places: int
    of: int
    """How many councils it is of."""


class Trend(TypedDict):
    """Values in whole steps of 10^-`places` of the unit."""

    kind: str
    name: str
    unit: str
    places: int
    direction: str
    """`lower` or `higher` is better."""
    months: list[str]
    """From the first to the last that is reported, without a gap."""
    values: list[int | None]
    target: int | None
    median: Median | None


def median_of(values: Sequence[int], places: int) -> Median | None:
    """Return the median as a picture keeps it; None of no values."""
    found = median(values, places)
    return None if found is None else Median(value=found[0], places=found[1], of=len(values))


def trend(
    key: str,
    title: str,
    *,
    name: str,
    unit: str,
    places: int,
    direction: str,
    readings: Mapping[str, int],
    target: int | None,
    peers: Sequence[int] = (),
) -> Picture:
    """Return the picture of a measure: `readings` by month, in steps, and other councils' values of it."""
    months = _months(readings)
    data = Trend(
        kind="trend",
        name=name,
        unit=unit,
        places=places,
        direction=direction,
        months=months,
        values=[readings.get(month) for month in months],
        target=target,
        median=median_of(peers, places),
    )
    return Picture(key, title, _finding(data), {**data}, _table(key, title, data))


def _months(readings: Mapping[str, int]) -> list[str]:
    if not readings:
        return []
    found = [min(readings)]
    while found[-1] < max(readings):
        found.append(month_after(found[-1]))
    return found


def _said(data: Trend, value: int) -> str:
    return with_unit(data["unit"], value, data["places"])


def _finding(data: Trend) -> str:
    known = [
        (month, value)
        for month, value in zip(data["months"], data["values"], strict=True)
        if value is not None
    ]
    if not known:
        return f"No month of “{data['name']}” is reported yet."
    month, last = known[-1]
    parts = [f"{_said(data, last)} in {month_name(month)}{_since(data, known)}"]
    if data["target"] is not None:
        parts.append(f"the target of {_said(data, data['target'])} is {_reached(data, last, data['target'])}")
    if data["median"] is not None:
        parts.append(_against(data, last, data["median"]))
    return "; ".join(parts) + "."


def _since(data: Trend, known: Sequence[tuple[str, int]]) -> str:
    (first_month, first), (_, last) = known[0], known[-1]
    if len(known) == 1:
        return ""
    if first == last:
        return f", the same as in {month_name(first_month)}"
    word = "better" if (last < first) == (data["direction"] == "lower") else "worse"
    return f", {word} than the {_said(data, first)} in {month_name(first_month)}"


def _reached(data: Trend, value: int, target: int) -> str:
    reached = value <= target if data["direction"] == "lower" else value >= target
    return "reached" if reached else "not reached yet"


def _against(data: Trend, value: int, median: Median) -> str:
    middle = with_unit(data["unit"], median["value"], median["places"])
    councils = "1 other council" if median["of"] == 1 else f"{median['of']} other councils"
    mine = value * 10 ** (median["places"] - data["places"])
    if mine == median["value"]:
        return f"that is the median of {councils} ({middle})"
    word = "better" if (mine < median["value"]) == (data["direction"] == "lower") else "worse"
    return f"{word} than the median of {councils} ({middle})"


def _table(key: str, title: str, data: Trend) -> Table:
    places = data["places"]
    rows = [
        (Cell(month_name(month)), Cell(value, places=places))
        for month, value in zip(data["months"], data["values"], strict=True)
    ]
    if data["target"] is not None:
        rows.append((Cell("Target"), Cell(data["target"], places=places)))
    if (median := data["median"]) is not None:
        rows.append((Cell("Other councils, median"), Cell(median["value"], places=median["places"])))
    aim = "Lower is better." if data["direction"] == "lower" else "Higher is better."
    columns = (Column("Month"), Column(f"{data['name']}, {data['unit']}", "number"))
    return Table(key, title, columns, tuple(rows), aim, empty="No month is reported yet.")


def draw(data: Any, *, narrow: bool) -> Scene:
    """Return the drawing of a `Trend`."""
    scene = Scene(NARROW if narrow else WIDE)
    known = [value for value in data["values"] if value is not None]
    if not known:
        return nothing(scene, "No month is reported yet.")
    top = legend(scene, 0, _keys(data))
    before = len(scene.lines)
    target, median = data["target"], data["median"]
    lines = [] if target is None else [target]
    middle = None if median is None else median["value"] / 10 ** (median["places"] - data["places"])
    if middle is not None:
        lines += [int(middle // 1), int(-(-middle // 1))]
    marks = [(m, _mark(data, m)) for m in round_marks(min(known + lines), max(known + lines), 4)]
    left, right = axis_room(scene, marks), scene.width - 10.0
    bottom = top + (180 if narrow else 210)
    up = Scale(marks[0][0], marks[-1][0], bottom, top + 16)
    value_axis(scene, marks, up, left, right)
    for level, colour, dashes in ((target, GREEN, "8 4"), (middle, INK, "2 4")):
        if level is not None:
            ends = ((left, up.place(level)), (right, up.place(level)))
            scene.lines.append(Line(ends, colour, 2.5, dashes))
    levels = [Box(left, line.points[0][1] - 2, right, line.points[0][1] + 2) for line in scene.lines[before:]]
    months = data["months"]
    inner = right - left - 60
    places = [round(left + 36 + n * inner / max(len(months) - 1, 1), 1) for n in range(len(months))]
    month_axis(scene, months, places, bottom + scene.leading)
    scene.height = bottom + scene.leading + 8
    _readings(scene, data, [(x, v) for x, v in zip(places, data["values"], strict=True)], up, levels)
    return scene


def _mark(data: Trend, value: int) -> str:
    return unit_of(data["unit"]).before + figure(value, data["places"])


def _keys(data: Trend) -> list[Key]:
    named = f"{data['name']}, {data['unit']}: {data['direction']} is better"
    keys = [Key("line", named, BLUE, fill=BLUE, thick=3.5)]
    if data["target"] is not None:
        keys.append(Key("line", f"Target {_mark(data, data['target'])}", GREEN, dashes="8 4"))
    if (median := data["median"]) is not None:
        said = unit_of(data["unit"]).before + figure(median["value"], median["places"])
        keys.append(Key("line", f"Other councils’ median {said}", INK, dashes="2 4"))
    return keys


def _readings(
    scene: Scene, data: Trend, points: Sequence[tuple[float, int | None]], up: Scale, avoid: Sequence[Box]
) -> None:
    """Draw each run of months without a gap, a mark on every month, and the first and last value in figures."""
    run: list[tuple[float, float]] = []
    known = [(x, up.place(value), value) for x, value in points if value is not None]
    for x, value in [*points, (0.0, None)]:
        if value is not None:
            run.append((x, up.place(value)))
            continue
        if len(run) > 1:
            scene.lines.append(Line(tuple(run), BLUE, 3.5))
        run = []
    for x, y, _ in known:
        scene.marks.append(Mark(x, y, "disc", 6 if (x, y) == known[-1][:2] else 3.5))
    for n, bold in ((-1, True), (0, False)):
        x, y, value = known[n]
        near = known[n + 1 if n == 0 else n - 1] if len(known) > 1 else (x, y, value)
        over, under = around(x, y, 12, scene.size)[2:4]  # away from the line that leads to it
        beside = around(x, y, 12, scene.size)[:2]
        places = [over, under, *beside] if near[1] >= y else [under, over, *beside]
        text = _mark(data, value)
        if not write_free(scene, places, text, bold=bold, backed=True, avoid=avoid):
            write_free(scene, places, text, bold=bold, backed=True)
