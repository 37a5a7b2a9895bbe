"""Where templates come from, and what is done to each before it is compiled, once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import jinja2
from jinja2 import (
    BaseLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    select_autoescape,
)

from vfm_workflow.mail.council import Council
from vfm_workflow.mail.filters import filters
from vfm_workflow.mail.inline import Stylesheet, stylesheet
from vfm_workflow.templates import Environment

FRAME = "_frame/base.html"
"""The template whose <style> element serves every mail."""

_TAGS_ALONE = re.compile(r"^[ \t]*((?:(?:\{%(?:(?!%\}).)*%\}|\{#(?:(?!#\}).)*#\})[ \t]*)+)\n", re.S | re.M)


class TemplateLoader(BaseLoader):
    """Loads templates from another loader, those in HTML with the frame's styles written into their tags."""

    def __init__(self, inner: BaseLoader, *, inline: bool = True) -> None:
        self._inner = inner
        self._inline = inline
        self._sheet: Stylesheet | None = None

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return the source, its file and whether it is current. Raises TemplateNotFound."""
        source, file, current = self._inner.get_source(environment, template)
        if self._inline and template.endswith(".html"):
            if self._sheet is None:
                self._sheet = Stylesheet(self._frame_css(environment))
            source = self._sheet.inline(source)
        return without_tag_lines(source), file, current

    def _frame_css(self, environment: jinja2.Environment) -> str:
        try:
            return stylesheet(self._inner.get_source(environment, FRAME)[0])
        except TemplateNotFound:
            return ""


def without_tag_lines(source: str) -> str:
    """Return the source so that a line of nothing but `{% … %}` leaves no empty line in the mail.

    Jinja's own `trim_blocks` would also join a line that ends in `{% endif %}` with the next. The line break
    is put into a comment, so that errors keep their line.
    """
    return _TAGS_ALONE.sub(lambda found: f"{found[1].rstrip()}{{#\n#}}", source)


def environment(search_path: Sequence[Path], council: Council, *, inline: bool = True) -> Environment:
    """Return the environment templates are compiled in: the council's copy of a file wins over ours."""
    files = FileSystemLoader([str(path) for path in search_path])
    made = Environment(
        loader=TemplateLoader(files, inline=inline),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,  # all are kept: a cache that lets go of some notes at each look when it was
    )
    made.filters.update(filters(council.time_zone))
    made.globals["council"] = council
    return made
