"""The ledger of what was due and said, and the outbox: the truth about mail (design §4–6)."""

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
        partial(
            "ix_outbox_failed",
            "settled_at",
            where="state = 'failed'",
        ),
        partial(
            "ix_outbox_text",
            "settled_at",
            where="settled_at IS NOT NULL AND length(data) > 0",
        ),
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
    bounced_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """When a report came that it will never arrive, though the relay had taken it."""
    dealt_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """When somebody said that a mail which did not arrive needs nothing more."""
    dealt_by: int | None = Field(default=None, foreign_key="person.id")
    dealt_note: str = ""


class Attempt(Table, table=True):
    """One try at a mail and what the server answered."""

    id: int | None = Field(default=None, primary_key=True)
    mail_id: int = Field(foreign_key="outbox.id", index=True)
    at: dt.datetime = Field(sa_type=Moment)
    outcome: str
    code: int | None = None
    answer: str


class Bounce(Table, table=True):
    """What a report from a mail server said of a mail of ours. The same report read twice is one row."""

    __table_args__ = (CheckConstraint("kind IN ('hard','soft','delayed')", name="kind"),)

    id: int | None = Field(default=None, primary_key=True)
    report: str = Field(unique=True)
    """The report's own Message-ID, or the digest of its bytes where it has none, and the recipient it speaks of."""
    mail_id: int | None = Field(default=None, foreign_key="outbox.id", index=True)
    """Empty where the report could not be matched to a mail."""
    at: dt.datetime = Field(sa_type=Moment)
    kind: str
    """`hard`: it will never arrive. `soft`: it did not this time. `delayed`: the server still tries."""
    status: str = ""
    """The enhanced status code, such as `5.1.1`."""
    recipient: str = ""
    said: str = ""


class NoticeChoice(Table, table=True):
    """What a person wants of a digest notice whose catalogue entry leaves it to them."""

    __tablename__ = "notice_choice"
    __table_args__ = (CheckConstraint("choice IN ('daily','weekly','off')", name="choice"),)

    person_id: int = Field(primary_key=True, foreign_key="person.id")
    notice: str = Field(primary_key=True)
    choice: str
    set_at: dt.datetime = Field(sa_type=Moment)


class MailHours(Table, table=True):
    """When a person wants their digest, where that is later than the council's own hour."""

    __tablename__ = "mail_hours"
    __table_args__ = (CheckConstraint("weekdays <> ''", name="weekdays"),)

    person_id: int = Field(primary_key=True, foreign_key="person.id")
    digest_at: str
    """`HH:MM`, local time."""
    weekdays: str = "12345"
    """The days on which a digest may come: 1 is Monday."""
    set_at: dt.datetime = Field(sa_type=Moment)


class Snooze(Table, table=True):
    """A fact that a person does not want to hear again before a day."""

    person_id: int = Field(primary_key=True, foreign_key="person.id")
    notice: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    until_day: dt.date
    set_at: dt.datetime = Field(sa_type=Moment)


class Invitation(Table, table=True):
    """The newest calendar entry of a milestone that a person was mailed (RFC 5545: same UID, rising SEQUENCE)."""

    __table_args__ = (CheckConstraint("sequence >= 0", name="sequence"),)

    milestone_id: int = Field(primary_key=True, foreign_key="milestone.id")
    person_id: int = Field(primary_key=True, foreign_key="person.id", index=True)
    sequence: int = 0
    day: dt.date
    title: str
    cancelled: bool = False
    sent_at: dt.datetime = Field(sa_type=Moment)


class Job(Table, table=True):
    """Heavy work that a person or the clock asked for: done by any process, once, and taken over where its process died."""

    __table_args__ = (
        CheckConstraint("state IN ('queued','running','done','failed')", name="state"),
        CheckConstraint("(state IN ('done','failed')) = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("done >= 0 AND total >= 0", name="progress"),
        partial("uq_job_open", "kind", "key", unique=True, where="state IN ('queued','running')"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    key: str
    """What it is about: the same work asked for twice while it is open is one job."""
    arguments: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    asked_by: int | None = Field(default=None, foreign_key="person.id", index=True)
    """None for the clock and the command line."""
    asked_at: dt.datetime = Field(sa_type=Moment)
    state: str = "queued"
    attempts: int = 0
    done: int = 0
    total: int = 0
    """How much of it is done, in whatever the work counts; 0 of 0 where nothing can be counted."""
    said: str = ""
    """What it does, or what became of it, in a sentence."""
    result: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    lease_by: str | None = None
    lease_until: dt.datetime | None = Field(default=None, sa_type=Moment)
    finished_at: dt.datetime | None = Field(default=None, sa_type=Moment)
