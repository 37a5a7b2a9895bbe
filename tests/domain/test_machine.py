"""The statechart is the definition, the plan what the program runs by: they agree on every document."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statemachine import StateChart
from statemachine.exceptions import TransitionNotAllowed

from tests.domain.lifecycles import SMALL, lifecycles, read
from vfm_workflow import settings, wiring
from vfm_workflow.domain.lifecycle import BACK, Lifecycle
from vfm_workflow.domain.machine import Position, compile_chart, mermaid, text
from vfm_workflow.errors import ConfigError, UnknownEvent


def by_plan(lifecycle: Lifecycle, stage: str, event: str, held_from: str | None) -> str | None:
    """Return where the plan takes a project, None where it refuses."""
    try:
        target = lifecycle.step(stage, event).target
    except UnknownEvent:
        return None
    return held_from if target == BACK else target


def by_chart(chart: type[StateChart[Any]], stage: str, event: str, held_from: str | None) -> str | None:
    """Return where the statechart takes a project, None where it refuses."""
    position = Position(stage, held_from)
    machine = chart(model=position)
    if event not in {known.id for known in machine.events}:
        return None
    try:
        machine.send(event)
    except TransitionNotAllowed:
        assert position.state == stage, "a refused event must leave the project where it is"
        return None
    return position.state


def positions(lifecycle: Lifecycle) -> list[tuple[str, str | None]]:
    """Return every stage a project may stand in, a held one with each stage it may be held from."""
    found: list[tuple[str, str | None]] = []
    for key, stage in lifecycle.stages.items():
        found += [(key, live) for live in lifecycle.live_stages] if stage.kind == "held" else [(key, None)]
    return found


def agree(lifecycle: Lifecycle) -> int:
    """Compare plan and chart on every cell; return how many events they accept."""
    chart, accepted = compile_chart(lifecycle), 0
    for stage, held_from in positions(lifecycle):
        for event in [*lifecycle.document.events, "no_such_event"]:
            expected = by_plan(lifecycle, stage, event, held_from)
            assert by_chart(chart, stage, event, held_from) == expected, (stage, event, held_from)
            accepted += expected is not None
    return accepted


@pytest.mark.parametrize("name", ["vfm", "authority_wide"])
def test_plan_and_statechart_agree_on_the_shipped_documents(name: str) -> None:
    lifecycle = wiring.load_home(settings.load({})).lifecycles[name]
    assert agree(lifecycle) > 30


@given(lifecycles())
def test_plan_and_statechart_agree_on_any_document(lifecycle: Lifecycle) -> None:
    assert agree(lifecycle) > 0


@given(lifecycles(), st.data())
def test_plan_and_statechart_agree_along_any_walk(lifecycle: Lifecycle, data: st.DataObject) -> None:
    """Not only from each stage, but from where events have led, one machine living through them all."""
    stage, held_from = lifecycle.document.first_stage, None
    position = Position(stage)
    machine = compile_chart(lifecycle)(model=position)
    for _ in range(data.draw(st.integers(1, 8))):
        steps = lifecycle.steps(stage)
        if not steps:
            break
        step = data.draw(st.sampled_from(steps))
        target = step.target if step.target != BACK else held_from
        machine.send(step.event)
        assert position.state == target
        assert target is not None
        if lifecycle.stages[target].kind != "held":
            held_from = None
        elif lifecycle.stages[stage].kind != "held":
            held_from = stage
        stage, position.held_from = target, held_from


def test_a_guard_that_is_not_met_leaves_a_held_project_where_it_is() -> None:
    chart = compile_chart(read(SMALL))
    assert by_chart(chart, "waiting", "resume", None) is None
    assert by_chart(chart, "waiting", "resume", "asked") == "asked"


def test_a_chart_that_the_library_refuses_is_a_problem_of_the_file() -> None:
    good = read(SMALL).document
    events = {key: spec for key, spec in good.events.items() if key in ("hold", "resume", "refuse")}
    broken = Lifecycle(good.model_copy(update={"events": events}))  # past our own checks
    with pytest.raises(ConfigError, match=r"workflows/small\.yaml: the lifecycle cannot run"):
        compile_chart(broken, "workflows/small.yaml")


def test_the_drawing_marks_where_a_project_stands_and_only_that() -> None:
    lifecycle = read(SMALL)
    drawn = mermaid(lifecycle, "asked")
    assert ":::active" in drawn or "class asked active" in drawn
    assert "active" not in mermaid(lifecycle)
    for stage in lifecycle.stages.values():
        assert stage.title in drawn


def test_the_text_says_who_may_do_what_and_what_it_needs() -> None:
    shown = text(read(SMALL), "asked")
    assert "> Asked [asked]" in shown
    assert "submit → Asked, by project_manager; asks for the decision “gate”" in shown
    assert "requires outline_complete" in shown
    assert "resume → where it was, by head_of_service" in shown
    assert "agree → Done, by the board (gate)" in shown
