"""What a month's return asks of a project, and what was typed into it: read, or refused field by field (§6.1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.calendar import Calendar, month_end, month_name, short_day
from vfm_workflow.domain.facts import Facts, MilestoneFact
from vfm_workflow.domain.forms import parse_date, parse_days, parse_measured
from vfm_workflow.domain.money import parse_pounds, pounds
from vfm_workflow.domain.profile import cost_in, expected_in, months_so_far
from vfm_workflow.journeys import gate, library
from vfm_workflow.journeys.fields import YES_NO, Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.library import Imported
from vfm_workflow.store import forecasts, projects
from vfm_workflow.store import returns as store
from vfm_workflow.store.returns import Reported
from vfm_workflow.store.tables import MonthlyReturn, Project

TICKED: Mapping[str, bool] = {**YES_NO, "": False}
TEXTS = (
    "narrative",
    "action",
    "action_owner",
    "action_by",
    "no_plan",
    "beyond_team",
    "spend",
    "spend_forecast",
    "days_used",
)
FIGURES = ("measure", "saving", "expected")
_NUMBERED = re.compile(r"^(measure|saving|expected|milestone|done|done_on)_\d+$", re.ASCII)


@dataclass(frozen=True)
class Sheet:
    """A project in a month, as its return sees it. Amounts are whole pence, values steps of a measure's unit."""

    project: Project
    period: str
    today: dt.date
    calendar: Calendar
    facts: Facts
    readings: Mapping[int, list[Reported]]
    delivered: Mapping[int, list[Reported]]
    expected: Mapping[int, list[Reported]]
    """What each month's return expected a line to deliver by the end of that month's financial year."""
    spent_before: int | None
    """Spent in the months of this financial year before this one; None where no return says anything."""
    last: MonthlyReturn | None
    """The newest return before this month that was submitted."""
    library: Mapping[int, Imported]
    """What the library knows of the month, by the project's own measure."""

    @property
    def year(self) -> int:
        """The financial year of the month."""
        return self.calendar.financial_year(month_end(self.period))

    @property
    def year_end(self) -> dt.date:
        """The last day of that year."""
        return month_end(self.calendar.quarter_months(f"{self.year}-Q4")[-1])

    @property
    def allowed(self) -> int | None:
        """What achieving the savings was to cost in that year; None where nobody estimated it."""
        return cost_in(self.facts.savings, self.year)

    @property
    def open_milestones(self) -> list[MilestoneFact]:
        return [milestone for milestone in self.facts.milestones if milestone.done_on is None]

    def in_month(self, rows: Mapping[int, list[Reported]]) -> dict[int, Reported]:
        """Return what was reported for the month itself, by measure or line."""
        return {key: months[-1] for key, months in rows.items() if months[-1].period == self.period}

    def before(self, rows: Mapping[int, list[Reported]], key: int) -> Reported | None:
        """Return what was reported last before the month, of one measure or line."""
        return next((row for row in reversed(rows.get(key, [])) if row.period < self.period), None)

    def fields(self) -> set[str]:
        """Return the name of every field of the return."""
        names = {f"measure_{m.id}" for m in self.facts.measures}
        names |= {f"{part}_{s.id}" for s in self.facts.savings for part in ("saving", "expected")}
        parts = ("milestone", "done", "done_on")
        return {*TEXTS, *names, *(f"{part}_{m.id}" for m in self.open_milestones for part in parts)}


@dataclass(slots=True)
class Filled:
    """What was typed, as far as it could be read."""

    readings: dict[int, int] = field(default_factory=dict)
    delivered: dict[int, int] = field(default_factory=dict)
    expected: dict[int, int] = field(default_factory=dict)
    forecasts: dict[int, dt.date] = field(default_factory=dict)
    done: dict[int, dt.date] = field(default_factory=dict)
    narrative: str = ""
    action: str = ""
    action_owner: str = ""
    action_by: dt.date | None = None
    no_plan: bool = False
    beyond_team: str = ""
    spend: int | None = None
    spend_forecast: int | None = None
    days_used: int | None = None


def load(session: Session, home: Home, project: Project, period: str, at: dt.datetime) -> Sheet:
    """Return what the return for `period` asks of a project, with what was reported up to then."""
    known = gate.load_facts(session, home, project, {"measures", "savings", "milestones"}, at)
    key = projects.key(project)
    return Sheet(
        project,
        period,
        home.calendar.today(at),
        home.calendar,
        known,
        store.readings(session, key, period),
        store.delivered(session, key, period),
        forecasts.expected(session, key, period),
        store.spent(session, key, [m for m in months_so_far(period, home.calendar) if m < period]),
        store.before(session, key, period),
        library.imported_readings(session, key, period),
    )


def read(sheet: Sheet, typed: Mapping[str, str]) -> tuple[Filled, Fields]:
    """Return what was typed, as far as it can be used, and the fields with everything wrong in it."""
    fields, filled = Fields(typed), Filled()
    _read_measures(sheet, fields, filled)
    _read_savings(sheet, fields, filled)
    _read_expected(sheet, fields, filled)
    for milestone in sheet.open_milestones:
        _read_milestone(sheet, milestone, fields, filled)
    filled.narrative = fields.text("narrative", "What happened", required="Say what happened this month")
    _read_spend(sheet, fields, filled)
    filled.days_used = fields.read("days_used", "The days used", parse_days)
    _read_plan(sheet, fields, filled)
    _refuse_unknown(sheet, fields)
    return filled, fields


def _read_measures(sheet: Sheet, fields: Fields, filled: Filled) -> None:
    for measure in sheet.facts.measures:
        last = sheet.before(sheet.readings, measure.id)
        example = last.value if last is not None else measure.target
        parse: Callable[[str], int] = partial(
            parse_measured, unit=measure.unit, places=measure.places, example=example
        )
        required = f"Enter {month_name(sheet.period)}'s figure for “{measure.name}”"
        value = fields.read(f"measure_{measure.id}", measure.name, parse, required=required)
        if value is not None:
            filled.readings[measure.id] = value


def _read_savings(sheet: Sheet, fields: Fields, filled: Filled) -> None:
    for saving in sheet.facts.savings:
        required = f"Enter what “{saving.title}” delivered in {month_name(sheet.period)}, 0 if nothing"
        amount = fields.read(f"saving_{saving.id}", f"“{saving.title}”", parse_pounds, required=required)
        if amount is not None:
            filled.delivered[saving.id] = amount


def _read_expected(sheet: Sheet, fields: Fields, filled: Filled) -> None:
    for saving in sheet.facts.savings:
        year_end = short_day(sheet.year_end)
        profiled = expected_in(saving, sheet.period, sheet.calendar) != 0
        required = (
            f"Enter what “{saving.title}” is expected to have delivered by {year_end}" if profiled else ""
        )
        label = f"What is expected of “{saving.title}”"
        amount = fields.read(f"expected_{saving.id}", label, parse_pounds, required=required)
        if amount is not None:
            filled.expected[saving.id] = amount


def _read_spend(sheet: Sheet, fields: Fields, filled: Filled) -> None:
    """Read what was spent and what the year will cost: asked for where the year was to cost something."""
    asked = bool(sheet.allowed)
    month, year_end = month_name(sheet.period), short_day(sheet.year_end)
    required = f"Enter what was spent in {month} on achieving the savings, 0 if nothing" if asked else ""
    filled.spend = fields.read("spend", "The spend", parse_pounds, required=required)
    required = f"Enter what achieving the savings is expected to have cost by {year_end}" if asked else ""
    filled.spend_forecast = fields.read(
        "spend_forecast", "The spend expected", parse_pounds, required=required
    )
    spent = (sheet.spent_before or 0) + (filled.spend or 0)
    if filled.spend_forecast is not None and filled.spend_forecast < spent:
        said = f"{pounds(spent)} is spent this year already: the whole year cannot cost less"
        fields.refuse("spend_forecast", said)


def _read_plan(sheet: Sheet, fields: Fields, filled: Filled) -> None:
    filled.action = fields.text("action", "What is being done about it")
    filled.no_plan = fields.choice("no_plan", TICKED, "Tick the box or leave it empty") or False
    filled.beyond_team = fields.text("beyond_team", "Why it is beyond the team")
    owner = fields.line("action_owner", "The owner")
    by = fields.read("action_by", "The day it is done by", parse_date)
    if by is not None and by < sheet.today:
        fields.refuse("action_by", f"{short_day(by)} has passed: give the day by which it will be done")
    if filled.action:
        filled.action_owner, filled.action_by = owner, by
    if filled.no_plan and filled.action:
        fields.refuse("no_plan", "You wrote what is being done about it: clear the tick, or clear the text")


def _read_milestone(sheet: Sheet, milestone: MilestoneFact, fields: Fields, filled: Filled) -> None:
    name, title = f"milestone_{milestone.id}", milestone.title
    done_on = fields.read(f"done_on_{milestone.id}", f"The day “{title}” was reached", parse_date)
    done = fields.choice(f"done_{milestone.id}", TICKED, f"Say yes or no: is “{title}” done?")
    if done:
        day = done_on or _day_done(sheet, fields.typed.get(name, ""))
        if day > sheet.today:
            said = f"{short_day(day)} is still to come: give the day “{title}” was reached"
            fields.refuse(f"done_on_{milestone.id}", said)
        else:
            filled.done[milestone.id] = day
        return
    if done_on is not None:
        fields.refuse(
            f"done_on_{milestone.id}", f"Say that “{title}” is done, or clear the day it was reached"
        )
    day_expected = fields.read(
        name, f"The date of “{title}”", parse_date, required=f"Enter when you expect to reach “{title}”"
    )
    if day_expected is not None and day_expected < sheet.today:
        said = f"“{title}” is not done and {short_day(day_expected)} has passed"
        fields.refuse(name, f"{said}: give the date you now expect, or say that it is done")
    elif day_expected is not None:
        filled.forecasts[milestone.id] = day_expected


def _day_done(sheet: Sheet, forecast: str) -> dt.date:
    """Return the day of a milestone that is done without its day: its own date if that has come, else the month's last."""
    last = min(month_end(sheet.period), sheet.today)
    try:
        day = parse_date(forecast)
    except ValueError:
        return last
    return day if day <= sheet.today else last


def _refuse_unknown(sheet: Sheet, fields: Fields) -> None:
    """Refuse a figure for something the return does not ask: it would be lost without a word."""
    known = sheet.fields()
    done = {milestone.id: milestone for milestone in sheet.facts.milestones if milestone.done_on is not None}
    for name in fields.typed:
        if not _NUMBERED.match(name) or name in known:
            continue
        kind, _, number = name.rpartition("_")
        milestone = done.get(int(number)) if len(number) < 16 and kind not in FIGURES else None
        if milestone is not None and milestone.done_on is not None:
            fields.refuse(name, f"“{milestone.title}” was done on {short_day(milestone.done_on)}")
        else:
            what = {"expected": "saving"}.get(kind, kind) if kind in FIGURES else "milestone"
            fields.refuse(name, f"{sheet.project.reference} has no {what} {number}. Load the page again")
