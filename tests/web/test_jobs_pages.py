"""Jobs on pages: asked for by who may, watched without JavaScript, and fetched by who asked."""

from __future__ import annotations

import io
import zipfile

from tests.journeys.jobbing import after, many, publish, work
from tests.people import Council
from tests.web.support import Browser


def test_an_administrator_sees_who_would_move_asks_and_watches(council: Council) -> None:
    many(council, 3)
    publish(council)
    admin = Browser(council).sign_in("admin")
    admin.get("/jobs")
    for said in ("3 projects follow an older version", "version 1", "version 2", "No job has been asked for"):
        assert said in admin.text, said
    asked = admin.post("/jobs", kind="lifecycle")
    assert asked.headers["location"] == "/jobs/1"
    assert admin.post("/jobs", kind="lifecycle").headers["location"] == "/jobs/1"
    admin.get("/jobs/1")
    assert "Waiting" in admin.text
    assert "Refresh" in admin.text

    work(council, ending=after(2))
    admin.get("/jobs/1")
    assert "It begins within half a minute" in admin.text
    work(council)
    admin.get("/jobs/1")
    assert "3 projects were moved" not in admin.text  # two had moved before it was handed back
    assert "1 project was moved to today's version" in admin.text
    assert "Refresh" not in admin.text
    admin.get("/jobs")
    assert "Every project under way follows today’s version" in admin.text


def test_how_far_a_job_is_stands_on_its_page(council: Council) -> None:
    many(council, 2)
    publish(council)
    admin = Browser(council).sign_in("admin")
    admin.post("/jobs", kind="lifecycle")
    seen = []

    def look() -> bool:
        admin.get("/jobs/1")
        seen.append(admin.text)
        return False

    work(council, ending=look)
    assert "1 of 2: Moving VFM-0001" in seen[1]


def test_the_history_says_in_words_that_a_project_moved(council: Council) -> None:
    many(council, 1)
    publish(council)
    Browser(council).sign_in("admin").post("/jobs", kind="lifecycle")
    work(council)
    auditor = Browser(council).sign_in("auditor")
    auditor.get("/projects/VFM-0001/history")
    assert "Moved to today’s lifecycle" in auditor.text
    assert "From version 1 to version 2." in auditor.text


def test_an_export_is_fetched_by_who_asked_and_nobody_else(council: Council) -> None:
    council.create()
    auditor = Browser(council).sign_in("auditor")
    auditor.get("/jobs")
    assert "Exempt text is in it" in auditor.text
    auditor.post("/jobs", kind="export")
    assert auditor.get("/jobs/1/file").status_code == 404
    work(council)
    auditor.get("/jobs/1")
    assert "Fetch export-1.zip" in auditor.text
    file = auditor.get("/jobs/1/file")
    assert file.headers["content-disposition"] == 'attachment; filename="export-1.zip"'
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert "project.json" in archive.namelist()

    admin = Browser(council).sign_in("admin")
    admin.get("/jobs/1")
    assert "Internal Auditor" in admin.text
    assert "Fetch" not in admin.text
    assert admin.get("/jobs/1/file").status_code == 403
    manager = Browser(council).sign_in("manager")
    assert manager.get("/jobs/1").status_code == 404
    assert manager.get("/jobs/1/file").status_code == 404
    manager.get("/jobs")
    assert "No job has been asked for" in manager.text


def test_a_file_that_lies_on_another_machine_says_where(council: Council) -> None:
    auditor = Browser(council).sign_in("auditor")
    auditor.post("/jobs", kind="export")
    work(council)
    (council.app.loaded.data / "exports" / "export-1.zip").unlink()
    assert auditor.get("/jobs/1/file").status_code == 404
    assert "It was written on here" in auditor.text


def test_who_may_not_ask_is_refused_and_is_offered_nothing(council: Council) -> None:
    manager = Browser(council).sign_in("manager")
    for kind in ("lifecycle", "export"):
        assert manager.post("/jobs", kind=kind).status_code == 403
    assert manager.post("/jobs", kind="nonsense").status_code == 404
    manager.get("/jobs")
    assert "Export everything" not in manager.text
    assert not work(council)
