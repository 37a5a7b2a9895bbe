"""A file is looked at whole, then done whole or not at all, by the same rules as the forms."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel, col

from tests.access_support import verify
from tests.figures_support import moment, submit
from tests.journeys.jobbing import after, load, work
from tests.library_support import (
    NOVEMBER,
    READINGS,
    apply,
    csv_of,
    look,
    measure,
    one,
    record,
    stocked,
    wrong,
)
from tests.people import Council, address
from tests.web.deciding import dump
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import importing, jobs
from vfm_workflow.store import history, projects
from vfm_workflow.store import returns as return_store
from vfm_workflow.store.tables import ImportBatch, Reading, SavingEntry

SAVINGS = ("project", "saving", "month", "delivered", "reason")
MILESTONES = ("project", "milestone", "forecast", "done", "reason")
PEOPLE = ("address", "post", "role", "department")


@pytest.fixture
def library_of(council: Council) -> Council:
    stocked(council)
    return council


@pytest.fixture
def project(council: Council) -> str:
    """A project in implementation that reports monthly, at the beginning of May 2026."""
    reference = council.create()
    council.to_implementation(reference)
    council.at = moment(2026, 5, 6)
    return reference


def count(council: Council, table: type[SQLModel]) -> int:
    with council.app.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


# ------------------------------------------------------------------ readings


def test_a_good_file_is_done_whole_and_each_reading_leads_to_its_file(library_of: Council) -> None:
    data = csv_of(
        READINGS,
        ("SS-01", "2026-09", "", "2733372", "39584", ""),
        ("SS-01", "Oct-26", "69.06", "2735253.00", "39606", ""),
        ("ss-02", "2026-10", "79", "", "", ""),
    )
    before = dump(library_of.app)
    plan = look(library_of, "readings", data)
    assert (len(plan.new), len(plan.corrections), plan.known, plan.bad) == (3, 0, 0, [])
    assert dump(library_of.app) == before, "looking changes nothing"
    apply(library_of, "readings", data, name="october.csv")
    newest = one(library_of, "SS-01").entries[0]
    assert (newest.period, newest.value, newest.source, newest.batch) == (
        "2026-10",
        6906,
        "csv",
        "october.csv",
    )
    with library_of.app.read() as session:
        batch = session.get(ImportBatch, newest.batch_id)
        assert batch is not None
        assert (batch.data, batch.by) == (data, library_of.who("performance").id)
        assert batch.applied_at == library_of.at


def test_every_bad_row_is_named_and_nothing_is_half_done(library_of: Council) -> None:
    record(library_of, "SS-02", "2026-08", "85")
    data = csv_of(
        READINGS,
        ("SS-01", "2026-09", "69.05", "", "", ""),  # good
        ("SS-09", "2026-09", "1", "", "", ""),  # 3: no such measure
        ("SS-01", "2026-11", "69", "", "", ""),  # 4: not over
        ("SS-01", "2027-11", "69", "", "", ""),  # 5: the future
        ("SS-01", "Octember", "69", "", "", ""),  # 6: no month
        ("SS-02", "2026-09", "79.5", "", "", ""),  # 7: no decimals here
        ("SS-01", "2026-09", "69.10", "", "", ""),  # 8: twice in the file
        ("SS-02", "2026-08", "86", "", "", ""),  # 9: a correction without a reason
        ("SS-02", "2026-10", "", "100", "3", ""),  # 10: no parts here
        ("SS-01", "2026-10", "70", "2735253", "39606", ""),  # 11: they do not agree
        ("SS-01", "2026-07", "=1+1", "", "", ""),  # 12: a formula
        ("SS-02", "", "79", "", "", ""),  # 13: a required cell
    )
    plan = look(library_of, "readings", data)
    assert wrong(plan) == [
        (3, "measure"), (4, "month"), (5, "month"), (6, "month"), (7, "value"), (8, "month"), (9, "reason"),
        (10, "numerator"), (10, "denominator"), (11, "value"), (12, "value"), (13, "month"),
    ]  # fmt: skip
    said = {bad.line: bad.said for bad in plan.bad}
    assert "SS-01 has September 2026 in line 2 already" in said[8]
    assert "August 2026 is 85 already: say why" in said[9]
    before = dump(library_of.app)
    with pytest.raises(importing.Refused) as refused:
        apply(library_of, "readings", data)
    assert len(refused.value.plan.bad) == 12
    assert dump(library_of.app) == before, "not even the batch is kept"


def test_corrections_are_listed_as_such_with_what_they_replace(library_of: Council) -> None:
    record(library_of, "SS-02", "2026-09", "80", by="performance")
    record(library_of, "SS-02", "2026-10", "79", by="performance")
    data = csv_of(
        READINGS,
        ("SS-02", "2026-09", "82", "", "", "Two rounds were left out"),
        ("SS-02", "2026-10", "79", "", "", ""),
        ("SS-02", "2026-08", "81", "", "", ""),
    )
    found = apply(library_of, "readings", data).result()
    assert (found["new"], found["corrections"], found["unchanged"]) == (1, 1, 1)
    assert found["corrected"] == [
        {
            "line": 2,
            "what": "SS-02, September 2026",
            "was": "80",
            "now": "82",
            "reason": "Two rounds were left out",
        }
    ]
    assert [(entry.number, entry.value) for entry in one(library_of, "SS-02").entries if entry.period == "2026-09"] == [
        (2, 82), (1, 80),
    ]  # fmt: skip


def test_the_same_file_twice_changes_nothing_the_second_time(library_of: Council) -> None:
    data = csv_of(READINGS, ("SS-02", "2026-10", "79", "", "", ""))
    apply(library_of, "readings", data)
    assert apply(library_of, "readings", data).known == 1
    assert count(library_of, Reading) == 1


@pytest.mark.parametrize("who", ["head", "manager", "chief", "holder", "admin", "auditor"])
def test_figures_are_imported_by_who_may(library_of: Council, who: str) -> None:
    data = csv_of(READINGS, ("SS-02", "2026-10", "79", "", "", ""))
    for kind in ("readings", "savings", "milestones"):
        with pytest.raises(NotAllowed):
            look(library_of, kind, data, who)
        with pytest.raises(NotAllowed):
            apply(library_of, kind, data, who)


def test_people_are_imported_by_who_edits_them_and_by_nobody_who_imports_figures(council: Council) -> None:
    data = csv_of(PEOPLE, (address("new"), "New Officer", "consultee", "SS"))
    for who in ("performance", "finance", "chief"):
        with pytest.raises(NotAllowed):
            apply(council, "people", data, who)
    apply(council, "people", data, "admin")
    assert council.who("new").role == "consultee"


def test_a_role_that_imports_for_its_department_alone_is_held_to_it(library_of: Council) -> None:
    measure(library_of, by="performance", department="PE")
    roles: dict[str, Any] = dict(library_of.home.roles)
    head = roles["head_of_service"]
    roles["head_of_service"] = head.model_copy(update={"may": {**head.may, "figures.import": "department"}})
    library_of.app.home = dataclasses.replace(library_of.home, roles=roles)
    data = csv_of(READINGS, ("SS-01", "2026-10", "69", "", "", ""), ("PE-01", "2026-10", "940", "", "", ""))
    assert wrong(look(library_of, "readings", data, "head")) == [(3, "measure")]


def test_what_is_no_kind_and_what_is_no_file_is_refused(council: Council) -> None:
    with pytest.raises(NotFound):
        look(council, "wages", b"x")
    with pytest.raises(BadInput):
        apply(council, "readings", b"")
    with pytest.raises(BadInput):
        apply(council, "readings", b"x" * 3_000_000)


# ------------------------------------------------------------------ savings


def delivered(council: Council, reference: str) -> dict[str, tuple[int, int]]:
    """Return month → (number of the row that counts, whole pence)."""
    with council.app.read() as session:
        key = projects.key(projects.by_reference(session, reference))
        found = return_store.delivered(session, key, "9999-12")
    return {row.period: (row.number, row.value) for rows in found.values() for row in rows}


def events(council: Council, reference: str) -> list[tuple[str, str]]:
    with council.app.read() as session:
        key = projects.key(projects.by_reference(session, reference))
        return [(row.event, row.reason) for row in history.of(session, key)]


def test_what_savings_delivered_is_taken_in_with_a_row_in_the_project_s_history(
    council: Council, project: str
) -> None:
    data = csv_of(SAVINGS, (project, "fewer rounds", "2026-04", "6,500.50".replace(",", ""), ""))
    apply(council, "savings", data)
    assert delivered(council, project) == {"2026-04": (1, 650_050)}
    assert events(council, project)[0] == ("savings_imported", "")
    data = csv_of(SAVINGS, (project.lower(), "1", "Apr-26", "7000", "A bill came late"))
    apply(council, "savings", data)
    assert delivered(council, project) == {"2026-04": (2, 700_000)}
    assert events(council, project)[0] == ("savings_imported", "A bill came late")
    with council.app.read() as session:
        assert list(history.verify(session)) == []
        sources = set(session.scalars(select(col(SavingEntry.source))))
    assert sources == {"csv"}


def test_a_month_whose_return_is_in_is_not_changed_behind_its_manager_s_back(
    council: Council, project: str
) -> None:
    submit(council, project, "2026-03")
    verify(council, project, "2026-03")
    submit(council, project, "2026-04")
    data = csv_of(
        SAVINGS,
        (project, "1", "2026-03", "9000", "The ledger says so"),
        (project, "1", "2026-04", "9000", "The ledger says so"),
    )
    plan = look(council, "savings", data)
    assert wrong(plan) == [(2, "month"), (3, "month")]
    assert "is verified. Its Head of Service sends it back first" in plan.bad[0].said
    assert "is submitted" in plan.bad[1].said


def test_every_bad_row_of_savings_is_named(council: Council, project: str) -> None:
    begun = council.create("Begun")
    data = csv_of(
        SAVINGS,
        ("VFM-9999", "1", "2026-04", "1", ""),
        (begun, "1", "2026-04", "1", ""),
        (project, "Fuel", "2026-04", "1", ""),
        (project, "1", "2026-05", "1", ""),
        (project, "1", "2025-04", "1", ""),
        (project, "1", "2026-04", "26k", ""),
        (project, "1", "2026-04", "100", ""),
        (project, "Fewer rounds", "2026-04", "100", ""),
    )
    plan = look(council, "savings", data)
    assert wrong(plan) == [
        (2, "project"), (3, "saving"), (3, "month"), (4, "saving"), (5, "month"), (6, "month"), (7, "delivered"),
        (9, "month"),
    ]  # fmt: skip
    said = {bad.line: bad.said for bad in plan.bad}
    assert said[4] == f"{project} has no such saving. It has: 1 Fewer rounds"
    assert "not over yet" in said[5]


# ------------------------------------------------------------------ milestones


def test_a_forecast_moves_and_the_agreed_date_stays(council: Council, project: str) -> None:
    (before,) = council.milestones(project)
    data = csv_of(MILESTONES, (project, "contract  signed", "1/9/2026", "", "The supplier asked for time"))
    apply(council, "milestones", data)
    (row,) = council.milestones(project)
    assert (row.forecast.isoformat(), row.baseline) == ("2026-09-01", before.baseline)
    assert events(council, project)[0] == ("forecast_moved", "The supplier asked for time")
    assert look(council, "milestones", data).known == 1
    apply(council, "milestones", csv_of(MILESTONES, (project, "Contract signed", "", "2026-05-05", "")))
    (row,) = council.milestones(project)
    assert row.done_on is not None
    assert row.done_on.isoformat() == "2026-05-05"
    again = csv_of(MILESTONES, (project, "Contract signed", "2026-09-01", "", ""))
    assert wrong(look(council, "milestones", again)) == [(2, "milestone")]


def test_every_bad_row_of_milestones_is_named(council: Council, project: str) -> None:
    closed = council.create("Withdrawn")
    council.do(closed, "withdraw", "head", reason="No need")
    data = csv_of(
        MILESTONES,
        (project, "Opening", "2026-09-01", "", ""),
        (project, "Contract signed", "2026-09-01", "2026-05-05", ""),
        (project, "Contract signed", "2026-02-30", "", ""),
        (closed, "Anything", "2026-09-01", "", ""),
    )
    plan = look(council, "milestones", data)
    assert wrong(plan) == [(2, "milestone"), (3, "forecast"), (4, "forecast"), (5, "project")]
    assert "Still open there: Contract signed" in plan.bad[0].said
    for cells, column in (
        (("", ""), "forecast"), (("2026-05-01", ""), "forecast"), (("", "2026-06-01"), "done"),
    ):  # fmt: skip
        row = csv_of(MILESTONES, (project, "Contract signed", *cells, ""))
        assert wrong(look(council, "milestones", row)) == [(2, column)]


# ------------------------------------------------------------------ people


def test_people_join_and_change_by_a_file(council: Council) -> None:
    data = csv_of(
        PEOPLE,
        (address("parks").upper(), "Head of Parks", "Head of Service", "pe"),
        (address("legal"), "Senior Legal Officer", "consultee", "SS"),
        (address("place"), "Director of Place", "cmt_member", "PE"),
    )
    found = apply(council, "people", data, "admin").result()
    assert (found["new"], found["corrections"], found["unchanged"]) == (1, 1, 1)
    assert (council.who("parks").role, council.who("parks").department) == ("head_of_service", "PE")
    assert council.who("legal").name == "Senior Legal Officer"


def test_every_bad_row_of_people_is_named_by_the_rules_of_the_form(council: Council, project: str) -> None:
    data = csv_of(
        PEOPLE,
        ("nobody", "Officer", "consultee", ""),
        (address("a"), "Officer", "king", ""),
        (address("b"), "Officer", "consultee", "XX"),
        (address("manager"), "Clerk", "consultee", "SS"),  # has a project that nobody takes over
        (address("admin"), "Administrator", "consultee", ""),  # nobody else could keep the people
        (address("c"), "Officer", "consultee", "SS"),
        (address("c"), "Officer", "consultee", "PE"),
    )
    plan = look(council, "people", data, "admin")
    assert wrong(plan) == [
        (2, "address"), (3, "role"), (4, "department"), (5, "role"), (6, "role"), (8, "address"),
    ]  # fmt: skip
    assert "Say who takes over" in next(bad.said for bad in plan.bad if bad.line == 5)


# ------------------------------------------------------------------ as a job


def send(council: Council, kind: str, data: bytes, by: str = "performance") -> tuple[int, int]:
    """Hand a file in as the page does; return (batch, job)."""
    with council.app.write() as session:
        who = council.actor(session, by)
        batch = importing.take(session, council.home, kind, r"C:\figures\oct.csv", data, who, council.at)
        assert batch.id is not None
        job = jobs.ask_import(session, council.home, batch.id, who, council.at, apply=False)
        assert job.id is not None
        return batch.id, job.id


def ask_apply(council: Council, batch: int, by: str = "performance") -> int:
    with council.app.write() as session:
        job = jobs.ask_import(
            session, council.home, batch, council.actor(session, by), council.at, apply=True
        )
        assert job.id is not None
        return job.id


def batch_of(council: Council, batch: int) -> ImportBatch:
    with council.app.read() as session:
        found = session.get(ImportBatch, batch)
        assert found is not None
        return found


def test_a_job_looks_then_another_does(library_of: Council) -> None:
    rows = [
        ("SS-02", f"{year}-{month:02d}", "79", "", "", "")
        for year in range(2001, 2026)
        for month in range(1, 13)
    ]
    batch, job = send(library_of, "readings", csv_of(READINGS, *rows))
    assert batch_of(library_of, batch).result is None
    assert work(library_of)
    assert load(library_of, job).said == "300 rows are good: 300 new."
    assert (load(library_of, job).total, batch_of(library_of, batch).name) == (300, "oct.csv")
    assert count(library_of, Reading) == 0
    done = ask_apply(library_of, batch)
    assert work(library_of)
    assert load(library_of, done).said == "300 rows: 300 new."
    assert count(library_of, Reading) == 300
    with pytest.raises(NotAllowed):
        ask_apply(library_of, batch)


def test_a_job_cut_off_is_done_again_and_nothing_twice(library_of: Council) -> None:
    batch, _ = send(library_of, "readings", csv_of(READINGS, ("SS-02", "2026-10", "79", "", "", "")))
    assert work(library_of, ending=after(1))
    assert batch_of(library_of, batch).result is None
    assert work(library_of)
    job = ask_apply(library_of, batch)
    assert work(library_of, ending=after(0))
    assert (load(library_of, job).state, count(library_of, Reading)) == ("queued", 0)
    assert work(library_of)
    assert (load(library_of, job).state, count(library_of, Reading)) == ("done", 1)


def test_what_became_wrong_since_it_was_looked_at_is_not_done(library_of: Council) -> None:
    batch, _ = send(library_of, "readings", csv_of(READINGS, ("SS-02", "2026-10", "79", "", "", "")))
    work(library_of)
    record(library_of, "SS-02", "2026-10", "81")
    job = ask_apply(library_of, batch)
    work(library_of)
    assert load(library_of, job).state == "failed"
    assert "Nothing was imported" in load(library_of, job).said
    found = batch_of(library_of, batch)
    assert found.applied_at is None
    assert found.result is not None
    assert [(bad["line"], bad["column"]) for bad in found.result["problems"]] == [(2, "reason")]
    assert count(library_of, Reading) == 1


def test_a_job_does_what_its_asker_may_do_when_it_is_done(library_of: Council) -> None:
    batch, _ = send(library_of, "readings", csv_of(READINGS, ("SS-02", "2026-10", "79", "", "", "")))
    work(library_of)
    job = ask_apply(library_of, batch)
    people = csv_of(PEOPLE, (address("performance"), "Performance Officer", "consultee", ""))
    apply(library_of, "people", people, "admin")
    work(library_of)
    assert (load(library_of, job).state, count(library_of, Reading)) == ("failed", 0)


def test_a_batch_is_seen_by_who_may_send_its_kind(library_of: Council) -> None:
    batch, job = send(library_of, "readings", csv_of(READINGS, ("SS-02", "2026-10", "79", "", "", "")))
    with library_of.app.read() as session:
        for who, may in (("finance", True), ("performance", True), ("admin", False), ("chief", False)):
            actor = library_of.actor(session, who)
            if may:
                assert importing.show(session, library_of.home, batch, actor).row.name == "oct.csv"
            else:
                with pytest.raises(NotFound):
                    importing.show(session, library_of.home, batch, actor)
        with pytest.raises(NotFound):
            jobs.show(session, library_of.home, job, library_of.actor(session, "chief"))
        assert "import" not in {
            kind.name for kind in jobs.offered(library_of.home, library_of.actor(session, "performance"))
        }
    with library_of.app.write() as session, pytest.raises(NotFound):
        jobs.ask(session, library_of.home, "import", library_of.actor(session, "performance"), library_of.at)


@pytest.mark.parametrize("kind", sorted(importing.IMPORTERS))
def test_a_kind_s_columns_have_names_of_their_own_and_an_example_or_none(kind: str) -> None:
    columns = importing.IMPORTERS[kind].columns
    assert len({column.name for column in columns}) == len(columns)
    head = next(csv.reader(io.StringIO(",".join(column.name for column in columns))))
    assert head == [column.name for column in columns]


def test_november_is_a_working_monday() -> None:
    assert NOVEMBER.strftime("%A") == "Monday"
