"""Everything that was ever recorded as one canonical text, by which two histories can be compared."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from vfm_workflow.store.tables import (
    Attempt,
    Baseline,
    Condition,
    DecisionRequest,
    DigestSent,
    History,
    MonthlyReturn,
    Occurrence,
    OutboxMail,
    PersonChange,
    Project,
    Reading,
    SavingEntry,
    VoteRow,
)


def everything(session: Session) -> Iterator[str]:
    """Yield every record as canonical JSON, in an order that follows from the record alone.

    Left out is what is random by nature and says nothing of what happened: hashes, Message-IDs, tokens, the bytes of mail.
    """
    for model, columns in _RECORDS.items():
        table: Any = model.__table__
        query = select(*(table.c[name] for name in columns)).order_by(*table.primary_key.columns)
        for row in session.execute(query).mappings():
            yield _canonical(table.name, {name: _plain(name, row[name]) for name in columns})


def _canonical(table: str, values: Mapping[str, Any]) -> str:
    return json.dumps([table, values], sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, dt.date):  # a moment too
        return value.isoformat()
    if name == "detail" and isinstance(value, str) and "message_id" in value:
        return {key: each for key, each in json.loads(value).items() if key != "message_id"}
    return value


_RECORDS: Mapping[Any, tuple[str, ...]] = {
    History: ("project_id", "seq", "at", "actor", "event", "from_stage", "to_stage", "reason", "detail"),
    Project: ("reference", "title", "stage", "revision", "rag", "manager_id", "sponsor_id", "created_at"),
    DecisionRequest: (
        "project_id",
        "decision",
        "state",
        "outcome",
        "assurance",
        "opened_at",
        "closed_at",
        "frozen",
    ),
    VoteRow: (
        "request_id",
        "slot_id",
        "person_id",
        "choice",
        "reason",
        "conditions",
        "at",
        "late",
        "assurance",
    ),
    Condition: ("project_id", "vote_id", "text", "discharged_at", "how"),
    Baseline: ("milestone_id", "number", "date", "request_id", "at"),
    MonthlyReturn: (
        "project_id",
        "period",
        "state",
        "rag",
        "narrative",
        "spend",
        "submitted_at",
        "verified_at",
    ),
    Reading: ("measure_id", "period", "number", "value", "at", "by"),
    SavingEntry: ("line_id", "period", "number", "delivered", "at", "by"),
    Occurrence: ("job", "period", "subject", "person_id", "posted_at", "digest_day"),
    DigestSent: ("person_id", "day", "at"),
    OutboxMail: (
        "notice",
        "to",
        "subject",
        "created_at",
        "not_before",
        "state",
        "attempts",
        "answer",
        "settled_at",
    ),
    Attempt: ("mail_id", "at", "outcome", "code", "answer"),
    PersonChange: ("person_id", "what", "detail", "at", "by"),
}
"""Table → the columns that are compared."""
