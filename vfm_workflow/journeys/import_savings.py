"""What savings delivered by month, from a file: the general ledger often knows before the project manager does (§15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name
from vfm_workflow.domain.csv_sheet import Column, Line, Sheet
from vfm_workflow.domain.library import parse_month
from vfm_workflow.domain.money import parse_pounds, pounds
from vfm_workflow.errors import VfmError
from vfm_workflow.journeys import return_months
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.import_plan import Asked, Change, Importer, Plan
from vfm_workflow.journeys.import_projects import ProjectFile
from vfm_workflow.store import history, projects
from vfm_workflow.store import imports as store
from vfm_workflow.store import returns as return_store
from vfm_workflow.store.returns import Reported
from vfm_workflow.store.tables import Project, SavingLine

COLUMNS = (
    Column("project", "The project's reference", "VFM-0001", required=True),
    Column(
        "saving",
        "The line's title as on the project's page, or its number there",
        "Fewer rounds",
        required=True,
    ),
    Column("month", "The month, as 2026-10; Oct-26 and 01/10/2026 are taken too", "2026-10", required=True),
    Column(
        "delivered",
        "Pounds delivered in the month; 0 where nothing was",
        "6500.00",
        required=True,
        number=True,
    ),
    Column("reason", "Why it is corrected; needed only where the month has another amount already", ""),
)


@dataclass
class Lines:
    """A project's lines of savings with what was delivered, read once a file."""

    rows: Sequence[SavingLine]
    known: Mapping[int, list[Reported]]

    @classmethod
    def of(cls, session: Session, project: Project) -> Lines:
        """Return those of a project."""
        key = projects.key(project)
        return cls(store.lines(session, key), return_store.delivered(session, key, "9999-12"))

    def find(self, fields: Fields, reference: str) -> SavingLine | None:
        """Return the line that a cell names by its title or number, or refuse it."""
        typed = " ".join(fields.typed.get("saving", "").split()).casefold()
        found = [row for n, row in enumerate(self.rows, 1) if typed in (row.title.casefold(), str(n))]
        if len(found) == 1:
            return found[0]
        if found:
            fields.refuse(
                "saving", f"{reference} has {len(found)} savings of that title: give the line's number"
            )
            return None
        listed = "; ".join(f"{n} {row.title}" for n, row in enumerate(self.rows, 1)) or "none yet"
        fields.refuse("saving", f"{reference} has no such saving. It has: {listed}")
        return None


@dataclass
class Amounts:
    """What is to be written for one project."""

    project: Project
    rows: list[tuple[SavingLine, str, int, Reported | None, str]] = field(default_factory=list)
    """Line, month, whole pence, what counts now, and why it is corrected."""


def plan(asked: Asked, sheet: Sheet) -> Plan:
    """Return what a file of delivered savings would do."""
    found = Plan(sheet.rows, bad=list(sheet.bad))
    open_file = ProjectFile(asked)
    lines: dict[int, Lines] = {}
    seen: dict[tuple[int, str], int] = {}
    good: dict[int, Amounts] = {}
    for line in asked.rows(sheet, found):
        fields = Fields(line.cells)
        project = open_file.of(fields)
        if project is not None:
            key = projects.key(project)
            if key not in lines:
                lines[key] = Lines.of(asked.session, project)
            _row(asked, line, fields, project, lines[key], seen, good, found)
        found.refuse(line.number, fields.problems)

    def write(asked: Asked, batch: int) -> None:
        for amounts in good.values():
            _write(asked, batch, amounts)

    found.write = write
    return found


def _row(
    asked: Asked,
    line: Line,
    fields: Fields,
    project: Project,
    lines: Lines,
    seen: dict[tuple[int, str], int],
    good: dict[int, Amounts],
    found: Plan,
) -> None:
    saving = lines.find(fields, project.reference)
    month = fields.read("month", "The month", parse_month)
    pence = fields.read("delivered", "The amount", parse_pounds)
    reason = fields.line("reason", "The reason", most=500)
    if month is not None:
        _refuse_month(asked, fields, project, month)
    if saving is None or saving.id is None or month is None or pence is None or fields.problems:
        return
    before = seen.setdefault((saving.id, month), line.number)
    if before != line.number:
        fields.refuse("month", f"“{saving.title}” has {month_name(month)} in line {before} already: keep one")
        return
    was = next((row for row in lines.known.get(saving.id, []) if row.period == month), None)
    if was is not None and was.value == pence:
        found.known += 1
        return
    if was is not None and not reason:
        said = f"{month_name(month)} is {pounds(was.value)} already: say why it is corrected, or leave it out"
        fields.refuse("reason", said)
        return
    amounts = good.setdefault(projects.key(project), Amounts(project))
    amounts.rows.append((saving, month, pence, was, reason))
    what = f"{project.reference} “{saving.title}”, {month_name(month)}"
    change = Change(line.number, what, pounds(was.value) if was is not None else "", pounds(pence), reason)
    found.take(change, correction=was is not None)


def _refuse_month(asked: Asked, fields: Fields, project: Project, month: str) -> None:
    """Refuse a month for which nothing is reported, and one whose return is in: that is its manager's word (§6.1)."""
    try:
        return_months.refuse_unexpected(asked.session, asked.home, project, month, asked.at)
    except VfmError as error:
        fields.refuse("month", str(error))
        return
    row = return_store.find(asked.session, projects.key(project), month)
    if row is not None and row.state != "draft":
        said = f"The return of {project.reference} for {month_name(month)} is {row.state}"
        fields.refuse(
            "month", f"{said}. Its Head of Service sends it back first, then its manager corrects it"
        )


def _write(asked: Asked, batch: int, amounts: Amounts) -> None:
    assert asked.by is not None
    for saving, month, pence, was, _ in amounts.rows:
        number = was.number + 1 if was is not None else 1
        store.add_delivered(asked.session, saving, month, number, pence, asked.by.id, asked.at, batch)
    asked.session.flush()
    detail = {
        "file": asked.name,
        "batch": batch,
        "delivered": {
            f"{saving.title}, {month_name(month)}": [
                pounds(was.value) if was is not None else "",
                pounds(pence),
            ]
            for saving, month, pence, was, _ in amounts.rows
        },
    }
    why = "; ".join(dict.fromkeys(reason for *_, reason in amounts.rows if reason))
    history.record(
        asked.session, amounts.project, history.Entry("savings_imported", asked.by, asked.at, why, detail)
    )


IMPORTER = Importer(
    "savings",
    "Savings delivered",
    "What each line of savings delivered in a month. It fills the project's next return, which its manager still submits.",
    "figures.import",
    COLUMNS,
    plan,
)
