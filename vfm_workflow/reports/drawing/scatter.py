"""Cost against performance, this council among others (§4.5). Better is always to the right and up, and the axes say so.

It is a first snapshot and no verdict: which of the strategy’s own quadrants (§4.6) a service belongs to is for people to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from vfm_workflow.domain.money import figure
from vfm_workflow.domain.units import unit_of, with_unit
from vfm_workflow.reports.drawing.lettering import width, wrap
from vfm_workflow.reports.drawing.parts import (
    Key,
    Scale,
    around,
    axis_room,
    legend,
    nothing,
    round_marks,
    write_free,
)
from vfm_workflow.reports.drawing.scene import (
    BLUE,
    INK,
    NARROW,
    QUIET,
    SHADE,
    WIDE,
    Area,
    Box,
    Line,
    Mark,
    Scene,
)
from vfm_workflow.reports.drawing.trend import Median, median_of
from vfm_workflow.reports.model import Cell, Column, Picture, Table


class Axis(TypedDict):
    """A measure: its values are whole steps of 10^-`places` of its unit."""

    name: str
    unit: str
    places: int
    direction: str
    """`lower` or `higher` is better."""
    median: Median | None
    """Of the other councils that are drawn."""


class Point(TypedDict):
    """A council: what its service costs, and how well it does."""

    name: str
    cost: int
    performance: int


class Scatter(TypedDict):
    """One service of this council and of those others that both values are known of."""

    kind: str
    cost: Axis
    performance: Axis
    ours: Point
    peers: list[Point]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one measure, in its steps: ours, and each other council's."""

    name: str
    unit: str
    places: int
    direction: str
    ours: int
    peers: Mapping[str, int]

    def axis(self, councils: list[str]) -> Axis:
        """Return the axis, with the median of some councils."""
        middle = median_of([self.peers[council] for council in councils], self.places)
        return Axis(
            name=self.name, unit=self.unit, places=self.places, direction=self.direction, median=middle
        )


def scatter(key: str, title: str, *, council: str, cost: Known, performance: Known) -> Picture:
    """Return the picture of `council` among those others of which both values are known."""
    councils = [name for name in cost.peers if name in performance.peers]
    data = Scatter(
        kind="scatter",
        cost=cost.axis(councils),
        performance=performance.axis(councils),
        ours=Point(name=council, cost=cost.ours, performance=performance.ours),
        peers=[Point(name=n, cost=cost.peers[n], performance=performance.peers[n]) for n in councils],
    )
    return Picture(key, title, _finding(data), {**data}, _table(key, title, data))


def _finding(data: Scatter) -> str:
    cost, performance = data["cost"]["median"], data["performance"]["median"]
    if cost is None or performance is None:
        return (
            "No other council’s cost and performance are both known yet, so there is nothing to compare with."
        )
    first = _stands(data["cost"], data["ours"]["cost"], cost, "cost")
    second = _stands(data["performance"], data["ours"]["performance"], performance, "performance")
    councils = "1 other council" if cost["of"] == 1 else f"{cost['of']} other councils"
    return (
        f"{_joined(first, second, councils)}: {_pair(data['cost'], data['ours']['cost'], cost)}, and "
        f"{_pair(data['performance'], data['ours']['performance'], performance)}."
    )


def _joined(first: str, second: str, councils: str) -> str:
    """Return both standings in a sentence: `Lower cost and better performance than the median of 5 other councils`."""
    median = f"the median of {councils}"
    if not first and not second:
        return f"Cost and performance both at {median}"
    if not first or not second:
        same = "performance" if first else "cost"
        return f"{(first or second).capitalize()} than {median}, and the same {same}"
    return f"{first.capitalize()} and {second} than {median}"


def _stands(axis: Axis, ours: int, median: Median, what: str) -> str:
    """Return `lower cost`, `worse performance`; nothing where it is the median's."""
    mine = ours * 10 ** (median["places"] - axis["places"])
    if mine == median["value"]:
        return ""
    lower = mine < median["value"]
    if what == "cost":
        return "lower cost" if lower else "higher cost"
    return "better performance" if lower == (axis["direction"] == "lower") else "worse performance"


def _pair(axis: Axis, ours: int, median: Median) -> str:
    mine = with_unit(axis["unit"], ours, axis["places"])
    theirs = unit_of(axis["unit"]).before + figure(median["value"], median["places"])
    return f"{mine} against {theirs}"


def _table(key: str, title: str, data: Scatter) -> Table:
    cost, performance = data["cost"], data["performance"]

    def row(point: Point) -> tuple[Cell, ...]:
        return (
            Cell(point["name"]),
            Cell(point["cost"], places=cost["places"]),
            Cell(point["performance"], places=performance["places"]),
        )

    rows = [row(data["ours"]), *(row(point) for point in data["peers"])]
    if cost["median"] is not None and performance["median"] is not None:
        medians = (cost["median"], performance["median"])
        rows.append(
            (Cell("Other councils, median"), *(Cell(m["value"], places=m["places"]) for m in medians))
        )
    columns = (
        Column("Council"),
        Column(f"{cost['name']}, {cost['unit']}", "number"),
        Column(f"{performance['name']}, {performance['unit']}", "number"),
    )
    note = f"{cost['name']}: {cost['direction']} is better. {performance['name']}: {performance['direction']} is better."
    return Table(key, title, columns, tuple(rows), note)


def draw(data: Any, *, narrow: bool) -> Scene:
    """Return the drawing of a `Scatter`."""
    scene = Scene(NARROW if narrow else WIDE)
    cost, performance, ours, peers = data["cost"], data["performance"], data["ours"], data["peers"]
    if not peers:
        return nothing(scene, "No other council’s cost and performance are both known yet.")
    top = legend(
        scene,
        0,
        [
            Key("mark", ours["name"], BLUE, shape="diamond"),
            Key("mark", "Other councils", QUIET, shape="ring"),
            Key("line", "Their medians", INK, dashes="6 4", thick=1.5),
        ],
    )
    top = _heading(scene, top, performance, "↑")
    across = _reach(cost, [p["cost"] for p in (ours, *peers)], 3 if narrow else 5)
    upwards = _reach(performance, [p["performance"] for p in (ours, *peers)], 4)
    left = axis_room(scene, upwards) + 4
    right, bottom = scene.width - 12.0, top + (250 if narrow else 300)
    x = _scale(cost, across, left, right)
    y = _scale(performance, upwards, bottom, top)
    _grid(scene, across, upwards, x, y, (left, right, top, bottom))
    medians = _medians(scene, data, x, y, (left, right, top, bottom))
    foot = _heading(scene, bottom + scene.leading + 8, cost, "→", right=right)
    scene.height = foot
    _points(scene, [*peers], ours, x, y, medians)
    return scene


def _reach(axis: Axis, values: list[int], most: int) -> list[tuple[int, str]]:
    """Return the marks of an axis, with room around its outermost values."""
    low, high = min(values), max(values)
    spare = max((high - low) // 10, 1)
    marks = round_marks(low - spare if low != 0 else low, high + spare, most)
    before = unit_of(axis["unit"]).before
    return [(mark, with_unit(before, mark, axis["places"])) for mark in marks]


def _scale(axis: Axis, marks: list[tuple[int, str]], start: float, end: float) -> Scale:
    scale = Scale(marks[0][0], marks[-1][0], start, end)
    return scale.turned() if axis["direction"] == "lower" else scale


def _heading(scene: Scene, y: float, axis: Axis, arrow: str, right: float | None = None) -> float:
    """Write what an axis is and which way is better; return where what follows may begin."""
    said = f"{axis['name']}, {axis['unit']}: {axis['direction']} is better"
    lines = wrap(said, scene.width - 28, scene.size, most=3, bold=True)
    lines = (
        (*lines[:-1], f"{lines[-1]} {arrow}") if right is not None else (f"{arrow} {lines[0]}", *lines[1:])
    )
    anchor, x = ("start", 2.0) if right is None else ("end", right)
    scene.paragraph(x, y + scene.size, lines, anchor, bold=True)  # type: ignore[arg-type]
    return y + len(lines) * scene.leading + 10


def _grid(
    scene: Scene,
    across: list[tuple[int, str]],
    upwards: list[tuple[int, str]],
    x: Scale,
    y: Scale,
    frame: tuple[float, float, float, float],
) -> None:
    left, right, top, bottom = frame
    for mark, text in upwards:
        scene.rule(left, y.place(mark), right, y.place(mark))
        scene.say(left - 8, y.place(mark) + scene.size * 0.35, text, "end")
    for mark, text in across:
        place = x.place(mark)
        scene.rule(place, top, place, bottom)
        half = width(text, scene.size) / 2
        held = min(max(place, half), scene.width - half)
        write_free(scene, [(held, bottom + scene.leading, "middle")], text)
    for ends in (((left, top), (left, bottom)), ((left, bottom), (right, bottom))):
        scene.lines.append(Line(ends, QUIET, 1.5))


def _medians(
    scene: Scene, data: Scatter, x: Scale, y: Scale, frame: tuple[float, float, float, float]
) -> list[Box]:
    """Draw both medians as lines, shade where both are better, and return the room that names keep off."""
    cost, performance = data["cost"], data["performance"]
    if cost["median"] is None or performance["median"] is None:
        return []
    left, right, top, bottom = frame
    across = x.place(cost["median"]["value"] / 10 ** (cost["median"]["places"] - cost["places"]))
    upwards = y.place(
        performance["median"]["value"] / 10 ** (performance["median"]["places"] - performance["places"])
    )
    scene.ground.append(Area(across, top, right - across, upwards - top, SHADE))
    scene.lines.append(Line(((across, top), (across, bottom)), INK, 1.5, "6 4"))
    scene.lines.append(Line(((left, upwards), (right, upwards)), INK, 1.5, "6 4"))
    return [
        Box(across - 1, top, across + 1, bottom),
        Box(left, upwards - 1, right, upwards + 1),
        Box(left - 1, top, left + 1, bottom),
    ]


def _points(scene: Scene, peers: list[Point], ours: Point, x: Scale, y: Scale, avoid: list[Box]) -> None:
    """Draw every council, then name ours and as many of the others as have room: the table has them all."""
    here = (x.place(ours["cost"]), y.place(ours["performance"]))
    places = [(x.place(p["cost"]), y.place(p["performance"])) for p in peers]
    scene.marks += [Mark(*place, "ring", 6, QUIET) for place in places]
    scene.marks.append(Mark(*here, "diamond", 8, BLUE))
    named = [(ours["name"], here, 14, True)]
    named += [(point["name"], place, 10, False) for point, place in zip(peers, places, strict=True)]
    for name, place, away, bold in named:
        where = around(*place, away, scene.size)
        text = _short(scene, name, bold=bold)
        if not write_free(scene, where, text, bold=bold, avoid=avoid):
            write_free(scene, where, text, bold=bold, backed=True)


def _short(scene: Scene, name: str, *, bold: bool = False) -> str:
    return wrap(name, scene.width * (0.55 if bold else 0.42), scene.size, most=1, bold=bold)[0]
