"""What else of the record is verified: profiles as CMT agreed them, and reports as they were issued (design §4.6, §4.9)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from vfm_workflow.store.history import Broken
from vfm_workflow.store.tables import (
    DecisionRequest,
    IssuedReport,
    Project,
    SavingAgreed,
    SavingLine,
    SavingYear,
)

Years = dict[int, tuple[int, int, int]]
"""Financial year → low, expected and high, in whole pence."""


def issued_digest(exempt: str, public: str) -> str:
    """Return the SHA-256 of both versions of a report, in hex."""
    return hashlib.sha256(f"{exempt}\n{public}".encode()).hexdigest()


def reports(session: Session) -> Iterator[Broken]:
    """Yield each issued report whose text is not what was issued."""
    query = select(IssuedReport).order_by(col(IssuedReport.id))
    for row in session.scalars(query):
        if issued_digest(row.exempt, row.public) != row.digest:
            yield Broken(f"{row.kind} {row.period}", row.number, "the report is not what was issued")


def profiles(session: Session, those: ColumnElement[bool], broken: Collection[str]) -> Iterator[Broken]:
    """Yield each line whose agreed profile is not what its decision froze, or that shows another one than CMT agreed last."""
    query = (
        select(
            SavingAgreed,
            col(DecisionRequest.frozen),
            col(SavingLine.title),
            col(Project.reference),
            col(Project.revision),
        )
        .join(DecisionRequest, col(DecisionRequest.id) == col(SavingAgreed.request_id))
        .join(SavingLine, col(SavingLine.id) == col(SavingAgreed.line_id))
        .join(Project, col(Project.id) == col(SavingLine.project_id))
        .where(those)
        .order_by(col(SavingAgreed.line_id), col(SavingAgreed.number), col(SavingAgreed.year))
    )
    newest: dict[int, tuple[int, Years, str, str, int]] = {}
    for row, frozen, title, reference, revision in session.execute(query):
        said = (row.low, row.expected, row.high)
        if reference in broken:
            continue
        agreed = (frozen or {}).get("savings", {}).get(str(row.line_id), {}).get(str(row.year))
        if agreed is None or tuple(agreed) != said:
            yield Broken(
                reference, revision, f"the profile agreed for “{title}” is not what its decision says"
            )
        number, years, *_ = newest.get(row.line_id, (0, {}, "", "", 0))
        years = years if number == row.number else {}
        newest[row.line_id] = (row.number, {**years, row.year: said}, title, reference, revision)
    current = _current(session, those)
    for line_id, (_, years, title, reference, revision) in newest.items():
        if current.get(line_id, {}) != years:
            yield Broken(reference, revision, f"“{title}” shows another profile than CMT agreed")


def _current(session: Session, those: ColumnElement[bool]) -> dict[int, Years]:
    query = (
        select(SavingYear)
        .join(SavingLine, col(SavingLine.id) == col(SavingYear.line_id))
        .join(Project, col(Project.id) == col(SavingLine.project_id))
        .where(those)
    )
    found: dict[int, Years] = {}
    for row in session.scalars(query):
        found.setdefault(row.line_id, {})[row.year] = (row.low, row.expected, row.high)
    return found
