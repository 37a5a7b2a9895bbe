"""A project's history: append-only, hash-chained, and the revision that refuses a stale change (design §4.1–4.3)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlmodel import Session, col

from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import StaleRevision
from vfm_workflow.store.projects import AnyProject, ProjectRow, forget, key
from vfm_workflow.store.raw import Raw
from vfm_workflow.store.tables import History, Project

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_BODY = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_HISTORY = History.__table__  # type: ignore[attr-defined]
FIELDS = (
    "project_id",
    "seq",
    "at",
    "actor_id",
    "actor",
    "event",
    "from_stage",
    "to_stage",
    "reason",
    "detail",
)
_FIELDS = itemgetter(*FIELDS)


def is_move(row: Any = History) -> ColumnElement[bool]:
    """Return what is so of a row of history that led to another stage, or begins the project."""
    return or_(col(row.from_stage) != col(row.to_stage), col(row.seq) == 1)


@dataclass(slots=True)
class Entry:
    """What to record. `moved` names the columns of the project that change with it."""

    event: str
    actor: Actor | None
    at: dt.datetime
    reason: str = ""
    detail: Mapping[str, Any] | None = None
    to_stage: str | None = None
    held_from: str | None = None
    name: str = "The clock"
    """Who did it, where no one person did."""


def link_hash(previous: str, row: Mapping[str, Any]) -> str:
    """Return the hash of a history row: SHA-256 over the hash before it and its own fields as canonical JSON."""
    body = _BODY(_FIELDS(row))
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


_ADVANCE = """UPDATE project SET revision = :seq, head = :hash, stage = :to_stage, stage_since = :since, held_from = :held
WHERE id = :project_id AND revision = :revision"""
_APPEND = """INSERT INTO history
(project_id, seq, at, actor_id, actor, event, from_stage, to_stage, reason, detail, prev_hash, hash)
VALUES (:project_id, :seq, :at, :actor_id, :actor, :event, :from_stage, :to_stage, :reason, :detail, :prev_hash, :hash)"""


def record(session: Session, project: AnyProject, entry: Entry) -> None:
    """Append `entry` to the project's history and move the project with it, in the session's transaction.

    `project` is brought up to date. Raises StaleRevision where somebody else changed the project since it was read.
    """
    session.flush()
    raw = Raw.of(session)
    moved = entry.to_stage is not None and entry.to_stage != project.stage
    stage = entry.to_stage if entry.to_stage is not None else project.stage
    since = entry.at if moved else project.stage_since
    held = entry.held_from if moved else project.held_from
    values = {
        "project_id": key(project),
        "seq": project.revision + 1,
        "at": entry.at.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "actor_id": entry.actor.id if entry.actor else None,
        "actor": entry.actor.name if entry.actor else entry.name,
        "event": entry.event,
        "from_stage": project.stage,
        "to_stage": stage,
        "reason": entry.reason,
        "detail": _CANONICAL(entry.detail) if entry.detail else "{}",
        "prev_hash": project.head,
        "revision": project.revision,
        "since": raw.moment(since),
        "held": held,
    }
    values["hash"] = digest = link_hash(project.head, values)
    if raw.run(_ADVANCE, values).rowcount != 1:
        raise StaleRevision(f"{project.reference} was changed by somebody else just now. Load it again.")
    raw.run(_APPEND, values)
    project.revision, project.head, project.stage = project.revision + 1, digest, stage
    project.stage_since, project.held_from = since, held
    if isinstance(project, ProjectRow):
        forget(session, project.id)


def since(session: Session, project_id: int, revision: int) -> list[History]:
    """Return what happened after `revision`, oldest first."""
    query = select(History).where(col(History.project_id) == project_id, col(History.seq) > revision)
    return list(session.scalars(query.order_by(col(History.seq))))


def of(session: Session, project_id: int, limit: int | None = None) -> list[History]:
    """Return a project's history, newest first."""
    query = select(History).where(col(History.project_id) == project_id).order_by(col(History.seq).desc())
    return list(session.scalars(query.limit(limit) if limit else query))


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing wrong with a chain."""

    reference: str
    seq: int
    what: str


def verify(session: Session, those: ColumnElement[bool] | None = None) -> Iterator[Broken]:
    """Yield the first broken place of each project's chain: a row changed, removed, added or moved.

    `those` is a condition on the rows of the projects that are looked at; without it, all are.
    """
    query = select(Project).where(true() if those is None else those).order_by(col(Project.id))
    for project in session.scalars(query):
        if (broken := _verify_one(session, project)) is not None:
            yield broken


def _verify_one(session: Session, project: Project) -> Broken | None:
    previous, number, stage = "", 0, None
    rows = session.execute(
        select(_HISTORY).where(_HISTORY.c.project_id == project.id).order_by(_HISTORY.c.seq)
    )
    for row in (dict(found) for found in rows.mappings()):
        number += 1
        if row["seq"] != number:
            return Broken(project.reference, number, f"row {number} is missing")
        if row["prev_hash"] != previous:
            return Broken(project.reference, number, f"row {number} does not follow row {number - 1}")
        if link_hash(previous, row) != row["hash"]:
            return Broken(project.reference, number, f"row {number} was changed")
        if stage is not None and row["from_stage"] != stage:
            return Broken(
                project.reference,
                number,
                f"row {number} starts from another stage than row {number - 1} left",
            )
        previous, stage = row["hash"], row["to_stage"]
    if number > project.revision:
        added = project.revision + 1
        return Broken(
            project.reference, added, f"row {added} was added: the project is at {project.revision}"
        )
    if (project.revision, project.head) != (number, previous):
        return Broken(
            project.reference,
            number,
            f"rows after {number} are missing: the project is at {project.revision}",
        )
    if stage is not None and project.stage != stage:
        return Broken(
            project.reference, number, f"the project's stage is not the one its history ends in ({stage})"
        )
    return None
