"""What Members see: the list of approved projects, and of each what is released (strategy §6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name
from vfm_workflow.domain.facts import MeasureFact
from vfm_workflow.domain.release import released_through
from vfm_workflow.journeys import released
from vfm_workflow.store import projects
from vfm_workflow.store import released as store
from vfm_workflow.store.listing import Row
from vfm_workflow.store.returns import Reported
from vfm_workflow.web.figures import Spark, progress, spark, valued
from vfm_workflow.web.project_rows import stage_words
from vfm_workflow.web.visit import Visit

SORTS = ("reference", "title", "stage", "department")
"""What Members may sort by: an order by rating or date would tell what they are not shown."""


def page(visit: Visit, reference: str) -> Response | None:
    """Return the page of what is released of a project, None for whoever sees all of it. Raises NotFound."""
    actor = visit.me()
    with visit.read() as session:
        project = projects.by_reference(session, reference)
        if visit.extent("project.read", project) != "released":
            return None
        found = released.of(session, visit.home, project, actor, visit.at)
        lifecycle = visit.home.lifecycle(session, project)
        context: dict[str, Any] = {
            "project": project,
            "department_name": projects.department(session, project.department).name,
            "stage": stage_words(lifecycle, project.stage, project.held_from),
            "released": found,
            "may": {
                name: visit.may(f"{name}.read", project)
                for name in ("outline", "savings", "returns", "lessons")
            },
            "month_name": month_name,
            "valued": valued,
            "progress": progress,
            "line_of": _line,
        }
    return visit.page("released/project.html", context)


def _line(measure: MeasureFact, values: Mapping[str, int]) -> Spark | None:
    """Return the line of the released months of a measure, None where there are fewer than two."""
    return spark(measure, [Reported(period, 1, value) for period, value in values.items()])


def frame(visit: Visit, session: Session, reference: str) -> dict[str, Any] | None:
    """Return what `released/_frame.html` needs, None for whoever sees all of the project. Raises NotFound."""
    project = projects.by_reference(session, reference)
    if visit.extent("project.read", project) != "released":
        return None
    department = projects.department(session, project.department).name
    return {"project": project, "department_name": department, "frame": "released/_frame.html"}


@dataclass(frozen=True, slots=True)
class Line:
    """A project as a row of the Members' list."""

    reference: str
    title: str
    department: str
    stage: str
    rag: str | None
    """The colour of its newest released return."""


def lines(visit: Visit, rows: list[Row], lifecycles: Any, departments: dict[str, str]) -> list[Line]:
    """Return the rows of a list as Members see them; their ratings are found by one statement for all of them."""
    with visit.read() as session:
        through = released_through(visit.home.calendar, visit.home.roles, visit.me(), visit.today)
        rags = store.ratings(session, [row.id for row in rows], through) if through is not None else {}
    return [
        Line(
            row.reference,
            row.title,
            departments.get(row.department, row.department),
            stage_words(lifecycles[row.lifecycle], row.stage, row.held_from),
            rags.get(row.id),
        )
        for row in rows
    ]
