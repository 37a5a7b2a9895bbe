"""Projects under way move to today's version of their lifecycle, where that has a place for them.

A project keeps the version it began with until somebody asks for this. Its stage, its decisions and its history stay as
they are; what changes is what is asked of it from here on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotAllowed
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.running import Kind, Outcome, Running
from vfm_workflow.store import history, projects
from vfm_workflow.store.projects import Pinned, ProjectRow

EVENT = "lifecycle_changed"


@dataclass(frozen=True, slots=True)
class Behind:
    """A project that follows an older version of its lifecycle. `obstacle` says why it cannot move, or nothing."""

    reference: str
    title: str
    lifecycle: str
    version: int
    newest: int
    obstacle: str


def behind(session: Session, home: Home) -> list[Behind]:
    """Return the projects under way that do not follow today's version of their lifecycle, by reference."""
    found = []
    for project in projects.pinned(session, {new.digest for new in home.lifecycles.values()}):
        old = home.pinned(session, project.lifecycle)
        if old.stages[project.stage].kind == "ended":
            continue
        new = home.lifecycles.get(old.name)
        newest = new.document.version if new is not None else 0
        why = obstacle(home, project, old.name)
        found.append(Behind(project.reference, project.title, old.name, old.document.version, newest, why))
    return found


def obstacle(home: Home, project: ProjectRow | Pinned, name: str) -> str:
    """Return why a project cannot move to today's version of the lifecycle `name`, or an empty text."""
    new = home.lifecycles.get(name)
    if new is None:
        return f"there is no lifecycle `{name}` in `workflows/` any more"
    for stage in filter(None, (project.stage, project.held_from)):
        if stage not in new.stages:
            return f"today's version has no stage `{stage}`"
    if project.open_requests:
        return "a board is deciding on it: it can move once that is settled"
    return ""


def move(session: Session, home: Home, reference: str, by: Actor | None, at: dt.datetime) -> bool:
    """Move a project to today's version of its lifecycle, with a row in its history. Return whether it was behind.

    Raises NotAllowed with what stands in the way.
    """
    project = projects.row_by_reference(session, reference)
    old = home.lifecycle(session, project)
    new = home.lifecycles.get(old.name)
    if new is not None and new.digest == project.lifecycle:
        return False
    if why := obstacle(home, project, old.name):
        raise NotAllowed(f"{reference} cannot move: {why}.")
    assert new is not None
    digest = home.publish(session, new, at)
    detail = {
        "lifecycle": new.name,
        "from": {"version": old.document.version, "digest": project.lifecycle},
        "to": {"version": new.document.version, "digest": digest},
    }
    history.record(session, project, history.Entry(EVENT, by, at, detail=detail, name="The operator"))
    projects.pin(session, projects.key(project), digest)
    return True


def _work(job: Running) -> Outcome:
    """Move every project that can, one transaction each; what was moved before a crash is not behind any more."""
    tools = job.tools
    with tools.read() as session:
        waiting = behind(session, tools.home)
        by = projects.actor(projects.person(session, job.asked_by)) if job.asked_by is not None else None
    ready = [project for project in waiting if not project.obstacle]
    left = [project for project in waiting if project.obstacle]
    moved = 0
    for number, project in enumerate(ready, 1):
        with job.step(number, len(ready), f"Moving {project.reference}") as session:
            try:
                moved += move(session, tools.home, project.reference, by, tools.now())
            except NotAllowed:  # a board was asked meanwhile; nothing was changed
                left.append(project)
    stayed = f" {len(left)} stayed: {', '.join(project.reference for project in left)}." if left else ""
    projects_ = "1 project was" if moved == 1 else f"{moved} projects were"
    return Outcome(f"{projects_} moved to today's version.{stayed}", {"moved": moved, "stayed": len(left)})


KIND = Kind(
    "lifecycle",
    "Move projects to today’s lifecycle",
    "Projects under way that follow an older version of their lifecycle go on by the version that stands in "
    "the council’s files today. Their stage and their history stay as they are.",
    "lifecycle.move",
    _work,
)
