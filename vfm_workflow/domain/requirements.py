"""What must be ready before an event: named functions a lifecycle document may require.

A requirement looks at a project's facts and returns what is unmet: the sentence for the page, the page and field that
mend it, the role that can. The same functions refuse the event, draw the gate checklist and answer the API.
To add one, write a function here under `@requirement` and name it in a lifecycle document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vfm_workflow.domain.outline import words
from vfm_workflow.errors import Unmet

if TYPE_CHECKING:
    from vfm_workflow.domain.facts import Facts

Check = Callable[["Facts"], Iterable[Unmet]]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A named requirement: `sentence` is what the checklist says when it is met."""

    name: str
    sentence: str
    needs: frozenset[str]
    """Which parts of Facts it looks at."""
    check: Check

    def unmet(self, facts: Facts) -> list[Unmet]:
        """Return every unmet thing, none if the requirement is met."""
        return list(self.check(facts))


REQUIREMENTS: dict[str, Requirement] = {}


def requirement(sentence: str, *needs: str) -> Callable[[Check], Check]:
    """Register the decorated function under its own name."""

    def register(check: Check) -> Check:
        name = check.__name__
        REQUIREMENTS[name] = Requirement(name, sentence, frozenset(needs), check)
        return check

    return register


def unmet(names: Iterable[str], facts: Facts) -> list[Unmet]:
    """Return everything unmet among the requirements `names`, in their order."""
    return [item for name in names for item in REQUIREMENTS[name].unmet(facts)]


def needs(names: Iterable[str]) -> frozenset[str]:
    """Return the parts of Facts that the requirements `names` look at."""
    return frozenset().union(*(REQUIREMENTS[name].needs for name in names))


def _sections(facts: Facts, document: str, name: str) -> Iterable[Unmet]:
    written = facts.sections.get(document, {})
    for section in facts.rules.sections(document):
        count = words(written.get(section.key, ""))
        if count == 0:
            said = f"Write “{section.title}”"
        elif count < section.min_words:
            said = f"“{section.title}” has {count} of at least {section.min_words} words"
        else:
            continue
        yield Unmet(name, said, document, section.key, "project_manager")


@requirement("Every section of the outline is written (§7.4)", "sections")
def outline_complete(facts: Facts) -> Iterable[Unmet]:
    return _sections(facts, "outline", "outline_complete")


@requirement("Every section of the recommendations is written (§10.1)", "sections")
def recommendations_complete(facts: Facts) -> Iterable[Unmet]:
    return _sections(facts, "recommendations", "recommendations_complete")


@requirement("At least one criterion is chosen, with its evidence (§8.1)", "criteria")
def criterion_evidenced(facts: Facts) -> Iterable[Unmet]:
    chosen = {
        key: text for key, text in facts.criteria.items() if key in {c.key for c in facts.rules.criteria}
    }
    if not chosen:
        said = "Choose at least one criterion for picking the subject"
        yield Unmet("criterion_evidenced", said, "outline", "criteria", "project_manager")
    for key, evidence in chosen.items():
        if not words(evidence):
            said = f"Give the evidence for “{facts.rules.title_of('criteria', key)}”"
            yield Unmet("criterion_evidenced", said, "outline", f"criterion_{key}", "project_manager")


@requirement("Everyone who must be consulted has answered (§2.2.5)", "consultations")
def consultations_answered(facts: Facts) -> Iterable[Unmet]:
    asked = {entry.key: entry for entry in facts.consultations}
    for consultee in facts.rules.consultees:
        entry = asked.get(consultee.key)
        if entry is None or entry.asked_on is None:
            if consultee.required:
                said = f"Consult {consultee.title}"
                yield Unmet("consultations_answered", said, "consultations", consultee.key, "project_manager")
        elif entry.answered_on is None:
            said = f"{consultee.title} was consulted and has not answered yet"
            yield Unmet("consultations_answered", said, "consultations", consultee.key, "consultee")


@requirement("The timetable has dated milestones (§7.4)", "milestones")
def milestones_set(facts: Facts) -> Iterable[Unmet]:
    if not facts.milestones:
        yield Unmet("milestones_set", "Add at least one dated milestone", "milestones", "", "project_manager")


@requirement("There is a milestone still to come", "milestones")
def milestones_ahead(facts: Facts) -> Iterable[Unmet]:
    if not any(milestone.done_on is None for milestone in facts.milestones):
        said = "Add the milestones of the implementation"
        yield Unmet("milestones_ahead", said, "milestones", "", "project_manager")


@requirement("Every milestone is done", "milestones")
def milestones_done(facts: Facts) -> Iterable[Unmet]:
    for milestone in facts.milestones:
        if milestone.done_on is None:
            said = f"“{milestone.title}” is not done yet"
            yield Unmet("milestones_done", said, "milestones", f"milestone_{milestone.id}", "project_manager")


@requirement("Each major element of the action plan has its six fields (§10.2)", "plan")
def action_plan_complete(facts: Facts) -> Iterable[Unmet]:
    if not facts.plan:
        said = "Add at least one element to the action plan"
        yield Unmet("action_plan_complete", said, "plan", "", "project_manager")
    for element in facts.plan:
        gaps = [
            name
            for name, value in (
                ("scope", element.scope),
                ("method", element.method),
                ("who carries it out", element.who),
                ("inputs in staff hours", element.hours),
                ("target date", element.target),
                ("range of gains", element.gain or element.gain_high),
            )
            if not value
        ]
        if gaps:
            said = f"“{element.title}” in the action plan lacks: {', '.join(gaps)}"
            yield Unmet("action_plan_complete", said, "plan", f"element_{element.id}", "project_manager")


@requirement("Cost and performance each have a measure with baseline and target (§1.2, §7.2)", "measures")
def measures_set(facts: Facts) -> Iterable[Unmet]:
    for kind, title in (("unit_cost", "unit cost"), ("performance", "performance")):
        if not any(m.kind == kind for m in facts.measures):
            yield Unmet("measures_set", f"Add a {title} measure", "measures", kind, "project_manager")
    for measure in facts.measures:
        if measure.baseline is None or measure.target is None:
            said = f"Give the baseline and the target of “{measure.name}”"
            yield Unmet("measures_set", said, "measures", f"measure_{measure.id}", "project_manager")


@requirement("The savings or service improvements are estimated over five years (§4.7)", "savings")
def savings_estimated(facts: Facts) -> Iterable[Unmet]:
    if not facts.savings:
        said = "Add a line to the savings profile, £0 if the gain is in service only"
        yield Unmet("savings_estimated", said, "savings", "", "project_manager")
    for line in facts.savings:
        if not line.cross_check:
            said = f"Say which performance measure “{line.title}” must not harm (§3.8)"
            yield Unmet("savings_estimated", said, "savings", f"saving_{line.id}", "project_manager")


@requirement("Lessons of earlier projects are answered (§11.2)", "earlier_lessons")
def earlier_lessons_answered(facts: Facts) -> Iterable[Unmet]:
    for lesson in facts.earlier_lessons:
        if not words(lesson.answered):
            said = f"Say how the project addresses the lesson of {lesson.project}: “{lesson.text}”"
            yield Unmet("earlier_lessons_answered", said, "lessons", f"lesson_{lesson.id}", "project_manager")


@requirement("The text has changed since CMT was asked", "digests")
def version_changed(facts: Facts) -> Iterable[Unmet]:
    if facts.frozen_digest and facts.frozen_digest == facts.current_digest:
        said = "Nothing has changed since the version CMT has before it"
        yield Unmet("version_changed", said, "outline", "", "project_manager")


@requirement("New dates, profiles or targets are proposed, with the reason", "proposal")
def rebaseline_proposed(facts: Facts) -> Iterable[Unmet]:
    if facts.proposal is None or facts.proposal.empty:
        yield Unmet(
            "rebaseline_proposed",
            "Propose at least one new date, profile or target",
            "rebaseline",
            "",
            "project_manager",
        )
    elif not words(facts.proposal.reason):
        yield Unmet("rebaseline_proposed", "Say why it is needed", "rebaseline", "reason", "project_manager")


@requirement("Every condition set by CMT is discharged", "conditions")
def conditions_discharged(facts: Facts) -> Iterable[Unmet]:
    for condition in facts.conditions:
        if condition.discharged_on is None:
            said = f"The condition “{condition.text}” is not discharged"
            yield Unmet(
                "conditions_discharged", said, "conditions", f"condition_{condition.id}", "head_of_service"
            )


@requirement("At least one lesson is recorded (§11.1)", "lessons")
def lessons_recorded(facts: Facts) -> Iterable[Unmet]:
    if not facts.lessons:
        yield Unmet(
            "lessons_recorded", "Record at least one lesson learned", "lessons", "", "project_manager"
        )


@requirement("Every monthly return is verified (§6.1)", "returns")
def returns_verified(facts: Facts) -> Iterable[Unmet]:
    for month in facts.unverified_returns:
        said = f"The return for {month} is not verified"
        yield Unmet("returns_verified", said, "returns", "", "head_of_service")
