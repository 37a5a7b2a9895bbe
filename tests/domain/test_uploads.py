"""A file is taken for what it is, never for what it says it is: a hostile corpus, and the kinds that are taken."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from tests.upload_files import JPEG, PDF, PNG, odt, ooxml, zipped
from vfm_workflow.domain.uploads import KINDS, MOST_ENTRIES, MOST_NAME, check, clean_name, size_text
from vfm_workflow.errors import BadInput

MB = 1024 * 1024
WORD = "wordprocessingml.document"


def refused(name: str, data: bytes, most: int = 10 * MB) -> str:
    with pytest.raises(BadInput) as error:
        check(name, data, most)
    return error.value.fields["file"]


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("Options.PDF", PDF, "application/pdf"),
        ("plan.png", PNG, "image/png"),
        ("depot.jpg", JPEG, "image/jpeg"),
        ("depot.jpeg", JPEG, "image/jpeg"),
        ("notes.txt", "Café £5\r\nnext".encode(), "text/plain"),
        ("figures.csv", b"\xef\xbb\xbfyear,cost\n2026,71\n", "text/csv"),
        ("outline.docx", ooxml(WORD, "word/document.xml"), KINDS["docx"].media_type),
        ("sums.xlsx", ooxml("spreadsheetml.sheet", "xl/workbook.xml"), KINDS["xlsx"].media_type),
        ("talk.pptx", ooxml("presentationml.presentation", "ppt/presentation.xml"), KINDS["pptx"].media_type),
        ("outline.odt", odt("text"), KINDS["odt"].media_type),
        ("sums.ods", odt("spreadsheet"), KINDS["ods"].media_type),
        ("talk.odp", odt("presentation"), KINDS["odp"].media_type),
    ],
)
def test_the_usual_kinds_are_taken(name: str, data: bytes, media_type: str) -> None:
    assert check(name, data, 10 * MB).media_type == media_type


@pytest.mark.parametrize(
    "name",
    ["run.exe", "page.html", "page.htm", "drawing.svg", "macro.docm", "sheet.xlsm", "old.doc", "old.xls", "x.zip",
     "script.js", "noextension", ".htaccess", "report.pdf.exe", "report.pdf\x00.exe", "a.php", "x.eml"],
)  # fmt: skip
def test_kinds_that_are_not_on_the_list_are_refused(name: str) -> None:
    assert "of no kind that is taken" in refused(name, PDF)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("report.pdf", b"MZ\x90\x00" + b"\0" * 200),
        ("report.pdf", b"<html><script>alert(1)</script></html>"),
        ("report.pdf", b"\n" + PDF),
        ("picture.png", JPEG),
        ("picture.jpg", PNG),
        ("notes.txt", PDF),
        ("figures.csv", PNG),
        ("outline.docx", PDF),
        ("outline.docx", zipped({"readme.txt": b"hello"})),
        ("outline.docx", ooxml("spreadsheetml.sheet", "xl/workbook.xml")),
        ("outline.odt", odt("spreadsheet")),
        ("outline.odt", ooxml(WORD, "word/document.xml")),
        ("outline.odt", zipped({"x": b"", "mimetype": b"application/vnd.oasis.opendocument.text"})),
    ],
)
def test_a_wrong_signature_is_refused(name: str, data: bytes) -> None:
    assert "is not what its name says" in refused(name, data)


def test_a_file_that_is_two_at_once_is_refused() -> None:
    archive = zipped({"evil.js": b"alert(1)"})
    assert "something else at its end" in refused("report.pdf", PDF + archive + b"\0" * 1024)
    assert "something else at its end" in refused("picture.png", PNG + archive)
    assert "something else at its end" in refused("picture.jpg", JPEG + b"<script>alert(1)</script>")
    document = ooxml(WORD, "word/document.xml")
    assert "is not what its name says" in refused("outline.docx", PNG + document)
    assert "is not what its name says" in refused("outline.docx", b"#!/bin/sh\n" + document)
    assert "something else at its end" in refused("outline.docx", document + b"<script>alert(1)</script>")


def test_macros_are_refused_under_any_name() -> None:
    for entry in (
        "word/vbaProject.bin",
        "WORD/VBAPROJECT.BIN",
        "word/vbaData.xml",
        "word/embeddings/run.exe",
    ):
        assert "has macros" in refused("a.docx", ooxml(WORD, "word/document.xml", {entry: b"x"}))
    for entry in ("Basic/Standard/Module1.xml", "Scripts/python/run.py"):
        assert "has macros" in refused("a.odt", odt("text", {entry: b"x"}))
    enabled = zipped({"[Content_Types].xml": b"application/vnd.ms-word.document.macroEnabled.main+xml"})
    assert "has macros" in refused("a.docx", enabled)


def test_a_bomb_is_refused_without_being_unpacked_whole() -> None:
    bomb = ooxml(WORD, "word/document.xml", {f"word/{n}.xml": b"\0" * (30 * MB) for n in range(4)})
    assert len(bomb) < 200_000
    assert "too large when it is unpacked" in refused("a.docx", bomb)
    many = ooxml(WORD, "word/document.xml", {f"word/{n}": b"" for n in range(MOST_ENTRIES)})
    assert "too large when it is unpacked" in refused("a.docx", many)


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(ooxml(WORD, "word/document.xml", {"word/big.xml": b"\0" * (5 * MB)}))
    lie = struct.pack("<I", 10)
    true = struct.pack("<I", 5 * MB)
    assert bytes(bomb).count(true) >= 2
    said = refused("a.docx", bytes(bomb).replace(true, lie))
    assert "damaged" in said


def test_a_locked_or_damaged_or_escaping_package_is_refused() -> None:
    whole = ooxml(WORD, "word/document.xml")
    assert refused("a.docx", whole[: len(whole) // 2])
    assert refused("a.docx", whole[:-30])
    locked = bytearray(whole)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = whole.find(mark)
        while place >= 0:
            locked[place + offset] |= 1
            place = whole.find(mark, place + 1)
    assert "locked with a password" in refused("a.docx", bytes(locked))
    for entry in ("../../etc/passwd", "/etc/passwd", "word\\..\\..\\x"):
        assert "outside its place" in refused("a.docx", ooxml(WORD, "word/document.xml", {entry: b"x"}))


def test_a_wrong_checksum_is_damage() -> None:
    good = ooxml(WORD, "word/document.xml", {"word/x.xml": b"abc" * 50}, stored=True)
    bad = good.replace(b"abc" * 50, b"abd" * 50)
    assert zlib.crc32(b"abc" * 50) != zlib.crc32(b"abd" * 50)
    assert "damaged" in refused("a.docx", bad)


def test_text_is_utf_8_without_nul_or_control_characters() -> None:
    assert "no text in UTF-8" in refused("a.txt", "café".encode("latin-1"))
    assert "no text in UTF-8" in refused("a.csv", "cost".encode("utf-16"))
    for data in (b"a\x00b", b"a\x1b[31mb", b"\x07"):
        assert "characters that no text has" in refused("a.txt", data)


def test_nothing_and_too_much_are_refused() -> None:
    assert "is empty" in refused("a.pdf", b"")
    assert "must be 1 MB or smaller" in refused("a.txt", b"a" * (MB + 1), MB)
    assert check("a.txt", b"a" * MB, MB).name == "a.txt"
    assert "Choose a file" in refused(" ", b"")


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\somebody\\Outline.docx", "Outline.docx"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"),
        ("annex\u202etxt.fdp.pdf", "annextxt.fdp.pdf"),
        ("zero\u200bwidth\ufeff.pdf", "zerowidth.pdf"),
        ("a\x00b\x7f.pdf", "ab.pdf"),
        ('quo"ted<b>|?*.pdf', "quotedb.pdf"),
        ("CON.txt", "_CON.txt"),
        ("lpt1.pdf", "_lpt1.pdf"),
        ("com1.tar.pdf", "_com1.tar.pdf"),
        ("  spaced   out .pdf", "spaced out.pdf"),
        ("...pdf", "pdf"),
        (".pdf", "pdf"),
        ("Café £ naïve 漢字 😀.pdf", "Café £ naïve 漢字 😀.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        ("/", "document"),
        ("", "document"),
    ],
)
def test_names_are_made_safe_and_stay_readable(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


def test_a_very_long_name_keeps_its_extension() -> None:
    found = clean_name("ä" * 5_000 + ".pdf")
    assert len(found) <= MOST_NAME
    assert found.endswith("ä.pdf")
    assert len(clean_name("x." + "y" * 500)) <= MOST_NAME
    assert len(clean_name("y" * 500)) <= MOST_NAME


def test_a_size_is_said_as_people_say_it() -> None:
    assert [size_text(n) for n in (12, 2_048, 3 * MB // 2)] == ["12 bytes", "2 KB", "1.5 MB"]


def test_the_files_of_these_tests_are_what_they_say() -> None:
    assert zipfile.is_zipfile(io.BytesIO(odt("text")))
