"""The days on which a project's benefits are reviewed, set when it ends well (§10.3)."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.calendar import months_after
from vfm_workflow.domain.lifecycle import Stage
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import projects
from vfm_workflow.store import reviews as store
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.tables import BenefitsReview


def ended_well(stage: Stage | None) -> bool:
    """Return whether projects in a stage have ended with savings to come: it is an end, and it weighs something."""
    return stage is not None and stage.kind == "ended" and stage.weight_percent > 0


def begin(session: Session, home: Home, project: AnyProject, at: dt.datetime) -> list[BenefitsReview]:
    """Set the reviews of a project that has just ended well and saves anything; return them, none where it has some already."""
    key = projects.key(project)
    if store.of(session, key) or not store.saves(session, key):
        return []
    today = home.calendar.today(at)
    rows = [
        BenefitsReview(
            project_id=key, number=number, due_on=home.calendar.next_working_day(months_after(today, months))
        )
        for number, months in enumerate(home.savings.benefits_review_months, 1)
    ]
    session.add_all(rows)
    session.flush()
    return rows
