"""What CMT agreed of savings and targets, with a box for each figure that may be proposed anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.money import figure, pounds
from vfm_workflow.domain.snapshot import spread
from vfm_workflow.journeys.measures import agreed_target, measure_of
from vfm_workflow.journeys.rebaselining import PARTS, box, offered
from vfm_workflow.store import figures, projects
from vfm_workflow.store.tables import Project, ProposalRow, SavingLine
from vfm_workflow.web.figures import unit_of


@dataclass(frozen=True)
class ProfileRow:
    """An agreed line: each year as CMT agreed it first, as it stands, and what its boxes begin with."""

    id: int
    title: str
    years: Sequence[int]
    first: Mapping[int, str]
    now: Mapping[int, str]
    boxes: Mapping[str, str]
    drafted: bool


@dataclass(frozen=True)
class TargetRow:
    """An agreed measure: its baseline, its target as CMT agreed it first and as it stands, and what its box begins with."""

    id: int
    name: str
    baseline: str
    first: str
    now: str
    """With its unit, which the others go without."""
    moved: bool
    """CMT has agreed another target since the first."""
    box: str


@dataclass(frozen=True)
class Figures:
    savings: Sequence[ProfileRow]
    targets: Sequence[TargetRow]


def of(session: Session, project: Project, draft: ProposalRow | None) -> Figures:
    """Return what CMT agreed of a project's savings and targets, with what a draft proposes."""
    key = projects.key(project)
    lines = [
        _profile(session, line_id, (draft.savings if draft is not None else {}).get(str(line_id), {}))
        for line_id in figures.agreed_lines(session, key)
    ]
    aims = draft.targets if draft is not None else {}
    targets = [_target(session, project, key, aims) for key in figures.measure_ids(session, key)]
    return Figures(lines, [row for row in targets if row is not None])


def _profile(session: Session, line_id: int, wanted: Mapping[str, Sequence[int]]) -> ProfileRow:
    line = session.get(SavingLine, line_id)
    assert line is not None
    now = {row.year: (row.low, row.expected, row.high) for row in figures.years(session, line_id)}
    first = figures.agreed_profiles(session, line_id)[0]
    boxes = {
        box(line_id, int(year), part): pounds(amount).replace("£", "")
        for year, amounts in wanted.items()
        for part, amount, was in zip(PARTS, amounts, now.get(int(year), (None,) * 3), strict=True)
        if amount != was
    }
    years = sorted({*offered(now), *first, *map(int, wanted)})
    return ProfileRow(
        line_id,
        line.title,
        years,
        {year: spread(amounts) for year, amounts in first.items()},
        {year: spread(amounts) for year, amounts in now.items()},
        boxes,
        bool(wanted),
    )


def _target(session: Session, project: Project, measure_id: int, aims: Mapping[str, int]) -> TargetRow | None:
    measure = measure_of(session, project, measure_id)
    agreed = agreed_target(session, project, measure)
    if agreed is None:
        return None
    rows = figures.targets(session, measure_id)
    first = next((row for row in rows if row.request_id is not None), agreed)
    wanted = aims.get(str(measure_id))
    unit = unit_of(measure.unit)
    return TargetRow(
        measure_id,
        measure.name,
        unit.before + figure(agreed.baseline, measure.places),
        unit.before + figure(first.target, measure.places),
        unit.of(figure(agreed.target, measure.places)),
        first.target != agreed.target,
        figure(wanted, measure.places) if wanted is not None else "",
    )
