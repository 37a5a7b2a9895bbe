"""What the demo council's files may say: a class for each entry of `council/*.yaml`, and for each file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from vfm_workflow.demo.events import Event
from vfm_workflow.documents import Strict

FIRST_YEAR = 2026
"""The first of the five financial years of every savings profile."""

Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
FiveYears = Annotated[tuple[int, ...], Field(min_length=5, max_length=5)]
"""Thousands of pounds in each of the five years."""


class DepartmentEntry(Strict):
    code: str
    name: str
    head: str


class PersonEntry(Strict):
    """A role. Its address is `<key>@` the council's domain."""

    key: str
    name: str
    role: str
    department: str
    consults: str = ""
    """Which consultation of config/outline.yaml they answer."""


class LeaverEntry(Strict):
    """Somebody who leaves, and who takes over what is theirs."""

    key: str
    on: dt.date
    successor: str


class DeputyEntry(Strict):
    """Somebody who stands in for another, as that other has set it on a day before."""

    person: str
    deputy: str
    set_on: dt.date
    from_day: dt.date
    until_day: dt.date


class PeopleFile(Strict):
    departments: tuple[DepartmentEntry, ...]
    people: tuple[PersonEntry, ...]
    leavers: tuple[LeaverEntry, ...] = ()
    deputies: tuple[DeputyEntry, ...] = ()


class ReplyEntry(Strict):
    date: dt.date
    by: str
    text: str


class IdeaEntry(Strict):
    date: dt.date
    by: str
    role: str
    title: str
    text: str
    department: str = ""
    reply: ReplyEntry | None


class IdeasFile(Strict):
    ideas: tuple[IdeaEntry, ...]


class CommentEntry(Strict):
    """What somebody says in a report: for a department, or with an empty one for the whole council."""

    department: str
    by: str
    on: dt.date
    text: str
    exempt: Literal["", "3", "4"] = ""


class AddendumEntry(Strict):
    on: dt.date
    text: str


class ReportEntry(Strict):
    """A report that was issued."""

    kind: str
    key: str
    issued: dt.date
    comments: tuple[CommentEntry, ...] = ()
    addenda: tuple[AddendumEntry, ...] = ()


class ReportsFile(Strict):
    reports: tuple[ReportEntry, ...]


class EvidenceEntry(Strict):
    source: str
    on: dt.date
    group: str
    finding: str


class ConsultationEntry(Strict):
    with_: str = Field(alias="with")
    asked: dt.date
    answered: dt.date | None
    answer: str | None
    stance: str = "comments"


class MeasureEntry(Strict):
    key: str
    name: str
    kind: str
    unit: str
    places: int
    direction: str
    numerator: str
    denominator: str
    baseline: float
    target: float
    peers: Mapping[str, float]
    readings: Mapping[Month, float]

    def typed(self, value: float) -> str:
        """Return a value as somebody types it, with the measure's decimal places."""
        return f"{value:.{self.places}f}"


class CountedIn(Strict):
    """A line found to be counted twice: from `on` it is counted in `line` (`13#1` is project 13's first) alone."""

    line: str = Field(pattern=r"^\d\d#\d$")
    on: dt.date


class SavingEntry(Strict):
    title: str
    cashable: bool
    ongoing: bool
    budget_code: str
    cross_check: str
    low: FiveYears
    expected: FiveYears
    high: FiveYears
    cost_to_achieve: FiveYears
    counted_in: CountedIn | None = None


class PlanEntry(Strict):
    title: str
    scope: str
    method: str
    who: str
    hours: int
    target: dt.date
    gain_low: int
    gain_high: int
    gain: str


class MoveEntry(Strict):
    on: dt.date
    to: dt.date
    why: str


class MilestoneEntry(Strict):
    title: str
    baseline: dt.date
    moves: tuple[MoveEntry, ...]
    done: dt.date | None


class ReturnEntry(Strict):
    submitted: dt.date
    verified: dt.date | None
    narrative: str
    action: str | None
    owner: str = ""
    """Who sees to the action, and by which day."""
    by: dt.date | None = None
    beyond_team: str = ""
    spend: int
    saving: int | tuple[int, ...]
    """Pounds delivered in the month: of each line, or of all together."""
    expected: int | tuple[int, ...] | None = None
    """Pounds expected by the end of the financial year: of each line, or of all together. None: what its profile says."""
    spend_expected: int | None = None
    """Pounds spent by then. None: what the year was to cost, or what is spent already where that is more."""
    days_used: int


class LessonEntry(Strict):
    on: dt.date
    by: str
    text: str


class AnswerEntry(Strict):
    lesson: str = Field(pattern=r"^\d\d#\d$")
    how: str


class MemberEntry(Strict):
    """Somebody added to the project: a partner, a mentor, a member of its Board."""

    on: dt.date
    who: str
    role: str


Value = tuple[int, int] | float
"""A month's reading: whole pounds and units that a unit cost is worked out of, or the value itself."""


class FiguresEntry(Strict):
    """A year's baseline and target: proposed on a day, and signed on those that are there."""

    year: int
    baseline: float
    target: float
    proposed: dt.date
    finance: dt.date | None = None
    service: dt.date | None = None


class LibraryEntry(Strict):
    """A measure of a department's library."""

    code: str
    department: str
    name: str
    kind: str
    unit: str
    places: int
    direction: str
    numerator: str
    denominator: str
    tolerance: float
    figures: tuple[FiguresEntry, ...] = Field(min_length=1)
    peers: Mapping[str, float]
    readings: Mapping[Month, Value]

    def typed(self, value: float) -> str:
        """Return a value as somebody types it, with the measure's decimal places."""
        return f"{value:.{self.places}f}"


class CorrectionEntry(Strict):
    """A month that was found wrong later."""

    measure: str
    month: Month
    value: tuple[int, int]
    on: dt.date
    by: str
    reason: str


class LibraryFile(Strict):
    """Every department's measures, who signs for Finance, and who records."""

    finance: str
    recorder: str
    source: str
    measures: tuple[LibraryEntry, ...]
    corrections: tuple[CorrectionEntry, ...] = ()


class Resources(Strict):
    days: int


class ProjectFile(Strict):
    """One project, from its first day to the demo's."""

    number: int
    title: str
    department: str
    kind: str
    partner: str | None
    priorities: tuple[str, ...]
    pm: str
    begun_by: str | None = None
    """Who managed it first, where they left before anything was written."""
    sponsor: str
    summary: str
    criteria: Mapping[str, str]
    outline: Mapping[str, str]
    evidence: tuple[EvidenceEntry, ...]
    consultations: tuple[ConsultationEntry, ...]
    resources: Resources
    measures: tuple[MeasureEntry, ...]
    savings: tuple[SavingEntry, ...]
    plan: tuple[PlanEntry, ...]
    milestones: tuple[MilestoneEntry, ...]
    timeline: tuple[Event, ...]
    returns: Mapping[Month, ReturnEntry]
    lessons: tuple[LessonEntry, ...]
    answers: tuple[AnswerEntry, ...]
    members: tuple[MemberEntry, ...] = ()

    def day_of(self, do: Literal["create", "write"]) -> dt.date:
        """Return the day of an event that every project has."""
        return next(event.on for event in self.timeline if event.do == do)
