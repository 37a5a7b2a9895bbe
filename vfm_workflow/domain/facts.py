"""What is known of a project at one moment: the only thing a requirement may look at.

`store.facts` fills the parts a requirement says it needs; the others stay empty.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vfm_workflow.domain.calendar import Calendar
from vfm_workflow.domain.outline import OutlineRules


@dataclass(frozen=True, slots=True)
class ConsultationFact:
    key: str
    asked_on: dt.date | None
    answered_on: dt.date | None
    answer: str
    answered_by: str = ""
    """The post of whoever gave the answer, or recorded it for them."""
    how: str = ""
    """`link`, `self` (signed in) or `recorded` (for them, by the project's own people); empty before an answer."""


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """A file that belongs to the outline or the recommendations."""

    document: str
    name: str
    size: int
    """Bytes."""
    digest: str
    exempt: str
    """The paragraph under which it is exempt; empty where it is public."""


@dataclass(frozen=True, slots=True)
class RemarkFact:
    """Finance's advice, or the Board's recommendation, given before a text was frozen."""

    kind: str
    subject: str
    on: dt.date
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class MilestoneFact:
    id: int
    title: str
    baseline: dt.date | None
    first_baseline: dt.date | None
    """The date CMT agreed first; equal to `baseline` unless a decision re-set it."""
    forecast: dt.date
    done_on: dt.date | None
    baselines: tuple[dt.date, ...] = ()
    """Every date CMT agreed, oldest first."""


@dataclass(frozen=True, slots=True)
class PlanElement:
    """One major element of the action plan: the six fields of §10.2."""

    id: int
    title: str
    scope: str
    method: str
    who: str
    hours: int | None
    target: dt.date | None
    gain_low: int | None
    """£ a year in whole pence, the low end of the range."""
    gain_high: int | None
    gain: str
    """Service improvement in words."""


@dataclass(frozen=True, slots=True)
class MeasureFact:
    id: int
    name: str
    kind: str
    """`unit_cost` or `performance`."""
    unit: str
    places: int
    direction: str
    """`lower` or `higher` is better."""
    baseline: int | None
    target: int | None
    tolerance: int = 0
    """How much worse than its baseline a value may be, in steps."""


@dataclass(frozen=True, slots=True)
class SavingFact:
    id: int
    title: str
    cashable: bool
    ongoing: bool
    budget_code: str
    cross_check: str
    years: tuple[tuple[int, int, int, int], ...]
    """(financial year, low, expected, high) in whole pence."""
    costs: tuple[tuple[int, int], ...] = ()
    """(financial year, cost to achieve) in whole pence."""


@dataclass(frozen=True, slots=True)
class ConditionFact:
    id: int
    text: str
    set_on: dt.date
    set_by: str
    discharged_on: dt.date | None


@dataclass(frozen=True, slots=True)
class LessonFact:
    id: int
    project: str
    text: str
    answered: str


@dataclass(frozen=True, slots=True)
class ProposedProfile:
    """Another profile asked for: as CMT agreed it first, as it stands, and as it would be; year → whole pence."""

    id: int
    title: str
    first: Mapping[int, tuple[int, int, int]]
    now: Mapping[int, tuple[int, int, int]]
    proposed: Mapping[int, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class ProposedTarget:
    """Another target asked for, in the measure's smallest steps: as CMT agreed it first, as it stands, and as it would be."""

    id: int
    name: str
    unit: str
    places: int
    baseline: int
    first: int
    now: int
    proposed: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """New dates, profiles and targets asked for: why, and for dates (milestone id, title, from, to) each."""

    reason: str
    changes: tuple[tuple[int, str, dt.date | None, dt.date], ...]
    savings: tuple[ProposedProfile, ...] = ()
    targets: tuple[ProposedTarget, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.changes or self.savings or self.targets)


@dataclass(frozen=True)
class Facts:
    """A project's facts. `today` is the council's date."""

    reference: str
    title: str
    summary: str
    stage: str
    today: dt.date
    calendar: Calendar
    rules: OutlineRules
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Document (`outline`, `recommendations`) → section key → text."""
    exempt: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Document → section key → the paragraph of Schedule 12A by which it is exempt, of those that are."""
    criteria: Mapping[str, str] = field(default_factory=dict)
    consultations: Sequence[ConsultationFact] = ()
    documents: Sequence[DocumentFact] = ()
    remarks: Sequence[RemarkFact] = ()
    milestones: Sequence[MilestoneFact] = ()
    plan: Sequence[PlanElement] = ()
    measures: Sequence[MeasureFact] = ()
    savings: Sequence[SavingFact] = ()
    conditions: Sequence[ConditionFact] = ()
    lessons: Sequence[LessonFact] = ()
    earlier_lessons: Sequence[LessonFact] = ()
    proposal: Proposal | None = None
    unverified_returns: Sequence[str] = ()
    """Months whose return is not verified yet."""
    frozen_digest: str = ""
    """Digest of the text an open decision is on; empty where none is open."""
    current_digest: str = ""
    """Digest the same text would have if it were frozen now."""
