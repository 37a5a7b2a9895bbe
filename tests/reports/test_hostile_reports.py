"""Whatever somebody typed stands in a report as they typed it, in every form, and nothing of it is run or fetched."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import docx
import openpyxl  # type: ignore[import-untyped]  # it says no types
import pypdf
import pytest
from docx.oxml import parse_xml

from tests.attack.corpus import VALUES
from tests.reports.made import cells, from_csv, from_page, from_word, inert, squeezed, style
from vfm_workflow.reports.model import Bullets, Cell, Column, Report, Section, Table, Text
from vfm_workflow.reports.writing import FORMS, write
from vfm_workflow.reports.writing.view import plain

SHORT = {name: text[:3000] for name, text in VALUES.items()}


def hostile(text: str) -> Report:
    """Return a report that says a text wherever it can say one."""
    columns = (Column(text), Column("Amount", "money", sums=True), Column(text), Column("Day", "date"))
    row = (Cell(text, link="/projects/VFM-0001"), Cell(100, text), Cell(None, text), Cell(None, ""))
    table = Table("t", text, columns, (row, row), text, text)
    again = dataclasses.replace(table, key="u")
    blocks = (Text(text), Bullets((text, text), numbered=True), table, again)
    sections = (Section("s", text, blocks), Section("x", text, (Text(text),), exempt="3"))
    return Report("mtfp", "", text, text, "2026-10-14", text, ((text, text),), sections)


@pytest.mark.parametrize("name", SHORT)
def test_a_page_says_it_and_has_no_tag_of_it(name: str) -> None:
    report = hostile(SHORT[name])
    page = write(report, "html", style()).decode()
    for evil in ("<script", "<vfmx", "<img", "<svg", "<iframe", "<base", "onerror=vfm_ran()>"):
        assert evil not in page
    assert from_page(page) == [cells(table) for table in report.tables()]


@pytest.mark.parametrize("name", SHORT)
def test_word_says_it_and_stays_whole(name: str) -> None:
    report = hostile(SHORT[name])
    data = write(report, "docx", style())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for part in archive.namelist():
            if part.endswith(".xml"):
                parse_xml(archive.read(part))
        assert b"TargetMode" in archive.read("word/_rels/document.xml.rels")
        assert b"evil.example" not in archive.read("word/_rels/document.xml.rels")
    assert len(from_word(data)) == 2
    said = squeezed(plain(SHORT[name]).replace("{_{", "{{"))
    text = squeezed("".join(paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs))
    assert said in text
    assert "829348951" not in text, "nothing reckons the sums that are typed"


@pytest.mark.parametrize("name", SHORT)
def test_excel_and_csv_run_none_of_it(name: str) -> None:
    report = hostile(SHORT[name])
    book = openpyxl.load_workbook(io.BytesIO(write(report, "xlsx", style())))
    formulas = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert {str(cell.value) for cell in formulas} <= {"=SUM(B4:B5)"}
    links = [cell.hyperlink for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert all(link.target is None or link.target.endswith("/projects/VFM-0001") for link in links)
    for line in from_csv(write(report, "csv", style())):
        assert all(value == inert(value) for key, value in line.items() if key != "Number")


@pytest.mark.parametrize("name", ["markup", "languages", "control", "unicode", "one long word"])
def test_a_pdf_says_it_and_has_no_link_of_it(name: str) -> None:
    pages = pypdf.PdfReader(io.BytesIO(write(hostile(SHORT[name]), "pdf", style()))).pages
    for page in pages:
        for note in page.get("/Annots", []):
            assert "evil.example" not in str(note.get_object())
            assert str(note.get_object()["/A"]["/URI"]).endswith("/projects/VFM-0001")


@pytest.mark.parametrize("form", [form for form in FORMS if form != "pdf"])
def test_the_longest_text_is_written_too(form: str) -> None:
    assert len(write(hostile(VALUES["long"]), form, style())) > 10_000
