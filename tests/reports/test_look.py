"""How a council's reports look: its colour, its logo, and nothing that comes from elsewhere."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
import zipfile
from pathlib import Path

import pypdf

from tests.reports.made import eventful, style
from vfm_workflow import settings, wiring
from vfm_workflow.reports.model import public
from vfm_workflow.reports.writing import file_name, write

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def test_a_logo_in_the_councils_config_stands_at_the_head_in_place_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "logo.png").write_bytes(DOT)
    home = wiring.load_home(settings.load({"VFM_HOME": str(tmp_path), "VFM_COUNCIL_NAME": "Ours"}))
    assert home.style.logo == DOT
    page = write(eventful(), "html", home.style).decode()
    assert 'src="data:image/png;base64,' in page
    assert 'alt="Wrenfold District Council"' in page
    assert "vfm-report__council" not in page.partition("<body")[2]
    images = [
        image
        for pdf in pypdf.PdfReader(io.BytesIO(write(eventful(), "pdf", home.style))).pages
        for image in pdf.images
    ]
    assert images


def test_the_page_is_in_the_councils_colour_and_comes_whole() -> None:
    page = write(eventful(), "html", dataclasses.replace(style(), colour="#123456")).decode()
    assert "--brand: #123456" in page
    assert not re.search(r"<(script|link|iframe)|@import|url\(", page)
    assert '<html lang="en-GB">' in page


def test_a_phone_gets_its_own_drawing_and_labelled_cards() -> None:
    page = write(eventful(), "html", style()).decode()
    assert page.count("vfm-chart--narrow") >= 2, "the drawing, and its style"
    assert 'role="cell" data-label="Delivered"' in page
    assert 'scope="row" role="rowheader"' in page


def test_the_public_version_says_in_every_form_that_something_is_not_shown_and_not_what() -> None:
    report = public(eventful())
    for form in ("html", "json", "csv"):
        assert b"Three posts go" not in write(report, form, style())
    for form in ("docx", "xlsx"):
        for version, there in ((report, False), (eventful(), True)):
            with zipfile.ZipFile(io.BytesIO(write(version, form, style()))) as archive:
                parts = b"".join(archive.read(name) for name in archive.namelist())
            assert (b"Three posts go" in parts) == there
    assert (
        "This part is exempt from publication (Schedule 12A, paragraph 4)"
        in write(report, "html", style()).decode()
    )


def test_a_file_has_a_name_that_any_machine_takes() -> None:
    report = dataclasses.replace(eventful(), kind="efficiency", key="2026/27")
    assert file_name(report, "xlsx") == "efficiency-2026-27.xlsx"
    assert file_name(report, "csv", "a b/ü") == "efficiency-2026-27-a-b.csv"
    assert file_name(dataclasses.replace(report, kind="mtfp", key=""), "pdf") == "mtfp.pdf"
