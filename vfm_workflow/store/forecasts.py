"""What monthly returns forecast, and what the library already knows of a month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.store.returns import Reported, newest, next_number
from vfm_workflow.store.tables import Measure, Person, Reading, SavingForecast, SavingLine


def expected(session: Session, project_id: int, until: str) -> dict[int, list[Reported]]:
    """Return line id → whole pence expected by the end of the financial year, as each month's return up to `until` says it.

    Oldest month first; of a month, the newest row counts.
    """
    query = (
        select(
            col(SavingForecast.line_id),
            col(SavingForecast.period),
            col(SavingForecast.number),
            col(SavingForecast.amount),
        )
        .join(SavingLine, col(SavingLine.id) == col(SavingForecast.line_id))
        .where(col(SavingLine.project_id) == project_id, col(SavingForecast.period) <= until)
        .order_by(col(SavingForecast.line_id), col(SavingForecast.period), col(SavingForecast.number))
    )
    return newest(session, query)


def add(
    session: Session,
    known: Mapping[int, Reported],
    values: Mapping[int, int],
    period: str,
    by: int,
    at: dt.datetime,
) -> None:
    """Add a row for each forecast in whole pence that is new or corrected. `known` are the month's as they count now."""
    for line_id, value in values.items():
        number = next_number(known.get(line_id), value)
        if number:
            session.add(
                SavingForecast(line_id=line_id, period=period, number=number, amount=value, at=at, by=by)
            )
    session.flush()


class Known(NamedTuple):
    """A month's value as the library has it, in steps of 10^-places, with who recorded it and when."""

    value: int
    places: int
    by: str
    at: dt.datetime


def in_library(session: Session, project_id: int, period: str) -> dict[int, Known]:
    """Return measure id → the month's reading of the library's measure that this one takes over. The newest row counts."""
    library = aliased(Measure)
    last = (
        select(col(Reading.measure_id), func.max(Reading.number).label("number"))
        .where(col(Reading.period) == period)
        .group_by(col(Reading.measure_id))
        .subquery()
    )
    query = (
        select(col(Measure.id), col(Reading.value), col(library.places), col(Person.name), col(Reading.at))
        .join(library, col(library.id) == col(Measure.library_id))
        .join(last, last.c.measure_id == col(library.id))
        .join(
            Reading,
            (col(Reading.measure_id) == col(library.id))
            & (col(Reading.period) == period)
            & (col(Reading.number) == last.c.number),
        )
        .join(Person, col(Person.id) == col(Reading.by))
        .where(
            col(Measure.project_id) == project_id,
            col(Measure.unit) == col(library.unit),  # a measure that has grown apart takes nothing over
            col(Measure.places) == col(library.places),
        )
    )
    return {row[0]: Known._make(row[1:]) for row in session.execute(query)}
