"""A report as one HTML file that needs nothing beside it: to keep, to print, to send."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from vfm_workflow.reports.model import Report
from vfm_workflow.reports.writing import pictures
from vfm_workflow.reports.writing.forms import Style
from vfm_workflow.reports.writing.view import Figure, view

TEMPLATES = Path(__file__).parents[1] / "templates"
PREFIX = "report"
"""Under which pages find the blocks as well: `report/_blocks.html`."""


def write(report: Report, style: Style) -> bytes:
    """Return the file, in UTF-8."""
    return html(report, style, ("file.css",), pictures.both).encode("utf-8", "replace")


def html(report: Report, style: Style, sheets: tuple[str, ...], draw: Callable[[Figure], Markup]) -> str:
    """Return a report as a page with these style sheets in it. Its links lead to the council's own pages."""
    css = "\n".join((TEMPLATES / sheet).read_text(encoding="utf-8") for sheet in sheets)
    laid = view(report, style.url)
    return (
        environment()
        .get_template(f"{PREFIX}/file.html")
        .render(
            view=laid,
            css=Markup(css.replace("--brand: #000000", f"--brand: {style.colour}")),  # noqa: S704 (our own files)
            logo=_data_url(style.logo),
            draw=draw,
        )
    )


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else ""


@cache
def environment() -> Environment:
    """Return what the templates of reports are filled with."""
    return Environment(
        loader=PrefixLoader({PREFIX: FileSystemLoader(TEMPLATES)}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        undefined=StrictUndefined,
    )
