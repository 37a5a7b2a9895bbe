"""What a project's stage allows now, and what is missing: asked by pages, CLI and API, and by `advance` itself."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain import snapshot
from vfm_workflow.domain.facts import Facts
from vfm_workflow.domain.lifecycle import Lifecycle, Step
from vfm_workflow.domain.requirements import REQUIREMENTS, needs, unmet
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import Unmet
from vfm_workflow.journeys import access
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import decisions, facts, projects
from vfm_workflow.store.projects import AnyProject


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a gate's checklist: a requirement, and what of it is unmet."""

    requirement: str
    sentence: str
    unmet: tuple[Unmet, ...]

    @property
    def met(self) -> bool:
        return not self.unmet


@dataclass(frozen=True, slots=True)
class Option:
    """An event of the project's stage: whether it is ready, and whether the asker may fire it."""

    step: Step
    checklist: tuple[Line, ...]
    mine: bool
    """The asker holds a role that may fire it."""

    @property
    def event(self) -> str:
        return self.step.event

    @property
    def ready(self) -> bool:
        return all(line.met for line in self.checklist)

    @property
    def allowed(self) -> bool:
        return self.mine and self.ready

    @property
    def unmet(self) -> tuple[Unmet, ...]:
        return tuple(item for line in self.checklist for item in line.unmet)


def load_facts(
    session: Session, home: Home, project: AnyProject, parts: Collection[str], at: dt.datetime
) -> Facts:
    """Return the project's facts with `parts` filled, `digests` of the open decision's text among them."""
    today = home.calendar.today(at)
    found = facts.load(session, project, parts, home.calendar, home.outline, today)
    if "digests" not in parts:
        return found
    lifecycle = home.lifecycle(session, project)
    opened = {step.spec.opens for step in lifecycle.steps(project.stage) if step.spec.opens}
    for request in decisions.open_requests(session, projects.key(project)):
        if request.decision not in opened:
            continue
        subject = lifecycle.decisions[request.decision].freezes
        full = facts.load(
            session, project, snapshot.SUBJECTS[subject].needs, home.calendar, home.outline, today
        )
        now = snapshot.digest(snapshot.canonical(snapshot.freeze(subject, full)))
        version = decisions.newest_version(session, projects.key(project), subject)
        return dataclasses.replace(found, frozen_digest=version.digest if version else "", current_digest=now)
    return found


def options(
    session: Session, home: Home, project: AnyProject, asker: Actor | None, at: dt.datetime
) -> list[Option]:
    """Return every event of the project's stage that a person may fire, in the document's order, with its checklist."""
    lifecycle = home.lifecycle(session, project)
    steps = [step for step in lifecycle.steps(project.stage) if not step.spec.decided_by]
    names = {name for step in steps for name in step.spec.requires}
    known = load_facts(session, home, project, needs(names), at)
    lines = {name: _line(name, known) for name in names}
    firing = {role for step in steps for role in step.spec.by}
    held = access.held(session, asker, project, firing) if asker else frozenset()
    return [
        Option(step, tuple(lines[name] for name in step.spec.requires), bool(held & set(step.spec.by)))
        for step in steps
    ]


def _line(name: str, known: Facts) -> Line:
    entry = REQUIREMENTS[name]
    return Line(name, entry.sentence, tuple(entry.unmet(known)))


def missing(session: Session, home: Home, project: AnyProject, step: Step, at: dt.datetime) -> list[Unmet]:
    """Return everything unmet before `step` may happen."""
    if not step.spec.requires:
        return []
    return unmet(step.spec.requires, load_facts(session, home, project, needs(step.spec.requires), at))


def is_open_for(lifecycle: Lifecycle, project: AnyProject, work: Iterable[str]) -> bool:
    """Return whether the project's stage asks for any of the work named."""
    stage = lifecycle.stages.get(project.stage)
    return stage is not None and bool(set(stage.asks_for) & set(work)) and project.disputed_at is None
