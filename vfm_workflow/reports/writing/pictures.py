"""A report's pictures as they are drawn: twice on a screen, once on paper, and as a PNG for Word."""

from __future__ import annotations

from markupsafe import Markup

from vfm_workflow.reports.drawing import svg
from vfm_workflow.reports.writing.view import Figure

DOTS = 2000
"""Of a PNG from left to right: about 300 to the inch on a page."""


def both(figure: Figure) -> Markup:
    """Return the drawing for a desk and that for a phone, as SVG; the style sheet shows the one that fits."""
    return Markup(
        '<div class="vfm-chart"><div class="vfm-chart--wide">{}</div><div class="vfm-chart--narrow">{}</div></div>'
    ).format(_drawn(figure), _drawn(figure, narrow=True))


def wide(figure: Figure) -> Markup:
    """Return the drawing for paper, as SVG."""
    return Markup('<div class="vfm-chart">{}</div>').format(_drawn(figure))


def _drawn(figure: Figure, *, narrow: bool = False) -> Markup:
    return Markup(svg(figure.picture, narrow=narrow))  # noqa: S704  (its template escapes every text)


def png(figure: Figure) -> bytes:
    """Return the drawing as a PNG, for a program that reads no SVG; empty where there is nothing to draw."""
    if "kind" not in figure.picture.drawing:
        return b""
    import cairosvg  # type: ignore[import-untyped]  # it says no types

    data: bytes = cairosvg.svg2png(
        bytestring=_drawn(figure).encode(), output_width=DOTS, background_color="white"
    )
    return data
