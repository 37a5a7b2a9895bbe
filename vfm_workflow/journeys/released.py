"""What Members see of a project: what CMT approved, and verified figures once the release clock lets them out (§6.2)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain import snapshot as snapshots
from vfm_workflow.domain.facts import MeasureFact, SavingFact
from vfm_workflow.domain.release import released_through
from vfm_workflow.domain.roles import Actor
from vfm_workflow.domain.snapshot import Part
from vfm_workflow.journeys import exempt, gate
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import projects
from vfm_workflow.store import released as store
from vfm_workflow.store import returns as return_store
from vfm_workflow.store.tables import MonthlyReturn, Project

TEXTS = ("outline", "recommendations")
LEFT_OUT = ("savings", "consultations")
"""Parts of a text that are shown elsewhere, or are advice given to officers."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was approved: its title, its version, the day, and its parts."""

    title: str
    number: int
    approved_on: dt.date
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Released:
    """Everything of a project that is released to one person on a day."""

    summary: str
    texts: Sequence[Text]
    savings: Part | None
    """What was agreed last."""
    through: str | None
    """The last month whose figures are released."""
    returns: Sequence[MonthlyReturn]
    """Verified and released, newest first."""
    measures: Sequence[tuple[MeasureFact, Mapping[str, int]]]
    """Each measure with month → its value."""
    delivered: Sequence[tuple[SavingFact, int]]
    """Each saving with the whole pence delivered in those months."""
    lessons: Sequence[str]

    @property
    def rag(self) -> str | None:
        """The colour of the newest released return."""
        return self.returns[0].rag if self.returns else None


def of(session: Session, home: Home, project: Project, actor: Actor, at: dt.datetime) -> Released:
    """Return what is released of a project to `actor` at a moment. Whether they may see it at all is asked before."""
    today, key = home.calendar.today(at), projects.key(project)
    may_read = exempt.may_read(session, home, actor, project, today)
    approved = [row for row in store.approved(session, key) if row.subject in TEXTS]
    frozen = [exempt.shown(session, project, json.loads(row.snapshot), may_read) for row in approved]
    through = released_through(home.calendar, home.roles, actor, today)
    given = store.verified(session, key, through) if through is not None else []
    months = {row.period for row in given}
    facts = gate.load_facts(session, home, project, {"measures", "savings", "lessons"}, at)
    readings = return_store.readings(session, key, through or "")
    delivered = return_store.delivered(session, key, through or "")
    stage = home.lifecycle(session, project).stages.get(project.stage)
    ended = stage is not None and stage.kind == "ended"
    savings = [part for text in frozen for part in text["parts"] if part["key"] == "savings"]
    return Released(
        summary=frozen[-1]["summary"] if frozen else "",
        texts=[
            Text(
                snapshots.SUBJECTS[row.subject].title,
                row.number,
                home.calendar.today(row.approved_at),
                [part for part in text["parts"] if part["key"] not in LEFT_OUT],
            )
            for row, text in zip(approved, frozen, strict=True)
        ],
        savings=savings[-1] if savings else None,
        through=through,
        returns=list(reversed(given)),
        measures=[
            (measure, values)
            for measure in facts.measures
            if (values := {r.period: r.value for r in readings.get(measure.id, ()) if r.period in months})
        ],
        delivered=[
            (line, sum(r.value for r in delivered.get(line.id, ()) if r.period in months))
            for line in facts.savings
        ],
        lessons=[lesson.text for lesson in facts.lessons] if ended else [],
    )
