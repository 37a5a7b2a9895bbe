"""A month's return as a page shows it: what was typed, what was last reported, and the colour it has or would have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name
from vfm_workflow.domain.facts import MeasureFact, MilestoneFact, SavingFact
from vfm_workflow.domain.forms import DateParts, date_parts
from vfm_workflow.domain.money import figure
from vfm_workflow.domain.profile import SHARED_OUT, expected_in, shared_out
from vfm_workflow.domain.rag import Reason, Verdict
from vfm_workflow.journeys import return_months, return_sheet
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.return_months import State
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
    no_plan: bool
    spend: str
    days_used: str
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
    held = dict(typed if typed is not None else row.draft if row is not None else {})
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
        no_plan=TICKED.get(held.get("no_plan", ""), False),
        spend=held.get("spend", ""),
        days_used=held.get("days_used", ""),
        verdict=_verdict(session, home, sheet, row, held),
        previous_rag=store.newest_rag(session, projects.key(project), period),
        sent_back_why=row.sent_back_why if row is not None else "",
        submitted_by=who.get(row.submitted_by or 0, "") if row is not None else "",
        submitted_at=row.submitted_at if row is not None else None,
        verified_by=who.get(row.verified_by or 0, "") if row is not None else "",
        verified_at=row.verified_at if row is not None else None,
        revision=project.revision,
    )


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
    return SavingBox(
        name,
        saving,
        held.get(name, ""),
        shared_out([expected_in(saving, sheet.period, sheet.calendar)]),
        last.value if last is not None else None,
        month_name(last.period) if last is not None else "",
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
        known = store.submission(session, projects.key(sheet.project), sheet.period)
        if known is not None:
            return Verdict(known["rag"], tuple(Reason(**reason) for reason in known["why"]))
    filled, _ = return_sheet.read(sheet, held)
    return return_sheet.judge(home.rag, sheet, filled)
