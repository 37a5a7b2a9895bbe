"""What a month's return asks of a project, and what was typed into it: read, or refused field by field (§6.1)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain import rag
from vfm_workflow.domain.calendar import Calendar, month_end, month_name, short_day
from vfm_workflow.domain.facts import Facts, MilestoneFact
from vfm_workflow.domain.forms import parse_date, parse_days, parse_measured
from vfm_workflow.domain.money import parse_pounds
from vfm_workflow.domain.profile import expected_in, months_so_far, shared_out
from vfm_workflow.journeys import gate
from vfm_workflow.journeys.fields import YES_NO, Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import projects
from vfm_workflow.store import returns as store
from vfm_workflow.store.returns import Reported
from vfm_workflow.store.tables import Project

TICKED: Mapping[str, bool] = {**YES_NO, "": False}
TEXTS = ("narrative", "action", "no_plan", "spend", "days_used")
_NUMBERED = re.compile(r"^(measure|saving|milestone|done|done_on)_\d+$", re.ASCII)


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
        names = {f"measure_{m.id}" for m in self.facts.measures} | {
            f"saving_{s.id}" for s in self.facts.savings
        }
        parts = ("milestone", "done", "done_on")
        return {*TEXTS, *names, *(f"{part}_{m.id}" for m in self.open_milestones for part in parts)}


@dataclass(slots=True)
class Filled:
    """What was typed, as far as it could be read."""

    readings: dict[int, int] = field(default_factory=dict)
    delivered: dict[int, int] = field(default_factory=dict)
    forecasts: dict[int, dt.date] = field(default_factory=dict)
    done: dict[int, dt.date] = field(default_factory=dict)
    narrative: str = ""
    action: str = ""
    no_plan: bool = False
    spend: int | None = None
    days_used: int | None = None


def load(session: Session, home: Home, project: Project, period: str, at: dt.datetime) -> Sheet:
    """Return what the return for `period` asks of a project, with what was reported up to then."""
    known = gate.load_facts(session, home, project, {"measures", "savings", "milestones"}, at)
    return Sheet(
        project,
        period,
        home.calendar.today(at),
        home.calendar,
        known,
        store.readings(session, projects.key(project), period),
        store.delivered(session, projects.key(project), period),
    )


def read(sheet: Sheet, typed: Mapping[str, str]) -> tuple[Filled, Fields]:
    """Return what was typed, as far as it can be used, and the fields with everything wrong in it."""
    fields, filled = Fields(typed), Filled()
    _read_measures(sheet, fields, filled)
    _read_savings(sheet, fields, filled)
    for milestone in sheet.open_milestones:
        _read_milestone(sheet, milestone, fields, filled)
    filled.narrative = fields.text("narrative", "What happened", required="Say what happened this month")
    filled.action = fields.text("action", "What is being done about it")
    filled.no_plan = fields.choice("no_plan", TICKED, "Tick the box or leave it empty") or False
    filled.spend = fields.read("spend", "The spend", parse_pounds)
    filled.days_used = fields.read("days_used", "The days used", parse_days)
    if filled.no_plan and filled.action:
        fields.refuse("no_plan", "You wrote what is being done about it: clear the tick, or clear the text")
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
        milestone = done.get(int(number)) if len(number) < 16 and kind not in ("measure", "saving") else None
        if milestone is not None and milestone.done_on is not None:
            fields.refuse(name, f"“{milestone.title}” was done on {short_day(milestone.done_on)}")
        else:
            what = kind if kind in ("measure", "saving") else "milestone"
            fields.refuse(name, f"{sheet.project.reference} has no {what} {number}. Load the page again")


def judge(rules: rag.RagRules, sheet: Sheet, filled: Filled) -> rag.Verdict:
    """Return the colour a return would have with what was typed, and why."""
    milestones = [
        dataclasses.replace(
            milestone,
            forecast=filled.forecasts.get(milestone.id, milestone.forecast),
            done_on=filled.done.get(milestone.id, milestone.done_on),
        )
        for milestone in sheet.facts.milestones
    ]
    return rag.judge(rules, milestones, _to_date(sheet, filled), filled.action, sheet.today, sheet.calendar)


def _to_date(sheet: Sheet, filled: Filled) -> rag.Delivered:
    """Return delivered against profiled over the months reported this year: a missing return is chased, not judged."""
    months = months_so_far(sheet.period, sheet.calendar)
    amounts, expected, reported = 0, list[int](), set[str]()
    for saving in sheet.facts.savings:
        known = {row.period: row.value for row in sheet.delivered.get(saving.id, [])}
        known.pop(sheet.period, None)
        if saving.id in filled.delivered:
            known[sheet.period] = filled.delivered[saving.id]
        for month in months:
            if month in known:
                amounts += known[month]
                expected.append(expected_in(saving, month, sheet.calendar))
                reported.add(month)
    since = month_name(min(reported)) if reported else ""
    return rag.Delivered(amounts, shared_out(expected), since)
