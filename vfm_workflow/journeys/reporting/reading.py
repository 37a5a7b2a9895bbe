"""Reading a report: who may, which version, and from when (§6.2, invariant 8)."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.reporting.kinds import KINDS, Offered
from vfm_workflow.journeys.reporting.parts import Asked
from vfm_workflow.reports.model import Report, public


def read(
    session: Session,
    home: Home,
    kind: str,
    key: str,
    by: Actor | None,
    at: dt.datetime,
    *,
    exempt: bool = False,
) -> Report:
    """Return a report as `by` may read it at a moment, in its public version unless `exempt` is asked for.

    `by` is None at the command line: the operator reads all. Raises NotFound, NotAllowed or BadInput.
    """
    found = KINDS.get(kind)
    if found is None:
        raise NotFound(f"There is no report “{kind}”. There are: {', '.join(KINDS)}.")
    if by is not None and not may(home.roles, by, "reports.read"):
        raise NotAllowed("You may not read reports.")
    report = found.make(Asked(session, home, key, at))
    return report if exempt else public(report)


def listed(session: Session, home: Home, by: Actor, at: dt.datetime) -> list[Offered]:
    """Return every report that `by` may read at a moment, in the order of the kinds."""
    return [Offered(kind, "", kind.title, "As it stands") for kind in KINDS.values() if not kind.per]
