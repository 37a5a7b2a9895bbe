"""Monthly returns, and the readings and pounds they reported. A correction is a row beside the first; the newest counts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from vfm_workflow.store import outbox
from vfm_workflow.store.tables import (
    History,
    Measure,
    MonthlyReturn,
    Person,
    Project,
    Reading,
    SavingEntry,
    SavingLine,
)

_MOVED = or_(col(History.from_stage) != col(History.to_stage), col(History.seq) == 1)


class Reported(NamedTuple):
    """A figure as it counts: the month, the number of its newest row, and the value."""

    period: str
    number: int
    value: int


def find(session: Session, project_id: int, period: str) -> MonthlyReturn | None:
    """Return a project's return for a month, None where it was not begun."""
    query = select(MonthlyReturn).where(
        col(MonthlyReturn.project_id) == project_id, col(MonthlyReturn.period) == period
    )
    return session.scalars(query).first()


def begin(session: Session, project_id: int, period: str) -> MonthlyReturn:
    """Return a project's return for a month, begun now if it was not; two who begin it at once get the same one."""
    found = find(session, project_id, period)
    if found is None:
        new = {
            "project_id": project_id,
            "period": period,
            "state": "draft",
            "draft": {},
            "narrative": "",
            "action": "",
            "action_owner": "",
            "beyond_team": "",
            "why": [],
            "sent_back_why": "",
        }
        outbox.insert_new(session, MonthlyReturn, [new])
        found = find(session, project_id, period)
    assert found is not None
    return found


def of_project(session: Session, project_id: int) -> list[MonthlyReturn]:
    """Return a project's returns, oldest first."""
    query = select(MonthlyReturn).where(col(MonthlyReturn.project_id) == project_id)
    return list(session.scalars(query.order_by(col(MonthlyReturn.period))))


def waiting(session: Session) -> list[tuple[MonthlyReturn, Project]]:
    """Return every return that waits to be verified with its project, oldest first."""
    query = (
        select(MonthlyReturn, Project)
        .join(Project, col(Project.id) == col(MonthlyReturn.project_id))
        .where(col(MonthlyReturn.state) == "submitted")
        .order_by(col(MonthlyReturn.period), col(Project.reference))
    )
    return [(row, project) for row, project in session.execute(query)]


def in_period(session: Session, period: str) -> dict[int, MonthlyReturn]:
    """Return project id → its return for a month."""
    query = select(MonthlyReturn).where(col(MonthlyReturn.period) == period)
    return {row.project_id: row for row in session.scalars(query)}


def managed(session: Session) -> list[tuple[Project, str]]:
    """Return every project with its manager's post, in order of reference."""
    query = (
        select(Project, col(Person.name))
        .join(Person, col(Person.id) == col(Project.manager_id))
        .order_by(col(Project.reference))
    )
    return [(project, name) for project, name in session.execute(query)]


def moves(session: Session, project_id: int) -> list[tuple[str, str]]:
    """Return a project's moves as (ISO moment, stage entered), oldest first, as its history has them."""
    query = select(col(History.at), col(History.to_stage)).where(
        col(History.project_id) == project_id, _MOVED
    )
    return [(at, stage) for at, stage in session.execute(query.order_by(col(History.seq)))]


def stages_at(session: Session, moment: str) -> dict[int, str]:
    """Return project id → the stage it stood in at an ISO moment; projects begun later are not there."""
    newest = (
        select(col(History.project_id), func.max(History.seq).label("seq"))
        .where(col(History.at) <= moment)
        .group_by(col(History.project_id))
    ).subquery()
    query = select(col(History.project_id), col(History.to_stage)).join(
        newest, (newest.c.project_id == col(History.project_id)) & (newest.c.seq == col(History.seq))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def readings(session: Session, project_id: int, until: str) -> dict[int, list[Reported]]:
    """Return measure id → its values as they count, a row a month up to and with `until`, oldest first."""
    query = (
        select(col(Reading.measure_id), col(Reading.period), col(Reading.number), col(Reading.value))
        .join(Measure, col(Measure.id) == col(Reading.measure_id))
        .where(col(Measure.project_id) == project_id, col(Reading.period) <= until)
        .order_by(col(Reading.measure_id), col(Reading.period), col(Reading.number))
    )
    return newest(session, query)


def delivered(session: Session, project_id: int, until: str) -> dict[int, list[Reported]]:
    """Return line id → whole pence delivered as they count, a row a month up to and with `until`, oldest first."""
    query = (
        select(
            col(SavingEntry.line_id),
            col(SavingEntry.period),
            col(SavingEntry.number),
            col(SavingEntry.delivered),
        )
        .join(SavingLine, col(SavingLine.id) == col(SavingEntry.line_id))
        .where(col(SavingLine.project_id) == project_id, col(SavingEntry.period) <= until)
        .order_by(col(SavingEntry.line_id), col(SavingEntry.period), col(SavingEntry.number))
    )
    return newest(session, query)


def newest(session: Session, query: Any) -> dict[int, list[Reported]]:
    """Return the newest row of each month; `query` has them in order of number."""
    found: dict[int, dict[str, Reported]] = {}
    for key, period, number, value in session.execute(query):
        found.setdefault(key, {})[period] = Reported(period, number, value)
    return {key: list(months.values()) for key, months in found.items()}


def add_readings(
    session: Session,
    known: Mapping[int, Reported],
    values: Mapping[int, int],
    period: str,
    by: int,
    at: dt.datetime,
) -> None:
    """Add a row for each value that is new or corrected. `known` are the month's rows as they count now."""
    for measure_id, value in values.items():
        number = next_number(known.get(measure_id), value)
        if number:
            session.add(
                Reading(measure_id=measure_id, period=period, number=number, value=value, at=at, by=by)
            )
    session.flush()


def add_delivered(
    session: Session,
    known: Mapping[int, Reported],
    values: Mapping[int, int],
    period: str,
    by: int,
    at: dt.datetime,
) -> None:
    """Add a row for each amount in whole pence that is new or corrected. `known` are the month's as they count now."""
    for line_id, value in values.items():
        number = next_number(known.get(line_id), value)
        if number:
            session.add(
                SavingEntry(line_id=line_id, period=period, number=number, delivered=value, at=at, by=by)
            )
    session.flush()


def next_number(known: Reported | None, value: int) -> int | None:
    """Return the number a figure's row gets, None where the newest row says the same already."""
    if known is None:
        return 1
    return known.number + 1 if known.value != value else None


def newest_rag(session: Session, project_id: int, before: str | None = None) -> str | None:
    """Return the colour of a project's newest judged return, of those earlier than month `before` where it is given."""
    query = select(col(MonthlyReturn.rag)).where(
        col(MonthlyReturn.project_id) == project_id, col(MonthlyReturn.rag).is_not(None)
    )
    if before is not None:
        query = query.where(col(MonthlyReturn.period) < before)
    return session.scalars(query.order_by(col(MonthlyReturn.period).desc()).limit(1)).first()


def before(session: Session, project_id: int, period: str) -> MonthlyReturn | None:
    """Return a project's newest return of a month before `period` that was ever submitted, None where there is none."""
    query = select(MonthlyReturn).where(
        col(MonthlyReturn.project_id) == project_id,
        col(MonthlyReturn.period) < period,
        col(MonthlyReturn.rag).is_not(None),
    )
    return session.scalars(query.order_by(col(MonthlyReturn.period).desc()).limit(1)).first()


def spent(session: Session, project_id: int, months: Collection[str]) -> int | None:
    """Return the whole pence that the returns of some months say was spent, None where none of them says anything."""
    query = select(func.sum(MonthlyReturn.spend)).where(
        col(MonthlyReturn.project_id) == project_id, col(MonthlyReturn.period).in_(sorted(months))
    )
    total = session.scalar(query)
    return None if total is None else int(total)


def submission(session: Session, project_id: int, period: str) -> dict[str, Any] | None:
    """Return what the history says of the newest submission of a month's return, None before any."""
    query = select(col(History.detail)).where(
        col(History.project_id) == project_id, col(History.event) == "return_submitted"
    )
    for text in session.scalars(query.order_by(col(History.seq).desc())):
        detail: dict[str, Any] = json.loads(text)
        if detail.get("period") == period:
            return detail
    return None
