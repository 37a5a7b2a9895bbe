"""A report's pictures as they are drawn: twice on a screen, once on paper, and as a PNG for Word."""

from __future__ import annotations

from markupsafe import Markup

from vfm_workflow.reports.writing.view import Figure


def both(figure: Figure) -> Markup:
    """Return the drawing for a desk and that for a phone, as SVG; the style sheet shows the one that fits."""
    return Markup("")


def wide(figure: Figure) -> Markup:
    """Return the drawing for paper, as SVG."""
    return Markup("")


def png(figure: Figure) -> bytes:
    """Return the drawing as a PNG, for a program that reads no SVG; empty where there is none."""
    return b""
