"""A report as a Word file, written into the council's own template (`config/report.docx`)."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate, InlineImage  # type: ignore[import-untyped]  # it says no types
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.reports.model import Report
from vfm_workflow.reports.writing import pictures, word_finish
from vfm_workflow.reports.writing.forms import Style
from vfm_workflow.reports.writing.view import Figure, Grid, Listing, Paragraph, Part, Said, view

LIGHTS = {"red": ("651B1B", "F4D7D7"), "amber": ("7A3C1C", "FDE4D7"), "green": ("083D29", "CFE4DC")}
FRESH = "Run `vfm init` for a fresh copy of the defaults, and take its config/report.docx."


def write(report: Report, style: Style) -> bytes:
    """Return the Word file. Raises ConfigError that names what is wrong in the template."""
    laid = view(report, style.url)
    template = _open(style.word_template)
    paging = _Paging()
    parts = [_part(part, paging, template) for part in laid.parts]
    shown = {
        "title": laid.title, "council": laid.council, "standing": laid.standing, "mark": laid.mark, "parts": parts,
        "facts": [{"label": label, "value": value} for label, value in _facts(laid)],
    }  # fmt: skip
    _render(template, style.word_template, {"report": shown})
    word_finish.finish(template.docx, _grids(parts), sideways=paging.turned)
    properties = template.docx.core_properties
    properties.title, properties.author, properties.language = laid.title[:255], laid.council[:255], "en-GB"
    properties.subject, properties.last_modified_by = laid.standing[:255], ""
    made = dt.datetime.combine(dt.date.fromisoformat(report.made_on), dt.time())
    properties.created = properties.modified = made
    file = io.BytesIO()
    template.save(file)
    return file.getvalue()


def _facts(laid: Any) -> list[tuple[str, str]]:
    found = [*laid.facts, ("Standing", laid.standing)]
    return [*found, ("Version", laid.version)] if laid.version else found


class Runs:
    """A cell's words with their look, as Word has them. Its template writes `{{r cell }}`."""

    def __init__(self, said: Said, link: str, *, bold: bool) -> None:
        self.said, self.link, self.bold = said, link, bold

    def __html__(self) -> str:
        look = "<w:b/>" if self.bold else ""
        if self.said.light:
            ink, ground = LIGHTS[self.said.light]
            look += f'<w:color w:val="{ink}"/><w:shd w:val="clear" w:color="auto" w:fill="{ground}"/>'
        if self.link:
            look = f'<w:rStyle w:val="Hyperlink"/>{look}'
        run = f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{escape(self.said.text)}</w:t></w:r>'
        return f'<w:hyperlink r:id="{self.link}" w:history="1">{run}</w:hyperlink>' if self.link else run

    __str__ = __html__


class Described(InlineImage):  # type: ignore[misc]  # its library says no types
    """A picture with the words a screen reader says of it."""

    def __init__(self, template: Any, png: bytes, words: str) -> None:
        super().__init__(template, io.BytesIO(png), width=template.get_docx().sections[0].page_width * 5 // 6)
        self.words = words

    def _insert_image(self) -> str:
        xml: str = super()._insert_image()
        return xml.replace("<wp:docPr ", f'<wp:docPr descr="{escape(self.words)}" ', 1)

    __str__ = __html__ = _insert_image


@dataclass
class _Paging:
    """Which way the page lies on which a reader has come to."""

    turned: bool = False

    def to(self, turned: bool) -> str:
        """Return `turn` or `back` where the page has to be turned before what follows; else nothing."""
        if turned == self.turned:
            return ""
        self.turned = turned
        return "turn" if turned else "back"


def _part(part: Part, paging: _Paging, template: Any) -> Mapping[str, Any]:
    page = paging.to(part.turned)
    blocks = [_block(block, part.turned, paging, template) for block in part.blocks]
    return {
        "title": part.title,
        "exempt": part.exempt,
        "page": page,
        "appendix": part.appendix,
        "blocks": blocks,
    }


def _block(
    block: Paragraph | Listing | Grid | Figure, turned: bool, paging: _Paging, template: Any
) -> Mapping[str, Any]:
    if isinstance(block, Paragraph):
        return {"tag": "text", "text": block.text, "page": paging.to(turned)}
    if isinstance(block, Listing):
        lines = list(block.items)
        return {"tag": "bullets", "lines": lines, "numbered": block.numbered, "page": paging.to(turned)}
    grid = block if isinstance(block, Grid) else block.grid
    page = paging.to(turned or grid.turned)
    table = _table(grid, template)
    if isinstance(block, Grid):
        return {"tag": "table", "table": table, "page": page}
    png = pictures.png(block)
    image = Described(template, png, block.finding) if png else ""
    return {
        "tag": "picture", "title": block.title, "finding": block.finding, "image": image, "table": table, "page": page,
    }  # fmt: skip


def _table(grid: Grid, template: Any) -> Mapping[str, Any]:
    runs = partial(_runs, template)
    return {
        "grid": grid, "title": grid.title, "note": grid.note, "empty": grid.empty, "head": grid.head,
        "rows": [[runs(said) for said in row] for row in grid.rows],
        "total": [runs(said, bold=True) for said in grid.total],
    }  # fmt: skip


def _runs(template: Any, said: Said, *, bold: bool = False) -> Runs:
    return Runs(said, template.build_url_id(said.link) if said.link and said.text else "", bold=bold)


def _grids(parts: list[Mapping[str, Any]]) -> list[Grid]:
    tables = [block["table"] for part in parts for block in part["blocks"] if "table" in block]
    return [table["grid"] for table in tables if table["rows"]]


# ------------------------------------------------------------------ the council's template


def _open(file: Path) -> Any:
    try:
        template = DocxTemplate(str(file))
        template.init_docx()
        # Its properties are set once it is filled: the library would fill them too, and refuse a long title.
        properties = template.docx.core_properties
        for name in ("author", "comments", "identifier", "subject", "title"):
            setattr(properties, name, "")
    except Exception as error:  # its library raises whatever the zip and XML readers do
        raise _wrong(file, f"this is no Word file (.docx): {error}.", FRESH) from error
    return template


def _render(template: Any, file: Path, values: Mapping[str, Any]) -> None:
    """Fill the template in. It may look at what it is given and at nothing else: it is a file that people pass on."""
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    try:
        template.render(dict(values), environment, autoescape=True)
    except TemplateError as error:
        near = " ".join(" ".join(getattr(error, "docx_context", ())).split())
        where = f" near “{near[:120]}”" if near else ""
        remedy = "Compare what stands in braces with docs/reports.md."
        raise _wrong(
            file, f"the template cannot be filled{where}: {str(error.message or error)[:200]}.", remedy
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        what = f"the template cannot be filled: {str(error)[:200]}."
        raise _wrong(file, what, "Compare what stands in braces with docs/reports.md.") from error


def _wrong(file: Path, what: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(str(file), None, what, remedy)])


def check(style: Style) -> None:
    """Write a sample into the template. Raises ConfigError that names what it cannot do, or leaves out."""
    from vfm_workflow.reports.writing.sample import MUST, ON_EACH_PAGE, sample

    document = DocxTemplate(io.BytesIO(write(sample(), style))).get_docx()
    text, heads = word_finish.text_of(document), word_finish.heads_of(document)
    missing = [(what, braces) for words, what, braces in MUST if words not in text]
    missing += [(what, braces) for words, what, braces in ON_EACH_PAGE if words not in heads]
    problems = [
        Problem(
            str(style.word_template),
            None,
            f"the template leaves out {what}.",
            f"Write {braces} where it belongs.",
        )
        for what, braces in missing
    ]
    if problems:
        raise ConfigError(problems)
