"""The pictures of a project's pages: what they are drawn from is what those pages show beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import product

from sqlmodel import Session

from vfm_workflow.domain.calendar import Calendar, year_name
from vfm_workflow.domain.facts import MilestoneFact
from vfm_workflow.domain.profile import shared_out
from vfm_workflow.domain.texts import within_sentence
from vfm_workflow.reports.drawing.milestones import milestones as milestones_picture
from vfm_workflow.reports.drawing.savings_profile import savings_profile
from vfm_workflow.reports.drawing.scatter import Known, scatter
from vfm_workflow.reports.drawing.trend import trend
from vfm_workflow.reports.model import Picture
from vfm_workflow.store import forecasts, projects
from vfm_workflow.store.tables import Project
from vfm_workflow.web.figure_rows import MeasureRow, SavingRow, Savings
from vfm_workflow.web.visit import Visit

MOST_PAIRS = 4
"""Scatters on a page."""


def milestones(facts: Sequence[MilestoneFact], today: dt.date, calendar: Calendar) -> Picture | None:
    """Return the picture of a project's milestones, None where it has none."""
    if not facts:
        return None
    return milestones_picture("milestones", "Milestones", facts=facts, today=today, calendar=calendar)


def trends(rows: Sequence[MeasureRow]) -> dict[int, Picture]:
    """Return measure id → its months, of each that was reported more than once."""
    return {
        row.fact.id: trend(
            f"trend-{row.fact.id}",
            row.fact.name,
            name=row.fact.name,
            unit=row.fact.unit,
            places=row.fact.places,
            direction=row.fact.direction,
            readings={reading.period: reading.value for reading in row.readings},
            target=row.fact.target,
            peers=[peer.value for peer in row.peers],
        )
        for row in rows
        if len(row.readings) > 1
    }


def scatters(rows: Sequence[MeasureRow], council: str) -> list[Picture]:
    """Return each unit cost against each performance measure of which the same other councils are known (§4.5)."""
    costs = [row for row in rows if row.fact.kind == "unit_cost"]
    performances = [row for row in rows if row.fact.kind == "performance"]
    found = []
    for cost, performance in product(costs, performances):
        first, second = _known(cost), _known(performance)
        if first is None or second is None or not first.peers.keys() & second.peers.keys():
            continue
        key = f"scatter-{cost.fact.id}-{performance.fact.id}"
        title = f"{cost.fact.name} and {within_sentence(performance.fact.name)}"
        found.append(scatter(key, title, council=council, cost=first, performance=second))
    return found[:MOST_PAIRS]


def _known(row: MeasureRow) -> Known | None:
    """Return a measure for a scatter: our newest value or, before any, our baseline. None of no value."""
    ours = row.newest.value if row.newest is not None else row.fact.baseline
    if ours is None:
        return None
    fact, peers = row.fact, {peer.name: peer.value for peer in row.peers}
    return Known(fact.name, fact.unit, fact.places, fact.direction, ours, peers)


def savings_of_year(
    session: Session, visit: Visit, project: Project, savings: Savings | None
) -> Picture | None:
    """Return what the lines counted here delivered against their profile, in the financial year of the last month that ended.

    None where nothing is profiled or delivered in it, or the savings are not shown to who looks.
    """
    if savings is None:
        return None
    calendar, today = visit.home.calendar, visit.today
    year = calendar.financial_year(dt.date.fromisoformat(f"{calendar.month_before(today)}-01"))
    months = [month for quarter in range(1, 5) for month in calendar.quarter_months(f"{year}-Q{quarter}")]
    rows = [row for row in savings.rows if row.counted]
    expected = [row.expected(year) for row in rows]
    delivered = _added_up(rows, months)
    if not any(expected) and not delivered:
        return None
    return savings_profile(
        "savings-profile",
        f"Savings delivered against their profile, {year_name(year)}",
        year=year,
        months=months,
        profiled=[sum(shared_out([amount] * number) for amount in expected) for number in range(1, 13)],
        delivered=delivered,
        missing=_missing(rows, months[: len(delivered)]),
        forecast=_forecast(rows, year, _newest(session, project, months)),
    )


def _added_up(rows: Sequence[SavingRow], months: Sequence[str]) -> list[int]:
    """Return what was delivered by the end of each month, up to the last that anything is reported of."""
    reported = [entry for row in rows for entry in row.delivered if entry.period in months]
    last = max((entry.period for entry in reported), default="")
    return [
        sum(entry.value for entry in reported if entry.period <= month) for month in months if month <= last
    ]


def _missing(rows: Sequence[SavingRow], months: Sequence[str]) -> list[str]:
    """Return those of some months of which no line reports anything."""
    reported = {entry.period for row in rows for entry in row.delivered}
    return [month for month in months if month not in reported]


def _newest(session: Session, project: Project, months: Sequence[str]) -> dict[int, int]:
    """Return line id → what the newest return of these months expects by the end of the year, in whole pence."""
    known = forecasts.expected(session, projects.key(project), months[-1])
    return {line: said[-1].value for line, said in known.items() if said[-1].period in months}


def _forecast(rows: Sequence[SavingRow], year: int, known: Mapping[int, int]) -> int | None:
    """Return the year's forecast, None unless every line that expects something in it has one."""
    needed = {row.line.id for row in rows if row.expected(year) or row.line.id in known}
    if not needed or not needed <= known.keys():
        return None
    return sum(known[line] for line in needed)
