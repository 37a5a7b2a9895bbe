"""The page templates' environment: GOV.UK's macros, our own, and how people read dates and money."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import (
    ChainableUndefined,
    ChoiceLoader,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
)
from jinja2.bccache import Bucket
from markupsafe import Markup

from vfm_workflow.domain.calendar import day_name, month_name, quarter_name, short_day, year_name
from vfm_workflow.domain.money import figure, pounds
from vfm_workflow.domain.snapshot import fingerprint
from vfm_workflow.templates import Environment
from vfm_workflow.wiring import App

if TYPE_CHECKING:
    from vfm_workflow.reports.model import Cell, Column, Picture

HERE = Path(__file__).parent
REPORTS = HERE.parent / "reports" / "templates"
"""The blocks of reports: their pages and their files are made of the same."""
TAGS = {
    "p",
    "ul",
    "ol",
    "li",
    "strong",
    "em",
    "br",
    "h3",
    "h4",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "blockquote",
}


class Missing(ChainableUndefined):
    """An unknown value. GOV.UK's macros look for options that nobody gave, so a missing key of a mapping is empty;

    an unknown name, or a misspelt attribute of one of our objects, is an error as soon as it is shown.
    """

    def __str__(self) -> str:
        if isinstance(self._undefined_obj, Mapping | ChainableUndefined):
            return ""
        return str(self._fail_with_undefined_error())


class Compiled(FileSystemBytecodeCache):
    """Compiled templates, kept from one start to the next: compiling those of one page takes longer than loading the web.

    Each is kept under a hash of its source, so that a changed template is compiled anew, whoever changed it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)  # code lies there: nobody else may write it
        super().__init__(str(folder))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template. On a disk that is full or not to be written it is compiled again next time."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def environment(app: App) -> Environment:
    """Return the environment. An unknown name in a template is an error, not an empty string."""
    found = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(HERE / "templates"),
                PrefixLoader(
                    {
                        "govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
                        "report": FileSystemLoader(REPORTS),
                    }
                ),
            ]
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,  # as for mails: there are few, and all are kept
        bytecode_cache=Compiled(app.loaded.data / "templates"),
        undefined=Missing,
    )
    zone = app.home.calendar.zone
    found.filters.update(
        pounds=pounds,
        figure=figure,
        day=day_name,
        short_day=short_day,
        month=month_name,
        quarter=quarter_name,
        fin_year=year_name,
        fingerprint=fingerprint,
        moment=lambda at: moment(at.astimezone(zone)),
        local_day=lambda at: short_day(at.astimezone(zone).date()),
        clock=lambda at: clock(at.astimezone(zone)),
        prose=prose,
        plural=plural,
    )
    found.globals |= {"asset": asset, "svg": _svg, "shown": _shown}
    return found


def _shown(column: Column, cell: Cell) -> str:
    from vfm_workflow.reports.model import shown

    return shown(column, cell)


def _svg(picture: Picture, *, narrow: bool = False) -> Markup:
    from vfm_workflow.reports.drawing import svg  # a start draws nothing

    return Markup(svg(picture, narrow=narrow))  # noqa: S704  (its template escapes every text)


def clock(local: dt.datetime) -> str:
    """Return `5pm` or `10:15am`."""
    minutes = f":{local.minute:02d}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"


def moment(local: dt.datetime) -> str:
    """Return `23 November 2026 at 10:15am`."""
    return f"{short_day(local.date())} at {clock(local)}"


def prose(text: str) -> Markup:
    """Return what somebody wrote, its simple Markdown shown and everything else inert."""
    render, clean = _prose()
    return Markup(clean(render(text)))  # noqa: S704 (cleaned by nh3 on this line)


@lru_cache
def _prose() -> tuple[Callable[[str], str], Callable[[str], str]]:
    """Return what makes HTML of Markdown and what cleans HTML, loaded with the first text that is shown."""
    from markdown_it import MarkdownIt
    from nh3 import Cleaner

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return markdown.render, Cleaner(tags=TAGS, attributes={}, link_rel=None).clean


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 milestone` or `3 milestones`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@lru_cache
def asset(name: str) -> str:
    """Return the address of a static file, with a mark of its content so that browsers keep it."""
    mark = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={mark}"
