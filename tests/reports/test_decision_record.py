"""The record of decisions: who decided what on which version, how that is known, and everything that came of it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.cli.conftest import Vfm
from tests.people import Council, address
from tests.protocol.support import change, change_the_outline, deputise
from tests.web.deciding import link_in, newest
from tests.web.support import Browser, readable
from vfm_workflow.journeys import disputes, planning, record
from vfm_workflow.reports import decisions as report
from vfm_workflow.reports.decisions import FORMS, Record
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


def gathered(council: Council, reference: str) -> Record:
    with council.app.read() as session:
        return record.decisions(session, council.home, reference, None, council.at)


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
    data = report.write(gathered(council, eventful), "html", council.home.calendar.local).decode()
    text = readable(data).lower()
    for said in SAID:
        assert said.lower() in text, said
    assert "<script" not in data
    assert "src=" not in data
    assert "href=" not in data


def test_each_thing_that_happened_is_a_line_of_the_csv_in_order(council: Council, eventful: str) -> None:
    data = report.write(gathered(council, eventful), "csv", council.home.calendar.local)
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    second = [row for row in rows if row["Version"] == "2"]
    assert {row["What"] for row in second} == {
        "Asked", "Seat empty", "Vote", "Late vote", "Disputed", "Dispute settled", "Outcome", "Condition set",
        "Condition met",
    }  # fmt: skip
    assert [row["When"] for row in second] == sorted(row["When"] for row in second)
    (vote,) = [row for row in second if row["Who"] == SAID[0] and row["What"] == "Vote"]
    assert (vote["Said"], vote["Level"]) == ("Approved with conditions", "A")
    (first,) = [row for row in rows if row["Version"] == "1" and row["What"] == "Vote"]
    assert first["Reason or text"] == "'=HYPERLINK(1)"
    answers = [row["Reason or text"] for row in rows if row["What"] == "Answered"]
    assert answers == ["The figures agree."]


def test_the_json_has_every_field_with_exact_moments(council: Council, eventful: str) -> None:
    data = json.loads(report.write(gathered(council, eventful), "json", council.home.calendar.local))
    newest_one = data["decisions"][0]
    assert newest_one["outcome"] == "Approved with conditions"
    assert newest_one["asked_at"] == "2026-03-02T10:00:00+00:00"
    assert len(newest_one["digest"]) == 64
    assert sum(seat["late"] for seat in newest_one["seats"]) == 1


def test_the_command_writes_each_form(vfm: Vfm, council: Council, eventful: str, tmp_path: Path) -> None:
    for form in FORMS:
        file = tmp_path / f"record.{form}"
        vfm.run("report", "decisions", eventful, "--to", form, "-o", file)
        assert file.stat().st_size > 1000
    assert (
        json.loads(vfm.run("report", "decisions", eventful, "--to", "json").stdout)["reference"] == eventful
    )


@pytest.mark.parametrize("form", ["pdf", "docx", "xlsx", "odt"])
def test_a_form_that_is_not_built_is_refused_with_those_that_are(
    vfm: Vfm, council: Council, form: str
) -> None:
    reference = council.create()
    said = vfm.run("report", "decisions", reference, "--to", form, code=1).stderr
    assert f"The form “{form}”" in said
    assert "html, csv, json" in said


def test_the_command_shows_somebody_no_more_than_their_page_would(vfm: Vfm, council: Council) -> None:
    reference = council.create()
    vfm.run("report", "decisions", reference, "--by", address("auditor"))
    for key in ("holder", "admin"):
        said = vfm.run("report", "decisions", reference, "--by", address(key), code=1).stderr
        assert said == vfm.run(
            "report", "decisions", reference.replace("1", "9"), "--by", address(key), code=1
        ).stderr.replace(reference.replace("1", "9"), reference)
