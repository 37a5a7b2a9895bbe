"""Reports on pages: who reads which, what they fetch, and a PDF that a job makes for who asked."""

from __future__ import annotations

import io

import docx
import openpyxl  # type: ignore[import-untyped]  # it says no types
import pypdf
import pytest

from tests.access_support import everything, mark, write
from tests.journeys.jobbing import work
from tests.people import Council
from tests.reports.made import from_csv, from_page
from tests.web.support import Browser
from vfm_workflow.journeys.exporting import let_go
from vfm_workflow.journeys.reporting import KINDS
from vfm_workflow.store import projects

SECRET = "Three posts are at risk"


@pytest.fixture
def secret(council: Council) -> str:
    """A project whose outline, sent to the board, says something exempt."""
    reference = council.create()
    council.outline_ready(reference)
    write(council, reference, "why", f"{SECRET}. " + "word " * 60)
    mark(council, reference, "why")
    council.do(reference, "submit_outline")
    return reference


@pytest.fixture
def saving(council: Council) -> Council:
    council.outline_ready(council.create("Waste rounds"))
    return council


def test_an_officer_finds_the_reports_in_the_navigation_and_reads_one(saving: Council) -> None:
    chief = Browser(saving).sign_in("chief")
    assert 'href="/reports"' in chief.get("/projects").text
    page = chief.get("/reports").text
    assert "Medium Term Financial Plan" in chief.text
    assert 'href="/reports/mtfp"' in page
    chief.get("/reports/mtfp")
    for said in (
        "Purpose",
        "Recommendations",
        "Position against the target",
        "Legal implications",
        "As it stands on",
    ):
        assert said in chief.text, said


def test_a_financial_year_has_an_address_without_a_slash(saving: Council) -> None:
    chief = Browser(saving).sign_in("chief")
    chief.get("/reports/efficiency/2025-26")
    assert "Annual Efficiency Statement, 2025/26" in chief.text
    assert 'action="/reports/efficiency/2025-26"' in chief.get("/reports/efficiency/2025-26").text


def test_each_form_is_fetched_as_a_file_of_its_own_kind(saving: Council) -> None:
    chief = Browser(saving).sign_in("chief")
    answers = {
        form: chief.get(f"/reports/mtfp?form={form}") for form in ("html", "docx", "xlsx", "csv", "json")
    }
    for form, answer in answers.items():
        assert answer.headers["content-disposition"] == f'attachment; filename="mtfp.{form}"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert docx.Document(io.BytesIO(answers["docx"].content)).tables
    assert "The plan by year" in openpyxl.load_workbook(io.BytesIO(answers["xlsx"].content)).sheetnames
    assert from_csv(answers["csv"].content)[0]["Table"] == "years"
    assert from_page(answers["html"].text) == from_page(chief.get("/reports/mtfp").text)
    one = chief.get("/reports/mtfp?form=csv&table=stages")
    assert one.headers["content-disposition"] == 'attachment; filename="mtfp-stages.csv"'
    assert from_csv(one.content)[0]["Stage"]


@pytest.mark.parametrize(
    "path",
    [
        "/reports/nonsense", "/reports/nonsense/1", "/reports/mtfp/anything", "/reports/quarter/2026-Q9",
        "/reports/efficiency/26", "/reports/decisions/VFM-9999", "/reports/mtfp?form=odt", "/reports/mtfp?form=pdf",
        "/reports/mtfp?form=csv&table=none", "/reports/quarter",
    ],
)  # fmt: skip
def test_what_there_is_not_is_not_found_or_said_to_be_wrong(saving: Council, path: str) -> None:
    assert Browser(saving).sign_in("chief").get(path).status_code in (404, 422)


def test_a_pdf_is_made_by_a_job_that_its_asker_watches_and_fetches(saving: Council) -> None:
    chief = Browser(saving).sign_in("chief")
    asked = chief.post("/reports/mtfp", version="public")
    assert (asked.status_code, asked.headers["location"]) == (303, "/jobs/1")
    assert chief.post("/reports/mtfp", version="public").headers["location"] == "/jobs/1", "it is under way"
    chief.get("/jobs/1")
    assert "PDF: Medium Term Financial Plan" in chief.text
    assert work(saving)
    chief.get("/jobs/1")
    assert "Fetch mtfp.pdf" in chief.text
    file = chief.get("/jobs/1/file")
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == 'attachment; filename="mtfp.pdf"'
    pages = pypdf.PdfReader(io.BytesIO(file.content)).pages
    assert "Savings in the Medium Term Financial Plan" in " ".join(pages[0].extract_text().split())
    for other in ("manager", "admin"):
        assert Browser(saving).sign_in(other).get("/jobs/1/file").status_code in (403, 404), other
    assert (
        Browser(saving).sign_in("manager").post("/reports/mtfp", version="public").headers["location"]
        == "/jobs/2"
    )


def test_a_pdf_is_kept_no_longer_than_an_export(saving: Council) -> None:
    chief = Browser(saving).sign_in("chief")
    chief.post("/reports/mtfp", version="public")
    assert work(saving)
    file = saving.app.loaded.data / "exports" / "report-1.pdf"
    assert file.stat().st_mode & 0o077 == 0, "nobody else on the machine reads it"
    with saving.app.write() as session:
        assert let_go(session, saving.app.loaded.data, "here", saving.later(days=1)) == 1
    assert not file.exists()
    chief.sign_in("chief")
    assert chief.get("/jobs/1/file").status_code == 404
    chief.get("/jobs/1")
    assert "Fetch" not in chief.text


def test_how_far_the_pdf_is_stands_on_its_page(saving: Council) -> None:
    chief = Browser(saving).sign_in("chief")
    chief.post("/reports/mtfp", version="public")
    seen = []

    def look() -> bool:
        chief.get("/jobs/1")
        seen.append(chief.text)
        return False

    work(saving, ending=look)
    assert "1 of 2" not in seen[0]
    assert "0 of 2: Reading the figures" in seen[1]


def test_a_job_is_asked_for_by_the_reports_own_button_and_not_by_the_page_of_jobs(saving: Council) -> None:
    auditor = Browser(saving).sign_in("auditor")
    auditor.get("/jobs")
    assert "A report as PDF" not in auditor.text
    assert auditor.post("/jobs", kind="report").status_code == 404


def test_what_is_exempt_is_for_those_who_may_read_it_on_the_page_and_in_every_file(
    council: Council, secret: str
) -> None:
    path = f"/reports/project/{secret}"
    head = Browser(council).sign_in("head")
    assert SECRET not in head.get(path).text
    assert "exempt from publication" in head.text
    assert 'href="/reports/project/VFM-0001?version=exempt"' in head.get(path).text
    whole = head.get(f"{path}?version=exempt").text
    assert SECRET in whole
    assert "Not for publication" in head.text
    assert SECRET in head.get(f"{path}?version=exempt&form=html").text
    assert SECRET not in head.get(f"{path}?form=html").text

    other = Browser(council).sign_in("other")
    assert other.get(f"{path}?version=exempt").status_code == 403
    assert other.get(f"{path}?version=exempt&form=docx").status_code == 403
    assert other.post(path, version="exempt").status_code == 403
    assert SECRET not in other.get(path).text


def test_an_exempt_pdf_is_marked_and_fetched_only_while_its_asker_may_read_it(
    council: Council, secret: str
) -> None:
    manager = Browser(council).sign_in("manager")
    job = manager.post(f"/reports/project/{secret}", version="exempt").headers["location"]
    assert work(council)
    file = manager.get(f"{job}/file")
    assert file.headers["content-disposition"].endswith('-exempt.pdf"')
    for page in pypdf.PdfReader(io.BytesIO(file.content)).pages:
        assert "NOT FOR PUBLICATION" in page.extract_text().upper()
    with council.app.write() as session:
        project = projects.by_reference(session, secret)
        project.manager_id = council.actor(session, "other").id
    assert manager.get(f"{job}/file").status_code == 403, "the project is another's now"


def test_a_member_reads_what_is_released_and_no_draft(saving: Council) -> None:
    holder = Browser(saving).sign_in("holder")
    assert 'href="/reports"' in holder.get("/reports").text
    assert holder.last is not None and holder.last.status_code == 200
    assert "There is no report for you to read yet" in holder.text
    for path in ("/reports/mtfp", "/reports/quarter/2025-Q4"):
        assert holder.get(path).status_code == 403
        assert holder.post(path, version="public").status_code == 403


def test_who_reads_no_report_has_no_page_of_reports(saving: Council) -> None:
    admin = Browser(saving).sign_in("admin")
    assert 'href="/reports"' not in admin.get("/people").text
    assert admin.get("/reports").status_code == 404
    assert admin.get("/reports/mtfp").status_code == 403


def test_every_kind_can_be_read_by_who_may(council: Council) -> None:
    reference, _ = everything(council)
    chief = Browser(council).sign_in("chief")
    keys = {
        "quarter": "2025-Q4",
        "year": "2025-26",
        "month": "2026-03",
        "department": "SS",
        "project": reference,
    }
    for kind in KINDS.values():
        path = f"/reports/{kind.name}" + (f"/{keys[kind.per]}" if kind.per else "")
        answer = chief.get(path)
        assert answer.status_code == 200, path
        assert chief.get(f"{path}?form=docx").status_code == 200, path
        assert chief.get(f"{path}?form=xlsx").status_code == 200, path
