"""Jobs in tests: a home whose lifecycle has a newer version, and a job's tools that can be told to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from tests.people import Council
from vfm_workflow.domain import lifecycle as lifecycles
from vfm_workflow.folders import shipped
from vfm_workflow.journeys import jobs
from vfm_workflow.journeys.running import Tools
from vfm_workflow.store import jobs as store
from vfm_workflow.store.tables import History, Job, Project


def publish(council: Council, *, without: str = "") -> None:
    """Let the council's folder hold a newer version of the default lifecycle, perhaps without a stage."""
    old = council.home.lifecycles["vfm"]
    document = json.loads(old.canonical)
    document["version"] += 1
    if without:
        del document["stages"][without]
        document["events"] = {
            key: event
            for key, event in document["events"].items()
            if without not in (event["to"], *event["from"])
        }
    new = lifecycles.restore(json.dumps(document))
    council.app.home = replace(council.home, lifecycles={**council.home.lifecycles, "vfm": new})


def newer_home(folder: Path) -> Path:
    """Return a council's home that overrides one file: a newer version of the default lifecycle."""
    (folder / "workflows").mkdir(parents=True)
    text = (shipped() / "workflows" / "vfm.yaml").read_text(encoding="utf-8")
    assert "\nversion: 1\n" in text
    (folder / "workflows" / "vfm.yaml").write_text(
        text.replace("\nversion: 1\n", "\nversion: 2\n"), encoding="utf-8"
    )
    return folder


def many(council: Council, count: int) -> list[str]:
    """Begin projects; return them."""
    return [council.create(f"Project {number}") for number in range(count)]


def ask(council: Council, kind: str = "lifecycle", by: str | None = "admin") -> int:
    """Ask for a job; return its id."""
    with council.app.write() as session:
        actor = council.actor(session, by) if by is not None else None
        job = jobs.ask(session, council.home, kind, actor, council.at)
        assert job.id is not None
        return job.id


def tools(council: Council, ending: Callable[[], bool] = lambda: False) -> Tools:
    """Return what a job works with, at the council's moment."""
    app = council.app
    return Tools(council.home, app.read, app.write, app.loaded.data, "here", lambda: council.at, ending)


def work(council: Council, worker: str = "one", ending: Callable[[], bool] = lambda: False) -> bool:
    """Do one job as a process does."""
    return jobs.work(tools(council, ending), worker)


def load(council: Council, job_id: int) -> Job:
    with council.app.read() as session:
        return store.load(session, job_id)


def moves(council: Council) -> dict[str, int]:
    """Return project → how often it was moved to a newer version."""
    with council.app.read() as session:
        found = dict.fromkeys(session.scalars(select(col(Project.reference))), 0)
        query = (
            select(col(Project.reference))
            .join(History, col(History.project_id) == col(Project.id))
            .where(col(History.event) == "lifecycle_changed")
        )
        for reference in session.scalars(query):
            found[reference] += 1
    return found


def after(calls: int) -> Callable[[], bool]:
    """Return what says that the process is to end once it was asked `calls` times."""
    left = iter(range(calls))
    return lambda: next(left, None) is None
