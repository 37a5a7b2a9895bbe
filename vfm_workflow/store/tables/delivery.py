"""The ledger of what was due and said, and the outbox: the truth about mail (design §4–6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index
from sqlmodel import Field

from vfm_workflow.store.tables.base import Moment, Table, partial


class Occurrence(Table, table=True):
    """A fact owed to a person. Its key lets it be said once, however many processes tick and however late."""

    __table_args__ = (
        partial(
            "ix_occurrence_pending",
            "person_id",
            where="digest_day IS NULL",
        ),
        {"sqlite_with_rowid": False},  # the key is the row: one tree to keep, not two
    )

    job: str = Field(primary_key=True)
    """The notice."""
    period: str = Field(primary_key=True)
    """A calendar key, such as `2026-11` or `2026-11-06`; never a timestamp."""
    subject: str = Field(primary_key=True)
    person_id: int = Field(primary_key=True, foreign_key="person.id")
    posted_at: dt.datetime = Field(sa_type=Moment)
    digest_day: dt.date | None = None
    """The day of the digest that said it; empty while it waits for one."""
    item: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """What an event left to be said; what a schedule finds is computed when it is said."""


class DigestSent(Table, table=True):
    """One digest a person a day: the key decides who sends it."""

    __tablename__ = "digest_sent"

    person_id: int = Field(primary_key=True, foreign_key="person.id")
    day: dt.date = Field(primary_key=True)
    at: dt.datetime = Field(sa_type=Moment)


class OutboxMail(Table, table=True):
    """A mail whose bytes are final. Written in the transaction that caused it; only delivery changes it."""

    __tablename__ = "outbox"
    __table_args__ = (
        partial(
            "ix_outbox_open",
            "next_try",
            where="state IN ('waiting','opening','sending')",
        ),
        Index("ix_outbox_settled_at", "settled_at"),
        CheckConstraint("state IN ('waiting','opening','sending','sent','failed','unknown')", name="state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(unique=True)
    notice: str
    why: str
    sender: str
    to: str
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    project_id: int | None = Field(default=None, foreign_key="project.id", index=True)
    subject: str
    data: bytes
    created_at: dt.datetime = Field(sa_type=Moment)
    not_before: dt.datetime = Field(sa_type=Moment)
    next_try: dt.datetime = Field(sa_type=Moment)
    state: str = "waiting"
    attempts: int = 0
    lease_by: str | None = None
    lease_until: dt.datetime | None = Field(default=None, sa_type=Moment)
    answer: str = ""
    settled_at: dt.datetime | None = Field(default=None, sa_type=Moment)


class Attempt(Table, table=True):
    """One try at a mail and what the server answered."""

    id: int | None = Field(default=None, primary_key=True)
    mail_id: int = Field(foreign_key="outbox.id", index=True)
    at: dt.datetime = Field(sa_type=Moment)
    outcome: str
    code: int | None = None
    answer: str
