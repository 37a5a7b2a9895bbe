"""A report as a PDF that a screen reader can read: tagged, titled and in order (PDF/UA-1, ISO 14289-1)."""

from __future__ import annotations

import hashlib
import logging
from types import ModuleType
from typing import Any, NoReturn

from vfm_workflow.errors import VfmError
from vfm_workflow.reports.model import Report, to_json
from vfm_workflow.reports.writing import page, pictures
from vfm_workflow.reports.writing.forms import Style

NO_PANGO = (
    "A PDF needs the library Pango, which is not on this machine. On Debian and Ubuntu: apt-get install libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation. Every other form is written without it."
)


def write(report: Report, style: Style) -> bytes:
    """Return the PDF. The same report is the same file, byte by byte, on the same machine.

    Raises VfmError where the machine lacks what it takes, saying what to install.
    """
    weasyprint = _library()
    text = page.html(report, style, ("file.css", "paper.css"), pictures.wide)
    made = weasyprint.HTML(string=text, url_fetcher=_fetcher(weasyprint))
    data: bytes = made.write_pdf(
        pdf_variant="pdf/ua-1",
        pdf_identifier=hashlib.sha256(to_json(report).encode("utf-8", "replace")).digest()[:16],
    )
    return data


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
