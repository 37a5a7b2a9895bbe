"""The demo council's data, read from `council/*.yaml` and checked, so that an error names file and line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from vfm_workflow.demo.events import Event
from vfm_workflow.demo.register_data import RegisterFile
from vfm_workflow.documents import Document, Strict, parse_yaml, validate
from vfm_workflow.errors import ConfigError, Problem

FOLDER = Path(__file__).parent / "council"
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


@dataclass(frozen=True)
class CouncilData:
    """Everything of the demo council."""

    departments: Sequence[DepartmentEntry]
    people: Sequence[PersonEntry]
    ideas: Sequence[IdeaEntry]
    projects: Sequence[ProjectFile]
    """In order of number."""
    leavers: Sequence[LeaverEntry] = ()
    deputies: Sequence[DeputyEntry] = ()
    reports: Sequence[ReportEntry] = ()
    register: RegisterFile = field(default_factory=RegisterFile)
    """The way of the savings through Finance."""
    library: LibraryFile | None = None

    def person(self, key: str) -> PersonEntry:
        return next(person for person in self.people if person.key == key)

    def consultee(self, consultation: str) -> str:
        """Return the key of whoever answers a consultation."""
        return next(person.key for person in self.people if person.consults == consultation)


def read(folder: Path = FOLDER) -> CouncilData:
    """Return the demo council's data. Raises ConfigError naming file and line of whatever does not fit."""
    file = _document(folder / "people.yaml")
    people = validate(PeopleFile, file)
    ideas = validate(IdeasFile, _document(folder / "ideas.yaml"))
    issued = _document(folder / "reports.yaml")
    reports = validate(ReportsFile, issued).reports
    documents = [_document(path) for path in sorted((folder / "projects").glob("*.yaml"))]
    projects = [validate(ProjectFile, document) for document in documents]
    register = _document(folder / "register.yaml")
    measured = _document(folder / "library.yaml")
    library = validate(LibraryFile, measured)
    data = CouncilData(
        people.departments,
        people.people,
        ideas.ideas,
        projects,
        people.leavers,
        people.deputies,
        reports,
        validate(RegisterFile, register),
        library,
    )
    problems = [
        *_unknown(file, people),
        *_strangers(issued, reports, people),
        *_no_line(register, data),
        *_unmeasured(measured, library, people),
    ]
    problems += [
        problem
        for document, project in zip(documents, projects, strict=True)
        for problem in _misfits(document, project, data)
    ]
    if problems:
        raise ConfigError(problems)
    return data


def _document(path: Path) -> Document:
    return parse_yaml(path.read_text(encoding="utf-8"), str(path))


def _unknown(document: Document, people: PeopleFile) -> Iterator[Problem]:
    """Yield each name of a leaver, a successor or a deputy that nobody has."""
    known = {person.key for person in people.people}
    used = [
        (("leavers", n), name) for n, row in enumerate(people.leavers) for name in (row.key, row.successor)
    ]
    used += [
        (("deputies", n), name) for n, row in enumerate(people.deputies) for name in (row.person, row.deputy)
    ]
    for where, name in used:
        if name not in known:
            yield document.problem(where, f"there is no `{name}`.", "Correct the name.")


def _strangers(document: Document, reports: Sequence[ReportEntry], people: PeopleFile) -> Iterator[Problem]:
    """Yield each name in the reports that nobody has."""
    known = {person.key for person in people.people}
    for number, report in enumerate(reports):
        for line, comment in enumerate(report.comments):
            if comment.by not in known:
                where = ("reports", number, "comments", line, "by")
                yield document.problem(where, f"there is no `{comment.by}`.", "Correct the name.")


def _no_line(document: Document, data: CouncilData) -> Iterator[Problem]:
    """Yield each line of the register that no project has."""
    known = {(project.number, n) for project in data.projects for n in range(1, len(project.savings) + 1)}
    for part in ("delivered", "claims", "fences", "shares"):
        for number, entry in enumerate(getattr(data.register, part)):
            if (entry.project, entry.line) not in known:
                what = f"project {entry.project} has no line {entry.line}."
                yield document.problem((part, number), what, "Correct the number.")


def _unmeasured(document: Document, library: LibraryFile, people: PeopleFile) -> Iterator[Problem]:
    """Yield each name in the library that nothing has: of a department, of somebody, of a measure."""
    persons, departments = {person.key for person in people.people}, {d.code for d in people.departments}
    used: list[tuple[tuple[str | int, ...], str, set[str]]] = [
        (("finance",), library.finance, persons),
        (("recorder",), library.recorder, persons),
    ]
    used += [(("measures", n), row.department, departments) for n, row in enumerate(library.measures)]
    codes = {row.code for row in library.measures}
    for number, row in enumerate(library.corrections):
        used += [(("corrections", number), row.by, persons), (("corrections", number), row.measure, codes)]
    for where, name, known in used:
        if name not in known:
            yield document.problem(where, f"there is no `{name}`.", "Correct the name.")


def _misfits(document: Document, project: ProjectFile, data: CouncilData) -> Iterator[Problem]:
    """Yield each name that a project uses and nothing has."""
    people = {person.key for person in data.people}
    lessons = {f"{p.number:02d}#{n}" for p in data.projects for n in range(1, len(p.lessons) + 1)}
    lines = {f"{p.number:02d}#{n}" for p in data.projects for n in range(1, len(p.savings) + 1)}
    used: list[tuple[tuple[str | int, ...], str, set[str]]] = [
        (("pm",), project.pm, people),
        (("sponsor",), project.sponsor, people),
        (("begun_by",), project.begun_by or project.pm, people),
    ]
    used += [(("answers", n), a.lesson, lessons) for n, a in enumerate(project.answers)]
    used += [(("lessons", n), lesson.by, people) for n, lesson in enumerate(project.lessons)]
    used += [(("members", n), member.who, people) for n, member in enumerate(project.members)]
    for number, line in enumerate(project.savings):
        used.append((("savings", number), line.cross_check, {measure.key for measure in project.measures}))
        if line.counted_in is not None:
            used.append((("savings", number), line.counted_in.line, lines))
    milestones = {milestone.title for milestone in project.milestones}
    for number, event in enumerate(project.timeline):
        used += [(("timeline", number), person, people) for person in event.people]
        used += [(("timeline", number), title, milestones) for title in event.milestones]
    for where, name, known in used:
        if name not in known:
            yield document.problem(where, f"there is no `{name}`.", "Correct the name.")
