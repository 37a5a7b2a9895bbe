"""“Nothing has changed”: a month's return that repeats the last one, shown whole before it is submitted (§6.1).

What no rule can fill in is asked: it is what a submission of the rest alone would be refused for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.journeys import return_form, return_prefill, return_record, return_seen, return_sheet
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.return_form import ReturnForm
from vfm_workflow.journeys.return_prefill import Prefilled
from vfm_workflow.store import projects
from vfm_workflow.store import returns as store

PLAN = ("action", "action_owner", "action_by", "no_plan", "beyond_team")
"""Asked together, or not at all."""


@dataclass(frozen=True)
class Unchanged:
    """A return that repeats the last one. `form` holds it as it would be submitted, with what was typed so far."""

    form: ReturnForm
    filled: Mapping[str, Prefilled]
    asked: Mapping[str, str]
    """Field → why it cannot be filled in for them: what a submission without it is refused with."""

    @property
    def action_day(self) -> dt.date | None:
        """The day by which the repeated action is done."""
        filled = self.filled.get("action_by")
        return dt.date.fromisoformat(filled.value) if filled is not None else None

    @property
    def boxes(self) -> set[str]:
        """The fields that the page lets somebody type into; the others are sent as they are shown."""
        found = set(self.asked) | {"narrative", "days_used"}
        numbers = [name.removeprefix("milestone_") for name in self.asked if name.startswith("milestone_")]
        found |= {f"{part}_{number}" for number in numbers for part in ("done", "done_on")}
        return found | (set(PLAN) if found & set(PLAN) else set())


def offered(session: Session, reference: str, period: str) -> bool:
    """Return whether a month's return may be given so: there is one to repeat, and nothing of it is written yet."""
    key = projects.key(projects.by_reference(session, reference))
    row = store.find(session, key, period)
    untouched = row is None or (row.state == "draft" and not row.draft)
    return untouched and store.before(session, key, period) is not None


def unchanged(
    session: Session,
    home: Home,
    reference: str,
    period: str,
    at: dt.datetime,
    typed: Mapping[str, str] | None = None,
) -> Unchanged:
    """Return the return for `period` as it is if nothing has changed. `typed` is what was typed into what is asked.

    Raises NotFound where the project or the month does not exist or no return is expected.
    """
    project = projects.by_reference(session, reference)
    sheet = return_sheet.load(session, home, project, period, at)
    filled = return_prefill.unchanged(sheet)
    values = {name: one.value for name, one in filled.items()}
    read, fields = return_sheet.read(sheet, values)
    return_record.ask_for_plan(fields, read, return_seen.judge(home.rag, sheet, read))
    asked = dict(fields.problems)
    if asked.keys() & set(PLAN):
        asked |= dict.fromkeys(PLAN, "") | {name: asked[name] for name in PLAN if name in asked}
    known = {name: one for name, one in filled.items() if name not in asked}
    held = {name: one.value for name, one in known.items()} | dict(typed or {})
    return Unchanged(return_form.form(session, home, reference, period, at, typed=held), known, asked)
