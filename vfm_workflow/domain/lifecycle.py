"""The lifecycle document: its schema, its checks, and the plan the program runs by (design §3).

A document says stages, events and decisions. `load` checks every name in it; `machine.compile_chart` turns it into a
python-statemachine class, which is the definition; `Lifecycle.plan` is the same thing as a table, for speed. A
property test holds the two equal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import Field, field_validator

from vfm_workflow.documents import Document, Strict, suggestion, validate
from vfm_workflow.errors import ConfigError, Problem, UnknownEvent

SAME, BACK, LIVE = "same", "back", "live"
Choice = Literal["approve", "approve_with_conditions", "return_for_changes", "reject"]
CHOICES: tuple[Choice, ...] = ("approve", "approve_with_conditions", "return_for_changes", "reject")
Assurance = Literal["A", "B", "C"]
ASSURANCES: tuple[Assurance, ...] = ("A", "B", "C")
"""How sure the service must be who decides, the surest last: the link; a code by mail beside it; a full sign-in."""


class Stage(Strict):
    """One stage of the lifecycle."""

    title: str = Field(min_length=1)
    kind: Literal["live", "held", "ended"] = "live"
    owner: str | None = None
    asks_for: tuple[str, ...] = ()
    limit_working_days: int | None = Field(default=None, ge=1, le=2000)
    weight_percent: int = Field(default=0, ge=0, le=100)
    monitored: bool = False
    beside: str | None = None
    """A stage off the main line says which main stage it is drawn with."""


class Quorum(Strict):
    """How many of the board must vote, and who must be among them."""

    share: Literal["majority", "all"] | int = "majority"
    must_include: tuple[str, ...] = ()


class Threshold(Strict):
    """The money at stake above which a decision needs a surer level."""

    pounds: int = Field(ge=0, strict=True)
    level: Assurance


class DecisionRule(Strict):
    """A decision: who decides, on what frozen text, by when, and what each outcome does."""

    title: str = Field(min_length=1)
    freezes: str
    board: tuple[str, ...] = Field(min_length=1)
    quorum: Quorum = Quorum()
    chair: str | None = None
    deadline_working_days: int = Field(default=5, ge=1, le=60)
    remind_working_days_before: tuple[int, ...] = (2, 0)
    assurance: Assurance = "A"
    assurance_above: Threshold | None = None
    outcomes: dict[Choice, str] = Field(min_length=1)


class Event(Strict):
    """Something that may happen to a project: from where, to where, by whom, and what must be ready."""

    label: str = Field(min_length=1)
    from_: tuple[str, ...] = Field(alias="from")
    to: str
    by: tuple[str, ...] = ()
    decided_by: str | None = None
    requires: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    opens: str | None = None
    notify: tuple[str, ...] = ()
    reason: Literal["required", "optional"] = "optional"
    style: Literal["primary", "secondary", "warning"] = "primary"
    on_page: str | None = None
    """The project page that fires this event with its own form, where one button is not enough."""

    @field_validator("from_", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class LifecycleDocument(Strict):
    """The whole file."""

    lifecycle: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: str = Field(min_length=1)
    version: int = Field(ge=1)
    first_stage: str
    stages: dict[str, Stage] = Field(min_length=2)
    decisions: dict[str, DecisionRule] = {}
    events: dict[str, Event] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Known:
    """The names a document may use, from the parts of the program and the home that define them."""

    requirements: Collection[str]
    effects: Collection[str]
    roles: Collection[str]
    notices: Collection[str]
    subjects: Collection[str]
    work: Collection[str]


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of the plan: what happens when `event` fires in `stage`."""

    stage: str
    event: str
    target: str
    """A stage, or BACK: the stage the project was held from."""
    spec: Event


@dataclass(frozen=True)
class Lifecycle:
    """A checked document with its plan. Immutable; build once per version."""

    document: LifecycleDocument

    @property
    def name(self) -> str:
        return self.document.lifecycle

    @property
    def stages(self) -> Mapping[str, Stage]:
        return self.document.stages

    @property
    def decisions(self) -> Mapping[str, DecisionRule]:
        return self.document.decisions

    @cached_property
    def canonical(self) -> str:
        """The document as canonical JSON: what is stored, and what the hash is of. Stages keep their order: it is drawn."""
        data = self.document.model_dump(mode="json", by_alias=True)
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `canonical`, in hex: the version a project is pinned to."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @cached_property
    def live_stages(self) -> tuple[str, ...]:
        return tuple(key for key, stage in self.stages.items() if stage.kind == "live")

    @cached_property
    def main_line(self) -> tuple[str, ...]:
        """The stages drawn as the bar on a project's page: live and ended ones on the way, none beside it."""
        reached = {
            step.target
            for step in self.plan.values()
            if self.stages[step.stage].kind == "live" and step.target != BACK
        }
        line = [key for key, stage in self.stages.items() if stage.kind == "live" and stage.beside is None]
        ends = [key for key, stage in self.stages.items() if stage.kind == "ended" and key in reached]
        last = line[-1] if line else ""
        finish = [key for key in ends if any(s.stage == last and s.target == key for s in self.plan.values())]
        earlier = {s.target for s in self.plan.values() if s.stage in line[:-1]}
        return (*line, *(key for key in finish if key not in earlier))

    @cached_property
    def plan(self) -> Mapping[tuple[str, str], Step]:
        """The table of (stage, event) → Step."""
        table: dict[tuple[str, str], Step] = {}
        for name, spec in self.document.events.items():
            for stage in self.sources(spec):
                target = stage if spec.to == SAME else spec.to
                table[stage, name] = Step(stage, name, target, spec)
        return table

    def sources(self, spec: Event) -> tuple[str, ...]:
        """Return the stages an event may fire in, `live` written out."""
        return self.live_stages if spec.from_ == (LIVE,) else spec.from_

    @cached_property
    def _by_stage(self) -> Mapping[str, tuple[Step, ...]]:
        rows: dict[str, list[Step]] = {key: [] for key in self.stages}
        for step in self.plan.values():
            rows[step.stage].append(step)
        return {key: tuple(steps) for key, steps in rows.items()}

    def steps(self, stage: str) -> tuple[Step, ...]:
        """Return every step out of `stage`, in the document's order."""
        return self._by_stage.get(stage, ())

    def step(self, stage: str, event: str) -> Step:
        """Return the step. Raises UnknownEvent, which lists what the stage does have."""
        found = self.plan.get((stage, event))
        if found is None:
            title = self.stages[stage].title if stage in self.stages else stage
            names = ", ".join(step.event for step in self.steps(stage)) or "none"
            known = "" if event in self.document.events else " No stage has it."
            raise UnknownEvent(
                f"“{event}” is not an event of the stage {title}.{known} Events here: {names}."
            )
        return found


def load(document: Document, known: Known) -> Lifecycle:
    """Return the checked lifecycle of `document`. Raises ConfigError with every problem, each with its line."""
    lifecycle = Lifecycle(validate(LifecycleDocument, document))
    problems = [*_names(lifecycle, document, known), *_structure(lifecycle, document)]
    if problems := problems or _reachable(lifecycle, document):
        raise ConfigError(problems)
    return lifecycle


def restore(canonical: str) -> Lifecycle:
    """Return the lifecycle that was stored as `canonical` JSON."""
    return Lifecycle(LifecycleDocument.model_validate_json(canonical))


def _unknown(
    document: Document, path: tuple[str | int, ...], kind: str, name: str, accepted: Collection[str]
) -> Problem:
    return document.problem(path, f"{kind} `{name}` does not exist.", suggestion(name, sorted(accepted)))


def _names(lifecycle: Lifecycle, document: Document, known: Known) -> list[Problem]:
    """Return a problem for each name the document uses that nothing defines."""
    doc, found = lifecycle.document, list[Problem]()

    def check(
        path: tuple[str | int, ...], kind: str, names: Collection[str], accepted: Collection[str]
    ) -> None:
        found.extend(_unknown(document, path, kind, name, accepted) for name in names if name not in accepted)

    check(("first_stage",), "stage", [doc.first_stage], doc.stages)
    for key, stage in doc.stages.items():
        at = ("stages", key)
        check((*at, "owner"), "role", [stage.owner] if stage.owner else [], known.roles)
        check((*at, "asks_for"), "work", stage.asks_for, known.work)
        check((*at, "beside"), "stage", [stage.beside] if stage.beside else [], doc.stages)
        if key in (SAME, BACK, LIVE):
            found.append(
                document.problem(at, f"a stage may not be called `{key}`.", "The word means something else.")
            )
    for key, rule in doc.decisions.items():
        at = ("decisions", key)
        check((*at, "freezes"), "subject", [rule.freezes], known.subjects)
        roles = {*rule.board, *rule.quorum.must_include, *([rule.chair] if rule.chair else [])}
        check((*at, "board"), "role", sorted(roles), known.roles)
        for choice, event in rule.outcomes.items():
            check((*at, "outcomes", choice), "event", [event], doc.events)
    for key, spec in doc.events.items():
        at = ("events", key)
        sources = () if spec.from_ == (LIVE,) else spec.from_
        check((*at, "from"), "stage", sources, doc.stages)
        check((*at, "to"), "stage", [spec.to], {*doc.stages, SAME, BACK})
        check((*at, "by"), "role", spec.by, known.roles)
        check((*at, "requires"), "requirement", spec.requires, known.requirements)
        check((*at, "effects"), "effect", spec.effects, known.effects)
        check((*at, "notify"), "notice", spec.notify, known.notices)
        check((*at, "opens"), "decision", [spec.opens] if spec.opens else [], doc.decisions)
        check((*at, "decided_by"), "decision", [spec.decided_by] if spec.decided_by else [], doc.decisions)
    return found


def _structure(lifecycle: Lifecycle, document: Document) -> list[Problem]:
    """Return a problem for each way the stages and events cannot work together."""
    found = [
        problem
        for key, spec in lifecycle.document.events.items()
        for problem in (
            *_event_problems(lifecycle, document, key, spec),
            *_move_problems(lifecycle, document, key, spec),
        )
    ]
    for key, rule in lifecycle.document.decisions.items():
        found += _decision_problems(lifecycle, document, key, rule)
    return found


def _event_problems(lifecycle: Lifecycle, document: Document, key: str, spec: Event) -> Iterator[Problem]:
    at, decisions = ("events", key), lifecycle.decisions
    if not spec.by and not spec.decided_by:
        yield document.problem(at, f"nobody may fire `{key}`.", "Say `by:` which roles or `decided_by:`.")
    if spec.effects and not spec.decided_by:
        what = f"`{key}` has effects, but only a decision may set a baseline."
        yield document.problem((*at, "effects"), what, "Move them to an event that is `decided_by:` one.")
    if spec.by and spec.decided_by:
        yield document.problem(at, f"`{key}` has both `by` and `decided_by`.", "Keep one of them.")
    if spec.requires and spec.decided_by:
        what = f"`{key}` follows from a decision, so nobody could mend what it requires."
        yield document.problem((*at, "requires"), what, "Require it of the event that opens the decision.")
    rule = decisions.get(spec.decided_by or "")
    if rule is not None and key not in rule.outcomes.values():
        what = f"no outcome of the decision `{spec.decided_by}` fires `{key}`."
        yield document.problem((*at, "decided_by"), what, "Name it under `outcomes:` there.")


def _move_problems(lifecycle: Lifecycle, document: Document, key: str, spec: Event) -> Iterator[Problem]:
    at, stages = ("events", key), lifecycle.stages
    if spec.to == BACK and any(stages[s].kind != "held" for s in lifecycle.sources(spec) if s in stages):
        yield document.problem(at, f"`{key}` goes back, but not from a held stage.", "Say `to:` which.")
    for source in spec.from_:
        if source in stages and stages[source].kind == "ended":
            yield document.problem(
                (*at, "from"), f"`{source}` has ended; nothing leaves it.", "Remove it from `from:`."
            )


def _decision_problems(
    lifecycle: Lifecycle, document: Document, key: str, rule: DecisionRule
) -> Iterator[Problem]:
    at, events = ("decisions", key), lifecycle.document.events
    for choice, event in rule.outcomes.items():
        if event in events and events[event].decided_by != key:
            what = f"the event `{event}` is not `decided_by: {key}`."
            yield document.problem((*at, "outcomes", choice), what, "Say so in the event.")
    if "approve" not in rule.outcomes:
        yield document.problem(
            (*at, "outcomes"), f"`{key}` cannot be approved.", "Say which event `approve:` fires."
        )
    if not {"return_for_changes", "reject"} & set(rule.outcomes):
        what = f"`{key}` can only be approved."
        yield document.problem((*at, "outcomes"), what, "Say what `return_for_changes:` or `reject:` fires.")
    if not any(spec.opens == key for spec in events.values()):
        yield document.problem(
            at, f"no event opens the decision `{key}`.", f"Add `opens: {key}` to an event."
        )
    yield from _assurance_problems(document, at, rule)
    yield from _quorum_problems(document, at, rule)
    yield from _dead_ends(lifecycle, document, key, rule)


def _assurance_problems(document: Document, at: tuple[str, str], rule: DecisionRule) -> Iterator[Problem]:
    above = rule.assurance_above
    if above is not None and ASSURANCES.index(above.level) <= ASSURANCES.index(rule.assurance):
        what = f"above £{above.pounds:,} it would ask for level {above.level}, and it asks for {rule.assurance} anyway."
        surer = ASSURANCES[ASSURANCES.index(rule.assurance) + 1 :]
        remedy = f"Say `level: {' or '.join(surer)}`" if surer else "Lower `assurance:`"
        yield document.problem(
            (*at, "assurance_above", "level"), what, f"{remedy}, or remove `assurance_above:`."
        )


def _quorum_problems(document: Document, at: tuple[str, str], rule: DecisionRule) -> Iterator[Problem]:
    if isinstance(rule.quorum.share, int) and rule.quorum.share < 1:
        what = "a quorum of nobody decides nothing."
        yield document.problem((*at, "quorum"), what, "Say `majority`, `all` or a number.")
    for role in rule.quorum.must_include:
        if role not in rule.board:
            yield document.problem((*at, "quorum"), f"`{role}` must vote but is not on the board.", "Add it.")
    if rule.chair is not None and rule.chair not in rule.board:
        what = f"the chair `{rule.chair}` is not on the board."
        yield document.problem((*at, "chair"), what, "Add it to `board:`, or name another.")


def _dead_ends(lifecycle: Lifecycle, document: Document, key: str, rule: DecisionRule) -> Iterator[Problem]:
    """Yield a problem for each outcome that could not happen in a stage in which the board is asked."""
    asked_in = dict.fromkeys(
        step.target
        for step in lifecycle.plan.values()
        if step.spec.opens == key and step.target in lifecycle.stages
    )
    for stage in asked_in:
        for choice, event in rule.outcomes.items():
            if event in lifecycle.document.events and (stage, event) not in lifecycle.plan:
                what = (
                    f"the board is asked in the stage `{stage}`, where the outcome `{event}` cannot happen."
                )
                at = ("decisions", key, "outcomes", choice)
                yield document.problem(at, what, f"Add `{stage}` to `from:` of `{event}`.")


def _reachable(lifecycle: Lifecycle, document: Document) -> list[Problem]:
    """Return a problem for each stage no project reaches, or that no project can leave."""
    doc = lifecycle.document
    onward: dict[str, set[str]] = {key: set() for key in doc.stages}
    for step in lifecycle.plan.values():
        if step.target not in (BACK, step.stage):  # back leads only to where the project has been
            onward[step.stage].add(step.target)
    goes_back = {step.stage for step in lifecycle.plan.values() if step.target == BACK}
    reached, queue = {doc.first_stage}, [doc.first_stage]
    while queue:
        for target in onward[queue.pop()] - reached:
            reached.add(target)
            queue.append(target)
    found = [
        document.problem(
            ("stages", key), f"no project can reach the stage `{key}`.", "Add an event that leads there."
        )
        for key in doc.stages
        if key not in reached
    ]
    found += [
        document.problem(
            ("stages", key), f"no project can leave the stage `{key}`.", "Add an event, or `kind: ended`."
        )
        for key, stage in doc.stages.items()
        if stage.kind != "ended" and not onward[key] and key not in goes_back
    ]
    if doc.stages[doc.first_stage].kind != "live":
        found.append(
            document.problem(("first_stage",), "the first stage must be a live one.", "Choose another.")
        )
    return found
