"""Monthly returns, and the readings and pounds they reported. A correction is a row beside the first; the newest counts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, insert, select
from sqlmodel import Session, col

from vfm_workflow.store import outbox
from vfm_workflow.store.history import is_move
from vfm_workflow.store.raw import done, rows
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

_PROJECT: Any = bindparam("project")
_PERIOD: Any = bindparam("period")
"""The statements that a return's form asks are built once: building one costs more than running it."""


AFTER_ALL = "9999-12"
"""A month after every month that there is a return for."""


class Reported(NamedTuple):
    """A figure as it counts: the month, the number of its newest row, and the value."""

    period: str
    number: int
    value: int


def find(session: Session, project_id: int, period: str) -> MonthlyReturn | None:
    """Return a project's return for a month, None where it was not begun."""
    return session.scalars(_find(), {"project": project_id, "period": period}).first()


@cache
def _find() -> Any:
    r = MonthlyReturn
    return select(r).where(col(r.project_id) == _PROJECT, col(r.period) == _PERIOD)


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
        outbox.insert_new(session, MonthlyReturn, new)
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
    return [(at, stage) for at, stage in rows(session, _moves(), {"project": project_id})]


@cache
def _moves() -> Any:
    query = select(col(History.at), col(History.to_stage)).where(
        col(History.project_id) == _PROJECT, is_move()
    )
    return query.order_by(col(History.seq))


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
    return newest(session, _readings(), project_id, until)


@cache
def _readings() -> Any:
    return (
        select(col(Reading.measure_id), col(Reading.period), col(Reading.number), col(Reading.value))
        .join(Measure, col(Measure.id) == col(Reading.measure_id))
        .where(col(Measure.project_id) == _PROJECT, col(Reading.period) <= _PERIOD)
        .order_by(col(Reading.measure_id), col(Reading.period), col(Reading.number))
    )


def delivered(session: Session, project_id: int, until: str) -> dict[int, list[Reported]]:
    """Return line id → whole pence delivered as they count, a row a month up to and with `until`, oldest first."""
    return newest(session, _delivered(), project_id, until)


@cache
def _delivered() -> Any:
    return (
        select(
            col(SavingEntry.line_id),
            col(SavingEntry.period),
            col(SavingEntry.number),
            col(SavingEntry.delivered),
        )
        .join(SavingLine, col(SavingLine.id) == col(SavingEntry.line_id))
        .where(col(SavingLine.project_id) == _PROJECT, col(SavingEntry.period) <= _PERIOD)
        .order_by(col(SavingEntry.line_id), col(SavingEntry.period), col(SavingEntry.number))
    )


def newest(session: Session, query: Any, project_id: int, until: str) -> dict[int, list[Reported]]:
    """Return the newest row of each month of a project up to and with `until`; `query` has them in order of number."""
    found: dict[int, dict[str, Reported]] = {}
    for key, period, number, value in rows(session, query, {"project": project_id, "period": until}):
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
    said = {"period": period, "at": at, "by": by, "source": "return"}
    add_rows(session, Reading, ("measure_id", "value"), known, values, said)


def add_delivered(
    session: Session,
    known: Mapping[int, Reported],
    values: Mapping[int, int],
    period: str,
    by: int,
    at: dt.datetime,
) -> None:
    """Add a row for each amount in whole pence that is new or corrected. `known` are the month's as they count now."""
    said = {"period": period, "at": at, "by": by, "source": "return"}
    add_rows(session, SavingEntry, ("line_id", "delivered"), known, values, said)


def add_rows(
    session: Session,
    table: Any,
    names: tuple[str, str],
    known: Mapping[int, Reported],
    values: Mapping[int, int],
    said: Mapping[str, Any],
) -> None:
    """Add a row to `table` for each value that is new or corrected, with `said` in each. `names` are the columns of what it
    is a value of, and of the value."""
    key, value = names
    new = [{**said, key: of, "number": number, value: now} for of, number, now in numbered(known, values)]
    if new:
        done(session, insert(table), new)


def numbered(known: Mapping[int, Reported], values: Mapping[int, int]) -> Iterator[tuple[int, int, int]]:
    """Yield (key, number of its new row, value) of each value that its newest row does not say already."""
    for key, value in values.items():
        newest_row = known.get(key)
        if newest_row is None or newest_row.value != value:
            yield key, newest_row.number + 1 if newest_row is not None else 1, value


def newest_rag(session: Session, project_id: int, before: str | None = None) -> str | None:
    """Return the colour of a project's newest judged return, of those earlier than month `before` where it is given."""
    asked = {"project": project_id, "period": before or AFTER_ALL}
    return next((rag for (rag,) in rows(session, _newest_rag(), asked)), None)


@cache
def _newest_rag() -> Any:
    r = MonthlyReturn
    judged = col(r.project_id) == _PROJECT, col(r.rag).is_not(None), col(r.period) < _PERIOD
    return select(col(r.rag)).where(*judged).order_by(col(r.period).desc()).limit(1)


def before(session: Session, project_id: int, period: str) -> MonthlyReturn | None:
    """Return a project's newest return of a month before `period` that was ever submitted, None where there is none."""
    return session.scalars(_before(), {"project": project_id, "period": period}).first()


@cache
def _before() -> Any:
    r = MonthlyReturn
    judged = col(r.project_id) == _PROJECT, col(r.rag).is_not(None), col(r.period) < _PERIOD
    return select(r).where(*judged).order_by(col(r.period).desc()).limit(1)


def spent(session: Session, project_id: int, months: Collection[str]) -> int | None:
    """Return the whole pence that the returns of some months say was spent, None where none of them says anything."""
    total = done(session, _spent(), {"project": project_id, "months": sorted(months)}).scalar()
    return None if total is None else int(total)


@cache
def _spent() -> Any:
    r = MonthlyReturn
    these = col(r.period).in_(bindparam("months", expanding=True))
    return select(func.sum(r.spend)).where(col(r.project_id) == _PROJECT, these)


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
