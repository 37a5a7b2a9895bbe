"""Documents of a project: taken, listed, frozen with the version, and served as downloads to those who may read them."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from tests.people import Council
from tests.upload_files import PDF, PNG, ooxml
from tests.web.deciding import Member, asked, link_in, newest
from tests.web.support import BASE, Browser
from vfm_workflow.domain import snapshot
from vfm_workflow.domain.uploads import MOST_FILES
from vfm_workflow.store import attachments, decisions, projects

SAME = {"sec-fetch-site": "same-origin", "origin": BASE}


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


def send(browser: Browser, reference: str, name: str, data: bytes, **fields: str) -> httpx.Response:
    """Add a file as the page's form does."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(browser.app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=browser.cookies) as client:
            return await client.post(
                f"/projects/{reference}/documents",
                data={"document": "outline", "exempt": "", **fields},
                files={"file": (name, data, "text/html")},
                headers=SAME,
            )

    browser.last = asyncio.run(ask())
    return browser.last


def ids(council: Council, reference: str) -> list[int]:
    with council.app.read() as session:
        project = projects.by_reference(session, reference)
        return [file.id for file in attachments.listing(session, projects.key(project))]


def test_a_document_is_added_listed_fetched_and_taken_off(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    assert send(browser.sign_in("manager"), reference, "Options.pdf", PDF).status_code == 303
    page = f"/projects/{reference}/documents"
    browser.get(page)
    assert "Options.pdf The outline" in browser.text
    (file_id,) = ids(council, reference)
    assert browser.get(f"{page}/{file_id}").content == PDF
    assert browser.post(f"{page}/{file_id}/remove").status_code == 303
    assert browser.get(f"{page}/{file_id}").status_code == 404
    browser.get(page)
    assert "There are none." in browser.text


def test_a_download_is_never_a_page(browser: Browser) -> None:
    reference = browser.council.create()
    send(browser.sign_in("manager"), reference, "Café 100% a=b; .txt", b"<script>alert(1)</script>")
    answer = browser.get(f"/projects/{reference}/documents/{ids(browser.council, reference)[0]}")
    said = answer.headers
    assert said["content-disposition"] == (
        "attachment; filename=\"Caf_ 100_ a=b;.txt\"; filename*=UTF-8''Caf%C3%A9%20100%25%20a%3Db%3B.txt"
    )
    assert said["content-type"].startswith("text/plain")
    assert said["x-content-type-options"] == "nosniff"
    assert "sandbox" in said["content-security-policy"]
    assert said["cache-control"] == "no-store"
    assert "set-cookie" not in said


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("run.exe", b"MZ", "of no kind that is taken"),
        ("page.pdf", b"<html>", "is not what its name says"),
        (
            "a.docx",
            ooxml("wordprocessingml.document", "word/document.xml", {"word/vbaProject.bin": b"x"}),
            "has macros",
        ),
        ("a.txt", b"", "is empty"),
        ("a.txt", b"a\x00b", "characters that no text has"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_box_and_nothing_is_kept(
    browser: Browser, name: str, data: bytes, why: str
) -> None:
    reference = browser.council.create()
    answer = send(browser.sign_in("manager"), reference, name, data)
    assert answer.status_code == 422
    assert why in browser.text
    assert '<a href="#file">' in answer.text
    assert ids(browser.council, reference) == []


def test_a_form_without_a_file_is_refused(browser: Browser) -> None:
    reference = browser.council.create()
    answer = browser.sign_in("manager").send(f"/projects/{reference}/documents", {"document": "outline"})
    assert answer.status_code == 422
    assert "Choose a file" in browser.text


def test_too_large_a_file_is_refused_and_other_forms_stay_small(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.app.loaded.settings.__dict__["upload_megabytes"] = 1
    try:
        browser.sign_in("manager")
        answer = send(browser, reference, "big.txt", b"a" * (1024 * 1024 + 1))
        assert answer.status_code == 422
        assert "must be 1 MB or smaller" in browser.text
        assert send(browser, reference, "big.txt", b"a" * (3 * 1024 * 1024)).status_code == 413
        assert send(browser, reference, "fits.txt", b"a" * (1024 * 1024)).status_code == 303
    finally:
        council.app.loaded.settings.__dict__["upload_megabytes"] = 10
    assert send(browser, reference, "three.txt", b"a" * (3 * 1024 * 1024)).status_code == 303
    answer = browser.send(f"/projects/{reference}/comments", {"text": "a" * (3 * 1024 * 1024)})
    assert answer.status_code == 413


def test_a_project_holds_so_many_and_no_more(browser: Browser) -> None:
    reference = browser.council.create()
    browser.sign_in("manager")
    for number in range(MOST_FILES):
        assert send(browser, reference, f"{number}.txt", b"x").status_code == 303
    assert send(browser, reference, "more.txt", b"x").status_code == 422
    assert f"at most {MOST_FILES} documents" in browser.text
    assert send(browser, reference, "1.TXT", b"changed").status_code == 303, (
        "one of the same name is replaced"
    )
    assert len(ids(browser.council, reference)) == MOST_FILES


def test_strangers_and_readers_add_nothing(browser: Browser) -> None:
    reference = browser.council.create()
    assert send(browser.sign_out(), reference, "a.pdf", PDF).headers["location"].startswith("/sign-in")
    assert send(browser.sign_in("auditor"), reference, "a.pdf", PDF).status_code == 403
    assert send(browser.sign_in("admin"), reference, "a.pdf", PDF).status_code == 404
    assert ids(browser.council, reference) == []


def test_an_exempt_document_is_there_for_those_who_read_exempt_text_only(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    send(browser.sign_in("manager"), reference, "Bids.pdf", PDF, exempt="3")
    page, (file_id,) = f"/projects/{reference}/documents", ids(council, reference)
    assert browser.get(f"{page}/{file_id}").status_code == 200
    browser.sign_in("performance").get(page)
    assert "Bids.pdf" not in browser.text
    assert browser.get(f"{page}/{file_id}").status_code == 404
    browser.get(f"/projects/{reference}/history")
    assert "Bids.pdf" not in browser.text
    assert browser.sign_in("auditor").get(f"{page}/{file_id}").status_code == 200


def test_a_document_of_another_project_is_not_found(browser: Browser) -> None:
    council = browser.council
    mine, other = council.create(), council.create("Second")
    send(browser.sign_in("manager"), mine, "a.pdf", PDF)
    assert browser.get(f"/projects/{other}/documents/{ids(council, mine)[0]}").status_code == 404


def test_a_changed_document_makes_a_new_version_and_is_shown_in_the_difference(browser: Browser) -> None:
    council = browser.council
    reference = council.create()
    council.outline_ready(reference)
    send(browser.sign_in("manager"), reference, "Options.pdf", PDF)
    council.do(reference, "submit_outline")
    send(browser, reference, "Options.pdf", PDF.replace(b"1.7", b"1.6"))
    council.do(reference, "replace_outline")
    with council.app.read() as session:
        project = projects.by_reference(session, reference)
        new, old = decisions.versions(session, projects.key(project))
        (change,) = snapshot.differences(json.loads(old.snapshot), json.loads(new.snapshot))
        digest = json.loads(old.snapshot)["parts"]
        (row,) = next(part for part in digest if part["key"] == "documents")["rows"]
    assert (new.number, change.title) == (2, "Documents")
    frozen = browser.get(f"/projects/{reference}/versions/{old.id}/documents/{row[3].replace(' ', '')}")
    assert frozen.content == PDF, "the version keeps what it froze"
    browser.get(f"/projects/{reference}/versions/{old.id}")
    assert row[3].replace(" ", "") in (browser.last.text if browser.last else "")


def test_the_holder_of_a_decision_link_fetches_what_was_frozen(council: Council) -> None:
    browser = Browser(council)
    reference = council.create()
    council.outline_ready(reference)
    send(browser.sign_in("manager"), reference, "Plan.png", PNG)
    council.do(reference, "submit_outline")
    member = Member(council, "chief")
    page = member.look().text
    path = page.partition('href="/decide/')[2].partition('"')[0]
    assert member.browser.get(f"/decide/{path}").content == PNG
    assert Browser(council).get(f"/decide/{path}").status_code == 404, "not without the link"
    digest = path.rpartition("/")[2]
    assert member.browser.get(f"/decide/{path.replace(digest, 'f' * 64)}").status_code == 404
    other = asked(council, "Second")
    assert link_in(council, newest(council, "chief")).startswith("/d/"), other
    second = Member(council, "chief")
    assert second.browser.get(f"{second.page}/documents/{digest}").status_code == 404, "another project's"
