"""The whole record, verified: each chain, and what stands beside it: votes, frozen texts and figures, agreed dates
(protocol, point 12; design §4.2 and §4.6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, select, true
from sqlmodel import Session, col

from vfm_workflow.domain.snapshot import canonical, digest
from vfm_workflow.store import audit_figures, history
from vfm_workflow.store.history import Broken
from vfm_workflow.store.tables import Baseline, DecisionRequest, History, Milestone, Project, Version, VoteRow

Those: TypeAlias = ColumnElement[bool]
"""Which projects are looked at: a condition on their rows."""


def verify(session: Session, projects: Collection[int] | None = None) -> Iterator[Broken]:
    """Yield the first broken place of each project: of its chain, or else each vote that is not what the chain says was
    cast, each frozen text or figure that is not what was asked about, and each agreed date that no such figure says.

    Of all projects, or of those with the ids `projects`.
    """
    those = true() if projects is None else col(Project.id).in_(projects)
    chains = list(history.verify(session, those))
    broken = {found.reference for found in chains}
    yield from chains
    yield from _votes(session, those, broken)
    yield from _texts(session, those, broken)
    yield from _figures(session, those, broken)
    yield from _dates(session, those, broken)
    yield from audit_figures.profiles(session, those, broken)
    if projects is None:
        yield from audit_figures.reports(session)


def _votes(session: Session, those: Those, broken: Collection[str]) -> Iterator[Broken]:
    query = select(History, col(Project.reference)).join(Project, col(Project.id) == col(History.project_id))
    cast = (
        select(VoteRow)
        .join(DecisionRequest, col(DecisionRequest.id) == col(VoteRow.request_id))
        .join(Project, col(Project.id) == col(DecisionRequest.project_id))
        .where(those)
    )
    stored = {vote.slot_id: vote for vote in session.scalars(cast)}
    for row, reference in session.execute(
        query.where(those, col(History.event) == "vote").order_by(col(History.id))
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
        .where(those)
    )
    for slot_id, reference, revision in session.execute(owners.order_by(col(VoteRow.id))):
        if slot_id in stored and reference not in broken:
            yield Broken(reference, revision, "a vote is there that no row of the history speaks of")


def _same(row: History, detail: Mapping[str, Any], vote: VoteRow) -> bool:
    said = (row.actor_id, row.reason, *(detail[name] for name in _DETAILS))
    return said == (vote.person_id, vote.reason, *(getattr(vote, name) for name in _DETAILS))


_DETAILS = ("choice", "conditions", "assurance", "address", "user_agent", "message_id", "late")


def _texts(session: Session, those: Those, broken: Collection[str]) -> Iterator[Broken]:
    digests: dict[int, set[str]] = {}
    mine = select(Version).join(Project, col(Project.id) == col(Version.project_id)).where(those)
    for version in session.scalars(mine):
        whole = hashlib.sha256(version.snapshot.encode()).hexdigest() == version.digest
        digests.setdefault(version.project_id, set()).update({version.digest} if whole else ())
    for reference, seq, detail, project_id in session.execute(_asked(those, col(Project.id))):
        if reference not in broken and json.loads(detail)["digest"] not in digests.get(project_id, ()):
            yield Broken(reference, seq, f"the text that row {seq} asked about was changed")


def _asked(those: Those, *more: Any) -> Any:
    """Return the query of every row that says a board was asked: reference, number and detail."""
    return (
        select(col(Project.reference), col(History.seq), col(History.detail), *more)
        .join(Project, col(Project.id) == col(History.project_id))
        .where(those, col(History.event) == "decision_asked")
        .order_by(col(History.id))
    )


def _figures(session: Session, those: Those, broken: Collection[str]) -> Iterator[Broken]:
    """Yield each request whose frozen figures are not those that were asked about. Rows of before 0004 do not name them."""
    mine = select(DecisionRequest).join(Project, col(Project.id) == col(DecisionRequest.project_id))
    requests = {request.id: request for request in session.scalars(mine.where(those))}
    for reference, seq, detail in session.execute(_asked(those)):
        said = json.loads(detail)
        if reference in broken or "figures" not in said:
            continue
        request = requests.get(said["request"])
        if request is None or digest(canonical(request.frozen)) != said["figures"]:
            yield Broken(reference, seq, f"the dates and figures that row {seq} asked about were changed")


def _dates(session: Session, those: Those, broken: Collection[str]) -> Iterator[Broken]:
    """Yield each agreed date that is not what its decision froze, and each milestone that shows another one."""
    query = (
        select(Baseline, Milestone, DecisionRequest, col(Project.reference), col(Project.revision))
        .join(Milestone, col(Milestone.id) == col(Baseline.milestone_id))
        .join(DecisionRequest, col(DecisionRequest.id) == col(Baseline.request_id))
        .join(Project, col(Project.id) == col(Milestone.project_id))
        .where(those)
        .order_by(col(Baseline.milestone_id), col(Baseline.number))
    )
    newest: dict[int, tuple[Milestone, Baseline, str, int]] = {}
    for baseline, milestone, request, reference, revision in session.execute(query):
        newest[baseline.milestone_id] = (milestone, baseline, reference, revision)
        agreed = request.frozen.get("milestones", {}).get(str(milestone.id))
        if reference not in broken and (
            agreed != baseline.date.isoformat() or request.project_id != milestone.project_id
        ):
            what = f"the date agreed for “{milestone.title}” is not what its decision says"
            yield Broken(reference, revision, what)
    for milestone, baseline, reference, revision in newest.values():
        if reference not in broken and milestone.baseline != baseline.date:
            yield Broken(reference, revision, f"“{milestone.title}” shows another date than CMT agreed")
