"""The record of decisions: who decided what on which version, how that is known, and everything that came of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.cli.conftest import Vfm
from tests.people import Council, address
from tests.protocol.support import change, change_the_outline, deputise
from tests.reports.made import first, from_csv, from_page, pdf_text, squeezed
from tests.web.deciding import link_in, newest
from tests.web.support import Browser, readable
from vfm_workflow.journeys import disputes, planning, reporting
from vfm_workflow.reports.model import Report
from vfm_workflow.reports.writing import FORMS, write
from vfm_workflow.store.tables import Condition, Version


@pytest.fixture
def vfm(council: Council) -> Vfm:
    return Vfm({"VFM_DATA": str(council.app.loaded.data)})


@pytest.fixture
def eventful(council: Council) -> str:
    """A project on which everything happened: a superseded version, a deputy, an empty seat, conditions, a dispute, a
    late vote."""
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.decide(reference, "place", "reject", reason="=HYPERLINK(1)")
    change_the_outline(council, reference, "why0 why1 " + "another reason " * 20)
    council.later(hours=1)
    council.do(reference, "replace_outline")
    deputise(council, "place", "planning")
    change(council, "housing", active=False)
    council.decide(reference, "planning", "approve_with_conditions", conditions="Keep the crews")
    receipt = link_in(council, newest(council, "planning", "decision_receipt"), "/dispute/")
    with council.app.write() as session:
        disputes.dispute(session, council.home, receipt.removeprefix("/dispute/"), council.at)
    with council.app.write() as session:
        admin = council.actor(session, "admin")
        disputes.settle(session, council.home, reference, admin, "It was them after all", council.at)
    council.approve(reference, "chief", "resources")
    council.later(hours=1)
    council.decide(reference, "customers", "reject", reason="I was away")
    with council.app.write() as session:
        (condition,) = session.scalars(select(col(Condition.id)))
        head = council.actor(session, "head")
        planning.discharge_condition(
            session, council.home, reference, condition or 0, head, council.at, "The crews stay"
        )
    return reference


def gathered(council: Council, reference: str) -> Report:
    with council.app.read() as session:
        return reporting.read(session, council.home, "decisions", reference, None, council.at)


def written(council: Council, reference: str, form: str, table: str = "") -> bytes:
    return write(gathered(council, reference), form, council.home.style, table)


SAID = (
    "Head of Planning for Director of Place",
    "Link holder Head of Planning for Director of Place, level A (link sent to planning@wrenfold.example)",
    "Approved with conditions",
    "Keep the crews",
    "The crews stay",
    "Director of Housing has left",
    "late: it changed nothing",
    "I was away",
    "Disputed",
    "It was them after all",
    "Superseded by a newer version",
    "Finance",
    "The figures agree.",
)


def test_the_page_has_all_of_it_and_prints_as_evidence(council: Council, eventful: str) -> None:
    browser = Browser(council).sign_in("auditor")
    page = browser.get(f"/projects/{eventful}/decisions").text
    for said in SAID:
        assert said in browser.text, said
    with council.app.read() as session:
        for digest in session.scalars(select(col(Version.digest))):
            assert digest in page, "whole on paper"
    assert "vfm-print-only" in page
    assert "signed by" not in page.lower()


def test_the_file_to_print_has_the_same_and_needs_nothing_beside_it(council: Council, eventful: str) -> None:
    data = written(council, eventful, "html").decode()
    text = readable(data).lower()
    for said in SAID:
        assert said.lower() in text, said
    with council.app.read() as session:
        for digest in session.scalars(select(col(Version.digest))):
            assert digest in data
    for fetched in ("<script", "src=", "<link"):
        assert fetched not in data
    assert all(part.startswith(council.home.base_url) for part in re.findall('href="([^"]*)"', data))


def test_the_pdf_has_the_same(council: Council, eventful: str) -> None:
    text = pdf_text(written(council, eventful, "pdf")).lower()
    for said in SAID:
        assert squeezed(said).lower() in text, said


def test_its_page_in_the_application_is_the_same_table_by_table(council: Council, eventful: str) -> None:
    page = Browser(council).sign_in("auditor").get(f"/reports/decisions/{eventful}").text
    assert from_page(page) == from_page(written(council, eventful, "html").decode())


def test_each_thing_that_happened_is_a_line_of_the_csv_in_order(council: Council, eventful: str) -> None:
    rows = from_csv(written(council, eventful, "csv", "happened"))
    second = [row for row in rows if row["Version"] == "2"]
    assert {row["What"] for row in second} == {
        "Asked", "Seat empty", "Vote", "Late vote", "Disputed", "Dispute settled", "Outcome", "Condition set",
        "Condition met",
    }  # fmt: skip
    assert [row["When"] for row in second] == sorted(row["When"] for row in second)
    vote = first(second, Who=SAID[0], What="Vote")
    assert (vote["Said"], vote["Level"]) == ("Approved with conditions", "A")
    rejected = first(rows, Version="1", What="Vote")
    assert rejected["Reason or text"] == "'=HYPERLINK(1)"
    answers = [row["Reason or text"] for row in rows if row["What"] == "Answered"]
    assert answers == ["The figures agree."]


def test_the_json_has_every_thing_with_exact_moments(council: Council, eventful: str) -> None:
    data = json.loads(written(council, eventful, "json"))
    tables = {block["key"]: block for part in data["sections"] for block in part["blocks"] if "rows" in block}
    head = [column["title"] for column in tables["happened"]["columns"]]
    lines = [
        dict(zip(head, (cell["value"] for cell in row), strict=True)) for row in tables["happened"]["rows"]
    ]
    (outcome,) = [line for line in lines if line["What"] == "Outcome" and line["Version"] == "2"]
    assert outcome["Said"] == "Approved with conditions"
    (asked,) = [line for line in lines if line["What"] == "Asked" and line["Version"] == "2"]
    assert asked["When"] == "2026-03-02T10:00:00+00:00"
    assert sum(line["What"] == "Late vote" for line in lines) == 1


def test_the_command_writes_each_form(vfm: Vfm, council: Council, eventful: str, tmp_path: Path) -> None:
    for form in FORMS:
        file = tmp_path / f"record.{form}"
        vfm.run("report", "decisions", eventful, "--to", form, "-o", file)
        assert file.stat().st_size > 1000
    assert json.loads(vfm.run("report", "decisions", eventful, "--to", "json").stdout)["key"] == eventful


def test_a_form_that_there_is_not_is_refused_with_those_there_are(vfm: Vfm, council: Council) -> None:
    reference = council.create()
    said = vfm.run("report", "decisions", reference, "--to", "odt", code=1).stderr
    assert "There is no form “odt”" in said
    assert "html, pdf, docx, xlsx, csv, json" in said


def test_the_command_shows_somebody_no_more_than_their_page_would(vfm: Vfm, council: Council) -> None:
    reference = council.create()
    vfm.run("report", "decisions", reference, "--by", address("auditor"))
    for key in ("holder", "admin"):
        said = vfm.run("report", "decisions", reference, "--by", address(key), code=1).stderr
        assert said == vfm.run(
            "report", "decisions", reference.replace("1", "9"), "--by", address(key), code=1
        ).stderr.replace(reference.replace("1", "9"), reference)
