"""What waits for Finance and for those who answer for savings: claims, corrections, benefits reviews (§15)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlmodel import Session

from vfm_workflow.domain import claims
from vfm_workflow.domain.calendar import quarter_name, short_day
from vfm_workflow.domain.money import pounds
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.one_task import Task
from vfm_workflow.journeys.register import corrected, to_claim_in
from vfm_workflow.store import access, pages_tasks, projects
from vfm_workflow.store import claims as store
from vfm_workflow.store import reviews as review_store
from vfm_workflow.store.tables import Project

VERIFIES, BANKS, REVIEWS, CLAIMS = "savings.verify", "savings.bank", "savings.review", "savings.claim"
REVIEW_AHEAD = 10
"""Working days before its day from which a benefits review stands among the tasks."""
STEPS = {
    "verify": ("Verify a saving", "{by} put {amount} of “{line}” for {quarter} before Finance on {on}."),
    "bank": ("Bank a saving", "{amount} of “{line}” for {quarter} was verified on {on}."),
    "place": (
        "Say where a saving went",
        "{left} of “{line}” for {quarter} was banked, and it is not said yet where it went. It waits since {on}.",
    ),
}


def waiting(session: Session, home: Home, actor: Actor, at: dt.datetime) -> Iterator[Task]:
    """Yield Finance's work list: what is to be verified, banked, and placed, and what was corrected after it was claimed."""
    if not may(home.roles, actor, VERIFIES) and not may(home.roles, actor, BANKS):
        return
    rows = store.waiting(session)
    found = pages_tasks.by_ids(session, [row.project_id for row in rows])
    standings = access.standings(session, found.values())
    posts = projects.names(session, {row.evidenced_by for row in rows})
    for row in rows:
        permission = VERIFIES if row.step == "verify" else BANKS
        project = found[row.project_id]
        theirs = row.evidenced_by == actor.id and row.step == "verify"
        own = actor.id in (project.manager_id, project.sponsor_id)
        if theirs or own or not may(home.roles, actor, permission, standings[row.project_id]):
            continue
        title, why = STEPS[row.step]
        said = why.format(
            by=posts.get(row.evidenced_by, "Somebody"),
            amount=pounds(row.amount),
            left=pounds(row.left),
            line=row.line,
            quarter=quarter_name(row.quarter),
            on=short_day(home.calendar.today(row.since)),
        )
        path = f"/projects/{row.reference}/savings/{row.line_id}/claims/{row.id}"
        yield Task("saving", title, path, said, f"{row.reference} {row.project}")
    yield from _corrected(session, home, actor, at)


def _corrected(session: Session, home: Home, actor: Actor, at: dt.datetime) -> Iterator[Task]:
    rows = corrected(session, home, at)
    found = pages_tasks.by_ids(session, [line.project_id for line, _ in rows])
    standings = access.standings(session, found.values())
    for line, quarter in rows:
        if may(home.roles, actor, VERIFIES, standings[line.project_id]):
            path = f"/projects/{line.reference}/savings/{line.id}/register"
            why = claims.correction(line.title, quarter)
            yield Task(
                "correction", "Look at a correction", path, why, f"{line.reference} {line.project}", late=True
            )


def reviews(session: Session, home: Home, actor: Actor, at: dt.datetime) -> Iterator[Task]:
    """Yield the benefits reviews that are near or due, of the projects whose savings somebody reviews."""
    if not may(home.roles, actor, REVIEWS):
        return
    today = home.calendar.today(at)
    rows = review_store.not_done(session, home.calendar.add_working_days(today, REVIEW_AHEAD))
    found = pages_tasks.by_ids(session, [row.project_id for row in rows])
    standings = access.standings(session, found.values())
    for row in rows:
        project = found[row.project_id]
        if actor.id != project.manager_id and may(home.roles, actor, REVIEWS, standings[row.project_id]):
            why = "The project has ended: are its savings still there, and did quality keep?"
            yield Task(
                "review",
                "Review the benefits",
                f"/projects/{project.reference}/reviews",
                why,
                f"{project.reference} {project.title}",
                row.due_on,
                row.due_on < today,
            )


def to_claim(
    session: Session, home: Home, managed: Sequence[Project], actor: Actor, at: dt.datetime
) -> Iterator[Task]:
    """Yield what the projects somebody manages delivered in the last quarter, is verified, and was not claimed."""
    if not managed or not may(home.roles, actor, CLAIMS):
        return
    quarter = home.calendar.quarter_before(home.calendar.today(at))
    for line, one in to_claim_in(session, home, [projects.key(project) for project in managed], quarter):
        path = f"/projects/{line.reference}/savings/{line.id}/register#claim"
        why = f"Verified returns have {pounds(one.left)} of “{line.title}” for {quarter_name(quarter)} that is not claimed."
        name = f"{line.reference} {line.project}"
        yield Task("claim", "Put a saving before Finance", path, why, name)
