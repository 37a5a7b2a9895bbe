"""Measures and monthly returns: whole pence and whole steps of a unit, each with who and when."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from vfm_workflow.store.tables.base import Moment, Table


class Measure(Table, table=True):
    """A unit cost or performance indicator, of a project or in a department's library (§4.1–4.3).

    Values are whole steps of 10^-places of its unit.
    """

    __table_args__ = (
        CheckConstraint("(project_id IS NULL) <> (department IS NULL)", name="owner"),
        CheckConstraint("library_id IS NULL OR project_id IS NOT NULL", name="library"),
        CheckConstraint("tolerance >= 0", name="tolerance"),
        CheckConstraint("kind IN ('unit_cost','performance')", name="kind"),
        CheckConstraint("direction IN ('lower','higher')", name="direction"),
        CheckConstraint("places BETWEEN 0 AND 6", name="places"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int | None = Field(default=None, foreign_key="project.id", index=True)
    position: int
    name: str
    kind: str
    unit: str
    places: int = 0
    direction: str
    numerator: str = ""
    denominator: str = ""
    department: str | None = Field(default=None, foreign_key="department.code", index=True)
    """Whose library it stands in; None for a project's own."""
    code: str | None = Field(default=None, unique=True)
    """What files and programs call it, such as `SS-01`."""
    tolerance: int = 0
    """How far worse than its baseline a value may be, in steps, before quality counts as fallen."""
    library_id: int | None = Field(default=None, foreign_key="measure.id", index=True)
    """The library's measure whose readings a project's measure takes over."""
    retired_on: dt.date | None = None


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
    year: int | None = None
    """The financial year it is for, of a library's measure; None for a project's own."""


class MeasureAgreement(Table, table=True):
    """One of the two sign-offs of a year's baseline and target: Finance's and the Head of Service's (§4.3). Never the same
    person's."""

    __tablename__ = "measure_agreement"
    __table_args__ = (
        ForeignKeyConstraint(
            ["measure_id", "number"], ["measure_target.measure_id", "measure_target.number"]
        ),
        UniqueConstraint("measure_id", "number", "by"),
        CheckConstraint("side IN ('finance','service')", name="side"),
    )

    measure_id: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    side: str = Field(primary_key=True)
    by: int = Field(foreign_key="person.id")
    at: dt.datetime = Field(sa_type=Moment)


class MeasureChange(Table, table=True):
    """What somebody changed of a library's measure: its words, its tolerance, its peers, that it is retired. Append-only by
    trigger; a project's measure has its project's history."""

    __tablename__ = "measure_change"

    measure_id: int = Field(primary_key=True, foreign_key="measure.id")
    number: int = Field(primary_key=True)
    at: dt.datetime = Field(sa_type=Moment)
    by: int = Field(foreign_key="person.id")
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """Field → [what it was, what it is]."""


class PeerValue(Table, table=True):
    """Another council's value of a measure, with its source (§4.5)."""

    __tablename__ = "peer_value"

    measure_id: int = Field(primary_key=True, foreign_key="measure.id")
    peer: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)
    source: str = ""


class Reading(Table, table=True):
    """A measure's value for a month. A correction is a new row beside the first; the highest number counts. Append-only by
    trigger."""

    __table_args__ = (
        CheckConstraint("source IN ('return','form','csv','api')", name="source"),
        CheckConstraint("denominator IS NULL OR denominator > 0", name="denominator"),
    )

    measure_id: int = Field(primary_key=True, foreign_key="measure.id")
    period: str = Field(primary_key=True, max_length=7)
    number: int = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)
    at: dt.datetime = Field(sa_type=Moment)
    by: int = Field(foreign_key="person.id")
    numerator: int | None = Field(default=None, sa_type=BigInteger)
    """Of a unit cost worked out from its parts: whole pence above, whole units below. None where the value was given."""
    denominator: int | None = Field(default=None, sa_type=BigInteger)
    source: str = "return"
    batch_id: int | None = Field(default=None, foreign_key="import_batch.id")
    reason: str = ""
    """Why it was corrected."""


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
    """The overall status: the worst of time, cost and benefit. Computed, never chosen."""
    rag_time: str | None = None
    rag_cost: str | None = None
    rag_benefit: str | None = None
    rag_outlook: str | None = None
    """The status expected at the end of the financial year, from the forecasts."""
    rag_before: str | None = None
    """The overall status of the return before."""
    why: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """What each rule found: rule, status, colour, and the sentence with its figures."""
    action_owner: str = ""
    action_by: dt.date | None = None
    """Amber or red needs an action, an owner and a date (§15.2)."""
    beyond_team: str = ""
    """Why it is beyond what the team can put right; empty where it is not."""
    spend_forecast: int | None = Field(default=None, sa_type=BigInteger)
    """What achieving the savings is expected to have cost by the end of the financial year, in whole pence."""
    submitted_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    submitted_by: int | None = Field(default=None, foreign_key="person.id")
    verified_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    verified_by: int | None = Field(default=None, foreign_key="person.id")
    sent_back_why: str = ""
