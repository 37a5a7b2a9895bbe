"""A small lifecycle document to break, and any number of random ones that work."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from vfm_workflow.documents import Document, parse_yaml
from vfm_workflow.domain.lifecycle import Known, Lifecycle, load
from vfm_workflow.domain.requirements import REQUIREMENTS
from vfm_workflow.domain.snapshot import SUBJECTS
from vfm_workflow.folders import shipped

ROLES = ("project_manager", "head_of_service", "chief_executive", "cmt_member", "administrator")
KNOWN = Known(
    requirements=tuple(REQUIREMENTS),
    effects=("set_first_baselines", "set_agreed_baselines", "agree_figures"),
    roles=ROLES,
    notices=("stage_changed",),
    subjects=tuple(SUBJECTS),
    work=("outline", "milestones", "forecasts", "lessons"),
)
SMALL = """\
lifecycle: small
title: A small lifecycle
version: 1
first_stage: idea
stages:
  idea:
    title: Idea
    owner: project_manager
    asks_for: [outline]
  asked:
    title: Asked
  waiting:
    title: Waiting
    kind: held
  done:
    title: Done
    kind: ended
decisions:
  gate:
    title: Decide on it
    freezes: outline
    board: [chief_executive, cmt_member]
    quorum: {share: majority, must_include: [chief_executive]}
    chair: chief_executive
    outcomes:
      approve: agree
      return_for_changes: refuse
events:
  submit:
    label: Submit it
    from: idea
    to: asked
    by: [project_manager]
    requires: [outline_complete]
    opens: gate
    notify: [stage_changed]
  agree:
    label: Agreed
    from: asked
    to: done
    decided_by: gate
    effects: [set_first_baselines]
  refuse:
    label: Refused
    from: asked
    to: idea
    decided_by: gate
  hold:
    label: Put on hold
    from: live
    to: waiting
    by: [head_of_service]
  resume:
    label: Resume
    from: waiting
    to: back
    by: [head_of_service]
"""


def read(text: str, file: str = "workflows/small.yaml") -> Lifecycle:
    """Return the lifecycle in `text`, checked."""
    return load(parse_yaml(text, file), KNOWN)


def edited(old: str, new: str) -> str:
    """Return the small document with `old`, which stands in it once, replaced."""
    assert SMALL.count(old) == 1, f"{old!r} stands {SMALL.count(old)} times in the small document"
    return SMALL.replace(old, new)


def line_of(text: str, start: str) -> int:
    """Return the 1-based number of the one line that begins with `start`, spaces before it aside."""
    found = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start)]
    assert len(found) == 1, f"{start!r} begins {len(found)} lines"
    return found[0]


def shipped_text(name: str) -> str:
    """Return a lifecycle document that ships, such as `vfm`."""
    return (shipped() / "workflows" / f"{name}.yaml").read_text(encoding="utf-8")


@st.composite
def lifecycles(draw: st.DrawFn) -> Lifecycle:
    """Draw a lifecycle that works: a chain of stages, with whatever else may be between them."""
    live = [f"stage_{number}" for number in range(draw(st.integers(1, 4)))]
    ended = [f"end_{number}" for number in range(draw(st.integers(1, 2)))]
    held = [f"held_{number}" for number in range(draw(st.integers(0, 2)))]
    events: dict[str, Any] = {}
    decisions: dict[str, Any] = {}
    chain = [*live, ended[0]]
    for number, (before, after) in enumerate(pairwise(chain)):
        if number + 1 < len(live) and draw(st.booleans()):
            _gated(draw, number, before, after, chain[number + 2], events, decisions)
        events[f"go_{number}"] = _event(draw, [before], after)
    for number, stage in enumerate(ended[1:]):
        events[f"stop_{number}"] = _event(draw, draw(_some(live)), stage)
    for stage in held:
        sources: list[str] | str = draw(st.one_of(st.just("live"), _some(live)))
        events[f"hold_{stage}"] = _event(draw, sources, stage)
        events[f"leave_{stage}"] = _event(draw, [stage], draw(st.sampled_from(["back", *live, *ended])))
    for number in range(draw(st.integers(0, 4))):
        events[f"more_{number}"] = _event(
            draw, draw(_some([*live, *held])), draw(st.sampled_from(["same", *live, *ended]))
        )
    order = draw(st.permutations(list(events)))
    document = {
        "lifecycle": "drawn",
        "title": "A drawn lifecycle",
        "version": draw(st.integers(1, 9)),
        "first_stage": live[0],
        "stages": {
            **{key: {"title": f"Live {key}"} for key in live},
            **{key: {"title": f"Ended {key}", "kind": "ended"} for key in ended},
            **{key: {"title": f"Held {key}", "kind": "held"} for key in held},
        },
        "decisions": decisions,
        "events": {key: events[key] for key in order},
    }
    return load(Document("drawn", document), KNOWN)


def _some(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=len(names), unique=True)


def _event(draw: st.DrawFn, sources: list[str] | str, target: str) -> dict[str, Any]:
    return {
        "label": "Do it",
        "from": sources,
        "to": target,
        "by": draw(_some(list(ROLES))),
        "requires": draw(st.lists(st.sampled_from(sorted(REQUIREMENTS)), max_size=2, unique=True)),
        "reason": draw(st.sampled_from(["required", "optional"])),
    }


def _gated(
    draw: st.DrawFn,
    number: int,
    before: str,
    gate: str,
    after: str,
    events: dict[str, Any],
    decisions: dict[str, Any],
) -> None:
    """Add a decision that `before` asks for, that is made in `gate` and leads to `after`."""
    name = f"decision_{number}"
    events[f"ask_{number}"] = {**_event(draw, [before], gate), "opens": name}
    decided = {"label": "Decided", "from": [gate], "decided_by": name}
    events[f"approve_{number}"] = {**decided, "to": after}
    events[f"refuse_{number}"] = {**decided, "to": draw(st.sampled_from(["same", before]))}
    decisions[name] = {
        "title": "Decide",
        "freezes": draw(st.sampled_from(sorted(SUBJECTS))),
        "board": ["chief_executive", "cmt_member"],
        "quorum": {"share": draw(st.sampled_from(["majority", "all", 1, 3]))},
        "outcomes": {"approve": f"approve_{number}", "reject": f"refuse_{number}"},
    }
