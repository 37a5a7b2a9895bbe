"""Readings of the library's measures: by a form, a file or a program, held to the same rules; corrections beside the first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_end, month_name
from vfm_workflow.domain.forms import parse_count, parse_measured
from vfm_workflow.domain.library import parse_month
from vfm_workflow.domain.money import figure, parse_pounds, pounds
from vfm_workflow.domain.roles import Actor
from vfm_workflow.domain.unit_costs import has_parts, unit_cost
from vfm_workflow.errors import NotAllowed
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.library import key, measure_of
from vfm_workflow.journeys.reaching import reaches
from vfm_workflow.store import library as store
from vfm_workflow.store.library import Counted
from vfm_workflow.store.tables import Measure

MOST_REASON = 500
Source = Literal["form", "csv", "api"]
PERMISSIONS: Mapping[Source, tuple[str, ...]] = {
    "form": ("library.record",),
    "csv": ("figures.import",),
    "api": ("library.record", "figures.import"),
}
"""Of which one is needed, by where a reading comes from."""


@dataclass(frozen=True, slots=True)
class Read:
    """A reading that may be written: a month's first, a correction, or what is known already."""

    measure: Measure
    period: str
    value: int
    numerator: int | None
    denominator: int | None
    reason: str
    was: Counted | None

    @property
    def is_known(self) -> bool:
        """Whether it says what the newest row says already."""
        if self.was is None or self.value != self.was.value:
            return False
        return self.numerator is None or (self.numerator, self.denominator) == (
            self.was.numerator,
            self.was.denominator,
        )

    @property
    def said(self) -> str:
        """Return its value for people, with the parts it was worked out of."""
        return shown(self.measure, self.value, self.numerator, self.denominator)


def shown(measure: Measure, value: int, numerator: int | None, denominator: int | None) -> str:
    """Return a value for people, without its unit: `71.02 (£4,212,000 ÷ 59,310)`."""
    bare = figure(value, measure.places)
    return bare if numerator is None else f"{bare} ({pounds(numerator)} ÷ {denominator:,})"


@dataclass
class Book:
    """What is known of the library while readings are read, so that a file of them asks the database a few times only."""

    home: Home
    by: Actor | None
    """None for a dry run at the command line."""
    at: dt.datetime
    source: Source
    measures: Mapping[str, Measure]
    known: Mapping[int, Mapping[str, Counted]]
    seen: dict[tuple[int, str], int] = field(default_factory=dict)
    """(measure, month) → the line or number of the row that gave it."""

    @classmethod
    def open(
        cls, session: Session, home: Home, by: Actor | None, at: dt.datetime, source: Source, only: str = ""
    ) -> Book:
        """Return the book of the whole library, or of one measure."""
        rows = [measure_of(session, only)] if only else store.measures(session)
        known = store.readings(session, [key(row) for row in rows])
        return cls(home, by, at, source, {row.code or "": row for row in rows}, known)

    def read(self, typed: Mapping[str, str], number: int) -> tuple[Read | None, dict[str, str]]:
        """Return a reading as it was typed, or None and field → what is wrong and what to do.

        Fields: measure (its code), month, value, or numerator (pounds) and denominator (a count), reason.
        """
        fields = Fields(typed)
        measure = self._measure(fields)
        if measure is None:
            return None, fields.problems
        period = fields.read("month", "The month", parse_month, required="Give the month, like 2026-10")
        if period is not None:
            self._refuse_month(fields, measure, period, number)
        value, numerator, denominator = _value(fields, measure)
        reason = fields.line("reason", "The reason", most=MOST_REASON)
        if fields.problems or period is None or value is None:
            return None, fields.problems
        was = self.known.get(key(measure), {}).get(period)
        found = Read(measure, period, value, numerator, denominator, reason, was)
        if was is not None and not found.is_known and not reason:
            before = shown(measure, was.value, was.numerator, was.denominator)
            fields.refuse(
                "reason",
                f"{month_name(period)} is {before} already: say why it is corrected, or leave it out",
            )
        return (None if fields.problems else found), fields.problems

    def _measure(self, fields: Fields) -> Measure | None:
        code = fields.typed.get("measure", "").strip().upper()
        found = self.measures.get(code)
        if not code:
            fields.refuse("measure", "Give the measure's code, like SS-01")
        elif found is None:
            fields.refuse(
                "measure", f"The library has no measure {code[:20]}. Its codes stand on the page Measures"
            )
        elif self.by is not None and not any(
            reaches(self.home, self.by, name, found.department or "") for name in PERMISSIONS[self.source]
        ):
            fields.refuse("measure", f"You may not record {code}: it is {found.department}’s")
            return None
        return found

    def _refuse_month(self, fields: Fields, measure: Measure, period: str, number: int) -> None:
        today = self.home.calendar.today(self.at)
        before = self.seen.setdefault((key(measure), period), number)
        if month_end(period) >= today:
            fields.refuse("month", f"{month_name(period)} is not over yet: a reading is of a whole month")
        elif measure.retired_on is not None and period > f"{measure.retired_on:%Y-%m}":
            fields.refuse(
                "month", f"{measure.code} was retired in {measure.retired_on:%B %Y}: leave this out"
            )
        elif before != number:
            fields.refuse(
                "month", f"{measure.code} has {month_name(period)} in line {before} already: keep one"
            )


def _value(fields: Fields, measure: Measure) -> tuple[int | None, int | None, int | None]:
    """Return (value, numerator, denominator) of what was typed: the value follows from its parts where they are given."""
    parse = partial(parse_measured, unit=measure.unit, places=measure.places)
    parts = [name for name in ("numerator", "denominator") if fields.typed.get(name, "").strip()]
    if not parts:
        return fields.read("value", "The value", parse, required=_lacking(measure)), None, None
    if not has_parts(measure.kind, measure.unit):
        said = f"{measure.code} is given as a value in {measure.unit}: leave this empty"
        for name in parts:
            fields.refuse(name, said)
        return None, None, None
    above = fields.read(
        "numerator", "The cost", parse_pounds, required="Give the cost in pounds, or only the value"
    )
    below = fields.read(
        "denominator",
        "The number of units",
        parse_count,
        required="Give the number of units it is divided by",
    )
    given = fields.read("value", "The value", parse)
    if above is None or below is None:
        return None, None, None
    value = unit_cost(above, below, measure.places)
    if given is not None and given != value:
        worked = figure(value, measure.places)
        fields.refuse(
            "value",
            f"{pounds(above)} ÷ {below:,} is {worked}, not {figure(given, measure.places)}: correct one",
        )
    return value, above, below


def _lacking(measure: Measure) -> str:
    if has_parts(measure.kind, measure.unit):
        return "Give the value, or the cost and the number of units it is divided by"
    return f"Give the value, in {measure.unit}"


def write(
    session: Session, rows: Sequence[Read], by: Actor, at: dt.datetime, source: Source, batch: int | None
) -> int:
    """Write readings that were read in this transaction; return how many. What is known already writes nothing."""
    new = [row for row in rows if not row.is_known]
    store.add_readings(
        session,
        [
            {
                "measure_id": key(row.measure), "period": row.period, "value": row.value, "at": at, "by": by.id,
                "number": row.was.number + 1 if row.was is not None else 1, "numerator": row.numerator,
                "denominator": row.denominator, "source": source, "batch_id": batch, "reason": row.reason,
            }
            for row in new
        ],
    )  # fmt: skip
    return len(new)


def record(
    session: Session, home: Home, code: str, by: Actor, at: dt.datetime, form: Mapping[str, str]
) -> Read:
    """Record a month's reading, or correct one with a reason; return it.

    Fields, all as typed: month, value, or numerator and denominator, reason. Raises BadInput, NotFound or NotAllowed.
    """
    row = measure_of(session, code)
    if not reaches(home, by, "library.record", row.department or ""):
        raise NotAllowed(f"You may not record {row.code}. The Head of Service may, or Performance.")
    store.hold(session, [key(row)])
    book = Book.open(session, home, by, at, "form", row.code or "")
    found, problems = book.read({**form, "measure": row.code or ""}, 1)
    fields = Fields(form)
    fields.problems = problems
    if found is not None and found.is_known:
        fields.refuse("value", f"{month_name(found.period)} is {found.said} already")
    fields.finish()
    assert found is not None
    write(session, [found], by, at, "form", None)
    return found
