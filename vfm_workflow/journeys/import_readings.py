"""Readings of the library's measures from a file."""

from __future__ import annotations

from vfm_workflow.domain.calendar import month_name
from vfm_workflow.domain.csv_sheet import Column, Sheet
from vfm_workflow.journeys import library_readings
from vfm_workflow.journeys.import_plan import Asked, Change, Importer, Plan
from vfm_workflow.journeys.library import key
from vfm_workflow.journeys.library_readings import Book, Read, shown
from vfm_workflow.store import library as store

COLUMNS = (
    Column("measure", "The measure's code in the library", "SS-01", required=True),
    Column("month", "The month, as 2026-10; Oct-26 and 01/10/2026 are taken too", "2026-10", required=True),
    Column(
        "value", "The value without its unit; leave it empty where the next two are given", "", number=True
    ),
    Column("numerator", "Of a unit cost: the cost in pounds", "252450.00", number=True),
    Column("denominator", "Of a unit cost: the number of units", "39600", number=True),
    Column("reason", "Why it is corrected; needed only where the month has another reading already", ""),
)


def plan(asked: Asked, sheet: Sheet) -> Plan:
    """Return what a file of readings would do."""
    found = Plan(sheet.rows, bad=list(sheet.bad))
    book = Book.open(asked.session, asked.home, asked.by, asked.at, "csv")
    good: list[Read] = []
    for line in asked.rows(sheet, found):
        read, problems = book.read(line.cells, line.number)
        if read is None:
            found.refuse(line.number, problems)
            continue
        good.append(read)
        if read.is_known:
            found.known += 1
            continue
        found.take(change_of(line.number, read), correction=read.was is not None)

    def write(asked: Asked, batch: int) -> None:
        assert asked.by is not None
        library_readings.write(asked.session, good, asked.by, asked.at, "csv", batch)

    found.write = write
    return found


def change_of(line: int, read: Read) -> Change:
    """Return what a reading changes, in words."""
    was, measure = read.was, read.measure
    before = shown(measure, was.value, was.numerator, was.denominator) if was is not None else ""
    return Change(line, f"{measure.code}, {month_name(read.period)}", before, read.said, read.reason)


def hold(asked: Asked) -> None:
    """Let nobody else record anything until the transaction ends."""
    store.hold(asked.session, [key(row) for row in store.measures(asked.session)])


IMPORTER = Importer(
    "readings",
    "Readings of measures",
    "What the measures of the library were in a month. The parts of a unit cost are kept beside its value.",
    "figures.import",
    COLUMNS,
    plan,
)
