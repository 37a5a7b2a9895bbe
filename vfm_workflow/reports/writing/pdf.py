"""A report as a PDF that a screen reader can read: tagged, titled and in order (PDF/UA-1, ISO 14289-1)."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from types import ModuleType
from typing import Any, NoReturn

from vfm_workflow.errors import VfmError
from vfm_workflow.reports.model import Report, from_json, to_json
from vfm_workflow.reports.writing import page, pictures
from vfm_workflow.reports.writing.forms import Style

NO_PANGO = (
    "A PDF needs the library Pango, which is not on this machine. On Debian and Ubuntu: apt-get install libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation. Every other form is written without it."
)

_LINE, _COLUMN = 120, 26
"""Letters of a word that is never broken: in a line of text, and in a column."""


def write(report: Report, style: Style) -> bytes:
    """Return the PDF. The same report is the same file, byte by byte, on the same machine.

    Raises VfmError where the machine lacks what it takes, saying what to install.
    """
    weasyprint = _library()
    text = page.html(_breakable(report), style, ("file.css", "paper.css"), pictures.wide)
    made = weasyprint.HTML(string=text, url_fetcher=_fetcher(weasyprint))
    data: bytes = made.write_pdf(
        pdf_variant="pdf/ua-1",
        pdf_identifier=hashlib.sha256(to_json(report).encode("utf-8", "replace")).digest()[:16],
    )
    return data


def _breakable(report: Report) -> Report:
    """Return the report with places to break in words that no line holds, or no column: a library that has to find them
    itself tries each letter, and takes minutes over a page."""
    return from_json(json.dumps(_broken(json.loads(to_json(report)), _LINE)))


def _broken(value: Any, most: int) -> Any:
    if isinstance(value, dict):
        most = _COLUMN if {"value", "text", "places"} <= set(value) else most
        return {key: part if key == "link" else _broken(part, most) for key, part in value.items()}
    if isinstance(value, list):
        return [_broken(part, most) for part in value]
    if not isinstance(value, str) or len(value) <= most:
        return value
    return re.sub(rf"[^\s]{{{most + 1},}}", _break, value)


def _break(found: re.Match[str]) -> str:
    """Return a word with places to break: after its own marks, and in whatever is long without one."""
    parts = re.findall(r".{1,24}?[@./:+_=&?;,)>-]+|.{1,24}", found[0], re.DOTALL)
    return "\u200b".join(parts)


def _library() -> ModuleType:
    try:
        import weasyprint  # type: ignore[import-untyped]  # it says no types
    except OSError as error:
        raise VfmError(NO_PANGO) from error
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    found: ModuleType = weasyprint
    return found


def _fetcher(weasyprint: ModuleType) -> Any:
    """Return what opens what stands in the page itself, and no address: a report is written by itself."""

    class Nothing(weasyprint.urls.URLFetcher):  # type: ignore[misc, name-defined]  # it says no types
        def fetch(self, url: str, headers: Any = None) -> Any:
            return super().fetch(url, headers) if url.startswith("data:") else _refuse(url)

    return Nothing()


def _refuse(url: str) -> NoReturn:
    raise ValueError(f"a report fetches nothing, and this asks for {url}")
