"""A report as a Word file: real headings, lists and heads of tables, written into a template that a council edits."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest

from tests.cli.conftest import Vfm
from tests.people import Council
from tests.reports.made import BASE, eventful, style
from vfm_workflow.errors import ConfigError
from vfm_workflow.folders import shipped
from vfm_workflow.reports.writing import word, write

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module")
def data() -> bytes:
    return write(eventful(), "docx", style())


@pytest.fixture(scope="module")
def document(data: bytes) -> Any:
    return docx.Document(io.BytesIO(data))


def styled(document: Any, name: str) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == name]


def test_headings_are_headings_and_lists_are_lists(document: Any) -> None:
    report = eventful()
    assert styled(document, "Title") == [report.title]
    assert styled(document, "Heading 1") == [section.title for section in report.sections]
    assert styled(document, "Heading 2") == ["Projects by department"]
    assert styled(document, "List Number") == ["That it is noted.", "That it ends.", "That it begins at one."]
    assert styled(document, "List Bullet") == ["A point."]
    assert styled(document, "Caption") == [table.title for table in report.tables()]


def test_each_numbered_list_begins_at_one(document: Any) -> None:
    numbers = [
        paragraph._p.pPr.numPr.numId.val
        for paragraph in document.paragraphs
        if paragraph.style.name == "List Number"
    ]
    assert numbers[0] == numbers[1] != numbers[2]
    for number in set(numbers):
        found = document.part.numbering_part.element.num_having_numId(number)
        assert found.find(f"{W}lvlOverride/{W}startOverride").get(f"{W}val") == "1"


def test_a_tables_head_is_a_head_and_stands_on_each_page_and_no_row_is_split(document: Any) -> None:
    for table in document.tables[1:]:
        head, *rows = table._tbl.tr_lst
        assert head.trPr.find(f"{W}tblHeader") is not None
        assert all(row.trPr.find(f"{W}cantSplit") is not None for row in rows)
        assert table._tbl.tblPr.find(f"{W}tblCaption").get(f"{W}val"), "said to who cannot see it"
    figures = document.tables[1].rows[1].cells[1].paragraphs[0]
    assert figures.style.name == "Table figure"


def test_a_broad_table_lies_on_its_side(document: Any) -> None:
    turned = [section.page_width > section.page_height for section in document.sections]
    assert turned == [False, True]
    section = document.sections[-1]
    room = section.page_width - section.left_margin - section.right_margin
    widths = sum(cell.width for cell in document.tables[-1].rows[0].cells)
    assert room * 0.97 < widths <= room


def test_a_picture_is_there_with_the_words_that_say_it(data: bytes) -> None:
    xml = zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml").decode()
    (words,) = re.findall(r'<wp:docPr [^>]*descr="([^"]*)"', xml)
    assert words.startswith("1 of 2 departments")
    (name,) = [name for name in zipfile.ZipFile(io.BytesIO(data)).namelist() if name.endswith(".png")]
    assert zipfile.ZipFile(io.BytesIO(data)).read(name).startswith(b"\x89PNG")


def test_each_page_says_council_standing_and_number(document: Any) -> None:
    for section in document.sections:
        assert "Wrenfold District Council" in section.header.paragraphs[0].text
        assert "Draft, not issued · Not for publication" in section.header.paragraphs[0].text
        assert {"PAGE", "NUMPAGES"} == {
            (code.text or "").strip() for code in section.footer._element.iter(f"{W}instrText")
        }


def test_it_is_titled_dated_and_in_english(document: Any) -> None:
    properties = document.core_properties
    assert (properties.title, properties.language) == (eventful().title, "en-GB")
    assert properties.created.date() == dt.date(2026, 10, 14)
    lang = document.styles.element.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}lang")
    assert lang.get(f"{W}val") == "en-GB"


def test_a_figure_leads_to_its_entries(document: Any) -> None:
    links = {
        relation.target_ref for relation in document.part.rels.values() if "hyperlink" in relation.reltype
    }
    assert links == {f"{BASE}/projects/VFM-000{n}/savings" for n in (1, 2, 3)}


# ------------------------------------------------------------------ the template


def template(folder: Path, change: tuple[str, str]) -> Path:
    """Return a copy of the template in which one text is another."""
    file, (old, new) = folder / "report.docx", change
    document = docx.Document(str(shipped() / "config" / "report.docx"))
    body = [*document.paragraphs, *(p for s in document.sections for p in s.header.paragraphs)]
    body += [p for t in document.tables for row in t.rows for cell in row.cells for p in cell.paragraphs]
    changed = 0
    for paragraph in body:
        if old in paragraph.text:
            paragraph.runs[0].text = paragraph.text.replace(old, new)
            for run in paragraph.runs[1:]:
                run.text = ""
            changed += 1
    assert changed, old
    document.save(str(file))
    return file


def test_what_ships_is_well() -> None:
    word.check(style())


def test_a_council_writes_its_own_words_into_the_template(tmp_path: Path) -> None:
    file = template(tmp_path, ("{{ report.title }}", "For decision: {{ report.title }}"))
    word.check(style(file))
    document = docx.Document(io.BytesIO(write(eventful(), "docx", style(file))))
    assert styled(document, "Title") == [f"For decision: {eventful().title}"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("{{ report.title }}", "{{ report.titel }}"), "titel"),
        (("{{ block.finding }}", "{{ block.finding "), "leaves out what a picture shows"),
        (("{{ table.note }}", ""), "leaves out the notes under tables"),
        (("{{ report.mark }}", ""), "leaves out on each page that it is a draft"),
        (("{{ report.title }}", "{{ report.__class__.__mro__ }}"), "unsafe"),
        (("{%p for part in report.parts %}", "{%p for part in %}"), "cannot be filled"),
    ],
)
def test_a_template_that_cannot_be_filled_is_named_with_what_is_wrong(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    file = template(tmp_path, change)
    with pytest.raises(ConfigError) as refused:
        word.check(style(file))
    assert any(said in str(problem) and problem.file == str(file) for problem in refused.value.problems)


def test_a_file_that_is_no_word_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "report.docx"
    file.write_bytes(b"not a zip")
    with pytest.raises(ConfigError, match="no Word file"):
        word.check(style(file))


def test_vfm_check_looks_at_the_councils_template(council: Council, tmp_path: Path) -> None:
    vfm = Vfm({"VFM_DATA": str(council.app.loaded.data)})
    vfm.run("init", tmp_path / "home")
    assert "all well" in vfm.run("check", tmp_path / "home").stdout
    template(tmp_path / "home" / "config", ("{{ part.title }}", "{{ part.titel }}"))
    said = vfm.run("check", tmp_path / "home", code=1).stderr
    assert "config/report.docx" in said and "titel" in said
