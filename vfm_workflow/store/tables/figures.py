"""Measures, savings and monthly returns: whole pence and whole steps of a unit, each with who and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field

from vfm_workflow.store.tables.base import Moment, Table


class Measure(Table, table=True):
    """A unit cost or performance indicator. Values are whole steps of 10^-places of its unit (§4.1)."""

    __table_args__ = (
        CheckConstraint("kind IN ('unit_cost','performance')", name="kind"),
        CheckConstraint("direction IN ('lower','higher')", name="direction"),
        CheckConstraint("places BETWEEN 0 AND 6", name="places"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    position: int
    name: str
    kind: str
    unit: str
    places: int = 0
    direction: str
    numerator: str = ""
    denominator: str = ""


class MeasureTarget(Table, table=True):
    """Baseline and target of a measure as agreed; a new agreement is a new row. Append-only by trigger."""

    __tablename__ = "measure_target"

    measure_id: int = Field(primary_key=True, foreign_key="measure.id")
    number: int = Field(primary_key=True)
    baseline: int = Field(sa_type=BigInteger)
    target: int = Field(sa_type=BigInteger)
    request_id: int | None = Field(default=None, foreign_key="decision_request.id")
    at: dt.datetime = Field(sa_type=Moment)
    by: int = Field(foreign_key="person.id")


class PeerValue(Table, table=True):
    """Another council's value of a measure, with its source (§4.5)."""

    __tablename__ = "peer_value"

    measure_id: int = Field(primary_key=True, foreign_key="measure.id")
    peer: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)
    source: str = ""


class Reading(Table, table=True):
    """A measure's value for a month. A correction is a new row beside the first; the highest number counts."""

    measure_id: int = Field(primary_key=True, foreign_key="measure.id")
    period: str = Field(primary_key=True, max_length=7)
    number: int = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)
    at: dt.datetime = Field(sa_type=Moment)
    by: int = Field(foreign_key="person.id")


class SavingLine(Table, table=True):
    """A line of savings: kind, budget, and the measure that must not fall for it (§3.8)."""

    __tablename__ = "saving_line"

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    position: int
    title: str
    cashable: bool
    ongoing: bool
    budget_code: str = ""
    cross_check: int | None = Field(default=None, foreign_key="measure.id")
    counted_in: int | None = Field(default=None, foreign_key="saving_line.id")
    """The line of the parent project that counts this one, so that it is counted once (§2.2.7)."""


class SavingYear(Table, table=True):
    """One financial year of a line's profile, in whole pence."""

    __tablename__ = "saving_year"
    __table_args__ = (CheckConstraint("low <= expected AND expected <= high", name="range"),)

    line_id: int = Field(primary_key=True, foreign_key="saving_line.id")
    year: int = Field(primary_key=True)
    low: int = Field(sa_type=BigInteger)
    expected: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    cost: int = Field(default=0, sa_type=BigInteger)
    """Cost to achieve in the year."""


class SavingEntry(Table, table=True):
    """Pounds delivered in a month, in whole pence. A correction is a new row; the highest number counts."""

    __tablename__ = "saving_entry"

    line_id: int = Field(primary_key=True, foreign_key="saving_line.id")
    period: str = Field(primary_key=True, max_length=7)
    number: int = Field(primary_key=True)
    delivered: int = Field(sa_type=BigInteger)
    at: dt.datetime = Field(sa_type=Moment)
    by: int = Field(foreign_key="person.id")


class MonthlyReturn(Table, table=True):
    """A project's return for a month: drafted, submitted by its manager, verified by the Head of Service (§6.1)."""

    __tablename__ = "monthly_return"
    __table_args__ = (
        UniqueConstraint("project_id", "period"),
        CheckConstraint("state IN ('draft','submitted','verified')", name="state"),
        CheckConstraint("verified_by IS NULL OR verified_by <> submitted_by", name="two_people"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    period: str = Field(max_length=7, index=True)
    state: str = "draft"
    draft: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What is typed so far, as typed."""
    narrative: str = ""
    action: str = ""
    spend: int | None = Field(default=None, sa_type=BigInteger)
    """Spent in the month on achieving the savings, in whole pence."""
    days_used: int | None = None
    rag: str | None = None
    submitted_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    submitted_by: int | None = Field(default=None, foreign_key="person.id")
    verified_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    verified_by: int | None = Field(default=None, foreign_key="person.id")
    sent_back_why: str = ""
