"""Reports as they were issued, and what is said in those that were not yet."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from vfm_workflow.store import outbox
from vfm_workflow.store.raw import rows
from vfm_workflow.store.tables import Commentary, IssuedReport


def of(session: Session, kind: str, period: str) -> list[IssuedReport]:
    """Return a report as it was issued and its addenda, in that order; nothing before it was."""
    r = IssuedReport
    query = select(r).where(col(r.kind) == kind, col(r.period) == period).order_by(col(r.number))
    return list(session.scalars(query))


def issued(session: Session) -> dict[tuple[str, str], dt.datetime]:
    """Return (kind, period) → when it was issued, the newest first."""
    return {(kind, period): at for kind, period, at in rows(session, _issued())}


@cache
def _issued() -> Any:
    """Built once: the clock asks it every minute."""
    r = IssuedReport
    query = select(col(r.kind), col(r.period), col(r.issued_at)).where(col(r.number) == 0)
    return query.order_by(col(r.issued_at).desc(), col(r.id).desc())


def add(
    session: Session,
    *,
    kind: str,
    period: str,
    number: int,
    at: dt.datetime,
    by: int | None,
    public: str,
    exempt: str,
    digest: str,
) -> bool:
    """Freeze a report or an addendum. Return whether it is ours: two who issue it at once get one."""
    row = {
        "kind": kind,
        "period": period,
        "number": number,
        "issued_at": at,
        "issued_by": by,
        "public": public,
        "exempt": exempt,
        "digest": digest,
    }
    return outbox.insert_new(session, IssuedReport, row)


def comment(
    session: Session,
    kind: str,
    period: str,
    department: str,
    text: str,
    exempt: str,
    by: int,
    at: dt.datetime,
) -> None:
    """Keep what a department says in a report, in place of what it said."""
    row = session.get(Commentary, (kind, period, department))
    if row is None:
        row = Commentary(
            kind=kind, period=period, department=department, text=text, exempt=exempt, at=at, by=by
        )
        session.add(row)
    else:
        row.text, row.exempt, row.at, row.by = text, exempt, at, by
    session.flush()


def commented(session: Session, kind: str, period: str, department: str) -> Commentary | None:
    """Return what a department says in a report, None where it said nothing yet."""
    return session.get(Commentary, (kind, period, department))
