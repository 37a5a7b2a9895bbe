"""A lifecycle as a python-statemachine chart: the definition, its checks, and its drawings.

The chart is flat, one string column. A gate is a validator that lists everything unmet at once. The program runs by
`Lifecycle.plan` (a table); `tests/domain/test_machine.py` proves table and chart equal on every definition.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from statemachine import StateChart
from statemachine.exceptions import InvalidDefinition
from statemachine.io import create_machine_class_from_definition

from vfm_workflow.domain.lifecycle import BACK, Lifecycle
from vfm_workflow.errors import ConfigError, Problem


class Position:
    """What a chart is bound to: the project's stage and, while it is held, the stage it was held from."""

    def __init__(self, stage: str, held_from: str | None = None) -> None:
        self.state = stage
        self.held_from = held_from


def compile_chart(lifecycle: Lifecycle, file: str = "") -> type[StateChart[Any]]:
    """Return the chart of `lifecycle`. Raises ConfigError where python-statemachine refuses the definition."""
    first = lifecycle.document.first_stage
    states: dict[str, Any] = {
        key: {
            "name": stage.title,
            "initial": key == first,
            "final": stage.kind == "ended",
            "on": _transitions(lifecycle, key),
        }
        for key, stage in lifecycle.stages.items()
    }
    for key in states:
        if not states[key]["on"]:
            del states[key]["on"]
    try:
        chart = create_machine_class_from_definition(
            _class_name(lifecycle),
            states=states,
            allow_event_without_transition=False,
            catch_errors_as_events=False,
            atomic_configuration_update=True,
            **{f"held_from_{stage}": _held_from(stage) for stage in lifecycle.live_stages},
        )
        chart(model=Position(first))  # a misspelt guard shows only when the chart is built
    except InvalidDefinition as error:
        problem = Problem(
            file or lifecycle.name, None, f"the lifecycle cannot run: {error}.", "Mend its events."
        )
        raise ConfigError([problem]) from error
    return chart


def _class_name(lifecycle: Lifecycle) -> str:
    return "".join(word.title() for word in lifecycle.name.split("_"))


def _held_from(stage: str) -> Any:
    def guard(self: Any) -> bool:
        return bool(self.model.held_from == stage)

    guard.__name__ = f"held_from_{stage}"
    return guard


def _transitions(lifecycle: Lifecycle, stage: str) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for step in lifecycle.steps(stage):
        targets: list[dict[str, Any]]
        if step.target == BACK:
            targets = [{"target": live, "cond": f"held_from_{live}"} for live in lifecycle.live_stages]
        elif step.target == stage:
            targets = [{"target": stage, "internal": True}]
        else:
            targets = [{"target": step.target}]
        rows[step.event] = targets
    return rows


def mermaid(lifecycle: Lifecycle, stage: str | None = None, held_from: str | None = None) -> str:
    """Return the chart as Mermaid, with a project's stage marked where one is given."""
    position = Position(stage or lifecycle.document.first_stage, held_from)
    drawing = format(compile_chart(lifecycle)(model=position), "mermaid")
    if stage is None:
        drawing = "\n".join(line for line in drawing.splitlines() if not _marks_active(line))
    return drawing


def _marks_active(line: str) -> bool:
    text = line.strip()
    return text.startswith(("classDef active", "class ")) or text.endswith(":::active")


def text(lifecycle: Lifecycle, stage: str | None = None) -> str:
    """Return the lifecycle as lines of text, a project's stage marked with `>`."""
    document = lifecycle.document
    lines = [f"{document.title} ({lifecycle.name}, version {document.version}, {lifecycle.digest[:8]})", ""]
    for key, spec in lifecycle.stages.items():
        mark = ">" if key == stage else " "
        notes: list[str] = [spec.kind] if spec.kind != "live" else []
        notes += [f"waits for {spec.owner}"] if spec.owner else []
        notes += [f"{spec.limit_working_days} working days"] if spec.limit_working_days else []
        lines.append(f"{mark} {spec.title} [{key}]" + (f"  ({', '.join(notes)})" if notes else ""))
        lines += [f"      {line}" for line in _step_lines(lifecycle, key)]
    return "\n".join(lines)


def _step_lines(lifecycle: Lifecycle, stage: str) -> Iterable[str]:
    for step in lifecycle.steps(stage):
        target = {BACK: "where it was", stage: "stays"}.get(step.target) or lifecycle.stages[
            step.target
        ].title
        who = (
            f"by the board ({step.spec.decided_by})"
            if step.spec.decided_by
            else f"by {', '.join(step.spec.by)}"
        )
        opens = f"; asks for the decision “{step.spec.opens}”" if step.spec.opens else ""
        yield f"{step.event} → {target}, {who}{opens}"
        if step.spec.requires:
            yield f"    requires {', '.join(step.spec.requires)}"
