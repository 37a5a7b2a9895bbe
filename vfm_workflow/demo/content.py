"""The demo council's data, read from `council/*.yaml` and checked, so that an error names file and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vfm_workflow.demo.entries import (
    DepartmentEntry,
    DeputyEntry,
    IdeaEntry,
    IdeasFile,
    LeaverEntry,
    LibraryFile,
    PeopleFile,
    PersonEntry,
    ProjectFile,
    ReportEntry,
    ReportsFile,
)
from vfm_workflow.demo.register_data import RegisterFile
from vfm_workflow.documents import Document, parse_yaml, validate
from vfm_workflow.errors import ConfigError, Problem

FOLDER = Path(__file__).parent / "council"


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
