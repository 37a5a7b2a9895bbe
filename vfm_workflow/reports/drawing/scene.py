"""What a drawing is made of. Everything is reckoned before the template sees it, so the template only draws.

A fill is a colour, and a hatching where two fills must be told apart without it: its lines are reckoned here too, because
not everything that shows SVG draws patterns alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from vfm_workflow.reports.drawing.lettering import clean, width

INK, QUIET, RULE, PAPER = "#0b0c0c", "#484949", "#cecece", "#ffffff"
BLUE, GREEN, RED, PALE, SHADE = "#1d70b8", "#0f7a52", "#ca3535", "#d2e2f1", "#f3f3f3"
WIDE, NARROW = 720, 340
Anchor = Literal["start", "middle", "end"]
Shape = Literal["disc", "ring", "diamond", "tick", "dash"]


@dataclass(frozen=True, slots=True)
class Box:
    """The room something takes: from left to right, from top to bottom."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Return whether two of them share any room."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; `y` is the line it stands on."""

    x: float
    y: float
    text: str
    size: float
    anchor: Anchor = "start"
    bold: bool = False
    colour: str = INK
    backed: bool = False
    """Stands over lines, so there is paper behind it."""

    @property
    def box(self) -> Box:
        """The room it takes, from the top of its capitals to the foot of its tails."""
        wide = width(self.text, self.size, bold=self.bold)
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return Box(left, self.y - 0.76 * self.size, left + wide, self.y + 0.22 * self.size)


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line or, with more than two points, one of several pieces."""

    points: tuple[tuple[float, float], ...]
    colour: str = INK
    thick: float = 1
    dashes: str = ""

    @property
    def path(self) -> str:
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in self.points)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle. `hatched` draws slanting lines of its edge's colour over its fill."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    edge: str = "none"
    hatched: bool = False
    dashes: str = ""

    @property
    def hatching(self) -> str:
        """The slanting lines as one path, cut off at its edges."""
        right, foot, parts = self.x + self.width, self.y + self.height, []
        step, reach = 6.0, self.width + self.height
        for number in range(1, int(reach / step) + 1):
            shift = number * step
            x1, y1 = (self.x + shift, self.y) if shift <= self.width else (right, self.y + shift - self.width)
            x2, y2 = (
                (self.x, self.y + shift) if shift <= self.height else (self.x + shift - self.height, foot)
            )
            parts.append(f"M{x1:g} {y1:g}L{x2:g} {y2:g}")
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Mark:
    """A point: filled disc, ring, diamond, a disc with a tick, or a dash for nothing."""

    x: float
    y: float
    shape: Shape
    size: float = 6
    colour: str = BLUE

    @property
    def box(self) -> Box:
        reach = self.size + 1
        return Box(self.x - reach, self.y - reach, self.x + reach, self.y + reach)


@dataclass
class Scene:
    """A drawing: its size and what is on it, in the order in which it is drawn: the ground and its grid first, words last."""

    width: int
    height: float = 0
    ground: list[Area] = field(default_factory=list)
    grid: list[Line] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    @property
    def narrow(self) -> bool:
        return self.width < WIDE

    @property
    def size(self) -> int:
        """The size of its letters: 14 at full size, and 13 on a phone."""
        return 13 if self.narrow else 14

    def say(
        self,
        x: float,
        y: float,
        text: str,
        anchor: Anchor = "start",
        *,
        bold: bool = False,
        size: float | None = None,
        colour: str = INK,
        backed: bool = False,
    ) -> Words:
        """Write a line of text and return it."""
        words = Words(x, y, clean(text), self.size if size is None else size, anchor, bold, colour, backed)
        self.words.append(words)
        return words

    def paragraph(
        self, x: float, y: float, lines: Sequence[str], anchor: Anchor = "start", *, bold: bool = False
    ) -> None:
        """Write several lines of text, the first on `y`."""
        for number, line in enumerate(lines):
            self.say(x, y + number * self.leading, line, anchor, bold=bold)

    @property
    def leading(self) -> int:
        """The height of a line of text."""
        return self.size + 4

    def bar(
        self, x1: float, x2: float, y: float, height: float, fill: str, edge: str, *, hatched: bool = False
    ) -> None:
        """Draw a bar that lies between two places, whichever of them is on the left; nothing where they are one."""
        if abs(x2 - x1) >= 0.5:
            self.areas.append(Area(min(x1, x2), y, abs(x2 - x1), height, fill, edge, hatched))

    def rule(self, x1: float, y1: float, x2: float, y2: float, colour: str = RULE, thick: float = 1) -> None:
        """Draw a thin straight line of the grid, behind everything but the ground."""
        self.grid.append(Line(((x1, y1), (x2, y2)), colour, thick))
