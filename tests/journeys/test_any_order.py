"""Whatever people do, in whatever order, a project keeps its invariants (design §4)."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlmodel import col

from tests.figures_support import submit
from tests.people import Council
from vfm_workflow import settings, wiring
from vfm_workflow.domain.decisions import Ballot
from vfm_workflow.domain.lifecycle import CHOICES
from vfm_workflow.errors import VfmError
from vfm_workflow.journeys import dates, decide, disputes, lessons, returns, writing
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import history
from vfm_workflow.store.engine import Database
from vfm_workflow.store.tables import (
    Baseline,
    DecisionRequest,
    History,
    Link,
    Milestone,
    Project,
    Slot,
    VoteRow,
)

WHO = st.sampled_from(
    ["manager", "head", "chief", "place", "resources", "other", "planning", "admin", "holder"]
)
BOARD = st.sampled_from(["chief", "place", "resources", "housing", "customers"])


class Life(RuleBasedStateMachine):
    """A council with two projects, and everything people may do to them. A refusal is as good as a success."""

    home: ClassVar[Home]
    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="vfm-life-"))
        shutil.copy(self.template, self.folder / "vfm.sqlite3")
        loaded = settings.load({}, data=str(self.folder))
        self.app = wiring.App(loaded, self.home, Database(loaded.database_url, durable=False), "tests")
        self.council = Council(self.app)
        self.baselines: dict[tuple[int, int], dt.date] = {}
        self.heads: dict[int, tuple[int, str]] = {}

    def teardown(self) -> None:
        self.app.close()
        shutil.rmtree(self.folder)

    def try_(self, doing: Callable[[], object]) -> None:
        """Do something that may be refused; what is refused must leave everything as it was."""
        before = self.everything()
        try:
            doing()
        except VfmError:
            assert self.everything() == before, "a refusal changed something"

    def everything(self) -> dict[str, int]:
        """Return how many rows there are, and each project's revision."""
        with self.app.read() as session:
            counts = {
                table.__name__: session.scalar(select(func.count()).select_from(table)) or 0
                for table in (History, DecisionRequest, Link, VoteRow, Baseline, Milestone, Slot)
            }
            revisions = {row.reference: row.revision for row in session.scalars(select(Project))}
        return {**counts, **revisions}

    def write(self, doing: Callable[[Any, Any], object], by: str) -> None:
        def inside() -> None:
            with self.app.write() as session:
                doing(session, self.council.actor(session, by))

        self.try_(inside)

    # ---------------------------------------------------------------- what may be done

    @initialize(far=st.integers(0, 4))
    def begin(self, far: int) -> None:
        self.council.populate()
        self.references = [self.council.create(), self.council.create("Garden waste")]
        first = self.references[0]
        if far >= 1:
            self.council.outline_ready(first)
        if far >= 2:
            self.council.do(first, "submit_outline")
        if far >= 3:
            self.council.approve(first)
            self.council.recommendations_ready(first)
        if far >= 4:
            self.council.do(first, "submit_recommendations")
            self.council.approve(first)

    @rule(hours=st.integers(1, 24 * 20))
    def time_passes_and_the_clock_ticks(self, hours: int) -> None:
        self.council.later(hours=hours)
        self.app.tick(self.council.at)

    @rule(
        which=st.integers(0, 1),
        by=WHO,
        event=st.sampled_from(["first", "hold", "resume", "any"]),
        data=st.data(),
    )
    def an_event(self, which: int, by: str, event: str, data: st.DataObject) -> None:
        reference = self.references[which]
        lifecycle = self.home.lifecycles["vfm"]
        steps = [step.event for step in lifecycle.steps(self.council.stage(reference))]
        if event == "first" and steps:
            event = steps[0]
        elif event == "any":
            event = data.draw(st.sampled_from(sorted(lifecycle.document.events)))
        self.try_(
            lambda: self.council.do(reference, event, by, reason=data.draw(st.sampled_from(["", "Because"])))
        )

    @rule(which=st.integers(0, 1), key=BOARD, choice=st.sampled_from(CHOICES), old=st.booleans())
    def a_vote(self, which: int, key: str, choice: Any, old: bool) -> None:
        with self.app.read() as session:
            person = self.council.actor(session, key).id
            query = (
                select(col(Link.id))
                .join(Slot, col(Slot.id) == col(Link.slot_id))
                .join(DecisionRequest, col(DecisionRequest.id) == col(Slot.request_id))
                .where(col(Link.person_id) == person, col(DecisionRequest.project_id) == which + 1)
            )
            links = [found for found in session.scalars(query.order_by(col(Link.id))) if found is not None]
        if not links:
            return
        conditions = ("Ask the unions",) if choice == "approve_with_conditions" else ()
        ballot = Ballot(choice, "Because", conditions)

        def cast() -> None:
            with self.app.write() as session:
                decide.cast(session, self.home, links[0 if old else -1], ballot, self.council.at)

        self.try_(cast)

    @rule(which=st.integers(0, 1))
    def the_board_approves(self, which: int) -> None:
        for key in ("chief", "place", "resources"):
            self.a_vote(which, key, "approve", False)

    @rule(which=st.integers(0, 1), text=st.sampled_from(["one", "two", "word " * 40]), by=WHO)
    def an_edit(self, which: int, text: str, by: str) -> None:
        reference, at = self.references[which], self.council.at
        self.write(
            lambda s, who: writing.save_section(s, self.home, reference, "outline", "why", text, who, at), by
        )

    @rule(which=st.integers(0, 1), ahead=st.integers(-30, 400), by=WHO)
    def a_milestone(self, which: int, ahead: int, by: str) -> None:
        reference, at = self.references[which], self.council.at
        day = at.date() + dt.timedelta(days=ahead)
        self.write(lambda s, who: dates.add_milestone(s, self.home, reference, "Another", day, who, at), by)

    @rule(
        which=st.integers(0, 1),
        days=st.integers(-40, 200),
        what=st.sampled_from(["move", "finish", "remove", "propose"]),
    )
    def a_change_of_a_milestone(self, which: int, days: int, what: str) -> None:
        reference, at, home = self.references[which], self.council.at, self.home
        found = self.council.milestones(reference)
        if not found:
            return
        key, day = found[-1].id or 0, found[-1].forecast + dt.timedelta(days=days)
        doing: dict[str, Callable[[Any, Any], object]] = {
            "move": lambda s, who: dates.change_milestone(s, home, reference, key, who, at, forecast=day),
            "finish": lambda s, who: dates.finish_milestone(s, home, reference, key, at.date(), who, at),
            "remove": lambda s, who: dates.remove_milestone(s, home, reference, key, who, at),
            "propose": lambda s, who: dates.propose(s, home, reference, {key: day}, "Late", who, at),
        }
        self.write(doing[what], "manager")

    @rule(which=st.integers(0, 1), what=st.sampled_from(["lesson", "return", "verify"]))
    def a_report(self, which: int, what: str) -> None:
        reference, at, home = self.references[which], self.council.at, self.home
        month = home.calendar.month_before(at.date())
        if what == "lesson":
            self.write(
                lambda s, who: lessons.record(s, home, reference, "Start with the depot", who, at), "manager"
            )
        elif what == "verify":
            self.write(lambda s, who: returns.verify(s, home, reference, month, who, at), "head")
        elif which == 0 and self.council.milestones(reference):
            self.try_(lambda: submit(self.council, reference, month))

    @rule(settle=st.booleans())
    def a_dispute(self, settle: bool) -> None:
        if settle:
            for reference in self.references:
                self.settle(reference)
            return
        mails = self.council.mails(notice="decision_receipt")
        if mails:
            (url,) = {url for url in self.council.links_in(mails[-1]) if "/dispute/" in url}
            token = url.rpartition("/")[2]
            self.write(lambda s, _: disputes.dispute(s, self.home, token, self.council.at), "chief")

    def settle(self, reference: str) -> None:
        at = self.council.at
        self.write(lambda s, who: disputes.settle(s, self.home, reference, who, "Looked", at), "admin")

    # ---------------------------------------------------------------- what must hold

    @invariant()
    def every_chain_is_whole_and_leads_to_todays_stage(self) -> None:
        with self.app.read() as session:
            assert list(history.verify(session)) == []
            for project in session.scalars(select(Project)):
                rows = list(reversed(history.of(session, project.id or 0)))
                assert len(rows) == project.revision, "a revision is a row, and a row a revision"
                stage = self.home.lifecycles["vfm"].document.first_stage
                for row in rows:
                    assert row.from_stage == stage
                    stage = row.to_stage
                assert stage == project.stage
                held = self.home.lifecycles["vfm"].stages[stage].kind == "held"
                assert (project.held_from is not None) == held

    @invariant()
    def history_is_only_ever_added_to(self) -> None:
        with self.app.read() as session:
            for project_id, (seq, digest) in self.heads.items():
                query = select(col(History.hash)).where(
                    col(History.project_id) == project_id, col(History.seq) == seq
                )
                assert session.scalars(query).one() == digest
            self.heads = {p.id or 0: (p.revision, p.head) for p in session.scalars(select(Project))}

    @invariant()
    def a_decision_is_open_once_and_a_slot_has_one_live_link_and_one_vote(self) -> None:
        with self.app.read() as session:
            opened = list(
                session.scalars(select(DecisionRequest).where(col(DecisionRequest.state) == "open"))
            )
            assert max(Counter((row.project_id, row.decision) for row in opened).values(), default=0) <= 1
            live = select(col(Link.slot_id), func.count()).where(
                col(Link.slot_id).is_not(None), col(Link.used_at).is_(None), col(Link.revoked_at).is_(None)
            )
            assert all(count == 1 for _, count in session.execute(live.group_by(col(Link.slot_id))))
            votes = list(session.scalars(select(VoteRow)))
            assert len({vote.slot_id for vote in votes}) == len(votes)
            lifecycle = self.home.lifecycles["vfm"]
            for row in opened:
                project = session.get(Project, row.project_id)
                assert project is not None
                outcomes = lifecycle.decisions[row.decision].outcomes.values()
                assert all((project.stage, event) in lifecycle.plan for event in outcomes), (
                    "it could not be decided"
                )

    @invariant()
    def nobody_decides_their_own_project(self) -> None:
        with self.app.read() as session:
            query = select(VoteRow, Project).join(
                DecisionRequest, col(DecisionRequest.id) == col(VoteRow.request_id)
            )
            for vote, project in session.execute(
                query.join(Project, col(Project.id) == col(DecisionRequest.project_id))
            ):
                assert vote.person_id not in (project.manager_id, project.sponsor_id)

    @invariant()
    def a_baseline_once_agreed_stays_and_each_has_its_decision(self) -> None:
        with self.app.read() as session:
            rows = list(session.scalars(select(Baseline)))
            now = {(row.milestone_id, row.number): row.date for row in rows}
            assert self.baselines.items() <= now.items()
            self.baselines = now
            for row in rows:
                request = session.get(DecisionRequest, row.request_id)
                assert request is not None
                assert request.outcome in ("approve", "approve_with_conditions")
            newest = {key: day for (key, _), day in sorted(now.items())}
            for milestone in session.scalars(select(Milestone)):
                assert milestone.baseline == newest.get(milestone.id or 0)


@pytest.fixture
def life(empty_database: Path, shipped_home: Home) -> type[Life]:
    """The machine, with the default home and a migrated database to begin from."""
    Life.home, Life.template = shipped_home, empty_database
    return Life


def test_any_order_of_events_keeps_the_invariants(life: type[Life]) -> None:
    run_state_machine_as_test(
        life, settings=hypothesis_settings(max_examples=12, stateful_step_count=25, deadline=None)
    )
