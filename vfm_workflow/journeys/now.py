"""The council at one moment, as the clock needs it: each part read once, however many schedules and notices ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.calendar import Calendar, month_end
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import deputies as deputy_store
from vfm_workflow.store import due as store
from vfm_workflow.store.due import Slipped, Subject

LOOK_BACK_MONTHS = 6
"""A return older than this is no longer chased by mail; the project's page still shows that it is missing."""


@dataclass(frozen=True)
class Now:
    """The council at one moment, each part read once however many notices ask."""

    session: Session
    home: Home
    at: dt.datetime

    @property
    def calendar(self) -> Calendar:
        return self.home.calendar

    @cached_property
    def today(self) -> dt.date:
        return self.calendar.today(self.at)

    @cached_property
    def subjects(self) -> Mapping[int, Subject]:
        return store.subjects(self.session)

    @cached_property
    def managers(self) -> Mapping[str, int]:
        """Reference → who manages the project."""
        return {subject.reference: subject.manager_id for subject in self.subjects.values()}

    @cached_property
    def roles(self) -> Mapping[str, list[int]]:
        return store.active_by_role(self.session)

    @cached_property
    def heads(self) -> Mapping[str, list[int]]:
        return store.heads(self.session)

    @cached_property
    def active(self) -> frozenset[int]:
        return frozenset(person for people in self.roles.values() for person in people)

    @cached_property
    def deputies(self) -> Mapping[int, int]:
        """Person → who stands in for them today."""
        return deputy_store.running(self.session, self.today)

    @cached_property
    def lifecycles(self) -> Mapping[str, Lifecycle]:
        digests = {subject.lifecycle for subject in self.subjects.values()}
        return {digest: self.home.pinned(self.session, digest) for digest in sorted(digests)}

    @cached_property
    def months(self) -> tuple[str, ...]:
        """The months that have ended, as far back as returns are chased, oldest first."""
        month = self.calendar.month_before(self.today)
        first = month_end(month).replace(day=1)
        index = first.year * 12 + first.month - 1
        return tuple(
            f"{i // 12:04d}-{i % 12 + 1:02d}" for i in range(index - LOOK_BACK_MONTHS + 1, index + 1)
        )

    @cached_property
    def expected_returns(self) -> list[tuple[Subject, str]]:
        """(project, month) for each month at whose end the project stood in a monitored stage (§6.1)."""
        ends = {month: self._end_of(month) for month in self.months}
        iso = {month: end.isoformat(timespec="milliseconds") for month, end in ends.items()}
        moves = store.stage_moves(self.session, ends[self.months[0]])
        found: list[tuple[Subject, str]] = []
        for project_id, subject in self.subjects.items():
            if project_id in moves:
                moved = moves[project_id]
                stood = ((month, store.stage_on(moved, iso[month])) for month in self.months)
                found += [(subject, month) for month, stage in stood if self._monitored(subject, stage)]
            elif self._monitored(subject, subject.stage):  # it stood there all the time
                found += [(subject, month) for month in self.months]
        return found

    def _end_of(self, month: str) -> dt.datetime:
        return self.calendar.moment(month_end(month) + dt.timedelta(days=1), dt.time())

    def _monitored(self, subject: Subject, stage: str | None) -> bool:
        stages = self.lifecycles[subject.lifecycle].stages
        return stage is not None and stage in stages and stages[stage].monitored

    @cached_property
    def returns(self) -> Mapping[tuple[int, str], Any]:
        return store.return_states(self.session, self.months[0])

    @cached_property
    def missing_returns(self) -> list[tuple[Subject, str]]:
        """(project, month) of each expected return that is chased: none of a later month is in, since figures carry forward,
        and the project has not ended."""
        newest: dict[int, str] = {}
        for (project_id, month), row in self.returns.items():
            if row.state != "draft":
                newest[project_id] = max(newest.get(project_id, ""), month)
        return [
            (subject, month)
            for subject, month in self.expected_returns
            if month > newest.get(subject.id, "") and self.stage_kind(subject) != "ended"
        ]

    @cached_property
    def slipped(self) -> list[Slipped]:
        return list(store.slipped(self.session, self.today))

    def stage_kind(self, subject: Subject) -> str | None:
        """Return `live`, `held` or `ended`; None where the lifecycle has no such stage."""
        stage = self.lifecycles[subject.lifecycle].stages.get(subject.stage)
        return stage.kind if stage is not None else None

    def url(self, subject: Subject, page: str = "") -> str:
        return self.home.url(f"/projects/{subject.reference}{page}")

    def item(self, subject: Subject, page: str = "", **more: Any) -> dict[str, Any]:
        """Return what every item says: the project and where to go."""
        project = {"reference": subject.reference, "title": subject.title, "url": self.url(subject)}
        return {"project": project, "link": self.url(subject, page), **more}

    def late(self, due: dt.date) -> int:
        return max(self.calendar.working_days_between(due, self.today), 0)
