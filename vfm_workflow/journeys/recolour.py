"""Which projects would change colour under the rules as the file now has them (`vfm check`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from sqlmodel import Session

from vfm_workflow.domain import rag
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import figures, judged
from vfm_workflow.store.judged import Judged


@dataclass(frozen=True, slots=True)
class Change:
    """A status of a project's newest return that would be another."""

    project: str
    title: str
    month: str
    """Such as `2026-10`."""
    status: rag.Status
    before: str
    after: str
    why: str
    """The sentence of the rule that would give the new colour, or that no longer gives the old one."""


@dataclass(frozen=True, slots=True)
class Recoloured:
    """What the rules would change, how many returns they looked at, and how many keep no figures to look at."""

    changes: tuple[Change, ...]
    judged: int
    unknown: int
    unread: str = ""
    """Why no database was looked at; empty where one was."""


def recoloured(session: Session, home: Home) -> Recoloured:
    """Return what `home`'s rules would change in the newest return of every project that has not ended. It writes nothing.

    Each return is judged by the figures it was judged by then: not by what has happened since.
    """
    rows = judged.newest(session, left_out=_ended(session, home))
    changes: list[Change] = []
    unknown = 0
    for row in rows:
        verdict = rag.judge_again(home.rag, row.why)
        if verdict is None:
            unknown += 1
        else:
            changes += _changes(row, verdict)
    return Recoloured(tuple(changes), len(rows) - unknown, unknown)


def _changes(row: Judged, verdict: rag.Verdict) -> Iterator[Change]:
    """Yield the overall colour's change with its reason, else each status's own; the outlook's always."""
    was = {
        "overall": row.rag,
        "time": row.rag_time,
        "cost": row.rag_cost,
        "benefit": row.rag_benefit,
        "outlook": row.rag_outlook,
    }
    overall = verdict.colour != row.rag
    for status in rag.STATUSES:
        new = verdict.of(status)
        if new == was[status] or (overall and status in ("time", "cost", "benefit")):
            continue
        yield Change(
            row.reference,
            row.title,
            row.period,
            status,
            was[status] or "not rated",
            cast("str", new),
            _sentence(row, verdict, status),
        )


def _sentence(row: Judged, verdict: rag.Verdict, status: rag.Status) -> str:
    """Return what the rules now say of a status: of what has changed colour, else of the worst."""
    old = [rag.recalled(one) for one in row.why]
    now = [one for one in verdict.reasons if _speaks_of(one, status)]
    changed = [one for one, before in zip(verdict.reasons, old, strict=True) if one.colour != before.colour]
    found = [one for one in changed if one in now] or now
    return max(found, key=lambda one: rag.COLOURS.index(one.colour)).sentence if found else ""


def _speaks_of(reason: rag.Reason, status: rag.Status) -> bool:
    if reason.rule == "plan":
        return False
    return reason.status != "outlook" if status == "overall" else reason.status == status


def _ended(session: Session, home: Home) -> list[tuple[str, str]]:
    """Return (lifecycle, stage) of the stages that end a project, of those any project stands in."""
    found = []
    for project in figures.one_per_stage(session):
        stage = home.lifecycle(session, project).stages.get(project.stage)
        if stage is not None and stage.kind == "ended":
            found.append((project.lifecycle, project.stage))
    return found
