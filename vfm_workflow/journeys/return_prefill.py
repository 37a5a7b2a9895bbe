"""What a month's return begins with, and where each value is from: last month's return, or the library's readings.

A month's own figures are copied only where the manager says that nothing has changed; what is forecast or planned stands
until they say something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vfm_workflow.domain.calendar import month_end, month_name, short_day
from vfm_workflow.domain.money import figure
from vfm_workflow.journeys.return_sheet import Sheet
from vfm_workflow.store.returns import Reported


class Prefilled(NamedTuple):
    """A value that nobody typed yet, as a box holds it, and where it is from, for the person to see."""

    value: str
    source: str


def begin_with(sheet: Sheet) -> dict[str, Prefilled]:
    """Return field → what an untouched return holds: the library's readings, and what was forecast and planned."""
    return {**_forecast(sheet), **_plan(sheet), **_from_library(sheet)}


def unchanged(sheet: Sheet) -> dict[str, Prefilled]:
    """Return field → what a return says for which nothing has changed. What is not in it must be asked."""
    if sheet.last is None:
        return {}
    source = f"from {month_name(sheet.last.period)}"
    said = f"Nothing has changed since the return for {month_name(sheet.last.period)}."
    found = {
        **_figures(sheet),
        "narrative": Prefilled(said, "because you say so here"),
        **begin_with(sheet),
        **_milestones(sheet),
    }
    if sheet.last.spend == 0:
        found["spend"] = Prefilled("0", source)
    if sheet.last.draft.get("no_plan") == "yes" and "action" not in found:
        found["no_plan"] = Prefilled("yes", source)
    return found


def _from_library(sheet: Sheet) -> dict[str, Prefilled]:
    return {
        f"measure_{measure.id}": Prefilled(
            figure(known.value, measure.places),
            f"from the library, recorded by the {known.by} on {short_day(sheet.calendar.today(known.at))}",
        )
        for measure in sheet.facts.measures
        if (known := sheet.library.get(measure.id)) is not None
    }


def _forecast(sheet: Sheet) -> dict[str, Prefilled]:
    """Return what was last forecast for the same financial year."""
    found = {}
    for saving in sheet.facts.savings:
        last = sheet.before(sheet.expected, saving.id)
        if last is not None and _same_year(sheet, last.period):
            found[f"expected_{saving.id}"] = _money(last.value, last.period)
    before = sheet.last
    if before is not None and before.spend_forecast is not None and _same_year(sheet, before.period):
        found["spend_forecast"] = _money(before.spend_forecast, before.period)
    return found


def _same_year(sheet: Sheet, period: str) -> bool:
    return sheet.calendar.financial_year(month_end(period)) == sheet.year


def _money(pence: int, period: str) -> Prefilled:
    return Prefilled(as_typed(pence), f"from {month_name(period)}")


def as_typed(pence: int) -> str:
    """Return whole pence as a box holds them: `26,000` or `26,000.50`."""
    return figure(pence, 2).removesuffix(".00")


def _plan(sheet: Sheet) -> dict[str, Prefilled]:
    """Return the plan of the last return where it was off track. An action whose day has passed needs a new day."""
    last = sheet.last
    if last is None or (last.rag == "green" and last.rag_outlook in (None, "green")):
        return {}
    texts = {"action": last.action, "action_owner": last.action_owner, "beyond_team": last.beyond_team}
    if last.action_by is not None and last.action_by >= sheet.today:
        texts["action_by"] = last.action_by.isoformat()
    return {name: Prefilled(text, f"from {month_name(last.period)}") for name, text in texts.items() if text}


def _figures(sheet: Sheet) -> dict[str, Prefilled]:
    """Return the month's own figures as they were last reported. What a one-off saving delivered is not repeated."""
    found = {}
    places = {measure.id: measure.places for measure in sheet.facts.measures}
    for measure_id, last in _last(sheet, sheet.readings, places).items():
        value = figure(last.value, places[measure_id])
        found[f"measure_{measure_id}"] = Prefilled(value, f"from {month_name(last.period)}")
    lines = {saving.id for saving in sheet.facts.savings if saving.ongoing}
    for line_id, last in _last(sheet, sheet.delivered, dict.fromkeys(lines, 2)).items():
        found[f"saving_{line_id}"] = _money(last.value, last.period)
    return found


def _last(sheet: Sheet, rows: Mapping[int, list[Reported]], wanted: Mapping[int, int]) -> dict[int, Reported]:
    """Return what the last return reported, of some measures or lines; an older figure is not last month's."""
    assert sheet.last is not None
    found = {key: sheet.before(rows, key) for key in wanted}
    return {key: row for key, row in found.items() if row is not None and row.period == sheet.last.period}


def _milestones(sheet: Sheet) -> dict[str, Prefilled]:
    """Return the date of every open milestone that is still to come."""
    return {
        f"milestone_{one.id}": Prefilled(one.forecast.isoformat(), "as it is forecast")
        for one in sheet.open_milestones
        if one.forecast >= sheet.today
    }
