"""A project goes from outline to closed, and everything it leaves behind holds together."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.people import Council
from vfm_workflow.errors import NotAllowed, StaleRevision, UnknownEvent, Unready
from vfm_workflow.journeys import dates
from vfm_workflow.journeys.lessons import record
from vfm_workflow.store import history


def test_a_project_goes_from_outline_to_closed(council: Council) -> None:
    reference = council.create()
    council.to_implementation(reference)
    assert council.stage(reference) == "implementation"
    milestone = council.milestones(reference)[0]
    assert milestone.baseline == milestone.forecast
    council.later(days=30)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.finish_milestone(
            session, council.home, reference, milestone.id or 0, council.at.date(), manager, council.at
        )
    council.do(reference, "finish_implementation")
    with council.app.write() as session:
        record(
            session,
            council.home,
            reference,
            "Start with the depot.",
            council.actor(session, "manager"),
            council.at,
        )
    council.do(reference, "submit_lessons")
    council.approve(reference)
    assert council.stage(reference) == "closed"
    with council.app.read() as session:
        assert list(history.verify(session)) == []


def test_an_incomplete_outline_is_refused_with_every_reason_at_once(council: Council) -> None:
    reference = council.create()
    with pytest.raises(Unready) as refused:
        council.do(reference, "submit_outline")
    pages = {item.page for item in refused.value.unmet}
    assert pages == {"outline", "consultations", "milestones", "plan", "measures", "savings"}
    assert len([item for item in refused.value.unmet if item.requirement == "outline_complete"]) == 9
    assert council.stage(reference) == "outline"


def test_an_unknown_event_names_the_events_there_are(council: Council) -> None:
    reference = council.create()
    with pytest.raises(UnknownEvent, match=r"submit_outline, hold, withdraw"):
        council.do(reference, "sumbit_outline")


def test_a_stale_revision_is_refused_with_what_changed_since(council: Council) -> None:
    reference = council.create()
    seen = council.project(reference).revision
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.add_milestone(
            session, council.home, reference, "Contract", dt.date(2026, 9, 1), manager, council.at
        )
    with pytest.raises(StaleRevision) as refused:
        council.do(reference, "hold", "head", reason="Waiting for the grant", revision=seen)
    assert refused.value.changes == ("Waste Project Manager: milestone added",)
    assert council.stage(reference) == "outline"


def test_an_outsider_cannot_advance_a_project(council: Council) -> None:
    reference = council.create()
    with pytest.raises(NotAllowed, match="Head of Service"):
        council.do(reference, "hold", "other", reason="I would like to")


def test_a_held_project_comes_back_to_where_it_was_and_the_board_is_asked_again(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.do(reference, "hold", "head", reason="An election")
    assert council.stage(reference) == "on_hold"
    with pytest.raises(Exception, match="on hold"):
        council.decide(reference, "chief", "approve")
    council.do(reference, "resume", "head")
    assert council.stage(reference) == "cmt_approval"
    council.approve(reference)
    assert council.stage(reference) == "initial_stage"


def test_only_a_decision_resets_a_baseline_and_the_old_one_stays(council: Council) -> None:
    reference = council.create()
    council.to_implementation(reference)
    milestone = council.milestones(reference)[0]
    new = dt.date(2026, 12, 4)
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        dates.propose(
            session,
            council.home,
            reference,
            {milestone.id or 0: new},
            "The supplier is late",
            manager,
            council.at,
        )
    council.do(reference, "ask_rebaseline")
    assert council.milestones(reference)[0].baseline == milestone.baseline
    council.approve(reference)
    with council.app.read() as session:
        from vfm_workflow.store.facts import milestones

        fact = milestones(session, council.project(reference).id or 0)[0]
    assert fact.baselines == (milestone.baseline, new)
    assert (fact.baseline, fact.first_baseline, fact.forecast) == (new, milestone.baseline, new)
