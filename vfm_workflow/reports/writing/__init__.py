"""Writing a report: as a web page, PDF, Word, Excel, CSV or JSON, each from the same report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vfm_workflow.reports.writing.forms import FORMS, Form, Style, form_of

if TYPE_CHECKING:  # a start knows how reports look, and writes none
    from vfm_workflow.reports.model import Report

__all__ = ["FORMS", "Form", "Style", "file_name", "form_of", "write"]


def write(report: Report, form: str, style: Style, table: str = "") -> bytes:
    """Return a report as a file of a form; `table` is the key of the one that a CSV file is wanted of.

    Each form's libraries are loaded with the first report written so. Raises BadInput for another form, NotFound for a table
    that there is not, or VfmError where the machine lacks what a PDF takes.
    """
    name = form_of(form).name
    if name == "csv":
        from vfm_workflow.reports.writing import flat

        return flat.write(report, style, table)
    if name == "json":
        from vfm_workflow.reports.model import to_json

        text = json.dumps(json.loads(to_json(report)), ensure_ascii=False, indent=1) + "\n"
        return text.encode("utf-8", "replace")
    if name == "html":
        from vfm_workflow.reports.writing import page

        return page.write(report, style)
    if name == "pdf":
        from vfm_workflow.reports.writing import pdf

        return pdf.write(report, style)
    if name == "docx":
        from vfm_workflow.reports.writing import word

        return word.write(report, style)
    from vfm_workflow.reports.writing import excel

    return excel.write(report, style)


def file_name(report: Report, form: str, table: str = "") -> str:
    """Return what a report's file is called, such as `mtfp.pdf` or `efficiency-2026-27.xlsx`, in letters safe anywhere."""
    parts = [report.kind, report.key, table]
    safe = ["".join(c if c.isascii() and c.isalnum() else "-" for c in part).strip("-") for part in parts]
    return f"{'-'.join(filter(None, safe))}.{form}"
