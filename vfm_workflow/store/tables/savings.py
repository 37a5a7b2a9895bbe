"""Savings: lines, profiles, what was delivered, and its way through Finance. All amounts are whole pence (§15)."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field

from vfm_workflow.store.tables.base import Moment, Table, partial


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
    """One financial year of a line's profile as it stands: this council's own part. `SavingAgreed` keeps what CMT agreed."""

    __tablename__ = "saving_year"
    __table_args__ = (CheckConstraint("low <= expected AND expected <= high", name="range"),)

    line_id: int = Field(primary_key=True, foreign_key="saving_line.id")
    year: int = Field(primary_key=True, index=True)
    low: int = Field(sa_type=BigInteger)
    expected: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    cost: int = Field(default=0, sa_type=BigInteger)
    """Cost to achieve in the year."""


class SavingAgreed(Table, table=True):
    """A year of a profile as one decision of CMT agreed it. Append-only by trigger: the first stays beside every later one
    (design §4.6)."""

    __tablename__ = "saving_agreed"

    line_id: int = Field(primary_key=True, foreign_key="saving_line.id")
    number: int = Field(primary_key=True)
    """1 for the first agreement of the line; the same for all its years."""
    year: int = Field(primary_key=True)
    low: int = Field(sa_type=BigInteger)
    expected: int = Field(sa_type=BigInteger)
    high: int = Field(sa_type=BigInteger)
    request_id: int = Field(foreign_key="decision_request.id")
    at: dt.datetime = Field(sa_type=Moment)


class SavingShare(Table, table=True):
    """A partner's own part of a line in a year: said, and never counted by this council (§2.2.9)."""

    __tablename__ = "saving_share"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    line_id: int = Field(primary_key=True, foreign_key="saving_line.id")
    partner: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    amount: int = Field(sa_type=BigInteger)


class SavingEntry(Table, table=True):
    """Delivered in a month. A correction is a new row; the highest number counts. Append-only by trigger."""

    __tablename__ = "saving_entry"
    __table_args__ = (CheckConstraint("source IN ('return','csv','api','finance')", name="source"),)

    line_id: int = Field(primary_key=True, foreign_key="saving_line.id")
    period: str = Field(primary_key=True, max_length=7)
    number: int = Field(primary_key=True)
    delivered: int = Field(sa_type=BigInteger)
    at: dt.datetime = Field(sa_type=Moment)
    by: int = Field(foreign_key="person.id")
    source: str = "return"
    """`finance` where a closed project has no return any more, and Finance says what it goes on delivering."""
    batch_id: int | None = Field(default=None, foreign_key="import_batch.id")


class SavingForecast(Table, table=True):
    """What a line is expected to have delivered by the end of the financial year, as the return of a month says it.
    A correction is a new row; the highest number counts."""

    __tablename__ = "saving_forecast"

    line_id: int = Field(primary_key=True, foreign_key="saving_line.id")
    period: str = Field(primary_key=True, max_length=7)
    number: int = Field(primary_key=True)
    amount: int = Field(sa_type=BigInteger)
    at: dt.datetime = Field(sa_type=Moment)
    by: int = Field(foreign_key="person.id")


class SavingClaim(Table, table=True):
    """What a line delivered in a quarter, put before Finance with its evidence: verified, then banked with a journal (§15.1).

    Nobody verifies what they evidenced. One claim of a line and quarter is open at a time. A claim keeps what was put and
    goes one way, by trigger; none is made on a line that is counted in another.
    """

    __tablename__ = "saving_claim"
    __table_args__ = (
        CheckConstraint("state IN ('evidenced','verified','refused','banked')", name="state"),
        CheckConstraint("evidence <> ''", name="evidence"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "quality IN ('','kept','unknown') AND (quality <> 'unknown' OR quality_why <> '') "
            "AND (state NOT IN ('verified','banked') OR quality <> '')",
            name="quality",
        ),
        CheckConstraint("(state = 'refused') = (refused_why <> '')", name="why"),
        CheckConstraint("(state IN ('verified','banked')) = (verified_at IS NOT NULL)", name="verified"),
        CheckConstraint("(state = 'refused') = (refused_at IS NOT NULL)", name="refused"),
        CheckConstraint(
            "(state = 'banked') = (banked_at IS NOT NULL AND budget_code <> '' AND journal <> '')",
            name="banked",
        ),
        CheckConstraint("verified_by IS NULL OR verified_by <> evidenced_by", name="two_people"),
        partial(
            "uq_saving_claim_open",
            "line_id",
            "quarter",
            unique=True,
            where="state IN ('evidenced','verified')",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    line_id: int = Field(foreign_key="saving_line.id", index=True)
    quarter: str = Field(max_length=7, index=True)
    """Such as `2026-Q2`."""
    amount: int = Field(sa_type=BigInteger)
    evidence: str
    """Where the saving can be seen: a ledger line, a contract, a payroll run."""
    attachment_id: int | None = Field(default=None, foreign_key="attachment.id")
    state: str = "evidenced"
    evidenced_at: dt.datetime = Field(sa_type=Moment)
    evidenced_by: int = Field(foreign_key="person.id")
    verified_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    verified_by: int | None = Field(default=None, foreign_key="person.id")
    refused_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    refused_by: int | None = Field(default=None, foreign_key="person.id")
    refused_why: str = ""
    banked_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    banked_by: int | None = Field(default=None, foreign_key="person.id")
    budget_code: str = ""
    """The budget it was taken out of."""
    journal: str = ""
    """The reference of the journal that took it out."""
    quality: str = ""
    """What the measure that must not fall said when it was verified: `kept`, or `unknown`."""
    quality_why: str = ""
    """Why Finance accepted it without a reading of that measure."""


class SavingDestination(Table, table=True):
    """Where a part of a banked saving went (§15.2). Append-only by trigger, and never more in all than was banked."""

    __tablename__ = "saving_destination"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: int | None = Field(default=None, primary_key=True)
    claim_id: int = Field(foreign_key="saving_claim.id", index=True)
    destination: str
    """A key of `destinations` in config/savings.yaml."""
    amount: int = Field(sa_type=BigInteger)
    note: str = ""
    at: dt.datetime = Field(sa_type=Moment)
    by: int = Field(foreign_key="person.id")


class RingFence(Table, table=True):
    """Money of a line's budget that may be spent on nothing else, until a day or until Finance lifts it (§15.1)."""

    __tablename__ = "ring_fence"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
    )

    id: int | None = Field(default=None, primary_key=True)
    line_id: int = Field(foreign_key="saving_line.id", index=True)
    budget_code: str
    amount: int = Field(sa_type=BigInteger)
    why: str
    from_day: dt.date
    until_day: dt.date | None = None
    set_at: dt.datetime = Field(sa_type=Moment)
    set_by: int = Field(foreign_key="person.id")
    lifted_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    lifted_by: int | None = Field(default=None, foreign_key="person.id")
    lifted_why: str = ""


class BenefitsReview(Table, table=True):
    """A look at a closed project's savings, on a day after its end: are they still there, and did quality keep?"""

    __tablename__ = "benefits_review"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        CheckConstraint("(done_on IS NULL) = (done_by IS NULL)", name="done"),
        CheckConstraint("sustained IN ('','yes','partly','no')", name="sustained"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    number: int
    due_on: dt.date = Field(index=True)
    done_on: dt.date | None = None
    done_by: int | None = Field(default=None, foreign_key="person.id")
    sustained: str = ""
    finding: str = ""
