"""New profiles and targets are asked for: only CMT re-baselines, and what it agreed first stays beside it (design §4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.forms import FIRST_YEAR, LAST_YEAR
from vfm_workflow.domain.money import figure, parse_figure, parse_pounds, pounds
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.measures import agreed_target, measure_of
from vfm_workflow.journeys.savings import line_of
from vfm_workflow.store import figures
from vfm_workflow.store.tables import Project

Profile = Mapping[int, tuple[int, int, int]]
"""Financial year → (low, expected, high), in whole pence."""
PARTS = {"low": "The low amount", "expected": "The amount expected", "high": "The high amount"}


def box(line_id: int, year: int, part: str) -> str:
    """Return the name of the field of a year of a line: `saving_4_2026_low`."""
    return f"saving_{line_id}_{year}_{part}"


def read_profiles(session: Session, project_id: int, form: Mapping[str, str]) -> dict[int, Profile]:
    """Return the profiles that were typed and differ from what stands: line id → every year as it would be.

    A box left empty keeps what is agreed. Raises BadInput with every one that is no amount.
    """
    fields = Fields(form)
    found: dict[int, Profile] = {}
    for line_id in figures.agreed_lines(session, project_id):
        now = {row.year: (row.low, row.expected, row.high) for row in figures.years(session, line_id)}
        wanted = {year: _year(fields, line_id, year, amounts) for year, amounts in now.items()}
        wanted |= _another(fields, line_id, offered(now)[-1]) if now else {}
        if wanted != now:
            found[line_id] = wanted
    fields.finish()
    return found


def offered(now: Profile) -> list[int]:
    """Return the financial years to offer: those of the profile, and one more, so that it may begin a year later."""
    years = sorted(now)
    return [*years, years[-1] + 1] if years else []


def _another(fields: Fields, line_id: int, year: int) -> dict[int, tuple[int, int, int]]:
    """Return the year after the profile's last, where something is typed for it; low and high are as expected where empty."""
    names = {part: f"{label} in {year_name(year)}" for part, label in PARTS.items()}
    typed = [fields.read(box(line_id, year, part), name, parse_pounds) for part, name in names.items()]
    low, expected, high = typed
    if typed == [None, None, None]:
        return {}
    if expected is None:
        fields.refuse(box(line_id, year, "expected"), f"Give the amount expected in {year_name(year)}")
        return {}
    return {year: (expected if low is None else low, expected, expected if high is None else high)}


def _year(fields: Fields, line_id: int, year: int, now: tuple[int, int, int]) -> tuple[int, int, int]:
    typed = [
        fields.read(box(line_id, year, part), f"{label} in {year_name(year)}", parse_pounds)
        for part, label in PARTS.items()
    ]
    low, expected, high = (was if new is None else new for was, new in zip(now, typed, strict=True))
    return low, expected, high


def read_targets(session: Session, project: Project, form: Mapping[str, str]) -> dict[int, int]:
    """Return the targets that were typed: measure id → its target in smallest steps. Raises BadInput with every bad one."""
    fields, found = Fields(form), {}
    for measure_id in figures.measure_ids(session, project.id or 0):
        measure = measure_of(session, project, measure_id)
        label = f"The target of “{measure.name}”"
        parse = partial(parse_figure, places=measure.places)
        value = fields.read(f"target_{measure_id}", label, parse)
        agreed = agreed_target(session, project, measure)
        if value is not None and (agreed is None or value != agreed.target):
            found[measure_id] = value
    fields.finish()
    return found


def wrong_profiles(session: Session, project: Project, wanted: Mapping[int, Profile]) -> dict[str, str]:
    """Return field → what is wrong with a profile that is asked for; nothing where all of them may be."""
    wrong: dict[str, str] = {}
    for line_id, years in wanted.items():
        line = line_of(session, project, line_id)
        now = {row.year: (row.low, row.expected, row.high) for row in figures.years(session, line_id)}
        first = box(line_id, min(years, default=FIRST_YEAR), "expected")
        if not figures.agreed_profiles(session, line_id):
            wrong[first] = f"CMT has not agreed “{line.title}” yet: change it on the page of savings"
        elif not years or dict(years) == now:
            wrong[first] = f"This is the profile of “{line.title}” that CMT agreed already"
        for year, (low, expected, high) in years.items():
            wrong.update(_wrong_year(line_id, year, low, expected, high))
    return wrong


def _wrong_year(line_id: int, year: int, low: int, expected: int, high: int) -> dict[str, str]:
    name = year_name(year)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return {box(line_id, year, "expected"): f"The year must be from {FIRST_YEAR} to {LAST_YEAR}"}
    if low > expected:
        said = f"The low amount in {name} must not be more than the {pounds(expected)} expected"
        return {box(line_id, year, "low"): said}
    if high < expected:
        said = f"The high amount in {name} must not be less than the {pounds(expected)} expected"
        return {box(line_id, year, "high"): said}
    return {}


def wrong_targets(session: Session, project: Project, wanted: Mapping[int, int]) -> dict[str, str]:
    """Return field → what is wrong with a target that is asked for; nothing where all of them may be."""
    wrong: dict[str, str] = {}
    for measure_id, target in wanted.items():
        measure = measure_of(session, project, measure_id)
        agreed = agreed_target(session, project, measure)
        if agreed is None:
            wrong[f"target_{measure_id}"] = (
                f"CMT has not agreed “{measure.name}” yet: change it on the page of measures"
            )
        elif agreed.target == target:
            said = figure(target, measure.places)
            wrong[f"target_{measure_id}"] = (
                f"{said} is the target of “{measure.name}” that CMT agreed already"
            )
    return wrong
