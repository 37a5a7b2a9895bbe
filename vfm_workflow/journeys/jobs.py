"""Heavy work as jobs: asked for once, done by whichever process is free, watched by who asked (design §6).

The road is the same on both databases. A kind of job that is not in `KINDS` does not exist.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import DatabaseAway, NotAllowed, NotFound, VfmError
from vfm_workflow.journeys import exporting, importing, newer_lifecycle, printing
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.running import LEASE, HandedBack, Kind, LeaseLost, Running, Tools
from vfm_workflow.store import jobs as store
from vfm_workflow.store.tables import Job

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        exporting.KIND,
        newer_lifecycle.KIND,
        printing.KIND,
        importing.FIGURES,
        importing.PEOPLE,
    )
}
SEES_ALL = "settings.read"
"""Who has this sees everybody's jobs, and not what they made."""
MOST_LISTED = 100


def offered(home: Home, by: Actor) -> list[Kind]:
    """Return the kinds of job that somebody may ask for by a button alone."""
    return [kind for kind in KINDS.values() if kind.admit is None and not kind.page and _may(home, by, kind)]


def ask(
    session: Session,
    home: Home,
    kind: str,
    by: Actor | None,
    at: dt.datetime,
    told: Mapping[str, str] | None = None,
) -> Job:
    """Ask for a job, `told` what to do; return it, or the one that is open already. `by` is None at the command line.

    Raises NotFound for an unknown kind, or one that is asked for on a page of its own, NotAllowed, or whatever its kind
    raises of what it is told.
    """
    found = KINDS.get(kind)
    if found is None or found.page:
        raise NotFound(f"There is no kind of job “{kind[:40]}”. There are: {', '.join(KINDS)}.")
    if by is not None and not _may(home, by, found):
        raise NotAllowed(f"You may not ask for this: “{found.title}”.")
    arguments = found.admit(session, home, by, at, told or {}) if found.admit is not None else {}
    whose = f"person {by.id}" if by is not None and found.own else "all"
    key = " ".join((whose, *(f"{name}={value}" for name, value in sorted(arguments.items()))))
    return store.ask(session, kind, key, arguments, by.id if by is not None else None, at)


def _may(home: Home, by: Actor, kind: Kind) -> bool:
    return not kind.permission or may(home.roles, by, kind.permission)


def ask_import(
    session: Session, home: Home, batch_id: int, by: Actor, at: dt.datetime, *, apply: bool
) -> Job:
    """Ask for a batch to be looked at, or to be done; return the job, or the one that is open on it already.

    Raises NotFound, or NotAllowed where it was done already.
    """
    batch = importing.show(session, home, batch_id, by)
    if apply and batch.row.applied_at is not None:
        raise NotAllowed("This file was imported already.")
    arguments = {"batch": batch_id, "apply": apply}
    return store.ask(session, importing.job_kind(batch.row.kind), f"batch {batch_id}", arguments, by.id, at)


def listed(session: Session, home: Home, by: Actor) -> list[Job]:
    """Return the newest jobs first: one's own, and for an administrator everybody's."""
    everybody = may(home.roles, by, SEES_ALL)
    return store.newest(session, None if everybody else by.id, MOST_LISTED)


def show(session: Session, home: Home, job_id: int, by: Actor) -> Job:
    """Return a job to who asked for it, or an administrator. Raises NotFound, for anybody else too."""
    job = store.load(session, job_id)
    if job.asked_by != by.id and not may(home.roles, by, SEES_ALL):
        raise NotFound(f"There is no job {job_id}.")
    return job


def result(session: Session, home: Home, job_id: int, by: Actor, at: dt.datetime) -> Mapping[str, Any]:
    """Return what a job made, to who asked for it and may still ask. Raises NotFound or NotAllowed."""
    job, kind = show(session, home, job_id, by), None
    if job.asked_by == by.id and _may(home, by, _kind(job)):
        kind = _kind(job)
    if kind is None:
        raise NotAllowed("Only who asked for it may fetch what it made.")
    if kind.admit is not None:
        kind.admit(session, home, by, at, job.arguments)
    if job.state != "done" or not job.result or "file" not in job.result:
        raise NotFound(f"Job {job_id} has no file to fetch.")
    return job.result


def work(tools: Tools, worker: str) -> bool:
    """Do the oldest job that is free, to its end; return whether there was one.

    A refusal is the job's end, said to who asked. Any other exception is too, and is raised again for the log; where the
    database went away, the job stays as it is until its lease has run out.
    """
    with tools.write() as session:
        job = store.claim(session, worker, tools.now(), LEASE)
    if job is None:
        return False
    assert job.id is not None and job.lease_by is not None
    running = Running(tools, job.id, job.lease_by, job.asked_by, job.arguments)
    try:
        outcome = _kind(job).work(running)
    except HandedBack:
        with tools.write() as session:
            store.give_back(session, running.job_id, running.holder)
    except LeaseLost:
        pass  # whoever has it now settles it
    except DatabaseAway:
        raise
    except VfmError as refused:
        _settle(running, "failed", str(refused), None)
    except Exception:
        _settle(running, "failed", "Something went wrong on our side. The log of the system says what.", None)
        raise
    else:
        _settle(running, "done", outcome.said, outcome.result)
    return True


def _kind(job: Job) -> Kind:
    if job.kind not in KINDS:
        raise NotFound(f"This version of the program knows no job of the kind “{job.kind}”.")
    return KINDS[job.kind]


def _settle(running: Running, state: str, said: str, result: Mapping[str, Any] | None) -> None:
    with running.tools.write() as session:
        store.settle(session, running.job_id, running.holder, state, said, result, running.tools.now())
