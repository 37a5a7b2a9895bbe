"""What stands in every report of a kind (`config/reports.yaml`): a committee paper's fixed parts."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from vfm_workflow.documents import Document, Strict, validate

PLACEHOLDERS = frozenset({"council", "period", "year", "made"})


def _known(text: str) -> str:
    try:
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise ValueError(f"a brace is not closed or not opened ({error}); write {{{{ for a brace") from error
    if odd := named - PLACEHOLDERS:
        accepted = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
        raise ValueError(f"there is no {{{min(odd)}}}; use {accepted}")
    return text


Filled = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_known)]


class ReportTexts(Strict):
    """The fixed parts of one kind of report. Placeholders are filled when it is made."""

    title: Filled
    to: Filled
    from_: Annotated[Filled, Field(alias="from")]
    purpose: Filled
    recommendations: tuple[Filled, ...]
    background: Filled
    legal: Filled
    equality: Filled


class ReportsDocument(Strict):
    """The whole of `config/reports.yaml`: every kind of report has its texts."""

    quarter: ReportTexts
    efficiency: ReportTexts
    mtfp: ReportTexts
    returns: ReportTexts
    department: ReportTexts
    project: ReportTexts
    decisions: ReportTexts

    def of(self, kind: str) -> ReportTexts:
        """Return the texts of a kind."""
        found: ReportTexts = getattr(self, kind)
        return found


def load(document: Document) -> ReportsDocument:
    """Return the texts. Raises ConfigError naming file and line of whatever cannot be used."""
    return validate(ReportsDocument, document)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its placeholders filled."""
    return text.format_map(values)
