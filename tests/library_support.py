"""What the tests of the library, of imports and of what machines read share: measures, and what people do with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.figures_support import moment
from tests.people import Council
from vfm_workflow.journeys import importing, library, library_readings, library_targets, library_view, tokens
from vfm_workflow.journeys.import_plan import Plan
from vfm_workflow.journeys.library_readings import Read
from vfm_workflow.store.tables import Measure, MeasureTarget

COST = {
    "department": "SS",
    "name": "Cost of collection",
    "kind": "unit_cost",
    "unit": "£ per household",
    "places": "2",
    "direction": "lower",
    "numerator": "Net cost",
    "denominator": "Households",
    "tolerance": "0.50",
}
MISSED = {
    "department": "SS",
    "name": "Missed collections",
    "kind": "performance",
    "unit": "per 100,000",
    "places": "0",
    "direction": "lower",
}
NOVEMBER = moment(2026, 11, 9)
"""A Monday after October's readings could come in."""


def measure(council: Council, by: str = "head", code: str = "", **form: str) -> Measure:
    with council.app.write() as session:
        who = council.actor(session, by)
        typed = {**(COST if not code else {}), **form}
        return library.save(session, council.home, who, council.at, code=code, form=typed)


def figures(
    council: Council, code: str, baseline: str, target: str, year: str = "2026/27", by: str = "head"
) -> MeasureTarget:
    with council.app.write() as session:
        who = council.actor(session, by)
        form = {"year": year, "baseline": baseline, "target": target}
        return library_targets.set_figures(session, council.home, code, who, council.at, form)


def agree(council: Council, code: str, number: int, side: str, by: str) -> bool:
    with council.app.write() as session:
        who = council.actor(session, by)
        return library_targets.agree(session, council.home, code, number, side, who, council.at)


def both(council: Council, code: str, number: int) -> None:
    agree(council, code, number, "finance", "finance")
    agree(council, code, number, "service", "head")


def record(council: Council, code: str, month: str, value: str = "", by: str = "head", **form: str) -> Read:
    with council.app.write() as session:
        who = council.actor(session, by)
        typed = {"month": month, "value": value, **form}
        return library_readings.record(session, council.home, code, who, council.at, typed)


def one(council: Council, code: str, by: str = "chief") -> library_view.Whole:
    with council.app.read() as session:
        return library_view.one(session, council.home, code, council.actor(session, by), council.at)


def stocked(council: Council) -> None:
    """Give Street Scene a cost and a performance measure, agreed for the year, in November 2026."""
    council.at = NOVEMBER
    measure(council)
    measure(council, **MISSED, tolerance="")
    for code, baseline, target in (("SS-01", "71.00", "68.00"), ("SS-02", "92", "60")):
        figures(council, code, baseline, target)
        both(council, code, 1)


def csv_of(head: Sequence[str], *rows: Sequence[str]) -> bytes:
    return "\n".join(",".join(row) for row in (head, *rows)).encode()


READINGS = ("measure", "month", "value", "numerator", "denominator", "reason")


def look(council: Council, kind: str, data: bytes, by: str = "performance") -> Plan:
    with council.app.read() as session:
        who = council.actor(session, by)
        return importing.look(session, council.home, kind, data, who, council.at)


def apply(council: Council, kind: str, data: bytes, by: str = "performance", name: str = "file.csv") -> Plan:
    """Hand a file in and do it. Raises Refused with nothing done."""
    with council.app.write() as session:
        who = council.actor(session, by)
        batch = importing.take(session, council.home, kind, name, data, who, council.at)
        return importing.apply(session, council.home, batch, who, council.at)


def wrong(plan: Plan) -> list[tuple[int, str]]:
    """Return (line, column) of each thing that is wrong, in order."""
    return [(bad["line"], bad["column"]) for bad in plan.result()["problems"]]


def token(council: Council, key: str, scope: str = "read", days: str = "365") -> str:
    """Make a token of somebody's; return it."""
    form: Mapping[str, str] = {"scope": scope, "name": f"{scope} of {key}", "days": days}
    with council.app.write() as session:
        made, _ = tokens.make(session, council.home, council.actor(session, key), council.at, form)
        return made
