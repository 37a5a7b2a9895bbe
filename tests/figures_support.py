"""What the tests of plans, figures and returns share: a council's project, and what its people type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from tests.people import Council
from vfm_workflow.domain.money import pounds
from vfm_workflow.journeys import planning, returns
from vfm_workflow.store import facts, history, projects
from vfm_workflow.store.tables import Measure, MonthlyReturn, PlanRow, SavingLine

OWNED = {"action_owner": "Waste Project Manager", "action_by": "2026-12-18"}
"""Who sees to an action and by when: asked for wherever there is one (§15.2)."""
EMPTY_ELEMENT = dict.fromkeys(
    ("title", "scope", "method", "who", "hours", "target", "gain_low", "gain_high", "gain"), ""
)
MEASURE = {
    "name": "Satisfied residents",
    "kind": "performance",
    "unit": "%",
    "places": "1",
    "direction": "higher",
    "baseline": "71",
    "target": "78.5",
}
SAVING = {
    "title": "Fuel",
    "cashable": "yes",
    "ongoing": "yes",
    "budget_code": "ss-4300",
    "expected_2026": "12,000",
    "expected_2027": "24000",
    "low_2027": "20000",
    "high_2027": "30000",
    "cost_2026": "£5,000",
}


def element(council: Council, reference: str, by: str = "manager", **form: str) -> PlanRow:
    with council.app.write() as session:
        return planning.save_element(
            session,
            council.home,
            reference,
            council.actor(session, by),
            council.at,
            form={**EMPTY_ELEMENT, **form},
        )


def measure(
    council: Council, reference: str, by: str = "manager", measure_id: int | None = None, **form: str
) -> Measure:
    with council.app.write() as session:
        return planning.save_measure(
            session,
            council.home,
            reference,
            council.actor(session, by),
            council.at,
            measure_id=measure_id,
            form={**MEASURE, **form},
        )


def saving(
    council: Council, reference: str, by: str = "manager", line_id: int | None = None, **form: str
) -> SavingLine:
    with council.app.write() as session:
        return planning.save_saving(
            session,
            council.home,
            reference,
            council.actor(session, by),
            council.at,
            line_id=line_id,
            form={**SAVING, **form},
        )


def known(session: Session, council: Council, reference: str, *parts: str) -> Any:
    """Return a project's facts."""
    project = projects.by_reference(session, reference)
    today = council.home.calendar.today(council.at)
    return facts.load(session, project, parts, council.home.calendar, council.home.outline, today)


def events(council: Council, reference: str) -> list[str]:
    """Return the events of a project's history, oldest first."""
    with council.app.read() as session:
        project = projects.by_reference(session, reference)
        return [row.event for row in reversed(history.of(session, project.id or 0))]


def ids(council: Council, reference: str) -> tuple[list[int], list[int], list[int]]:
    """Return the ids of a project's measures, savings and milestones."""
    with council.app.read() as session:
        found = known(session, council, reference, "measures", "savings", "milestones")
    return tuple([row.id for row in rows] for rows in (found.measures, found.savings, found.milestones))  # type: ignore[return-value]  # three parts


def typed(council: Council, reference: str, **changes: str) -> dict[str, str]:
    """Return a return that is well filled in; `changes` name a field, or `cost`, `missed`, `saved`, `forecast`, `done`."""
    measures, savings, _ = ids(council, reference)
    milestones = [row for row in council.milestones(reference) if row.done_on is None]
    names = {
        "cost": f"measure_{measures[0]}",
        "missed": f"measure_{measures[1]}",
        "saved": f"saving_{savings[0]}",
    }
    form = {
        names["cost"]: "70.50",
        names["missed"]: "88",
        names["saved"]: "6,666.67",
        "narrative": "Two rounds merged.",
        "action": "",
        "spend": "1,200",
        "days_used": "8",
    }
    form |= _forecasts(council, reference)
    if milestones:
        first = milestones[0]
        names.update(forecast=f"milestone_{first.id}", done=f"done_{first.id}", done_on=f"done_on_{first.id}")
    form.update({f"milestone_{row.id}": row.forecast.isoformat() for row in milestones})
    form |= {names.get(name, name): value for name, value in changes.items()}
    return {**OWNED, **form} if form["action"].strip() else form


def _forecasts(council: Council, reference: str) -> dict[str, str]:
    """What each saving is expected to deliver in the year: what its profile says."""
    with council.app.read() as session:
        savings = known(session, council, reference, "savings").savings
    year = council.home.calendar.financial_year(council.home.calendar.today(council.at))
    return {
        f"expected_{one.id}": pounds(expected)
        for one in savings
        for y, _, expected, _ in one.years
        if y == year
    }


def submit(
    council: Council,
    reference: str,
    period: str,
    by: str = "manager",
    form: Mapping[str, str] | None = None,
    **changes: str,
) -> MonthlyReturn:
    wanted = typed(council, reference, **changes) if form is None else form
    with council.app.write() as session:
        return returns.submit(
            session, council.home, reference, period, council.actor(session, by), council.at, wanted
        )


def the_return(council: Council, reference: str, period: str) -> MonthlyReturn:
    with council.app.read() as session:
        project = projects.by_reference(session, reference)
        query = select(MonthlyReturn).where(
            col(MonthlyReturn.project_id) == project.id, col(MonthlyReturn.period) == period
        )
        return session.scalars(query).one()


def moment(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 9, 0, tzinfo=dt.UTC)
