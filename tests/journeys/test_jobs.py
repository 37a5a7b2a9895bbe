"""Heavy work is done once: asked for twice, done by two, handed back, taken over, or failed with its reason."""

from __future__ import annotations

import csv
import datetime as dt
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from tests.journeys import jobbing
from tests.journeys.jobbing import after, ask, load, many, moves, publish, work
from tests.people import Council
from vfm_workflow.errors import DatabaseAway, NotAllowed, NotFound
from vfm_workflow.journeys import exporting, jobs, newer_lifecycle, personal
from vfm_workflow.journeys.running import LEASE, Kind, Outcome, Running
from vfm_workflow.store import history
from vfm_workflow.store.tables import Job, Link, OutboxMail, Project, metadata


class Killed(BaseException):
    """The process was killed: nothing below may catch it."""


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A kind of job that does what is in the list: takes a step, or raises."""
    script: list[object] = []

    def do(job: Running) -> Outcome:
        for number, step in enumerate(script):
            if isinstance(step, BaseException):
                raise step
            with job.step(number, len(script), str(step)):
                pass
        return Outcome("It is done.", {"steps": len(script)})

    made = Kind("scripted", "Scripted", "", "lifecycle.move", do)
    monkeypatch.setattr(jobs, "KINDS", {**jobs.KINDS, "scripted": made})
    return script


# ------------------------------------------------------------------ the road


def test_a_job_goes_from_asked_to_done_and_says_how_far_it_is(council: Council, kind: list[object]) -> None:
    kind += ["one", "two"]
    job_id = ask(council, "scripted")
    assert load(council, job_id).state == "queued"
    assert work(council)
    job = load(council, job_id)
    assert (job.state, job.said, job.result, job.attempts) == ("done", "It is done.", {"steps": 2}, 1)
    assert (job.done, job.total, job.finished_at, job.lease_by) == (1, 2, council.at, None)
    assert not work(council)


def test_the_same_work_asked_for_twice_is_one_job_until_it_is_done(
    council: Council, kind: list[object]
) -> None:
    first = ask(council, "scripted")
    assert ask(council, "scripted") == first
    work(council)
    assert ask(council, "scripted") != first


def test_a_job_under_way_is_nobody_elses(council: Council, kind: list[object]) -> None:
    kind.append(Killed())
    job_id = ask(council, "scripted")
    with pytest.raises(Killed):
        work(council, "dead")
    assert not work(council, "other")
    assert council.app.owed(council.at) == []
    assert load(council, job_id).state == "running"


def test_the_job_of_a_dead_process_is_taken_over_when_its_lease_has_run_out(
    council: Council, kind: list[object]
) -> None:
    kind.append(Killed())
    job_id = ask(council, "scripted")
    with pytest.raises(Killed):
        work(council, "dead")
    council.at += LEASE * 1.01
    assert council.app.owed(council.at) == ["work"]
    kind.clear()
    assert work(council, "other")
    job = load(council, job_id)
    assert (job.state, job.attempts) == ("done", 2)


def test_a_job_that_ends_every_process_is_not_begun_for_ever(council: Council, kind: list[object]) -> None:
    kind.append(Killed())
    job_id = ask(council, "scripted")
    for _ in range(3):
        with pytest.raises(Killed):
            work(council)
        council.at += LEASE * 1.01
    assert not work(council)
    job = load(council, job_id)
    assert job.state == "failed"
    assert "ended in the middle" in job.said


def test_who_lost_the_lease_neither_goes_on_nor_settles(council: Council, kind: list[object]) -> None:
    """It slept through its lease: another has done the job when it wakes."""
    job_id = ask(council, "scripted")

    def slept(_: object) -> str:
        council.at += LEASE * 1.01
        kind.clear()
        assert work(council, "other")
        return "woke"

    class Step:
        __str__ = slept

    kind += [Step(), "never"]
    assert work(council, "slow")
    job = load(council, job_id)
    assert (job.state, job.attempts, job.done) == ("done", 2, 0)


def test_a_process_that_ends_hands_its_job_back_uncounted(council: Council, kind: list[object]) -> None:
    kind += ["one", "two", "three"]
    job_id = ask(council, "scripted")
    assert work(council, ending=after(2))
    job = load(council, job_id)
    assert (job.state, job.attempts, job.lease_by, job.done) == ("queued", 0, None, 1)
    assert work(council, "other")
    assert load(council, job_id).state == "done"


def test_a_refusal_is_said_and_a_fault_is_raised_for_the_log(council: Council, kind: list[object]) -> None:
    kind.append(NotAllowed("The folder is full."))
    refused = ask(council, "scripted")
    assert work(council)
    assert (load(council, refused).state, load(council, refused).said) == ("failed", "The folder is full.")
    kind[:] = [ZeroDivisionError()]
    broken = ask(council, "scripted")
    with pytest.raises(ZeroDivisionError):
        work(council)
    assert load(council, broken).state == "failed"
    assert "log" in load(council, broken).said


def test_a_job_outlives_a_database_that_goes_away(council: Council, kind: list[object]) -> None:
    kind.append(DatabaseAway("gone"))
    job_id = ask(council, "scripted")
    with pytest.raises(DatabaseAway):
        work(council)
    assert load(council, job_id).state == "running"  # until its lease has run out


def test_a_kind_that_this_version_does_not_know_fails(
    council: Council, kind: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ask(council, "scripted")
    monkeypatch.undo()
    assert work(council)
    assert "knows no job" in load(council, job_id).said


def test_only_who_may_may_ask_and_only_who_asked_may_see(council: Council) -> None:
    with pytest.raises(NotAllowed):
        ask(council, "lifecycle", "manager")
    with pytest.raises(NotAllowed):
        ask(council, "export", "admin")
    with pytest.raises(NotFound):
        ask(council, "nonsense")
    job_id = ask(council, "export", "auditor")
    with council.app.read() as session:
        for who in ("auditor", "admin"):
            assert jobs.show(session, council.home, job_id, council.actor(session, who)).id == job_id
        with pytest.raises(NotFound):
            jobs.show(session, council.home, job_id, council.actor(session, "manager"))


# ------------------------------------------------------------------ a newer lifecycle


def pinned(session: Session, reference: str) -> str:
    return session.scalars(select(col(Project.lifecycle)).where(col(Project.reference) == reference)).one()


def test_projects_move_to_todays_version_with_a_row_in_their_history(council: Council) -> None:
    references = many(council, 3)
    publish(council)
    job_id = ask(council)
    assert work(council)
    assert load(council, job_id).said == "3 projects were moved to today's version."
    assert moves(council) == dict.fromkeys(references, 1)
    new = council.home.lifecycles["vfm"]
    with council.app.read() as session:
        assert {pinned(session, reference) for reference in references} == {new.digest}
        assert list(history.verify(session)) == []
        assert newer_lifecycle.behind(session, council.home) == []
    council.do(references[0], "withdraw", "head", reason="No need")
    ask(council)
    work(council)
    assert moves(council) == dict.fromkeys(references, 1)


def test_what_has_no_place_or_is_before_a_board_stays_and_is_named(council: Council) -> None:
    council.outline_ready(council.create("Before the board"))
    council.do("VFM-0001", "submit_outline")
    council.create("On hold")
    council.do("VFM-0002", "hold", "head", reason="An election")
    council.create("Over")
    council.do("VFM-0003", "withdraw", "head", reason="No need")
    council.create("Free")
    publish(council, without="on_hold")
    with council.app.read() as session:
        behind = {row.reference: row.obstacle for row in newer_lifecycle.behind(session, council.home)}
    assert set(behind) == {"VFM-0001", "VFM-0002", "VFM-0004"}
    assert "a board is deciding" in behind["VFM-0001"]
    assert "no stage `on_hold`" in behind["VFM-0002"]
    job_id = ask(council)
    work(council)
    assert load(council, job_id).said == (
        "1 project was moved to today's version. 2 stayed: VFM-0001, VFM-0002."
    )
    assert moves(council) == {"VFM-0001": 0, "VFM-0002": 0, "VFM-0003": 0, "VFM-0004": 1}


def test_a_move_cut_off_in_the_middle_goes_on_and_moves_each_project_once(council: Council) -> None:
    references = many(council, 5)
    publish(council)
    job_id = ask(council)
    assert work(council, ending=after(3))
    assert sum(moves(council).values()) == 3
    assert work(council, "other")
    assert moves(council) == dict.fromkeys(references, 1)
    assert load(council, job_id).state == "done"


# ------------------------------------------------------------------ everything out


def exported(council: Council, folder: Path) -> exporting.Exported:
    return exporting.export(council.app.read, folder, lambda done, total, said: None)


def test_everything_comes_out_twice_and_equal(council: Council, tmp_path: Path) -> None:
    council.to_implementation(council.create("=HYPERLINK(A1)"))
    done = exported(council, tmp_path / "out")
    assert done.rows["history"] == council.project("VFM-0001").revision
    for table, count in done.rows.items():
        rows = json.loads((tmp_path / "out" / f"{table}.json").read_text(encoding="utf-8"))
        with (tmp_path / "out" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as sheet:
            cells = list(csv.DictReader(sheet))
        assert len(rows) == len(cells) == count
        for row, cell in zip(rows, cells, strict=True):
            assert set(row) == set(cell)
    projects = json.loads((tmp_path / "out" / "project.json").read_text(encoding="utf-8"))
    assert projects[0]["title"] == "=HYPERLINK(A1)"
    assert "'=HYPERLINK(A1)" in (tmp_path / "out" / "project.csv").read_text(encoding="utf-8")
    assert set(done.rows) == set(metadata.tables) - {"code", "web_session"}


def test_nothing_that_lets_somebody_in_comes_out(council: Council, tmp_path: Path) -> None:
    council.outline_ready(council.create())
    council.do("VFM-0001", "submit_outline")
    exported(council, tmp_path / "out")
    written = "".join(
        file.read_text(encoding="utf-8") for file in (tmp_path / "out").iterdir() if file.is_file()
    )
    with council.app.read() as session:
        digests = session.scalars(select(col(Link.digest))).all()
        mails = list(session.scalars(select(OutboxMail)))
    assert digests
    assert not [digest for digest in digests if digest in written]
    tokens = [link.rpartition("/")[2] for mail in mails for link in council.links_in(mail) if "/d/" in link]
    assert tokens
    assert not [token for token in tokens if token in written]


def test_an_export_goes_into_an_empty_folder_alone(council: Council, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(NotAllowed, match="something in"):
        exported(council, tmp_path)


def test_an_export_as_a_job_is_one_file_for_who_asked(council: Council) -> None:
    council.create()
    job_id = ask(council, "export", "auditor")
    assert work(council, ending=after(5))  # handed back: nothing half done is left
    assert list((council.app.loaded.data / "exports").iterdir()) == []
    assert work(council)
    with council.app.read() as session:
        made = jobs.result(session, council.home, job_id, council.actor(session, "auditor"), council.at)
        with pytest.raises(NotAllowed):
            jobs.result(session, council.home, job_id, council.actor(session, "admin"), council.at)
    with zipfile.ZipFile(council.app.loaded.data / "exports" / made["file"]) as archive:
        assert "project.csv" in archive.namelist()
        assert json.loads(archive.read("project.json"))[0]["reference"] == "VFM-0001"
    assert load(council, job_id).total == len(metadata.tables) - 1
    assert jobbing.tools(council).folder == council.app.loaded.data


def test_the_file_of_an_export_is_removed_when_its_days_are_over_and_its_job_says_so(
    council: Council,
) -> None:
    days, exports = council.home.calendar.rules.keep.export_days, council.app.loaded.data / "exports"
    job_id = ask(council, "export", "auditor")
    work(council)
    elsewhere = replace(jobbing.tools(council), machine="another-machine")
    (exports / ".99").mkdir()
    (file,) = [each for each in exports.iterdir() if each.is_file()]
    council.at += dt.timedelta(days=days)
    assert tidied(council, jobbing.tools(council).machine) == 0, "the last of its days"
    council.at += dt.timedelta(minutes=1)
    assert tidied(council, elsewhere.machine) == 0, "another machine has no such file"
    assert file.is_file() and load(council, job_id).result
    assert tidied(council, jobbing.tools(council).machine) == 1
    assert not file.exists()
    assert (exports / ".99").is_dir(), "a job of another number is under way"
    assert tidied(council, jobbing.tools(council).machine) == 0, "once is enough"
    assert load(council, job_id).said.endswith("Its file is kept no longer.")
    with council.app.read() as session, pytest.raises(NotFound, match="no file to fetch"):
        jobs.result(session, council.home, job_id, council.actor(session, "auditor"), council.at)


def test_what_an_export_that_ended_its_processes_left_half_written_is_removed(council: Council) -> None:
    job_id, exports = ask(council, "export", "auditor"), council.app.loaded.data / "exports"
    (exports / f".{job_id}").mkdir(parents=True)
    (exports / f".{job_id}" / "project.csv").write_text("half")
    (exports / f"export-{job_id}.partial").write_text("half")
    with council.app.write() as session:
        job = session.get(Job, job_id)
        assert job is not None
        job.state, job.finished_at = "failed", council.at
    council.at += dt.timedelta(days=31)
    assert tidied(council, jobbing.tools(council).machine) == 0
    assert list(exports.iterdir()) == []


def tidied(council: Council, machine: str) -> int:
    """Let go of what has been kept long enough on a machine; return how many files of exports went."""
    with council.app.write() as session:
        found = personal.tidy(session, council.home, council.at, council.app.loaded.data, machine)
        return found.export_files
