"""The whole record, verified: each chain, and the votes and frozen texts that stand beside it (protocol, point 12)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from vfm_workflow.store import history
from vfm_workflow.store.history import Broken
from vfm_workflow.store.tables import DecisionRequest, History, Project, Version, VoteRow


def verify(session: Session) -> Iterator[Broken]:
    """Yield the first broken place of each project: of its chain, or else each vote that is not what the chain says was
    cast, and each frozen text that is not what was asked about."""
    chains = list(history.verify(session))
    broken = {found.reference for found in chains}
    yield from chains
    yield from _votes(session, broken)
    yield from _texts(session, broken)


def _votes(session: Session, broken: Collection[str]) -> Iterator[Broken]:
    query = select(History, col(Project.reference)).join(Project, col(Project.id) == col(History.project_id))
    stored = {vote.slot_id: vote for vote in session.scalars(select(VoteRow))}
    for row, reference in session.execute(
        query.where(col(History.event) == "vote").order_by(col(History.id))
    ):
        if reference in broken:
            continue
        detail = json.loads(row.detail)
        vote = stored.pop(detail["slot"], None)
        if vote is None:
            yield Broken(reference, row.seq, f"the vote of row {row.seq} is missing")
        elif not _same(row, detail, vote):
            yield Broken(reference, row.seq, f"the vote of row {row.seq} was changed")
    owners = (
        select(col(VoteRow.slot_id), col(Project.reference), col(Project.revision))
        .join(DecisionRequest, col(DecisionRequest.id) == col(VoteRow.request_id))
        .join(Project, col(Project.id) == col(DecisionRequest.project_id))
    )
    for slot_id, reference, revision in session.execute(owners.order_by(col(VoteRow.id))):
        if slot_id in stored and reference not in broken:
            yield Broken(reference, revision, "a vote is there that no row of the history speaks of")


def _same(row: History, detail: Mapping[str, Any], vote: VoteRow) -> bool:
    said = (row.actor_id, row.reason, *(detail[name] for name in _DETAILS))
    return said == (vote.person_id, vote.reason, *(getattr(vote, name) for name in _DETAILS))


_DETAILS = ("choice", "conditions", "assurance", "address", "user_agent", "message_id", "late")


def _texts(session: Session, broken: Collection[str]) -> Iterator[Broken]:
    asked = (
        select(col(Project.reference), col(History.seq), col(History.detail), col(Project.id))
        .join(Project, col(Project.id) == col(History.project_id))
        .where(col(History.event) == "decision_asked")
        .order_by(col(History.id))
    )
    digests: dict[int, set[str]] = {}
    for version in session.scalars(select(Version)):
        whole = hashlib.sha256(version.snapshot.encode()).hexdigest() == version.digest
        digests.setdefault(version.project_id, set()).update({version.digest} if whole else ())
    for reference, seq, detail, project_id in session.execute(asked):
        if reference not in broken and json.loads(detail)["digest"] not in digests.get(project_id, ()):
            yield Broken(reference, seq, f"the text that row {seq} asked about was changed")
