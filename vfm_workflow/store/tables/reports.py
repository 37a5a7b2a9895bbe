"""Reports as they were issued, what is said in them, what was imported, and tokens for machines that read."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field

from vfm_workflow.store.tables.base import Moment, Table


class IssuedReport(Table, table=True):
    """A report as it was issued, whole, in both its versions; a later correction is an addendum, a row of its own.
    Append-only by trigger."""

    __tablename__ = "issued_report"
    __table_args__ = (
        UniqueConstraint("kind", "period", "number"),
        CheckConstraint("number >= 0", name="number"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    """`quarter`, `efficiency`, `mtfp` or `returns`."""
    period: str
    """Such as `2026-Q2`, `2026/27`, `2026-10`."""
    number: int
    """0 the report itself, from 1 its addenda."""
    issued_at: dt.datetime = Field(sa_type=Moment)
    issued_by: int | None = Field(default=None, foreign_key="person.id")
    """None where the clock did it."""
    public: str
    """Canonical JSON of the report as anybody may read it once it is released."""
    exempt: str
    """Canonical JSON with the text that is exempt from publication."""
    digest: str = Field(max_length=64)
    """SHA-256 of both, in hex: `vfm audit verify` holds them against it."""


class Commentary(Table, table=True):
    """What a department's head, or Performance for the whole council (department empty), says in a period's report."""

    kind: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    department: str = Field(primary_key=True)
    text: str
    exempt: str = Field(default="", max_length=1)
    """The paragraph of Schedule 12A under which it is exempt from publication; empty where it is public."""
    at: dt.datetime = Field(sa_type=Moment)
    by: int = Field(foreign_key="person.id")


class ImportBatch(Table, table=True):
    """A file of figures as it was handed in: who said so, and when. What it changed points back here."""

    __tablename__ = "import_batch"
    __table_args__ = (CheckConstraint("source IN ('csv','api')", name="source"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    """`readings`, `savings`, `milestones` or `people`."""
    name: str
    source: str = "csv"
    digest: str = Field(max_length=64)
    data: bytes = Field(sa_type=LargeBinary)
    at: dt.datetime = Field(sa_type=Moment)
    by: int | None = Field(default=None, foreign_key="person.id")
    """None for the command line without `--by`."""
    applied_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    result: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """What the dry run, or then the import, found: counts, and each bad row by line and column."""


class AccessToken(Table, table=True):
    """What lets a machine read for a person: a calendar, Excel, Power BI. Only its digest is kept; its person can end it."""

    __tablename__ = "access_token"
    __table_args__ = (CheckConstraint("scope IN ('calendar','read','write')", name="scope"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    scope: str
    name: str
    digest: str = Field(unique=True, max_length=64)
    made_at: dt.datetime = Field(sa_type=Moment)
    expires_on: dt.date
    last_used_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    ended_at: dt.datetime | None = Field(default=None, sa_type=Moment)
