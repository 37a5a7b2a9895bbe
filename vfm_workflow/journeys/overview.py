"""A project as commands and the API show it: one shape, whoever asks (design §1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.lifecycle import Lifecycle, Step
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotFound, Unmet
from vfm_workflow.journeys import access, gate, released
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import listing, projects
from vfm_workflow.store.tables import Project


def show(
    session: Session, home: Home, reference: str, asker: Actor | None, at: dt.datetime
) -> dict[str, Any]:
    """Return one project with every event of its stage: whether it is allowed now, and what is unmet.

    With an `asker`, `allowed` is for that person; without, it says whether the event is ready, whoever asks. An asker who
    only sees what is released gets the colour that is released and no events.
    An event that only a decision fires is never allowed: its one unmet line names the decision.
    Raises NotFound.
    """
    row = listing.one(session, reference)
    if row is None:
        raise NotFound(f"There is no project {reference}.")
    project = projects.by_id(session, row.id)
    scope = access.reads(session, home, asker, "project.read", project) if asker is not None else "all"
    if scope is None:
        raise NotFound(f"There is no project {reference}.")
    if asker is not None and scope == "released":
        rag = released.of(session, home, project, asker, at).rag
        return {**listing.summary(row), "rag": rag, "events": []}
    return {**listing.summary(row), "events": events(session, home, project, asker, at)}


def events(
    session: Session, home: Home, project: Project, asker: Actor | None, at: dt.datetime
) -> list[dict[str, Any]]:
    """Return every event of the project's stage, in the document's order."""
    lifecycle = home.lifecycle(session, project)
    options = {option.event: option for option in gate.options(session, home, project, asker, at)}
    frozen = [_DISPUTED] if project.disputed_at is not None else []
    found = []
    for step in lifecycle.steps(project.stage):
        option = options.get(step.event)
        if option is None:
            found.append(_event(step, allowed=False, unmet=[*frozen, _decision(home, lifecycle, step)]))
        else:
            mine = asker is None or option.mine
            found.append(_event(step, mine and option.ready and not frozen, [*frozen, *option.unmet]))
    return found


def unmet_list(unmet: Iterable[Unmet]) -> list[dict[str, str]]:
    """Return what is unmet as plain data: the sentence, and who can mend it on which page."""
    return [
        {"requirement": item.requirement, "sentence": item.sentence, "who": item.who, "page": item.page}
        for item in unmet
    ]


_DISPUTED = Unmet(
    "not_disputed",
    "A decision on the project is disputed; an administrator must settle it first",
    "dispute",
    "",
    "administrator",
)


def _decision(home: Home, lifecycle: Lifecycle, step: Step) -> Unmet:
    rule = lifecycle.decisions[step.spec.decided_by or ""]
    board = ", ".join(home.role_title(role) for role in rule.board)
    sentence = f"“{rule.title}” must be decided by the board: {board}"
    return Unmet("decided", sentence, "decisions", "", rule.chair or rule.board[0])


def _event(step: Step, allowed: bool, unmet: list[Unmet]) -> dict[str, Any]:
    return {
        "event": step.event,
        "label": step.spec.label,
        "to": step.target,
        "by": list(step.spec.by),
        "decided_by": step.spec.decided_by,
        "allowed": allowed,
        "unmet": unmet_list(unmet),
    }
