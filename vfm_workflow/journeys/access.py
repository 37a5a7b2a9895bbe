"""May somebody do this on a project? What every journey asks first; `web/access.py` asks the same for pages.

A plain yes (by role, as manager, as sponsor) needs no query; only where that is a no are the other tables looked at.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, Scope, extent, may, needs_members, roles_on
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import access as store
from vfm_workflow.store import deputies, projects
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.tables import Project


def standing_in(session: Session, home: Home, actor: Actor, at: dt.datetime) -> Actor:
    """Return `actor` with those they stand in for at `at`. Nobody is asked for whose role may not be a deputy."""
    if not may(home.roles, actor, "deputy.be"):
        return actor
    principals = deputies.principals_of(session, actor.id, home.calendar.today(at))
    return dataclasses.replace(actor, stands_for=principals) if principals else actor


def allowed(
    session: Session,
    home: Home,
    actor: Actor,
    permission: str,
    project: AnyProject,
    today: dt.date | None = None,
) -> bool:
    """Return whether `actor` may do `permission` on the project; leave until a day needs `today`."""
    if may(home.roles, actor, permission, projects.standing(project)):
        return True
    return may(home.roles, actor, permission, store.standing(session, project), today)


def reads(session: Session, home: Home, actor: Actor, permission: str, project: AnyProject) -> Scope | None:
    """Return by which scope `actor` reads that of the project; `released` is no reading of drafts, None of nothing."""
    plain = extent(home.roles, actor, permission, projects.standing(project))
    return plain or extent(home.roles, actor, permission, store.standing(session, project))


def held(session: Session, actor: Actor, project: AnyProject, wanted: set[str]) -> frozenset[str]:
    """Return which of the roles `wanted` somebody holds on the project."""
    whole = store.standing(session, project) if needs_members(wanted) else projects.standing(project)
    return roles_on(actor, whole) & wanted


def refuse_unseen(session: Session, home: Home, actor: Actor, project: AnyProject, reference: str) -> None:
    """Raise the NotFound of a project that was never there, where `actor` may not know of this one."""
    if not allowed(session, home, actor, "project.read", project):
        raise NotFound(f"There is no project {reference}.")


def refuse_outsider(session: Session, home: Home, actor: Actor, project: AnyProject, reference: str) -> None:
    """Raise NotFound as `refuse_unseen`, and NotAllowed for who only sees what is released: they change nothing."""
    scope = reads(session, home, actor, "project.read", project)
    if scope is None:
        raise NotFound(f"There is no project {reference}.")
    if scope == "released":
        raise NotAllowed(f"You may read what is released of {project.reference}, and change nothing of it.")


def seen(session: Session, home: Home, reference: str, actor: Actor) -> Project:
    """Return the project. Raises NotFound also where the actor may not know that there is one."""
    project = projects.by_reference(session, reference)
    refuse_unseen(session, home, actor, project, reference)
    return project
