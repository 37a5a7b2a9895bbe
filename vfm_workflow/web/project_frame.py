"""What every page of a project shows around its own part: heading, stage, tabs."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.roles import PERMISSIONS
from vfm_workflow.errors import NotFound
from vfm_workflow.store import pages_projects, projects
from vfm_workflow.store.tables import Project
from vfm_workflow.web import access, stage_bar
from vfm_workflow.web.stage_bar import Bar, Move
from vfm_workflow.web.visit import Visit

TABS = (
    ("", "Overview"),
    ("outline", "Outline"),
    ("recommendations", "Recommendations"),
    ("milestones", "Milestones"),
    ("plan", "Action plan"),
    ("measures", "Measures and savings"),
    ("returns", "Returns"),
    ("decisions", "Decisions"),
    ("lessons", "Lessons"),
    ("history", "History"),
)
UNDER = {
    "consultations": "outline",
    "documents": "outline",
    "comments": "decisions",
    "rebaseline": "milestones",
    "savings": "measures",
    "reviews": "measures",
    "versions": "decisions",
    "conditions": "decisions",
    "dispute": "decisions",
    "members": "",
    "exempt": "",
}
"""A page without a tab of its own → the tab it stands under."""


def frame(visit: Visit, session: Session, reference: str, tab: str) -> dict[str, Any]:
    """Return what `project/_frame.html` needs, for the page `tab` (a key of TABS or of UNDER).

    Keys: project, lifecycle, tab, tabs, stage_bar, department_name, manager_name, sponsor_name, kind_title, and `may`
    (permission → whether whoever is signed in has it on this project). Raises SignInNeeded, or NotFound where the
    visitor may not know that there is such a project.
    """
    visit.me()
    project = projects.by_reference(session, reference)
    if not visit.whole("project.read", project):
        raise NotFound(f"There is no project {reference}.")
    lifecycle = visit.home.lifecycle(session, project)
    names = projects.names(session, [project.manager_id, project.sponsor_id])
    return {
        "project": project,
        "lifecycle": lifecycle,
        "tab": tab,
        "tabs": _tabs(visit, project, lifecycle, tab),
        "stage_bar": bar(visit, session, project, lifecycle),
        "department_name": projects.department(session, project.department).name,
        "manager_name": names[project.manager_id],
        "sponsor_name": names[project.sponsor_id],
        "kind_title": kind_title(visit, project.kind),
        "may": {permission: visit.may(permission, project) for permission in PERMISSIONS},
    }


def bar(visit: Visit, session: Session, project: Project, lifecycle: Lifecycle) -> Bar:
    """Return the project's bar of stages."""
    moves = [Move(*row) for row in pages_projects.stage_moves(session, projects.key(project))]
    return stage_bar.draw(lifecycle, project.stage, moves, visit.home.calendar, visit.today)


def kind_title(visit: Visit, kind: str) -> str:
    """Return the title of a kind of project, or its key where the outline rules no longer have it."""
    return next((entry.title for entry in visit.home.outline.kinds if entry.key == kind), kind)


def _tabs(visit: Visit, project: Project, lifecycle: Lifecycle, tab: str) -> list[dict[str, Any]]:
    current = UNDER.get(tab, tab)
    base = f"/projects/{project.reference}"
    return [
        {"key": key, "title": title, "href": f"{base}/{key}" if key else base, "current": key == current}
        for key, title in TABS
        if access.opens(visit, project, f"/{key}" if key else "")
        and (key != "recommendations" or key == current or _has_recommendations(project, lifecycle))
    ]


def _has_recommendations(project: Project, lifecycle: Lifecycle) -> bool:
    """Return whether the project has come as far as a stage that asks for recommendations."""
    asking = [
        place
        for stage, spec in lifecycle.stages.items()
        if "recommendations" in spec.asks_for and (place := stage_bar.position(lifecycle, stage)) is not None
    ]
    here = stage_bar.position(lifecycle, project.held_from or project.stage)
    return bool(asking) and here is not None and here >= min(asking)
