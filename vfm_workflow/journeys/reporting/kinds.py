"""The kinds of reports: what each is of, who may read it and from when, and what makes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys.reporting import decisions, department, efficiency, monthly, mtfp, project, quarter
from vfm_workflow.journeys.reporting.parts import Asked
from vfm_workflow.reports.model import Report


def _only_one(asked: Asked) -> Iterable[tuple[str, str]]:
    return [("", "As it stands")]


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
    brought_up_to_date: frozenset[str] = frozenset()
    """Sections that an addendum shows as they stand on its day."""
    own: Callable[[Asked, Actor, bool], None] | None = None
    """Refuses who may not read it, where that is a question of one project; the last says whether exempt text is asked for."""
    open: Callable[[Asked], Iterable[tuple[str, str]]] = _only_one
    """Those there are to read, as (key, name), of a kind that is not issued."""


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "quarter",
            "Quarterly report",
            "Savings, service targets, slippage and what is done about it, by traffic light, for CMT, Cabinet and the Boards.",
            "2026-Q2",
            quarter.make,
            per="quarter",
            issued=True,
            brought_up_to_date=frozenset({"pipeline"}),
        ),
        Kind(
            "efficiency",
            "Annual Efficiency Statement",
            "The gains of a financial year that Finance has verified, with their quality checks, gross, cost and net.",
            "2026/27",
            efficiency.make,
            per="year",
            issued=True,
        ),
        Kind(
            "mtfp",
            "Medium Term Financial Plan",
            "Five years of the pipeline of savings, weighted by stage, against the target.",
            "",
            mtfp.make,
        ),
        Kind(
            "returns",
            "Monthly return of all services",
            "Status, outlook, cost and performance of every project under way in a month, by department, for CMT.",
            "2026-10",
            monthly.make,
            per="month",
            open=monthly.months,
        ),
        Kind(
            "department",
            "Department card",
            "One department's projects, measures and savings on one sheet, for its management team.",
            "SS",
            department.make,
            per="department",
            open=department.departments,
        ),
        Kind(
            "project",
            "Project report",
            "One project whole: what was agreed, where it stands, what it delivered, and what was decided of it.",
            "VFM-0001",
            project.make,
            per="project",
            own=project.refuse,
        ),
        Kind(
            "decisions",
            "Record of decisions",
            "Who was asked to decide what of a project, on which text, who decided, when, and how that is known.",
            "VFM-0007",
            decisions.make,
            per="project",
            own=decisions.refuse,
        ),
    )
}
"""In the order in which they are offered."""


def kind_of(kind: str) -> Kind:
    """Return a kind of report. Raises NotFound, naming those there are."""
    found = KINDS.get(kind)
    if found is None:
        raise NotFound(f"There is no report “{kind[:40]}”. There are: {', '.join(KINDS)}.")
    return found


def issued_kind(kind: str) -> Kind:
    """Return a kind of report that is issued. Raises NotFound, naming those that are."""
    found = kind_of(kind)
    if not found.issued:
        names = ", ".join(name for name, each in KINDS.items() if each.issued)
        raise NotFound(f"A report of the kind “{kind}” is not issued. These are: {names}.")
    return found


@dataclass(frozen=True, slots=True)
class Offered:
    """One report that somebody may read."""

    kind: Kind
    key: str
    title: str
    standing: str
    """Such as `Draft, not issued`, or `Issued 14 October 2026`."""
    on: dt.date | None = None
    """When it was issued, or released to who reads."""


def address(kind: str, key: str) -> str:
    """Return the path of a report's page. The financial year 2026/27 is `2026-27` there."""
    return f"/reports/{kind}" + (f"/{quote(key.replace('/', '-'), safe='')}" if key else "")
