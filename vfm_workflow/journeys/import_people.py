"""People from a file: those who join, and another post, role or department of those who are here."""

from __future__ import annotations

from dataclasses import dataclass

from vfm_workflow.domain.addresses import clean_address
from vfm_workflow.domain.csv_sheet import Column, Sheet
from vfm_workflow.errors import BadInput, VfmError
from vfm_workflow.journeys import moving, people
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.import_plan import Asked, Change, Importer, Plan
from vfm_workflow.store import people as store
from vfm_workflow.store.tables import Person

COLUMNS = (
    Column(
        "address", "The work address, which says who it is", "head.of.planning@council.example", required=True
    ),
    Column("post", "The post; never a name", "Head of Planning", required=True),
    Column("role", "The role, by its key or its title", "head_of_service", required=True),
    Column("department", "The department's code; empty for somebody of none", "PE"),
)
BOXES = {
    "name": "post",
    "address": "address",
    "role": "role",
    "department": "department",
    "successor": "role",
}
"""What a form calls it → the column."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody as a row says they are; `known` is who has the address now."""

    address: str
    post: str
    role: str
    department: str
    known: Person | None


def plan(asked: Asked, sheet: Sheet) -> Plan:
    """Return what a file of people would do."""
    found = Plan(sheet.rows, bad=list(sheet.bad))
    seen: dict[str, int] = {}
    good: list[Entry] = []
    for line in asked.rows(sheet, found):
        fields = Fields(line.cells)
        entry = _read(asked, fields)
        before = seen.setdefault(entry.address, line.number)
        if before != line.number:
            fields.refuse("address", f"{entry.address} is in line {before} already: keep one")
        if not fields.problems:
            _take(found, line.number, entry, good)
        found.refuse(line.number, fields.problems)

    def write(asked: Asked, batch: int) -> None:
        for entry in good:
            _write(asked, entry)

    found.write = write
    return found


def _read(asked: Asked, fields: Fields) -> Entry:
    typed = fields.line("address", "The address", required="Give the work address")
    titles = {spec.title.casefold(): key for key, spec in asked.home.roles.items()}
    role = fields.line("role", "The role")
    role = role if role in asked.home.roles else titles.get(role.casefold(), role)
    department = fields.line("department", "The department").upper()
    post = fields.line("post", "The post")
    address = clean_address(typed)
    known = store.with_address(asked.session, address) if address is not None else None
    entry = Entry(address or typed.casefold(), post, role, department, known)
    _refuse(asked, fields, entry)
    return entry


def _refuse(asked: Asked, fields: Fields, entry: Entry) -> None:
    """Say what the same form would."""
    wrong: dict[str, str] = {}
    try:
        if entry.known is None or not entry.known.active:
            people.free_address(asked.session, entry.address, wrong)
            people.check_post(asked.session, asked.home, entry.post, entry.role, entry.department, wrong)
        else:
            moving.refuse_change(
                asked.session, asked.home, entry.known, entry.post, entry.role, entry.department, asked.by
            )
    except BadInput as error:
        wrong |= error.fields
    except VfmError as error:
        wrong["role"] = str(error)
    for box, said in wrong.items():
        fields.refuse(BOXES.get(box, box), said)


def _take(found: Plan, line: int, entry: Entry, good: list[Entry]) -> None:
    now = _said(entry.post, entry.role, entry.department)
    if entry.known is None:
        good.append(entry)
        found.take(Change(line, entry.address, "", now), correction=False)
        return
    was = _said(entry.known.name, entry.known.role, entry.known.department)
    if was == now:
        found.known += 1
        return
    good.append(entry)
    found.take(Change(line, entry.address, was, now), correction=True)


def _said(post: str, role: str, department: str) -> str:
    return ", ".join(part for part in (post, role, department) if part)


def _write(asked: Asked, entry: Entry) -> None:
    session, home, by, at = asked.session, asked.home, asked.by, asked.at
    if entry.known is None:
        people.add_person(
            session, home, address=entry.address, name=entry.post, role=entry.role, department=entry.department, at=at,
            by=by,
        )  # fmt: skip
        return
    moving.change(
        session, home, entry.address, by, at, name=entry.post, role=entry.role, department=entry.department
    )


IMPORTER = Importer(
    "people",
    "People",
    "Who works with projects: a post, a role and a work address. Nobody leaves by a file; that is done on their own page.",
    "people.edit",
    COLUMNS,
    plan,
    unsigned=True,
)
