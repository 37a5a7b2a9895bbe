"""What monthly returns forecast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from vfm_workflow.store.returns import Reported, add_rows, newest
from vfm_workflow.store.tables import SavingForecast, SavingLine


def expected(session: Session, project_id: int, until: str) -> dict[int, list[Reported]]:
    """Return line id → whole pence expected by the end of the financial year, as each month's return up to `until` says it.

    Oldest month first; of a month, the newest row counts.
    """
    return newest(session, _expected(), project_id, until)


@cache
def _expected() -> Any:
    until: Any = bindparam("period")
    return (
        select(
            col(SavingForecast.line_id),
            col(SavingForecast.period),
            col(SavingForecast.number),
            col(SavingForecast.amount),
        )
        .join(SavingLine, col(SavingLine.id) == col(SavingForecast.line_id))
        .where(col(SavingLine.project_id) == bindparam("project"), col(SavingForecast.period) <= until)
        .order_by(col(SavingForecast.line_id), col(SavingForecast.period), col(SavingForecast.number))
    )


def add(
    session: Session,
    known: Mapping[int, Reported],
    values: Mapping[int, int],
    period: str,
    by: int,
    at: dt.datetime,
) -> None:
    """Add a row for each forecast in whole pence that is new or corrected. `known` are the month's as they count now."""
    said = {"period": period, "at": at, "by": by}
    add_rows(session, SavingForecast, ("line_id", "amount"), known, values, said)
