"""May somebody do this in a department? For what belongs to no project: the library of measures, and its figures."""

from __future__ import annotations

from vfm_workflow.domain.roles import Actor, Standing, may
from vfm_workflow.errors import NotAllowed
from vfm_workflow.journeys.home import Home


def reaches(home: Home, by: Actor, permission: str, department: str) -> bool:
    """Return whether `by` may do `permission` in a department: everywhere, or because it is theirs."""
    return may(home.roles, by, permission, Standing(0, 0, department))


def must_reach(home: Home, by: Actor, permission: str, department: str, what: str) -> None:
    """Raise NotAllowed where `by` may not; `what` completes “You may not …”."""
    if not reaches(home, by, permission, department):
        raise NotAllowed(
            f"You may not {what} of the department {department}. Its Head of Service may, or Performance."
        )
