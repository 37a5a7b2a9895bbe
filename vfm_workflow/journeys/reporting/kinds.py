"""The kinds of reports: what each is of, who may read it and from when, and what makes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vfm_workflow.journeys.reporting import mtfp
from vfm_workflow.journeys.reporting.parts import Asked
from vfm_workflow.reports.model import Report


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of report."""

    name: str
    title: str
    explained: str
    """What it tells whom, in a sentence."""
    key: str
    """What names one of them, as commands and addresses write it; empty where there is only one."""
    make: Callable[[Asked], Report]
    """Makes it as it stands. Raises BadInput or NotFound for a key that names none."""
    per: str = ""
    """What it is for: `quarter`, `year`, `month`, `department` or `project`; empty for the whole council."""
    issued: bool = False
    """Whether it is issued, and frozen then."""


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "mtfp",
            "Medium Term Financial Plan",
            "Five years of the pipeline of savings, weighted by stage, against the target.",
            "",
            mtfp.make,
        ),
    )
}
"""In the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One report that somebody may read."""

    kind: Kind
    key: str
    title: str
    standing: str
    """Such as `Draft`, or `Issued 14 October 2026`."""
    on: dt.date | None = None
    """When it was issued."""
