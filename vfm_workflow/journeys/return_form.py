"""A month's return as a page shows it: what was typed, what was last reported, and the colour it has or would have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name
from vfm_workflow.domain.facts import MeasureFact, MilestoneFact, SavingFact
from vfm_workflow.domain.forms import DateParts, date_parts
from vfm_workflow.domain.money import figure
from vfm_workflow.domain.monthly import State
from vfm_workflow.domain.profile import SHARED_OUT, expected_in, months_so_far, shared_out
from vfm_workflow.domain.rag import Colour, Verdict, recalled
from vfm_workflow.journeys import return_months, return_prefill, return_seen, return_sheet
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.return_prefill import Prefilled
from vfm_workflow.journeys.return_sheet import TICKED, Sheet
from vfm_workflow.store import projects
from vfm_workflow.store import returns as store
from vfm_workflow.store.tables import MonthlyReturn, Project


@dataclass(frozen=True, slots=True)
class MeasureBox:
    """The box for a measure's figure."""

    field: str
    measure: MeasureFact
    typed: str
    last: str
    """The figure last reported, without its unit; empty where there is none."""
    last_month: str
    baseline: str
    target: str


@dataclass(frozen=True, slots=True)
class SavingBox:
    """The box for what a saving delivered. Amounts are whole pence."""

    field: str
    saving: SavingFact
    typed: str
    profile: int
    """This month's share of the year: see `ReturnForm.profile_note`."""
    last: int | None
    last_month: str
    expected_field: str
    """The box for what it is expected to have delivered by the end of the financial year."""
    expected_typed: str
    year_profile: int
    """What the profile expects of the whole year."""
    delivered_before: int
    """Delivered in the months of the year before this one."""


@dataclass(frozen=True, slots=True)
class MilestoneBox:
    """The boxes for an open milestone: when it is expected, or that it is done."""

    field: str
    milestone: MilestoneFact
    parts: DateParts
    done_field: str
    done: bool
    done_on_field: str
    done_on: DateParts


@dataclass(frozen=True)
class ReturnForm:
    """A return with everything a page needs."""

    project: Project
    period: str
    month: str
    due: dt.date
    state: State
    measures: Sequence[MeasureBox]
    savings: Sequence[SavingBox]
    milestones: Sequence[MilestoneBox]
    narrative: str
    action: str
    action_owner: str
    action_by: DateParts
    no_plan: bool
    beyond_team: str
    spend: str
    spend_forecast: str
    days_used: str
    year_end: dt.date
    allowed: int | None
    """What achieving the savings was to cost in the year, in whole pence; None where nobody estimated it."""
    spent_before: int | None
    """Spent in the months of the year before this one, in whole pence."""
    marks: Mapping[str, str]
    """Field → where its value is from, of those nobody has typed over."""
    last_month: str
    """The month of the newest return before this one; empty where there is none."""
    verdict: Verdict
    """Of a return that is in, its colour and why; of one being written, what it would be if it were sent as it is."""
    previous_rag: str | None
    sent_back_why: str
    submitted_by: str
    submitted_at: dt.datetime | None
    verified_by: str
    verified_at: dt.datetime | None
    revision: int
    """The project's revision, for `submit` to tell whether it changed meanwhile."""
    profile_note: str = SHARED_OUT


def form(
    session: Session,
    home: Home,
    reference: str,
    period: str,
    at: dt.datetime,
    *,
    typed: Mapping[str, str] | None = None,
) -> ReturnForm:
    """Return the return for `period` as a page shows it. `typed` is what a refused form held; without it, the draft.

    Raises NotFound where the project or the month does not exist or no return is expected.
    """
    project = projects.by_reference(session, reference)
    return_months.refuse_unexpected(session, home, project, period, at)
    row = store.find(session, projects.key(project), period)
    sheet = return_sheet.load(session, home, project, period, at)
    begun = return_prefill.begin_with(sheet) if row is None or row.state == "draft" else {}
    held = _held(typed, row, begun)
    people = [row.submitted_by, row.verified_by] if row is not None else []
    who = projects.names(session, [person for person in people if person is not None])
    return ReturnForm(
        project=project,
        period=period,
        month=month_name(period),
        due=home.calendar.return_due(period),
        state=return_months.state_of(row),
        measures=[_measure(sheet, measure, held) for measure in sheet.facts.measures],
        savings=[_saving(sheet, saving, held) for saving in sheet.facts.savings],
        milestones=[_milestone(milestone, held) for milestone in sheet.open_milestones],
        narrative=held.get("narrative", ""),
        action=held.get("action", ""),
        action_owner=held.get("action_owner", ""),
        action_by=date_parts(held.get("action_by", "")),
        no_plan=TICKED.get(held.get("no_plan", ""), False),
        beyond_team=held.get("beyond_team", ""),
        spend=held.get("spend", ""),
        spend_forecast=held.get("spend_forecast", ""),
        days_used=held.get("days_used", ""),
        year_end=sheet.year_end,
        allowed=sheet.allowed,
        spent_before=sheet.spent_before,
        marks={name: one.source for name, one in begun.items() if held.get(name, "") == one.value},
        last_month=month_name(sheet.last.period) if sheet.last is not None else "",
        verdict=_verdict(session, home, sheet, row, held),
        previous_rag=store.newest_rag(session, projects.key(project), period),
        sent_back_why=row.sent_back_why if row is not None else "",
        submitted_by=who.get(row.submitted_by or 0, "") if row is not None else "",
        submitted_at=row.submitted_at if row is not None else None,
        verified_by=who.get(row.verified_by or 0, "") if row is not None else "",
        verified_at=row.verified_at if row is not None else None,
        revision=project.revision,
    )


def _held(
    typed: Mapping[str, str] | None, row: MonthlyReturn | None, begun: Mapping[str, Prefilled]
) -> dict[str, str]:
    """Return what the boxes hold: what was typed, else the draft, else what the return begins with."""
    if typed is not None:
        return dict(typed)
    draft = dict(row.draft) if row is not None else {}
    return {name: one.value for name, one in begun.items()} | draft


def _measure(sheet: Sheet, measure: MeasureFact, held: Mapping[str, str]) -> MeasureBox:
    def shown(value: int | None) -> str:
        return "" if value is None else figure(value, measure.places)

    name, last = f"measure_{measure.id}", sheet.before(sheet.readings, measure.id)
    return MeasureBox(
        name,
        measure,
        held.get(name, ""),
        shown(last.value) if last is not None else "",
        month_name(last.period) if last is not None else "",
        shown(measure.baseline),
        shown(measure.target),
    )


def _saving(sheet: Sheet, saving: SavingFact, held: Mapping[str, str]) -> SavingBox:
    name, last = f"saving_{saving.id}", sheet.before(sheet.delivered, saving.id)
    expected, year = f"expected_{saving.id}", expected_in(saving, sheet.period, sheet.calendar)
    months = [month for month in months_so_far(sheet.period, sheet.calendar) if month < sheet.period]
    return SavingBox(
        name,
        saving,
        held.get(name, ""),
        shared_out([year]),
        last.value if last is not None else None,
        month_name(last.period) if last is not None else "",
        expected,
        held.get(expected, ""),
        year,
        sum(row.value for row in sheet.delivered.get(saving.id, []) if row.period in months),
    )


def _milestone(milestone: MilestoneFact, held: Mapping[str, str]) -> MilestoneBox:
    name, done, done_on = (f"{part}_{milestone.id}" for part in ("milestone", "done", "done_on"))
    return MilestoneBox(
        name,
        milestone,
        date_parts(held.get(name, milestone.forecast)),
        done,
        TICKED.get(held.get(done, ""), False),
        done_on,
        date_parts(held.get(done_on, "")),
    )


def _verdict(
    session: Session, home: Home, sheet: Sheet, row: MonthlyReturn | None, held: Mapping[str, str]
) -> Verdict:
    if row is not None and row.state != "draft":
        kept = verdict_of(session, row)
        if kept is not None:
            return kept
    filled, _ = return_sheet.read(sheet, held)
    return return_seen.judge(home.rag, sheet, filled)


def verdict_of(session: Session, row: MonthlyReturn) -> Verdict | None:
    """Return the colours a return was given and why, as they were written down then; None before it was submitted.

    Returns from before the reasons were kept in their own row have them in the project's history.
    """
    if row.rag is None:
        return None
    why = row.why
    if not why:
        known = store.submission(session, row.project_id, row.period)
        why = known["why"] if known is not None else []
    return kept_verdict(row, why)


def kept_verdict(row: MonthlyReturn, why: Sequence[Mapping[str, Any]]) -> Verdict:
    """Return the verdict that a return's columns and its written reasons make."""
    colours = [
        cast("Colour | None", colour)
        for colour in (row.rag_time, row.rag_cost, row.rag_benefit, row.rag_outlook)
    ]
    return Verdict(cast("Colour", row.rag), tuple(recalled(reason) for reason in why), *colours)
