"""Pictures as SVG: each is drawn twice from the same figures, for a desk or paper and for a phone.

A kind is a module with a builder, which returns the whole `Picture` with its finding and its table, and with `draw`, which
reckons where everything goes. One template draws them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from vfm_workflow.reports.drawing import (
    coverage,
    milestones,
    pipeline,
    savings_profile,
    scatter,
    target_years,
    trend,
)
from vfm_workflow.reports.drawing.lettering import clean
from vfm_workflow.reports.drawing.scene import Scene
from vfm_workflow.reports.model import Picture

TEMPLATES = Path(__file__).parents[1] / "templates" / "drawings"


class Draw(Protocol):
    """Reckons a drawing from the data of its kind."""

    def __call__(self, data: Any, *, narrow: bool) -> Scene: ...


DRAWINGS: Mapping[str, Draw] = {
    "savings_profile": savings_profile.draw,
    "milestones": milestones.draw,
    "scatter": scatter.draw,
    "pipeline": pipeline.draw,
    "coverage": coverage.draw,
    "target_years": target_years.draw,
    "trend": trend.draw,
}


def scene(picture: Picture, *, narrow: bool = False) -> Scene:
    """Return where everything of a picture stands. Raises KeyError for a kind that is not one of DRAWINGS."""
    return DRAWINGS[picture.drawing["kind"]](picture.drawing, narrow=narrow)


def svg(picture: Picture, *, narrow: bool = False) -> str:
    """Return a picture as one SVG element that needs nothing beside it: 720 wide or, for a phone, 340.

    Raises KeyError for a kind that is not one of DRAWINGS.
    """
    title = clean(f"{picture.title}: {picture.finding}")
    name = f"{clean(picture.key).replace(' ', '-')}-{'narrow' if narrow else 'wide'}"
    return _template().render(scene=scene(picture, narrow=narrow), title=title, id=name)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["n"] = _number
    return environment.get_template("drawing.svg")


def _number(value: float) -> str:
    """Return a place without more digits than can be seen."""
    return f"{round(value, 1):g}"
