"""Figures and people from a file: looked at whole first, then done whole, or not at all.

A batch keeps the file as it was handed in, by whom and when; what it changed points back to it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain import csv_sheet
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.domain.texts import one_line
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import (
    access,
    import_milestones,
    import_people,
    import_readings,
    import_savings,
    people,
)
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.import_plan import Asked, Importer, Plan, Progress, silent
from vfm_workflow.journeys.running import Kind, Outcome, Running
from vfm_workflow.store import imports as store
from vfm_workflow.store.imports import BatchRow
from vfm_workflow.store.tables import ImportBatch

IMPORTERS: Mapping[str, Importer] = {
    each.name: each
    for each in (
        import_readings.IMPORTER,
        import_savings.IMPORTER,
        import_milestones.IMPORTER,
        import_people.IMPORTER,
    )
}
MOST_LISTED = 100
MOST_NAME = 200


class Refused(NotAllowed):
    """A file has bad rows, so nothing of it was done. `plan` names each."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        count = len(plan.bad)
        rows = "1 thing is" if count == 1 else f"{count:,} things are"
        super().__init__(f"Nothing was imported: {rows} wrong in the file. Correct it and send it again.")


def importer(kind: str) -> Importer:
    """Return the kind of file of that name. Raises NotFound, naming those there are."""
    if kind not in IMPORTERS:
        raise NotFound(f"There is no import of “{kind[:40]}”. There are: {', '.join(IMPORTERS)}.")
    return IMPORTERS[kind]


def offered(home: Home, by: Actor) -> list[Importer]:
    """Return the kinds of file that somebody may send."""
    return [each for each in IMPORTERS.values() if may(home.roles, by, each.permission)]


def must_import(home: Home, by: Actor, kind: str) -> Importer:
    """Return the kind of file where `by` may send one. Raises NotFound or NotAllowed."""
    found = importer(kind)
    if not may(home.roles, by, found.permission):
        raise NotAllowed(f"Your role does not include this import: {found.title}.")
    return found


def look(
    session: Session,
    home: Home,
    kind: str,
    data: bytes,
    by: Actor | None,
    at: dt.datetime,
    *,
    name: str = "file.csv",
    progress: Progress = silent,
) -> Plan:
    """Return what a file would do, and everything that is wrong in it. Changes nothing."""
    found = importer(kind)
    if by is not None:
        must_import(home, by, kind)
    return found.plan(Asked(session, home, by, at, name, progress), csv_sheet.read(data, found.columns))


def take(
    session: Session, home: Home, kind: str, name: str, data: bytes, by: Actor | None, at: dt.datetime
) -> ImportBatch:
    """Keep a file as it was handed in; return its batch. Nothing of it is done yet.

    Raises BadInput (`file`), NotFound or NotAllowed.
    """
    importer(kind)
    if by is not None:
        must_import(home, by, kind)
    shown = one_line(name.replace("\\", "/").rpartition("/")[2])[:MOST_NAME]
    if not data:
        raise BadInput({"file": "Choose a CSV file that is not empty"})
    if len(data) > csv_sheet.MOST_BYTES:
        raise BadInput({"file": f"The file must be {csv_sheet.MOST_BYTES // 1024 // 1024} MB or smaller"})
    batch = ImportBatch(
        kind=kind,
        name=shown or "file.csv",
        digest=hashlib.sha256(data).hexdigest(),
        data=data,
        at=at,
        by=by.id if by is not None else None,
    )
    session.add(batch)
    session.flush()
    return batch


def apply(session: Session, home: Home, batch: ImportBatch, by: Actor | None, at: dt.datetime) -> Plan:
    """Do a whole batch in this transaction; return what was done. It is looked at anew: much may have changed since.

    Raises Refused where anything is bad: the caller rolls back, and nothing is done. Raises NotAllowed where it was done.
    """
    assert batch.id is not None
    found = importer(batch.kind)
    if batch.applied_at is not None:
        raise NotAllowed("This file was imported already.")
    if by is None and not found.unsigned:
        raise NotAllowed("Say who does it with --by: every figure has its name.")
    if batch.kind == "readings":
        import_readings.hold(Asked(session, home, by, at, batch.name))
    plan = look(session, home, batch.kind, batch.data, by, at, name=batch.name)
    if plan.bad or plan.write is None:
        raise Refused(plan)
    plan.write(Asked(session, home, by, at, batch.name), batch.id)
    batch.applied_at, batch.result = at, plan.result()
    session.flush()
    return plan


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as its page shows it."""

    row: BatchRow
    importer: Importer


def listed(session: Session, home: Home, by: Actor) -> list[Batch]:
    """Return the newest batches of the kinds that somebody may send, newest first."""
    kinds = [each.name for each in offered(home, by)]
    rows = store.newest(session, kinds, MOST_LISTED)
    return [Batch(row, IMPORTERS[row.kind]) for row in rows]


def show(session: Session, home: Home, batch_id: int, by: Actor) -> Batch:
    """Return a batch to whoever may send its kind. Raises NotFound, for anybody else too."""
    row = store.one(session, batch_id)
    found = IMPORTERS.get(row.kind)
    if found is None or not may(home.roles, by, found.permission):
        raise NotFound(f"There is no import {batch_id}.")
    return Batch(row, found)


def job_kind(kind: str) -> str:
    """Return the kind of job that a kind of file needs: people are somebody else's to import than figures."""
    return PEOPLE.name if kind == import_people.IMPORTER.name else FIGURES.name


def _work(job: Running) -> Outcome:
    """Look at a batch, or do it: whole, in one step, so that it is done once whatever process dies."""
    batch_id, applying = int(job.arguments["batch"]), bool(job.arguments.get("apply"))
    if applying:
        return _apply(job, batch_id)
    with job.tools.read() as session:
        batch = store.whole(session, batch_id)
        kind, data, name = batch.kind, batch.data, batch.name

        def progress(done: int, total: int) -> None:
            with job.step(done, total, "Looking at the rows"):
                pass

        by = _actor(job, session)
        plan = look(session, job.tools.home, kind, data, by, job.tools.now(), name=name, progress=progress)
    with job.step(plan.rows, plan.rows, "Writing down what it would do") as session:
        batch = store.whole(session, batch_id)
        if batch.applied_at is None:
            batch.result = plan.result()
    return Outcome(said(plan, done=False), {"batch": batch_id})


def _apply(job: Running, batch_id: int) -> Outcome:
    try:
        with job.step(0, 1, "Importing") as session:
            batch = store.whole(session, batch_id)
            if batch.applied_at is not None:  # a process died after its commit
                return Outcome("It is imported.", {"batch": batch_id})
            plan = apply(session, job.tools.home, batch, _actor(job, session), job.tools.now())
    except Refused as refused:
        with job.step(0, 1, "Writing down what is wrong") as session:
            store.whole(session, batch_id).result = refused.plan.result()
        raise
    return Outcome(said(plan, done=True), {"batch": batch_id})


def _actor(job: Running, session: Session) -> Actor | None:
    if job.asked_by is None:
        return None
    actor = people.actor_by_id(session, job.asked_by)
    return access.standing_in(session, job.tools.home, actor, job.tools.now())


def said(plan: Plan, *, done: bool) -> str:
    """Return what a file does, or did, in a sentence."""
    if plan.bad:
        count = len(plan.bad)
        return (
            f"{count:,} {'thing is' if count == 1 else 'things are'} wrong in the file. Nothing was imported."
        )
    parts = [
        f"{len(plan.new):,} new" if plan.new else "",
        f"{len(plan.corrections):,} corrected" if plan.corrections else "",
        f"{plan.known:,} as known already" if plan.known else "",
    ]
    counts = ", ".join(part for part in parts if part) or "nothing"
    return f"{plan.rows:,} rows: {counts}." if done else f"{plan.rows:,} rows are good: {counts}."


FIGURES = Kind(
    "import",
    "Import figures",
    "A file of readings, savings or milestones is looked at, or done whole.",
    "figures.import",
    _work,
    page="/imports",
)
PEOPLE = Kind(
    "import_people",
    "Import people",
    "A file of people is looked at, or done whole.",
    "people.edit",
    _work,
    page="/imports",
)
