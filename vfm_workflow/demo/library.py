"""The library of measures of the demo council: defined, proposed, signed by two, read month by month, corrected once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

from vfm_workflow.demo.entries import CorrectionEntry, FiguresEntry, LibraryEntry, LibraryFile, Value
from vfm_workflow.demo.replay import Impossible, Replay
from vfm_workflow.domain.calendar import month_end, month_name, year_name
from vfm_workflow.journeys import importing, library, library_readings, library_targets
from vfm_workflow.journeys.import_readings import COLUMNS
from vfm_workflow.reports.sheets import csv_bytes

WORKING_DAY = 4
"""Of the month after, on which the readings of a month come in: a day before the returns are due."""


def entries(replay: Replay) -> Iterator[tuple[dt.date, str, partial[None]]]:
    """Yield (the day, a key of the timetable, what is done) of all that happens to the library."""
    file = replay.data.library
    if file is None:
        return
    for measure in file.measures:
        yield measure.figures[0].proposed, "define", partial(define, replay, file, measure)
        for figures in measure.figures:
            yield figures.proposed, "propose", partial(propose, replay, measure, figures)
            for side, day in (("finance", figures.finance), ("service", figures.service)):
                if day is not None:
                    yield day, "agree", partial(agree, replay, file, measure, figures, side)
    for month in sorted({month for measure in file.measures for month in measure.readings}):
        after = month_end(month) + dt.timedelta(days=1)
        day = replay.home.calendar.nth_working_day(after.year, after.month, WORKING_DAY)
        yield day, "readings", partial(read, replay, file, month)
    for correction in file.corrections:
        yield correction.on, "correct", partial(correct, replay, correction)


def define(replay: Replay, file: LibraryFile, entry: LibraryEntry, at: dt.datetime) -> None:
    """A Head of Service says what is measured; Performance finds how other councils do."""
    with replay.act(f"The measure {entry.code}") as session:
        form = {
            "department": entry.department,
            "code": entry.code,
            "name": entry.name,
            "kind": entry.kind,
            "unit": entry.unit,
            "places": str(entry.places),
            "direction": entry.direction,
            "numerator": entry.numerator,
            "denominator": entry.denominator,
            "tolerance": entry.typed(entry.tolerance),
        }
        library.save(session, replay.home, replay.actor(session, _head(replay, entry)), at, form=form)
        peers = {name: entry.typed(value) for name, value in entry.peers.items()}
        by = replay.actor(session, file.recorder)
        library.save_peers(session, replay.home, entry.code, by, at, peers=peers, source=file.source)


def _head(replay: Replay, entry: LibraryEntry) -> str:
    return next(each.head for each in replay.data.departments if each.code == entry.department)


def propose(replay: Replay, entry: LibraryEntry, figures: FiguresEntry, at: dt.datetime) -> None:
    """The Head of Service proposes a year's baseline and target."""
    with replay.act(f"The figures of {entry.code} for {figures.year}") as session:
        form = {
            "year": year_name(figures.year),
            "baseline": entry.typed(figures.baseline),
            "target": entry.typed(figures.target),
        }
        by = replay.actor(session, _head(replay, entry))
        row = library_targets.set_figures(session, replay.home, entry.code, by, at, form)
        replay.ids[0, "figures", _name(entry, figures)] = row.number


def _name(entry: LibraryEntry, figures: FiguresEntry) -> str:
    return f"{entry.code} {figures.year} {figures.proposed}"


def agree(
    replay: Replay, file: LibraryFile, entry: LibraryEntry, figures: FiguresEntry, side: str, at: dt.datetime
) -> None:
    """One of the two signs."""
    with replay.act(f"{side} signs {entry.code} for {figures.year}") as session:
        by = replay.actor(session, file.finance if side == "finance" else _head(replay, entry))
        number = replay.id_of(0, "figures", _name(entry, figures))
        library_targets.agree(session, replay.home, entry.code, number, side, by, at)


def read(replay: Replay, file: LibraryFile, month: str, at: dt.datetime) -> None:
    """Performance imports the readings of a month from a file."""
    rows = []
    for entry in file.measures:
        if month in entry.readings:
            value, numerator, denominator = _cells(entry, entry.readings[month])
            rows.append((entry.code, month, value, numerator, denominator, ""))
    with replay.act(f"The readings for {month_name(month)}") as session:
        by, data = replay.actor(session, file.recorder), csv_bytes([c.name for c in COLUMNS], rows)
        batch = importing.take(session, replay.home, "readings", f"readings-{month}.csv", data, by, at)
        try:
            importing.apply(session, replay.home, batch, by, at)
        except importing.Refused as refused:
            raise Impossible("; ".join(f"{bad.line}: {bad.said}" for bad in refused.plan.bad)) from refused


def _cells(entry: LibraryEntry, value: Value) -> tuple[str, str, str]:
    """Return value, numerator and denominator as a file has them."""
    if isinstance(value, tuple):
        return "", f"{value[0]}.00", str(value[1])
    return entry.typed(value), "", ""


def correct(replay: Replay, entry: CorrectionEntry, at: dt.datetime) -> None:
    """A Head of Service corrects a month, and says why."""
    with replay.act(f"The correction of {entry.measure}") as session:
        above, below = entry.value
        form = {
            "month": entry.month,
            "numerator": str(above),
            "denominator": str(below),
            "reason": entry.reason,
        }
        by = replay.actor(session, entry.by)
        library_readings.record(session, replay.home, entry.measure, by, at, form)
