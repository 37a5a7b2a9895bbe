"""The forms a report is written in, and what a writer needs to know of the council. Light: it loads no writer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vfm_workflow.errors import BadInput


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a report."""

    name: str
    title: str
    """As a link says it: `Word`."""
    media_type: str
    binary: bool
    """Whether a terminal cannot show it."""
    slow: bool = False
    """Whether it takes longer than a page may: it is made as a job."""


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("html", "Web page", "text/html; charset=utf-8", False),
        Form("pdf", "PDF", "application/pdf", True, slow=True),
        Form("docx", "Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", True),
        Form("xlsx", "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", True),
        Form("csv", "CSV", "text/csv; charset=utf-8", False),
        Form("json", "JSON", "application/json", False),
    )
}
"""Each by its name, which is also the end of a file's name."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a council's reports look, and where their links lead."""

    council: str
    colour: str
    """As `#rrggbb`."""
    base_url: str
    """Where the council's pages are, such as `https://vfm.wrenfold.example`; without a slash at its end."""
    word_template: Path
    """The Word file that reports are written into (`config/report.docx`)."""
    logo: bytes = b""
    """A PNG picture; empty where the council has none."""

    def url(self, path: str) -> str:
        """Return the full address of one of our pages."""
        return f"{self.base_url.rstrip('/')}{path}"


def form_of(name: str) -> Form:
    """Return a form by its name. Raises BadInput that lists those there are."""
    found = FORMS.get(name.lower())
    if found is None:
        raise BadInput(
            {"to": f"There is no form “{name}”. A report is written as one of: {', '.join(FORMS)}."}
        )
    return found
