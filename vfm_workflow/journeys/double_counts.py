"""A saving is counted once: what two projects may both count, and what has been settled (§2.2.7, design §4.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from sqlmodel import Session

from vfm_workflow.domain.calendar import year_name
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import figures


@dataclass(frozen=True, slots=True)
class DoubleCount:
    """Savings that two projects have in common: `same_budget` must be looked at, `counted_once` has been settled."""

    warning: Literal["same_budget", "counted_once"]
    projects: tuple[str, str]
    lines: tuple[int, int]
    budget_code: str
    years: tuple[int, ...]
    sentence: str


def double_counts(session: Session, home: Home) -> list[DoubleCount]:
    """Return each saving that may be counted twice, then those counted once, in a parent (§2.2.7, design §4.7).

    Lines of projects that ended without delivering anything, such as rejected ones, count for nothing and are left out.
    """
    left_out = fruitless(session, home)
    found = [_same_budget(rows) for rows in _pairs(figures.overlaps(session, left_out))]
    found += [
        DoubleCount(
            "counted_once",
            (row.project, row.parent_project),
            (row.line, row.parent),
            row.budget_code,
            (),
            f"“{row.title}” of {row.project} is counted once, in “{row.parent_title}” of {row.parent_project}.",
        )
        for row in figures.counted_elsewhere(session, left_out)
    ]
    return found


def _pairs(rows: Iterable[figures.Overlap]) -> list[list[figures.Overlap]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: (row.first, row.second))]


def _same_budget(rows: list[figures.Overlap]) -> DoubleCount:
    row, years = rows[0], tuple(row.year for row in rows)
    names = ", ".join(year_name(year) for year in years)
    return DoubleCount(
        "same_budget",
        (row.first_project, row.second_project),
        (row.first, row.second),
        row.budget_code,
        years,
        f"“{row.first_title}” of {row.first_project} and “{row.second_title}” of {row.second_project} both save on the "
        f"budget {row.budget_code} in {names}. If it is one saving, say in which of the two it is counted.",
    )


def fruitless(session: Session, home: Home) -> list[tuple[str, str]]:
    """Return (lifecycle, stage) of the projects that ended with no saving to come: the stage weighs 0%."""
    found = []
    for project in figures.one_per_stage(session):
        stage = home.lifecycle(session, project).stages.get(project.stage)
        if stage is not None and stage.kind == "ended" and stage.weight_percent == 0:
            found.append((project.lifecycle, project.stage))
    return found
