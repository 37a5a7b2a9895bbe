"""What the overview of a project shows: its figures, what happens next, and who is waited for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.calendar import Calendar, month_name, short_day, year_name
from vfm_workflow.domain.facts import Facts, MilestoneFact, SavingFact
from vfm_workflow.domain.lifecycle import BACK, Lifecycle
from vfm_workflow.domain.milestones import slippage
from vfm_workflow.domain.money import pounds
from vfm_workflow.domain.rag import TITLES, Verdict
from vfm_workflow.errors import Unmet
from vfm_workflow.journeys import board, gate, return_form, settling
from vfm_workflow.journeys.gate import Option
from vfm_workflow.store import decisions as decision_store
from vfm_workflow.store import history, pages_record, pages_tasks, projects
from vfm_workflow.store import returns as return_store
from vfm_workflow.store.pages_record import Member
from vfm_workflow.store.tables import Project
from vfm_workflow.web import pictures
from vfm_workflow.web.history_words import entry
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Visit

LATEST = 5
"""Rows of the history on the overview."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: `value` says it, `note` where it comes from."""

    label: str
    value: str
    note: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Rating:
    """The traffic light, which rules gave it, what is done about it, and what it was before."""

    colour: str | None
    label: str
    before: str
    verdict: Verdict | None = None
    action: str = ""
    owner: str = ""
    by: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A decision that a board has before it."""

    asked: board.Asked
    asked_by: str
    quorum: str
    tally: str
    deadline: str
    late: bool
    members: Sequence[Member]
    mine: bool
    """Whoever looks is waited for."""


def overview(visit: Visit, session: Session, reference: str) -> dict[str, Any]:
    """Return everything the overview of a project shows. Raises SignInNeeded or NotFound."""
    context = frame(visit, session, reference, "")
    project: Project = context["project"]
    lifecycle: Lifecycle = context["lifecycle"]
    home, key = visit.home, projects.key(project)
    facts = gate.load_facts(session, home, project, {"milestones", "savings"}, visit.at)
    options = gate.options(session, home, project, visit.actor, visit.at)
    reads = {
        name: visit.whole(f"{name}.read", project) for name in ("returns", "savings", "decisions", "history")
    }
    if not reads["decisions"]:  # what is missing speaks of decisions and of other projects
        options = [option for option in options if option.mine]
    return {
        **context,
        "rating": rating(session, project) if reads["returns"] else None,
        "status_titles": TITLES,
        "figures": figures(facts, home.calendar, savings=reads["savings"]),
        "forward": [option for option in options if option.step.spec.style == "primary"],
        "others": [option for option in options if option.step.spec.style != "primary"],
        "target": lambda option: target(lifecycle, option),
        "mend": lambda item: mend(project, item),
        "role_title": home.role_title,
        "reads": reads,
        "asked": open_decisions(visit, session, project) if reads["decisions"] else [],
        "conditions": [c for c in pages_record.conditions(session, key) if c.discharged_at is None]
        if reads["decisions"]
        else [],
        "chart": pictures.milestones(facts.milestones, visit.today, home.calendar),
        "latest": [entry(row, lifecycle) for row in history.of(session, key, LATEST)]
        if reads["history"]
        else [],
        "ended": lifecycle.stages[project.stage].kind == "ended"
        if project.stage in lifecycle.stages
        else False,
    }


def rating(session: Session, project: Project) -> Rating:
    """Return the rating of the newest return that has one, with its reasons as they were written down then."""
    rows = [row for row in return_store.of_project(session, projects.key(project)) if row.rag is not None]
    if not rows:
        return Rating(None, "Rating", "The first monthly return rates the project")
    newest = rows[-1]
    before = f"It was {rows[-2].rag} in {month_name(rows[-2].period)}" if len(rows) > 1 else ""
    return Rating(
        newest.rag,
        f"Rating, return for {month_name(newest.period)}",
        before,
        return_form.verdict_of(session, newest),
        newest.action,
        newest.action_owner,
        newest.action_by,
    )


def figures(facts: Facts, calendar: Calendar, *, savings: bool) -> list[Figure]:
    """Return the key figures beside the rating; that of `savings` only to who may read them."""
    expected = [_savings(facts.savings, calendar.financial_year(facts.today))] if savings else []
    return [_slip(facts, calendar), *expected, _next(facts)]


def _slip(facts: Facts, calendar: Calendar) -> Figure:
    still = [m for m in facts.milestones if m.done_on is None]
    if not any(m.baseline for m in facts.milestones):
        return Figure("Slippage", "None yet", "CMT has not agreed any dates")
    slips = [(slippage(m.baseline, m.forecast, None, facts.today, calendar), m) for m in still]
    late = [pair for pair in slips if pair[0].slipped]
    if not late:
        return Figure("Slippage", "None", "No open milestone is later than CMT agreed")
    slip, worst = max(late, key=lambda pair: pair[0].calendar_days)
    note = f"“{worst.title}”, {_many(slip.working_days, 'working day')} after the date CMT agreed"
    return Figure("Slippage, the most", _many(slip.calendar_days, "day"), note, True)


def _savings(savings: Sequence[SavingFact], year: int) -> Figure:
    """Return what is expected this financial year, and in the fifth of the profile; both before the cost to achieve."""
    years = sorted({known for saving in savings for known, *_ in saving.years})
    if not years:
        return Figure("Savings expected", "Not estimated", "The savings profile has no figures yet")
    fifth = min(years[0] + 4, years[-1])
    low, expected, high = (
        sum(amounts[part] for saving in savings for amounts in saving.years if amounts[0] == fifth)
        for part in (1, 2, 3)
    )
    now = sum(amounts[2] for saving in savings for amounts in saving.years if amounts[0] == year)
    note = (
        f"By the savings profile; {pounds(expected)} in {year_name(fifth)}, its year {fifth - years[0] + 1}, "
        f"between {pounds(low)} and {pounds(high)}"
    )
    return Figure(f"Savings expected in {year_name(year)}", pounds(now), note)


def _next(facts: Facts) -> Figure:
    still: list[MilestoneFact] = sorted(
        (m for m in facts.milestones if m.done_on is None), key=lambda m: m.forecast
    )
    if not still:
        return Figure("Next milestone", "None", "All are done" if facts.milestones else "None is planned yet")
    first = still[0]
    late = first.forecast < facts.today
    return Figure(
        "Next milestone", short_day(first.forecast), f"“{first.title}”" + (", overdue" if late else ""), late
    )


def target(lifecycle: Lifecycle, option: Option) -> str:
    """Return the title of the stage an event leads to; empty where the stage stays."""
    to = option.step.target
    return "where it was" if to == BACK else "" if to == option.step.stage else lifecycle.stages[to].title


def mend(project: Project, item: Unmet) -> str:
    """Return the address of the field that mends what is unmet."""
    page = "" if item.page in ("conditions", "") else f"/{item.page}"
    return f"/projects/{project.reference}{page}" + (f"#{item.field}" if item.field else "")


def open_decisions(visit: Visit, session: Session, project: Project) -> list[Open]:
    """Return the decisions that wait for a board."""
    home, me = visit.home, visit.actor
    rows = decision_store.open_requests(session, projects.key(project))
    waiting = (
        {b.request_id for b in pages_tasks.ballots(session, me.id, visit.at)} if me is not None else set()
    )
    found = [board.load(session, home, row) for row in rows]
    seated = pages_record.members(session, [asked.id for asked in found])
    names = projects.names(session, [asked.request.asked_by for asked in found])
    return [
        Open(
            asked=asked,
            asked_by=names[asked.request.asked_by],
            quorum=board.quorum_sentence(home, asked),
            tally=settling.tally(session, asked),
            deadline=board.deadline_text(home, asked),
            late=asked.request.deadline < visit.at,
            members=seated[asked.id],
            mine=asked.id in waiting,
        )
        for asked in found
    ]


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
