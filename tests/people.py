"""A small council for tests: people by key, and one call for each thing they do.

Tests read as sentences: `council.outline_ready("VFM-0001")`, `council.decide("VFM-0001", "chief", "approve")`.
Everything goes through the journeys, as a user's would.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from sqlalchemy import select
from sqlmodel import Session, col

from vfm_workflow import wiring
from vfm_workflow.domain.decisions import read_ballot
from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import access, advance, dates, decide, people, projects, writing
from vfm_workflow.journeys.decide import Recorded
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import projects as store
from vfm_workflow.store.tables import (
    Consultation,
    DecisionRequest,
    Link,
    Measure,
    MeasureTarget,
    Milestone,
    OutboxMail,
    PlanRow,
    Project,
    SavingLine,
    SavingYear,
    Slot,
)

MONDAY = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
"""A working Monday on which the tests' council begins."""

DEPARTMENTS = {"SS": "Street Scene", "PE": "Planning and Housing"}
PEOPLE = {
    "chief": ("Chief Executive", "chief_executive", "SS"),
    "place": ("Director of Place", "cmt_member", "PE"),
    "resources": ("Director of Resources", "cmt_member", "SS"),
    "housing": ("Director of Housing", "cmt_member", "PE"),
    "customers": ("Director of Customers", "cmt_member", "SS"),
    "head": ("Head of Street Scene", "head_of_service", "SS"),
    "planning": ("Head of Planning", "head_of_service", "PE"),
    "manager": ("Waste Project Manager", "project_manager", "SS"),
    "other": ("Housing Project Manager", "project_manager", "PE"),
    "finance": ("Finance Officer", "finance_officer", "SS"),
    "legal": ("Legal Officer", "consultee", "SS"),
    "board": ("Board Member for Housing", "board_member", "PE"),
    "holder": ("Portfolio Holder for Finance", "portfolio_holder", ""),
    "auditor": ("Internal Auditor", "internal_auditor", ""),
    "performance": ("Performance Officer", "performance_officer", ""),
    "admin": ("Administrator", "administrator", ""),
}


def address(key: str) -> str:
    return f"{key}@wrenfold.example"


@dataclass
class Council:
    """A running council with people in it. `at` is its moment; move it with `later`."""

    app: wiring.App
    at: dt.datetime = MONDAY
    tokens: list[str] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return self.app.home

    def later(self, **passed: float) -> dt.datetime:
        """Move the council's moment on and return it."""
        self.at += dt.timedelta(**passed)
        return self.at

    def populate(self) -> None:
        with self.app.write() as session:
            for code, name in DEPARTMENTS.items():
                people.add_department(session, code=code, name=name)
            for key, (name, role, department) in PEOPLE.items():
                people.add_person(
                    session,
                    self.home,
                    address=address(key),
                    name=name,
                    role=role,
                    department=department,
                    at=self.at,
                )
            people.set_head(session, "SS", address("head"), at=self.at)
            people.set_head(session, "PE", address("planning"), at=self.at)

    def actor(self, session: Session, key: str) -> Actor:
        """Return somebody as they act at the council's moment, with those they stand in for."""
        found = people.actor_by_address(session, address(key))
        return access.standing_in(session, self.home, found, self.at)

    def who(self, key: str) -> Actor:
        with self.app.read() as session:
            return self.actor(session, key)

    def create(
        self,
        title: str = "Waste rounds",
        *,
        kind: str = "delivery_model",
        manager: str = "manager",
        department: str = "SS",
    ) -> str:
        """Begin a project; return its reference."""
        with self.app.write() as session:
            return projects.create(
                session,
                self.home,
                title=title,
                kind=kind,
                department=department,
                manager=address(manager),
                by=self.actor(session, manager),
                at=self.at,
                summary="Fewer rounds, the same bins.",
            ).reference

    def project(self, reference: str) -> Project:
        with self.app.read() as session:
            return store.by_reference(session, reference)

    def stage(self, reference: str) -> str:
        return self.project(reference).stage

    def outline_ready(self, reference: str, *, milestone: dt.date | None = None) -> None:
        """Fill everything the default lifecycle asks of an outline."""
        with self.app.write() as session:
            project = store.by_reference(session, reference)
            manager = store.actor(store.person(session, project.manager_id))
            for section in self.home.outline.outline:
                text = " ".join(f"{section.key}{n}" for n in range(section.min_words + 5))
                writing.save_section(
                    session, self.home, reference, "outline", section.key, text, manager, self.at
                )
            writing.save_criterion(
                session, self.home, reference, "high_cost", "£71 against £61", manager, self.at
            )
            day = milestone or (self.at + dt.timedelta(days=120)).date()
            dates.add_milestone(session, self.home, reference, "Contract signed", day, manager, self.at)
            self._rows(session, project, manager)

    def _rows(self, session: Session, project: Project, manager: Actor) -> None:
        project_id, today = store.key(project), self.at.date()
        session.add(
            Consultation(
                project_id=project_id,
                key="finance",
                asked_on=today,
                asked_by=manager.id,
                answered_on=today,
                answered_by=manager.id,
                answer="The figures agree.",
            )
        )
        session.add(
            PlanRow(
                project_id=project_id,
                position=1,
                title="Re-route",
                scope="All rounds",
                method="Software",
                who="Waste team",
                hours=120,
                target=today,
                gain_low=4_000_000,
                gain_high=6_000_000,
                gain="Fewer missed bins",
            )
        )
        rows = []
        for number, (name, kind, unit, places) in enumerate(
            (
                ("Cost per household", "unit_cost", "£ per household", 2),
                ("Missed collections", "performance", "per 100,000", 0),
            ),
            1,
        ):
            rows.append(
                Measure(
                    project_id=project_id,
                    position=number,
                    name=name,
                    kind=kind,
                    unit=unit,
                    places=places,
                    direction="lower",
                )
            )
        session.add_all(rows)
        session.flush()
        for row, (baseline, target) in zip(rows, ((7100, 6400), (92, 60)), strict=True):
            assert row.id is not None
            session.add(
                MeasureTarget(
                    measure_id=row.id, number=1, baseline=baseline, target=target, at=self.at, by=manager.id
                )
            )
        line = SavingLine(
            project_id=project_id,
            position=1,
            title="Fewer rounds",
            cashable=True,
            ongoing=True,
            budget_code="SS-4210",
            cross_check=rows[1].id,
        )
        session.add(line)
        session.flush()
        assert line.id is not None
        for year, value in ((2026, 8_000_000), (2027, 21_000_000)):
            session.add(
                SavingYear(line_id=line.id, year=year, low=value // 2, expected=value, high=value * 2)
            )

    def recommendations_ready(self, reference: str) -> None:
        """Write every section of the recommendations."""
        with self.app.write() as session:
            project = store.by_reference(session, reference)
            manager = store.actor(store.person(session, project.manager_id))
            for section in self.home.outline.recommendations:
                text = " ".join(f"{section.key}{n}" for n in range(section.min_words + 5))
                writing.save_section(
                    session, self.home, reference, "recommendations", section.key, text, manager, self.at
                )

    def do(
        self,
        reference: str,
        event: str,
        by: str = "manager",
        *,
        reason: str = "",
        revision: int | None = None,
    ) -> advance.Moved:
        """Fire an event."""
        with self.app.write() as session:
            return advance.advance(
                session,
                self.home,
                reference,
                event,
                self.actor(session, by),
                self.at,
                reason=reason,
                revision=revision,
            )

    def link_of(self, reference: str, key: str) -> int:
        """Return the id of the newest decision link that `key` holds on a project."""
        with self.app.read() as session:
            query = (
                select(col(Link.id))
                .join(Slot, col(Slot.id) == col(Link.slot_id))
                .join(DecisionRequest, col(DecisionRequest.id) == col(Slot.request_id))
                .join(Project, col(Project.id) == col(DecisionRequest.project_id))
                .where(
                    col(Project.reference) == reference, col(Link.person_id) == self.actor(session, key).id
                )
                .order_by(col(Link.id).desc())
            )
            found = session.scalars(query).first()
            assert found is not None, f"{key} has no link on {reference}"
            return found

    def decide(
        self, reference: str, key: str, choice: str, *, reason: str = "", conditions: str = ""
    ) -> Recorded:
        """Decide by the newest link of `key`."""
        link_id = self.link_of(reference, key)
        with self.app.write() as session:
            opened = decide.open_link(session, self.home, link_id)
            ballot = read_ballot(opened.asked.rule, choice, reason, conditions)
            return decide.cast(session, self.home, link_id, ballot, self.at)

    def approve(self, reference: str, *keys: str) -> None:
        """Approve by the chief executive and two directors, or by whoever is named."""
        for key in keys or ("chief", "place", "resources"):
            self.decide(reference, key, "approve")

    def to_implementation(self, reference: str) -> None:
        """Take a fresh project through both decisions."""
        self.outline_ready(reference)
        self.do(reference, "submit_outline")
        self.approve(reference)
        self.recommendations_ready(reference)
        self.do(reference, "submit_recommendations")
        self.approve(reference)

    def milestones(self, reference: str) -> list[Milestone]:
        with self.app.read() as session:
            project = store.by_reference(session, reference)
            return list(
                session.scalars(
                    select(Milestone)
                    .where(col(Milestone.project_id) == project.id)
                    .order_by(col(Milestone.id))
                )
            )

    def mails(self, *, to: str | None = None, notice: str | None = None) -> list[OutboxMail]:
        """Return the outbox, oldest first."""
        with self.app.read() as session:
            query = select(OutboxMail).order_by(col(OutboxMail.id))
            if to is not None:
                query = query.where(col(OutboxMail.to) == address(to))
            if notice is not None:
                query = query.where(col(OutboxMail.notice) == notice)
            return list(session.scalars(query))

    def read_mail(self, row: OutboxMail) -> EmailMessage:
        found = message_from_bytes(row.data, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    def links_in(self, row: OutboxMail) -> list[str]:
        """Return the addresses of our own in a mail's text body."""
        body = self.read_mail(row).get_body(("plain",))
        assert body is not None
        return re.findall(re.escape(self.home.base_url) + r"[^\s>)]*", body.get_content())


def numbered() -> Iterator[str]:
    """Yield tokens that a test can foresee."""
    return (f"token{n:038d}" for n in itertools.count(1))
