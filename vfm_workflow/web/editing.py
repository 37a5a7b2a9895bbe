"""What a page with a form asks first: may this person change it now, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass

from vfm_workflow.domain.forms import join_date
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.errors import BadInput, NotAllowed, StaleRevision
from vfm_workflow.journeys import gate
from vfm_workflow.store.tables import Project
from vfm_workflow.web.visit import Typed, Visit


@dataclass(frozen=True, slots=True)
class Editing:
    """Whether a page takes changes from whoever is signed in, and what to say where it does not."""

    open: bool
    why: str = ""
    """Empty for somebody who only reads: they look for no form."""


def editing(
    visit: Visit, project: Project, lifecycle: Lifecycle, work: set[str], permission: str, what: str
) -> Editing:
    """Return whether the project's stage takes `work` and whoever is signed in may do it; `what` names it."""
    if not visit.may(permission, project):
        return Editing(False)
    if project.disputed_at is not None:
        return Editing(False, f"{what} cannot be changed while a decision is disputed.")
    if gate.is_open_for(lifecycle, project, work):
        return Editing(True)
    stage = lifecycle.stages[project.stage].title if project.stage in lifecycle.stages else project.stage
    return Editing(False, f"{what} cannot be changed in the stage {stage}.")


def joined(form: Typed, *dates: str) -> dict[str, str]:
    """Return what was typed with each of `dates` as one text, put together from its three boxes."""
    found: dict[str, str] = dict(form)
    for name in dates:
        boxes = [form.get(f"{name}-{part}") for part in ("day", "month", "year")]
        if any(box is not None for box in boxes):
            day, month, year = (box or "" for box in boxes)
            found[name] = join_date(day, month, year)
    return found


REFUSED = (BadInput, NotAllowed, StaleRevision)
"""Refusals after which the same form is shown again, with everything that was typed into it."""


def refusal(error: BadInput | NotAllowed | StaleRevision) -> dict[str, str]:
    """Return field → sentence for the error summary; a refusal of the whole form stands under `form`."""
    if isinstance(error, BadInput):
        return dict(error.fields)
    changes = error.changes if isinstance(error, StaleRevision) else ()
    return {"form": f"{error} Since then: {'; '.join(changes)}." if changes else str(error)}
