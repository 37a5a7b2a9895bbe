"""Jobs on PostgreSQL: what holds on SQLite, and a real process killed in the middle of one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys import test_jobs
from tests.journeys.jobbing import ask, load, many, moves, newer_home
from tests.people import Council
from tests.postgres.replicas import Machines, until
from vfm_workflow.journeys.running import LEASE
from vfm_workflow.store import history

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]
kind = test_jobs.kind


def scenarios() -> list[Callable[..., None]]:
    """Return the tests that need a council, a scripted kind or a folder, and nothing else."""
    found = inspect.getmembers(test_jobs, inspect.isfunction)
    return [
        test
        for name, test in found
        if name.startswith("test_")
        and set(inspect.signature(test).parameters) <= {"council", "kind", "tmp_path"}
    ]


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda test: test.__name__.removeprefix("test_"))
def test_on_postgresql(
    scenario: Callable[..., None], council: Council, kind: list[object], tmp_path: Path
) -> None:
    known = {"council": council, "kind": kind, "tmp_path": tmp_path}
    scenario(**{name: known[name] for name in inspect.signature(scenario).parameters})


@pytest.fixture
def machines(council: Council, tmp_path: Path) -> Iterator[Machines]:
    """Processes of a council whose folder holds a newer version of the default lifecycle."""
    home = newer_home(tmp_path / "home")
    machines = Machines(council, tmp_path, f"folder:{tmp_path / 'mail'}", VFM_HOME=str(home))
    yield machines
    machines.end()


@pytest.mark.fault
def test_a_job_whose_process_is_killed_is_taken_over_and_done_once(
    council: Council, machines: Machines
) -> None:
    references = many(council, 300)
    job_id = ask(council)
    first = machines.worker()
    until(lambda: load(council, job_id).done >= 20, "the job is not begun")
    first.kill()
    half = sum(moves(council).values())
    assert 20 <= half < 300
    second = machines.worker()
    until(lambda: "The clock runs" in second.said(), "the second worker does not start")
    assert load(council, job_id).state == "running"  # the dead one's lease holds
    council.at += LEASE * 1.01
    council.app.set_demo_now(council.at)
    until(lambda: load(council, job_id).state == "done", "the job is not taken over")
    second.stop()
    assert load(council, job_id).attempts == 2
    assert moves(council) == dict.fromkeys(references, 1)
    with council.app.read() as session:
        assert list(history.verify(session)) == []


@pytest.mark.fault
def test_a_worker_that_is_told_to_stop_hands_its_job_to_the_other_at_once(
    council: Council, machines: Machines
) -> None:
    references = many(council, 300)
    job_id = ask(council)
    workers = [machines.worker(), machines.worker()]
    until(lambda: load(council, job_id).done >= 20, "the job is not begun")
    holder = load(council, job_id).lease_by or ""
    doing, other = sorted(workers, key=lambda process: f":{process.popen.pid}:" not in holder)
    assert doing.stop() < 10
    until(lambda: load(council, job_id).state == "done", "the job is not taken up", seconds=15)
    other.stop()
    assert load(council, job_id).attempts == 1
    assert moves(council) == dict.fromkeys(references, 1)
