"""What several drawings share: a scale with round marks, a legend that finds its room, and the words for an axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from vfm_workflow.domain.calendar import month_end
from vfm_workflow.domain.money import is_rounded, short_pounds
from vfm_workflow.reports.drawing.lettering import clean, width, wrap
from vfm_workflow.reports.drawing.scene import (
    INK,
    QUIET,
    RULE,
    Anchor,
    Area,
    Box,
    Line,
    Mark,
    Scene,
    Shape,
    Words,
)

STEPS = (1, 2, 5)
ROUNDED = "Amounts in the picture and its sentence are rounded; the exact ones stand here."


def rounding(amounts: Iterable[int], largest: int) -> str:
    """Return what stands behind amounts in a sentence of which some were rounded; nothing where all are exact."""
    return " (amounts rounded)" if any(is_rounded(pence, largest) for pence in amounts) else ""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a value stands between two places. `start` may lie behind `end`: then it runs the other way."""

    low: int
    high: int
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return where a value stands."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return round(self.start + share * (self.end - self.start), 1)

    def turned(self) -> Scale:
        """Return the scale that runs the other way."""
        return Scale(self.low, self.high, self.end, self.start)


def round_marks(low: int, high: int, most: int) -> range:
    """Return round numbers from one that is not above `low` to one that is not below `high`, in at most `most` steps."""
    step = 1
    for exponent in range(40):
        for first in STEPS:
            step = first * 10**exponent
            bottom, top = low // step * step, -(-high // step) * step
            if (top - bottom) // step <= most:
                return range(bottom, max(top, bottom + step) + 1, step)
    raise ValueError(f"Nothing reaches from {low} to {high}.")


def money_marks(low: int, high: int, most: int) -> list[tuple[int, str]]:
    """Return round amounts around those two, each with how it is written: all in one unit."""
    marks = [mark * 100 for mark in round_marks(low // 100, -(-high // 100), most)]
    largest = max(abs(mark) for mark in marks)
    return [(mark, _trimmed(short_pounds(mark, beside=largest))) for mark in marks]


def _trimmed(text: str) -> str:
    """Return `£1.5m` for `£1.50m` and `£2m` for `£2.00m`."""
    body, unit = (text[:-1], text[-1]) if text[-1].isalpha() else (text, "")
    return (body.rstrip("0").rstrip(".") if "." in body else body) + unit


def month_axis(scene: Scene, months: Sequence[str], places: Sequence[float], y: float) -> None:
    """Write the months under a plot: every one, or every second, third … where their names would touch."""
    room = places[1] - places[0] if len(places) > 1 else scene.width
    widest = width("Mmm ’00", scene.size) if len(months) > 12 else width("May", scene.size) + 8
    step = next((n for n in (1, 2, 3, 6, 12, 24, 60) if n * room >= widest), 120)
    for month, x in list(zip(months, places, strict=True))[::step]:
        text = f"{month_short(month)} ’{month[2:4]}" if len(months) > 12 else month_short(month)
        write_free(scene, [(x, y, "middle")], text)


def value_axis(
    scene: Scene, marks: Sequence[tuple[int, str]], scale: Scale, left: float, right: float
) -> None:
    """Draw a line across the plot at each mark, with what it is at its left."""
    for mark, text in marks:
        y = scale.place(mark)
        scene.rule(left, y, right, y, QUIET if mark == 0 else RULE)
        scene.say(left - 8, y + scene.size * 0.35, text, "end")


def axis_room(scene: Scene, marks: Sequence[tuple[int, str]]) -> float:
    """Return where a plot may begin, so that what stands at its left has room."""
    return max(width(text, scene.size) for _, text in marks) + 12


def write_free(
    scene: Scene,
    places: Iterable[tuple[float, float, Anchor]],
    text: str,
    *,
    bold: bool = False,
    backed: bool = False,
    avoid: Sequence[Box] = (),
) -> bool:
    """Write a text at the first of some places where it touches no other text or mark, nor what else it is to `avoid`.

    Returns whether there was one.
    """
    foot = scene.height or float("inf")
    for x, y, anchor in places:
        words = Words(x, y, clean(text), scene.size, anchor, bold, INK, backed)
        box = words.box
        inside = box.left >= 0 and box.right <= scene.width and box.top >= 0 and box.bottom <= foot
        taken = [*(w.box for w in scene.words), *(m.box for m in scene.marks), *avoid]
        if inside and not any(box.meets(other) for other in taken):
            scene.words.append(words)
            return True
    return False


def around(x: float, y: float, away: float, size: float) -> list[tuple[float, float, Anchor]]:
    """Return the places around a mark where its name may stand, the best first."""
    middle = y + size * 0.35
    return [
        (x + away, middle, "start"),
        (x - away, middle, "end"),
        (x, y - away, "middle"),
        (x, y + away + size * 0.8, "middle"),
        (x + away * 0.7, y - away * 0.8, "start"),
        (x - away * 0.7, y - away * 0.8, "end"),
        (x + away * 0.7, y + away + size * 0.6, "start"),
        (x - away * 0.7, y + away + size * 0.6, "end"),
    ]


def month_short(period: str) -> str:
    """Return `Oct` for `2026-10`."""
    return f"{month_end(period):%b}"


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend: how it is drawn, and what it stands for."""

    sort: Literal["area", "line", "mark"]
    text: str
    colour: str
    fill: str = "none"
    hatched: bool = False
    dashes: str = ""
    thick: float = 2.5
    shape: Shape = "disc"


SWATCH, GAP = 24, 18


def legend(scene: Scene, y: float, keys: Iterable[Key]) -> float:
    """Draw the entries from the left, as many in a line as fit; return where what follows may begin."""
    x, top = 2.0, y
    for key in keys:
        room = scene.width - SWATCH - 12
        lines = wrap(key.text, room, scene.size)
        needed = SWATCH + 6 + max(width(line, scene.size) for line in lines)
        if x > 2 and x + needed > scene.width - 2:
            x, top = 2.0, top + scene.leading + 2
        _swatch(scene, key, x, top + scene.leading / 2)
        scene.paragraph(x + SWATCH + 6, top + scene.size, lines)
        if len(lines) > 1:
            x, top = 2.0, top + len(lines) * scene.leading + 2
        else:
            x += needed + GAP
    return top + scene.leading + 8 if x > 2 else top + 6


def _swatch(scene: Scene, key: Key, x: float, middle: float) -> None:
    if key.sort == "area":
        scene.areas.append(Area(x, middle - 6, SWATCH, 12, key.fill, key.colour, key.hatched, key.dashes))
    elif key.sort == "line":
        scene.lines.append(Line(((x, middle), (x + SWATCH, middle)), key.colour, key.thick, key.dashes))
    if key.sort == "mark" or (key.sort == "line" and key.fill != "none"):
        scene.marks.append(Mark(x + SWATCH / 2, middle, key.shape, 5.5, key.colour))


def nothing(scene: Scene, sentence: str) -> Scene:
    """Return the drawing of nothing: it says so, in a frame."""
    lines = wrap(sentence, scene.width - 40, scene.size, most=3)
    scene.height = 40 + len(lines) * scene.leading
    scene.areas.append(Area(1, 1, scene.width - 2, scene.height - 2, "#ffffff", "#cecece", dashes="5 4"))
    scene.paragraph(scene.width / 2, 20 + scene.size, lines, "middle")
    return scene
