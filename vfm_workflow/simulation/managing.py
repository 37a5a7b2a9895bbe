"""What project managers do: they begin projects, mend what the gate finds missing, slip, ask for new dates, and finish."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.lifecycle import Lifecycle, Step
from vfm_workflow.errors import Unmet
from vfm_workflow.journeys import advance, gate, projects
from vfm_workflow.simulation import words
from vfm_workflow.simulation.filling import FILL, Work
from vfm_workflow.simulation.life import Life, Worker
from vfm_workflow.store import listing
from vfm_workflow.store import projects as store
from vfm_workflow.store.listing import Row

WORKING_DAYS_A_YEAR = 253
BACKLOG, BACKLOG_DAYS = 1.6, 50
"""How many of a year's projects begin beside the ordinary ones in the first working days."""
AUTHORITY_WIDE = 0.08
"""Share of projects that are the whole authority's: their lifecycle has a Board of its own."""
PACE = {"outline": (2, 9), "returned": (2, 8), "initial_stage": (12, 30), "implementation": (8, 22)}
"""Stage → working days from one look of its manager to the next; (3, 10) elsewhere."""
HOLDS, WITHDRAWS, REPLACES, ASKS, SLIPS = 0.01, 0.004, 0.08, 0.12, 0.3
"""Shares of a manager's looks at which a project is put on hold or withdrawn, a text under decision is replaced, new dates
are asked for; and of milestones that are near and slip."""


@dataclass(slots=True)
class Plan:
    """What is planned for one project: when its manager looks at it next."""

    look: dt.date


class Managing:
    """The projects under way, and their managers."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.plans: dict[str, Plan] = {}
        self.days = 0

    def day(self, rows: Sequence[Row]) -> None:
        """Plan the day: projects that begin, and those whose manager looks at them. `rows` are all there are."""
        life = self.life
        self.days += 1
        share = life.sizes.projects / WORKING_DAYS_A_YEAR
        if self.days <= BACKLOG_DAYS:  # a council does not begin with nothing to do
            share += life.sizes.projects * BACKLOG / BACKLOG_DAYS
        for _ in range(int(share) + life.chance.happens(share % 1)):
            life.in_days(0, 0, self.begin)
        for row in rows:
            plan = self.plans.setdefault(row.reference, Plan(life.today))
            if plan.look <= life.today and not self.ended(row):
                low, high = PACE.get(row.stage, (3, 10))
                plan.look = life.calendar.add_working_days(life.today, life.chance.between(low, high))
                life.in_days(0, 0, partial(self.look, row.reference))

    def lifecycle(self, row: Row) -> Lifecycle:
        """Return a project's lifecycle: the simulated council publishes no other."""
        return self.life.home.lifecycles[row.lifecycle_name]

    def ended(self, row: Row) -> bool:
        """Return whether a project has ended."""
        return self.lifecycle(row).stages[row.stage].kind == "ended"

    def begin(self) -> None:
        """Somebody begins a project."""
        life = self.life
        manager = life.chance.one(life.of_role("project_manager"))
        kinds = [kind.key for kind in life.home.outline.kinds if kind.lifecycle == "vfm"]
        wide = life.chance.happens(AUTHORITY_WIDE)
        kind = "authority_wide" if wide else life.chance.one(kinds)
        title, summary = words.title(life.chance), words.text(life.chance, 12)
        life.act(
            "projects proposed",
            manager.address,
            lambda session, actor: projects.create(
                session, life.home, title=title, kind=kind, department=manager.department,
                manager=manager.address, by=actor, at=life.now, summary=summary,
            ),
        )  # fmt: skip

    # ---------------------------------------------------------------- one look

    def look(self, reference: str) -> None:
        """The manager looks at a project, and does the next thing."""
        life = self.life
        row = life.look(lambda session: listing.one(session, reference))
        manager = self.manager(row)
        if row is None or manager is None or self.ended(row):
            return
        lifecycle = self.lifecycle(row)
        if lifecycle.stages[row.stage].kind == "held":
            if life.chance.happens(0.25):
                self.fire(row, "resume", self.head(row))
            return
        if life.chance.happens(HOLDS):
            self.fire(row, "hold", self.head(row))
            return
        if life.chance.happens(WITHDRAWS):
            self.fire(row, "withdraw", self.head(row))
            return
        self._work(row, lifecycle, manager)

    def manager(self, row: Row | None) -> Worker | None:
        """Return who manages a project, None where they are no longer there."""
        if row is None:
            return None
        return next((each for each in self.life.staff.values() if each.name == row.manager), None)

    def head(self, row: Row) -> str:
        """Return the address of the head of a project's service."""
        heads = self.life.of_role("head_of_service", department=row.department)
        return self.life.chance.one(heads).address if heads else ""

    def fire(self, row: Row, event: str, address: str) -> bool:
        """Fire an event; return whether it happened."""
        life, reason = self.life, words.text(self.life.chance, 6)
        revision = row.revision if life.chance.happens(0.3) else None
        moved = life.act(
            f"event {event}",
            address,
            lambda session, actor: advance.advance(
                session, life.home, row.reference, event, actor, life.now, reason=reason, revision=revision
            ),
        )
        return moved is not None

    def _work(self, row: Row, lifecycle: Lifecycle, manager: Worker) -> None:
        life = self.life
        steps = [
            step
            for step in lifecycle.steps(row.stage)
            if "project_manager" in step.spec.by and not step.spec.decided_by
        ]
        for step in steps:
            if step.spec.style == "secondary":
                chance = ASKS if step.spec.on_page else REPLACES
                if not life.chance.happens(chance):
                    continue
            if self._towards(row, step, manager):
                return

    def _towards(self, row: Row, step: Step, manager: Worker) -> bool:
        """Mend one thing that a step lacks, or fire it where it lacks nothing; return whether anything was done."""
        life = self.life
        unmet: list[Unmet] = life.look(lambda session: self._missing(session, row.reference, step)) or []
        if not unmet:
            return self.fire(row, step.event, manager.address)
        done = False
        for requirement in list(dict.fromkeys(item.requirement for item in unmet))[
            : life.chance.between(1, 3)
        ]:
            mine = [item for item in unmet if item.requirement == requirement]
            filling = FILL.get(requirement)
            if filling is not None:
                done = filling(Work(life, row, manager.address, self.head(row), mine)) or done
        return done

    def _missing(self, session: Session, reference: str, step: Step) -> list[Unmet]:
        project = store.by_reference(session, reference)
        return gate.missing(session, self.life.home, project, step, self.life.now)
