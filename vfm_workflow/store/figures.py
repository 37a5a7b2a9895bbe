"""Measures, savings and what CMT agreed of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.store.tables import (
    DecisionRequest,
    History,
    Measure,
    MeasureTarget,
    PeerValue,
    Project,
    Reading,
    SavingAgreed,
    SavingEntry,
    SavingLine,
    SavingYear,
    Version,
)

APPROVALS = ("approve", "approve_with_conditions")


def approved_text(session: Session, project_id: int, subjects: Collection[str]) -> dt.datetime | None:
    """Return when the newest text on one of `subjects` that the board approved was frozen, None before any was."""
    query = (
        select(func.max(Version.frozen_at))
        .join(DecisionRequest, col(DecisionRequest.version_id) == col(Version.id))
        .where(
            col(DecisionRequest.project_id) == project_id,
            col(DecisionRequest.state) == "decided",
            col(DecisionRequest.outcome).in_(APPROVALS),
            col(Version.subject).in_(sorted(subjects)),
        )
    )
    return session.scalar(query)


def targets(session: Session, measure_id: int) -> list[MeasureTarget]:
    """Return every baseline and target a measure was given, oldest first."""
    query = select(MeasureTarget).where(col(MeasureTarget.measure_id) == measure_id)
    return list(session.scalars(query.order_by(col(MeasureTarget.number))))


def peers(session: Session, measure_id: int) -> list[PeerValue]:
    """Return other councils' values of a measure, in order of name."""
    query = select(PeerValue).where(col(PeerValue.measure_id) == measure_id).order_by(col(PeerValue.peer))
    return list(session.scalars(query))


def has_readings(session: Session, measure_id: int) -> bool:
    """Return whether a month's value of the measure was ever reported."""
    return session.scalar(select(func.count()).where(col(Reading.measure_id) == measure_id)) != 0


def has_entries(session: Session, line_id: int) -> bool:
    """Return whether anything was ever reported as delivered on the line."""
    return session.scalar(select(func.count()).where(col(SavingEntry.line_id) == line_id)) != 0


def protecting(session: Session, measure_id: int) -> list[str]:
    """Return the titles of the savings whose quality the measure protects (§3.8)."""
    query = select(col(SavingLine.title)).where(col(SavingLine.cross_check) == measure_id)
    return list(session.scalars(query.order_by(col(SavingLine.id))))


def years(session: Session, line_id: int) -> list[SavingYear]:
    """Return a line's profile, oldest year first."""
    query = select(SavingYear).where(col(SavingYear.line_id) == line_id).order_by(col(SavingYear.year))
    return list(session.scalars(query))


def saving_added_at(session: Session, project_id: int, line_id: int) -> dt.datetime | None:
    """Return when a line was added, as the project's history has it; None where it does not say."""
    query = select(col(History.at), col(History.detail)).where(
        col(History.project_id) == project_id, col(History.event) == "saving_added"
    )
    for at, detail in session.execute(query):
        if json.loads(detail).get("id") == line_id:
            return dt.datetime.fromisoformat(at)
    return None


def children(session: Session, line_id: int) -> list[SavingLine]:
    """Return the lines of other projects that are counted in this one."""
    query = select(SavingLine).where(col(SavingLine.counted_in) == line_id).order_by(col(SavingLine.id))
    return list(session.scalars(query))


def next_position(session: Session, table: type[Measure | SavingLine], project_id: int) -> int:
    """Return the position after a project's last row of `table`."""
    newest = session.scalar(select(func.max(table.position)).where(col(table.project_id) == project_id))
    return (newest or 0) + 1


class Overlap(NamedTuple):
    """Two lines of different projects that expect a saving from one budget in the same year."""

    first: int
    first_title: str
    first_project: str
    second: int
    second_title: str
    second_project: str
    budget_code: str
    year: int


def one_per_stage(session: Session) -> list[Project]:
    """Return one project for each (lifecycle, stage) that any project stands in."""
    first = select(func.min(Project.id)).group_by(col(Project.lifecycle), col(Project.stage))
    return list(session.scalars(select(Project).where(col(Project.id).in_(first))))


def overlaps(session: Session, left_out: Sequence[tuple[str, str]]) -> list[Overlap]:
    """Return each pair of lines, a row a year, that may count one saving twice.

    A line that is counted in another is not counted by itself, so it cannot be counted twice. `left_out` are the
    (lifecycle, stage) whose projects' lines count for nothing, such as rejected ones.
    """
    a, b = aliased(SavingLine), aliased(SavingLine)
    one, two = aliased(SavingYear), aliased(SavingYear)
    p, q = aliased(Project), aliased(Project)
    query = (
        select(
            col(a.id),
            col(a.title),
            col(p.reference),
            col(b.id),
            col(b.title),
            col(q.reference),
            col(a.budget_code),
            col(one.year),
        )
        .join(b, (col(b.budget_code) == col(a.budget_code)) & (col(b.id) > col(a.id)))
        .join(p, col(p.id) == col(a.project_id))
        .join(q, col(q.id) == col(b.project_id))
        .join(one, (col(one.line_id) == col(a.id)) & (col(one.expected) > 0))
        .join(
            two, (col(two.line_id) == col(b.id)) & (col(two.year) == col(one.year)) & (col(two.expected) > 0)
        )
        .where(
            col(a.budget_code) != "",
            col(a.project_id) != col(b.project_id),
            col(a.counted_in).is_(None),
            col(b.counted_in).is_(None),
            tuple_(col(p.lifecycle), col(p.stage)).not_in(left_out),
            tuple_(col(q.lifecycle), col(q.stage)).not_in(left_out),
        )
        .order_by(col(a.id), col(b.id), col(one.year))
    )
    return [Overlap._make(row) for row in session.execute(query)]


class CountedIn(NamedTuple):
    """A line that is counted in the line of another project."""

    line: int
    title: str
    project: str
    parent: int
    parent_title: str
    parent_project: str
    budget_code: str


def counted_elsewhere(session: Session, left_out: Sequence[tuple[str, str]]) -> list[CountedIn]:
    """Return every line that is counted in another project's."""
    parent = aliased(SavingLine)
    p, q = aliased(Project), aliased(Project)
    query = (
        select(
            col(SavingLine.id),
            col(SavingLine.title),
            col(p.reference),
            col(parent.id),
            col(parent.title),
            col(q.reference),
            col(SavingLine.budget_code),
        )
        .join(parent, col(parent.id) == col(SavingLine.counted_in))
        .join(p, col(p.id) == col(SavingLine.project_id))
        .join(q, col(q.id) == col(parent.project_id))
        .where(tuple_(col(p.lifecycle), col(p.stage)).not_in(left_out))
        .order_by(col(SavingLine.id))
    )
    return [CountedIn._make(row) for row in session.execute(query)]


def agree_target(
    session: Session, measure_id: int, baseline: int, target: int, request: DecisionRequest, at: dt.datetime
) -> None:
    """Add the baseline and target that a decision set, in the measure's smallest steps, beside those before."""
    if session.get(Measure, measure_id) is None:
        return  # taken out of the project while the board was considering it
    rows = targets(session, measure_id)
    newest = rows[-1] if rows else None
    if (
        newest is not None
        and newest.request_id is not None
        and (newest.baseline, newest.target) == (baseline, target)
    ):
        return
    number = newest.number + 1 if newest else 1
    row = MeasureTarget(
        measure_id=measure_id,
        number=number,
        baseline=baseline,
        target=target,
        request_id=request.id,
        at=at,
        by=request.asked_by,
    )
    session.add(row)
    session.flush()


def agree_profile(
    session: Session,
    line_id: int,
    years: Mapping[int, Sequence[int]],
    request: DecisionRequest,
    at: dt.datetime,
) -> None:
    """Set a line's years to the (low, expected, high) pence that a decision agreed, beside those before; what it costs stays.

    What was agreed is written first: the database refuses a year of an agreed line that no decision says.
    """
    if session.get(SavingLine, line_id) is None:
        return  # taken out of the project while the board was considering it
    before = agreed_profiles(session, line_id)
    now = {year: tuple(row) for year, row in years.items()}
    if not before or before[-1] != now:
        session.add_all(
            SavingAgreed(
                line_id=line_id,
                number=len(before) + 1,
                year=year,
                low=low,
                expected=expected,
                high=high,
                request_id=request.id or 0,
                at=at,
            )
            for year, (low, expected, high) in years.items()
        )
        session.flush()
    _set_years(session, line_id, years)


def _set_years(session: Session, line_id: int, years: Mapping[int, Sequence[int]]) -> None:
    query = select(SavingYear).where(col(SavingYear.line_id) == line_id)
    stored = {row.year: row for row in session.scalars(query)}
    for year, row in stored.items():
        if year not in years:
            session.delete(row)
    for year, (low, expected, high) in years.items():
        held = stored.get(year)
        if held is None:
            session.add(SavingYear(line_id=line_id, year=year, low=low, expected=expected, high=high))
        else:
            held.low, held.expected, held.high = low, expected, high
    session.flush()


def agreed_profiles(session: Session, line_id: int) -> list[dict[int, tuple[int, int, int]]]:
    """Return every profile that CMT agreed for a line, the first one first: year → (low, expected, high) in whole pence."""
    query = (
        select(SavingAgreed).where(col(SavingAgreed.line_id) == line_id).order_by(col(SavingAgreed.number))
    )
    found: dict[int, dict[int, tuple[int, int, int]]] = {}
    for row in session.scalars(query):
        found.setdefault(row.number, {})[row.year] = (row.low, row.expected, row.high)
    return list(found.values())


def agreed_lines(session: Session, project_id: int) -> list[int]:
    """Return the ids of a project's lines of which CMT has agreed a profile, in their order."""
    agreed = select(col(SavingAgreed.line_id))
    query = select(col(SavingLine.id)).where(
        col(SavingLine.project_id) == project_id, col(SavingLine.id).in_(agreed)
    )
    ordered = query.order_by(col(SavingLine.position), col(SavingLine.id))
    return [key for key in session.scalars(ordered) if key is not None]


def measure_ids(session: Session, project_id: int) -> list[int]:
    """Return the ids of a project's measures, in their order."""
    query = select(col(Measure.id)).where(col(Measure.project_id) == project_id)
    ordered = query.order_by(col(Measure.position), col(Measure.id))
    return [key for key in session.scalars(ordered) if key is not None]
