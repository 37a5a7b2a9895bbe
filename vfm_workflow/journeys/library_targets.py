"""A year's baseline and target of a library's measure: proposed, and signed by Finance and the Head of Service (§4.3).

They meet one to one when the budget is prepared. New figures are a new numbered row that needs both again; the old stay.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.forms import parse_measured
from vfm_workflow.domain.library import SIDE_NAMES, SIDES, Side, parse_year
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotAllowed, StaleRevision
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.library import key, measure_of
from vfm_workflow.journeys.reaching import must_reach, reaches
from vfm_workflow.store import figures
from vfm_workflow.store import library as store
from vfm_workflow.store.tables import Measure, MeasureAgreement, MeasureTarget

YEARS_AHEAD = 5
"""The plan reaches five years (§4.7)."""


def set_figures(
    session: Session, home: Home, code: str, by: Actor, at: dt.datetime, form: Mapping[str, str]
) -> MeasureTarget:
    """Propose a year's baseline and target; return the row. The same figures once more are no new row.

    Fields, all as typed: year (`2026/27`), baseline, target. What was signed stays beside, and no longer counts once the new
    ones are signed by both. Raises BadInput naming each bad field, NotFound or NotAllowed.
    """
    row = measure_of(session, code)
    must_reach(home, by, "library.edit", row.department or "", "set the figures")
    _refuse_retired(row)
    fields = Fields(form)
    year = fields.read(
        "year", "The financial year", parse_year, required="Say which financial year it is for"
    )
    parse = partial(parse_measured, unit=row.unit, places=row.places)
    baseline = fields.read("baseline", "The baseline", parse, required="Give the baseline")
    target = fields.read("target", "The target", parse, required="Give the target")
    this_year = home.calendar.financial_year(home.calendar.today(at))
    if year is not None and year > this_year + YEARS_AHEAD:
        fields.refuse(
            "year", f"The plan reaches {year_name(this_year + YEARS_AHEAD)}: choose an earlier year"
        )
    fields.finish()
    assert year is not None and baseline is not None and target is not None
    store.hold(session, [key(row)])
    known = figures.targets(session, key(row))
    newest = next((each for each in reversed(known) if each.year == year), None)
    if newest is not None and (newest.baseline, newest.target) == (baseline, target):
        return newest
    number = max((each.number for each in known), default=0) + 1
    new = MeasureTarget(
        measure_id=key(row), number=number, baseline=baseline, target=target, at=at, by=by.id, year=year
    )
    session.add(new)
    session.flush()
    return new


def agree(
    session: Session, home: Home, code: str, number: int, side: str, by: Actor, at: dt.datetime
) -> bool:
    """Sign figures for one side, `finance` or `service`; return whether both have signed now.

    Raises NotFound, NotAllowed (not theirs to sign, signed for the other side already, or retired), or StaleRevision where
    newer figures stand for the year.
    """
    row = measure_of(session, code)
    chosen: Side | None = next((each for each in SIDES if each == side), None)
    if chosen is None:
        raise NotAllowed("Figures are signed for Finance or for the Head of Service.")
    must_reach(
        home,
        by,
        f"library.agree_{chosen}",
        row.department or "",
        f"sign for {SIDE_NAMES[chosen]} in the measures",
    )
    _refuse_retired(row)
    store.hold(session, [key(row)])
    known = store.targets(session, [key(row)]).get(key(row), [])
    asked = next((each for each in known if each.number == number), None)
    if asked is None:
        raise NotAllowed(f"{row.code} has no figures {number}.")
    newest = max(each.number for each in known if each.year == asked.year)
    if newest != number:
        raise StaleRevision(f"Newer figures stand for {year_name(asked.year)}. Look at them first.")
    signed = store.agreements(session, [key(row)]).get((key(row), number), {})
    if chosen not in signed:
        if any(each.by == by.id for each in signed.values()):
            raise NotAllowed("You have signed for the other side: two people agree a year's figures.")
        session.add(MeasureAgreement(measure_id=key(row), number=number, side=chosen, by=by.id, at=at))
        session.flush()
    return {*signed, chosen} == set(SIDES)


def may_sign(home: Home, by: Actor, row: Measure, signed: Mapping[str, store.Signed]) -> list[Side]:
    """Return the sides for which `by` may sign what has these sign-offs."""
    if row.retired_on is not None or any(each.by == by.id for each in signed.values()):
        return []
    return [
        side
        for side in SIDES
        if side not in signed and reaches(home, by, f"library.agree_{side}", row.department or "")
    ]


def _refuse_retired(row: Measure) -> None:
    if row.retired_on is not None:
        raise NotAllowed(f"{row.code} is retired: nothing new is agreed for it.")
