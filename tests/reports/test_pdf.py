"""A report as PDF: what PDF/UA-1 asks for is there, its pages are numbered and marked, and it fetches nothing."""

from __future__ import annotations

import builtins
import dataclasses
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pypdf
import pytest
from pypdf.generic import IndirectObject

from tests.reports.made import BASE, eventful, style
from vfm_workflow.errors import VfmError
from vfm_workflow.reports.model import Report, Text, public
from vfm_workflow.reports.writing import write


@pytest.fixture(scope="module")
def report() -> Report:
    return eventful()


@pytest.fixture(scope="module")
def pdf(report: Report) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(write(report, "pdf", style())))


def tags(node: Any) -> Iterator[Mapping[str, Any]]:
    """Yield each element of a PDF's structure, in the order in which it is read out."""
    found = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(found, Mapping):
        if "/S" in found:
            yield found
        children = found.get("/K", [])
        children = children.get_object() if isinstance(children, IndirectObject) else children
        for child in children if isinstance(children, Sequence) else [children]:
            yield from tags(child)


def test_it_is_tagged_titled_and_in_english(pdf: pypdf.PdfReader, report: Report) -> None:
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert pdf.metadata is not None and pdf.metadata.title == f"{report.title} – {report.council}"
    assert "pdfuaid:part" in pdf.xmp_metadata.stream.get_data().decode() if pdf.xmp_metadata else False


def test_its_tags_say_what_is_a_heading_a_head_of_a_column_and_a_picture(pdf: pypdf.PdfReader) -> None:
    root: Any = pdf.trailer["/Root"]
    found = list(tags(root["/StructTreeRoot"]))
    kinds = [str(tag["/S"]) for tag in found]
    headings = [kind for kind in kinds if kind in ("/H1", "/H2", "/H3")]
    assert headings[0] == "/H1" and headings.count("/H1") == 1
    assert not [pair for pair in itertools.pairwise(headings) if pair == ("/H1", "/H3")]
    assert {"/Table", "/TR", "/TH", "/TD", "/L", "/LI", "/P", "/Link"} <= set(kinds)
    heads = {str(tag["/ID"]) for tag in found if tag["/S"] == "/TH"}
    of_cells = [[str(head) for head in tag["/A"]["/Headers"]] for tag in found if tag["/S"] == "/TD"]
    assert all(len(heads_of) == 2 for heads_of in of_cells), "its column's and its row's"
    assert {head for heads_of in of_cells for head in heads_of} <= heads
    figures = [tag for tag in found if tag["/S"] == "/Figure"]
    assert figures
    assert all("1 of 2 departments" in str(figure["/Alt"]) for figure in figures)


def test_a_reader_goes_by_bookmarks_and_each_page_says_which_it_is(
    pdf: pypdf.PdfReader, report: Report
) -> None:
    titles = [str(item.title) for item in flat(pdf.outline)]
    assert titles[0] == report.title
    assert {section.title for section in report.sections} <= set(titles)
    for number, page in enumerate(pdf.pages, 1):
        text = page.extract_text()
        assert f"Page {number} of {len(pdf.pages)}" in text
        assert "DRAFT, NOT ISSUED" in text.upper()
        assert "NOT FOR PUBLICATION" in text.upper()
        assert report.council in text


def flat(outline: Any) -> Iterator[Any]:
    for item in outline:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item


def test_a_broad_table_lies_on_its_side_and_its_head_stands_on_each_page(pdf: pypdf.PdfReader) -> None:
    turned = [page for page in pdf.pages if page.mediabox.width > page.mediabox.height]
    assert len(turned) > 1, "forty rows need two pages"
    assert all("that is broad, 11" in " ".join(page.extract_text().split()) for page in turned)
    assert "Appendix: a broad table" in turned[0].extract_text(), "the heading goes along"
    assert len(turned) < len(pdf.pages)


def test_its_fonts_are_in_it_and_its_links_lead_to_the_councils_own_pages(pdf: pypdf.PdfReader) -> None:
    for page in pdf.pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descriptor), "embedded"
    links = [
        str(note.get_object()["/A"]["/URI"])
        for page in pdf.pages
        for note in page.get("/Annots", [])
        if "/A" in note.get_object()
    ]
    assert f"{BASE}/projects/VFM-0001/savings" in links
    assert all(link.startswith(f"{BASE}/") for link in links)


def test_the_public_version_bears_no_mark_of_exemption_and_no_word_of_it(report: Report) -> None:
    issued = public(dataclasses.replace(report, standing="Issued 14 October 2026"))
    pages = pypdf.PdfReader(io.BytesIO(write(issued, "pdf", style()))).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    assert "Three posts go" not in text
    assert "This part is exempt from publication (Schedule 12A, paragraph 4)" in text
    assert "One section is exempt from publication" in text
    assert "not for publication" not in text.lower()


def test_the_same_report_is_the_same_file(report: Report) -> None:
    assert write(report, "pdf", style()) == write(report, "pdf", style())


def test_a_machine_without_pango_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    real = builtins.__import__

    def without(name: str, *given: Any, **named: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(VfmError, match="apt-get install libpango"):
        write(report, "pdf", style())


def test_nothing_is_fetched_whatever_a_text_says(report: Report) -> None:
    """Sockets are closed to tests: an address that was asked for would fail this one."""
    evil = '<img src="http://evil.example/x.png"><link rel=stylesheet href="http://evil.example/x.css">'
    section = dataclasses.replace(report.sections[0], blocks=(Text(evil),))
    text = pypdf.PdfReader(
        io.BytesIO(write(dataclasses.replace(report, sections=(section,)), "pdf", style()))
    ).pages[0]
    assert "<img" in text.extract_text()
