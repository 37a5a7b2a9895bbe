"""Savings: a line's five-year profile, what it must not harm, and where it is counted (§3.8, §4.7, §2.2.7)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.forms import FIRST_YEAR, LAST_YEAR
from vfm_workflow.domain.money import parse_pounds, pounds
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys.fields import YES_NO, Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.measures import agreed_since, measure_of
from vfm_workflow.journeys.writing import writable
from vfm_workflow.store import claims as claim_store
from vfm_workflow.store import figures, history, projects
from vfm_workflow.store.tables import Project, SavingLine, SavingYear

Profile = dict[int, tuple[int, int, int, int]]
"""Financial year → (low, expected, high, cost to achieve), in whole pence."""
AMOUNTS = ("low", "expected", "high", "cost")
AGREED = ("title", "cashable", "ongoing")
_YEAR_FIELD = re.compile(r"^(low|expected|high|cost)_(\d{4})$", re.ASCII)


def line_of(session: Session, project: Project, line_id: int) -> SavingLine:
    """Return a line of the project. Raises NotFound."""
    found = session.get(SavingLine, line_id)
    if found is None or found.project_id != project.id:
        raise NotFound(f"{project.reference} has no such saving.")
    return found


def is_agreed(session: Session, project: Project, line: SavingLine) -> bool:
    """Return whether CMT has approved a text with the line in it: its profile is frozen then (design §4.6)."""
    since = agreed_since(session, project, "savings")
    if since is None:
        return False
    added = figures.saving_added_at(session, projects.key(project), line.id or 0)
    return added is None or added <= since


def save_saving(
    session: Session,
    home: Home,
    reference: str,
    by: Actor,
    at: dt.datetime,
    *,
    line_id: int | None = None,
    form: Mapping[str, str],
) -> SavingLine:
    """Add a line of savings, or change one; return it.

    Fields, all as typed: title, cashable and ongoing (`yes` or `no`), budget_code, cross_check (a measure's id),
    counted_in (the id of another project's line), and for each financial year `low_2026`, `expected_2026`,
    `high_2026`, `cost_2026` in pounds; a year left empty is no part of the profile. Raises BadInput naming every bad
    field, NotFound, or NotAllowed: once CMT has agreed a line, only CMT changes its profile.
    """
    project = writable(session, home, reference, by, "savings", "plan.edit")
    row = None if line_id is None else line_of(session, project, line_id)
    fields = Fields(form)
    values: dict[str, Any] = {
        "title": fields.line("title", "The title", required="Write what is saved"),
        "cashable": fields.choice("cashable", YES_NO, "Choose whether the saving is cashable"),
        "ongoing": fields.choice("ongoing", YES_NO, "Choose whether the saving is ongoing or one-off"),
        "budget_code": fields.line("budget_code", "The budget code", most=40).upper(),
        "cross_check": _cross_check(session, project, fields),
        "counted_in": _counted_in(session, project, row, fields),
    }
    profile = _profile(fields)
    fields.finish()
    before = _stored(session, row)
    if row is not None:
        _refuse_agreed(session, project, row, values, before != profile)
    row, changed = _store(session, project, row, values)
    if before != profile:
        _store_years(session, row, profile)
        changed["profile"] = [_said(before), _said(profile)]
    if changed:
        event = "saving_added" if line_id is None else "saving_changed"
        detail = {"id": row.id, "saving": row.title, "changed": changed}
        history.record(session, project, history.Entry(event, by, at, "", detail))
    return row


def _cross_check(session: Session, project: Project, fields: Fields) -> int | None:
    measure_id = fields.read("cross_check", "The quality check", _row_id)
    if measure_id is None:
        return None
    try:
        measure = measure_of(session, project, measure_id)
    except NotFound:
        fields.refuse("cross_check", "The quality check must be one of the project's own measures")
        return None
    if measure.kind != "performance":
        fields.refuse("cross_check", "The quality check must be a measure of performance, not of cost")
    return measure_id


def _counted_in(session: Session, project: Project, row: SavingLine | None, fields: Fields) -> int | None:
    parent_id = fields.read("counted_in", "The line it is counted in", _row_id)
    if parent_id is None:
        return None
    parent = session.get(SavingLine, parent_id)
    if parent is None or parent.project_id == project.id:
        fields.refuse("counted_in", "Choose a saving of another project to count this one in")
        return None
    if row is not None and row.counted_in != parent_id and claim_store.is_claimed(session, row.id or 0):
        fields.refuse(
            "counted_in",
            f"“{row.title}” is with Finance or banked, so it is counted here. Count “{parent.title}” in this one instead",
        )
    seen = {row.id} if row is not None else set[int | None]()
    while parent is not None:
        if parent.id in seen:
            fields.refuse(
                "counted_in", f"“{parent.title}” is itself counted in this one: neither would be counted"
            )
            break
        seen.add(parent.id)
        parent = session.get(SavingLine, parent.counted_in) if parent.counted_in is not None else None
    return parent_id


def _row_id(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError("must be chosen from the list")
    return int(text)


def _profile(fields: Fields) -> Profile:
    """Return the years that were filled in; low and high are the expected amount where they are left empty."""
    given = {
        int(found[2])
        for name, typed in fields.typed.items()
        if (found := _YEAR_FIELD.match(name)) is not None and typed.strip()
    }
    profile: Profile = {}
    for year in sorted(given):
        name = year_name(year)
        if not FIRST_YEAR <= year <= LAST_YEAR:
            fields.refuse(f"expected_{year}", f"The year must be from {FIRST_YEAR} to {LAST_YEAR}")
            continue
        needed = {"expected": f"Give the amount expected in {name}, 0 if none"}
        low, expected, high, cost = (
            fields.read(
                f"{part}_{year}", f"{_LABELS[part]} in {name}", parse_pounds, required=needed.get(part, "")
            )
            for part in AMOUNTS
        )
        if expected is None:
            continue
        profile[year] = (
            expected if low is None else low,
            expected,
            expected if high is None else high,
            cost or 0,
        )
        _refuse_disorder(fields, year, profile[year])
    return profile


_LABELS = {
    "low": "The low amount",
    "expected": "The amount expected",
    "high": "The high amount",
    "cost": "The cost to achieve",
}


def _refuse_disorder(fields: Fields, year: int, amounts: tuple[int, int, int, int]) -> None:
    low, expected, high, cost = amounts
    name = year_name(year)
    if low > expected:
        fields.refuse(
            f"low_{year}", f"The low amount in {name} must not be more than the {pounds(expected)} expected"
        )
    if high < expected:
        fields.refuse(
            f"high_{year}", f"The high amount in {name} must not be less than the {pounds(expected)} expected"
        )
    if cost < 0:
        fields.refuse(f"cost_{year}", f"The cost to achieve in {name} must not be less than £0")


def _stored(session: Session, row: SavingLine | None) -> Profile:
    rows = figures.years(session, row.id or 0) if row is not None else []
    return {year.year: (year.low, year.expected, year.high, year.cost) for year in rows}


def _refuse_agreed(
    session: Session, project: Project, row: SavingLine, values: Mapping[str, Any], reprofiled: bool
) -> None:
    same = all(getattr(row, name) == values[name] for name in AGREED)
    if (not same or reprofiled) and is_agreed(session, project, row):
        raise NotAllowed(
            f"CMT agreed “{row.title}” with its profile. Only a decision of CMT re-baselines it; its budget code, its "
            "quality check and where it is counted may still change."
        )


def _store(
    session: Session, project: Project, row: SavingLine | None, values: Mapping[str, Any]
) -> tuple[SavingLine, dict[str, Any]]:
    if row is None:
        position = figures.next_position(session, SavingLine, projects.key(project))
        row = SavingLine(project_id=projects.key(project), position=position, **values)
        session.add(row)
        session.flush()
        return row, {name: ["", value] for name, value in values.items()}
    changed = {name: [getattr(row, name), new] for name, new in values.items() if getattr(row, name) != new}
    for name, (_, new) in changed.items():
        setattr(row, name, new)
    session.flush()
    return row, changed


def _store_years(session: Session, row: SavingLine, profile: Profile) -> None:
    assert row.id is not None
    known = {year.year: year for year in figures.years(session, row.id)}
    for year, (low, expected, high, cost) in profile.items():
        found = known.pop(year, None)
        if found is None:
            new = SavingYear(line_id=row.id, year=year, low=low, expected=expected, high=high, cost=cost)
            session.add(new)
        else:
            found.low, found.expected, found.high, found.cost = low, expected, high, cost
    for gone in known.values():
        session.delete(gone)
    session.flush()


def _said(profile: Profile) -> dict[str, dict[str, str]]:
    """Return a profile as the history keeps it: year → amounts in pounds."""
    return {
        year_name(year): dict(zip(AMOUNTS, map(pounds, amounts), strict=True))
        for year, amounts in profile.items()
    }


def remove_saving(
    session: Session, home: Home, reference: str, line_id: int, by: Actor, at: dt.datetime
) -> None:
    """Remove a line that CMT has not agreed and no return has reported. Raises NotAllowed, saying why not."""
    project = writable(session, home, reference, by, "savings", "plan.edit")
    row = line_of(session, project, line_id)
    if is_agreed(session, project, row):
        raise NotAllowed(f"CMT agreed “{row.title}”, so it stays.")
    if figures.has_entries(session, line_id):
        raise NotAllowed(f"Returns have reported “{row.title}”, so it stays.")
    if inside := figures.children(session, line_id):
        raise NotAllowed(
            f"“{inside[0].title}” of another project is counted in “{row.title}”. Change that first."
        )
    for year in figures.years(session, line_id):
        session.delete(year)
    session.flush()
    session.delete(row)
    session.flush()
    entry = history.Entry("saving_removed", by, at, "", {"id": line_id, "saving": row.title})
    history.record(session, project, entry)
