"""Each requirement, met and unmet: what is missing, on which page and in which field it is mended, and by whom."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import Any

import pytest

from vfm_workflow import settings, wiring
from vfm_workflow.domain.facts import (
    ConditionFact,
    ConsultationFact,
    Facts,
    LessonFact,
    MeasureFact,
    MilestoneFact,
    PlanElement,
    Proposal,
    SavingFact,
)
from vfm_workflow.domain.requirements import REQUIREMENTS, needs, unmet
from vfm_workflow.errors import Unmet

HOME = wiring.load_home(settings.load({}))
TODAY = dt.date(2026, 3, 2)
DAY = dt.date(2026, 7, 1)
MILESTONE = MilestoneFact(1, "Contract signed", DAY, DAY, DAY, TODAY, (DAY,))
AHEAD = dataclasses.replace(MILESTONE, id=2, title="First round", done_on=None)
ELEMENT = PlanElement(4, "Re-route", "All rounds", "Software", "Waste team", 120, DAY, 1, 2, "")
COST = MeasureFact(5, "Cost per household", "unit_cost", "£", 2, "lower", 7100, 6400)
SPEED = MeasureFact(6, "Missed collections", "performance", "per 100,000", 0, "lower", 92, 60)
SAVING = SavingFact(7, "Fewer rounds", True, True, "SS-4210", "Missed collections", ((2026, 1, 2, 3),))
LESSON = LessonFact(8, "VFM-0001", "Start with the depot", "We start with the depot")
CONDITION = ConditionFact(9, "Ask the unions", TODAY, "Chief Executive", TODAY)


def complete(**changed: Any) -> Facts:
    """Return facts of which every requirement is met, but for what is `changed`."""
    sections = {
        document: {section.key: "word " * section.min_words for section in HOME.outline.sections(document)}
        for document in ("outline", "recommendations")
    }
    facts = Facts(
        reference="VFM-0002",
        title="Waste rounds",
        summary="Fewer rounds, the same bins.",
        stage="outline",
        today=TODAY,
        calendar=HOME.calendar,
        rules=HOME.outline,
        sections=sections,
        criteria={"high_cost": "£71 against £61"},
        consultations=[ConsultationFact("finance", TODAY, TODAY, "The figures agree")],
        milestones=[MILESTONE, AHEAD],
        plan=[ELEMENT],
        measures=[COST, SPEED],
        savings=[SAVING],
        conditions=[CONDITION],
        lessons=[LESSON],
        earlier_lessons=[LESSON],
        proposal=Proposal("The supplier is late", ((1, "Contract signed", DAY, TODAY),)),
        frozen_digest="before",
        current_digest="after",
    )
    return dataclasses.replace(facts, **changed)


def written(document: str, key: str, text: str) -> dict[str, Any]:
    """Return `sections` with one text of a document replaced."""
    sections = complete().sections
    return {"sections": {**sections, document: {**sections[document], key: text}}}


Case = tuple[str, dict[str, Any], str, str, str, str]
CASES: list[Case] = [
    ("outline_complete", written("outline", "why", ""), "Write “Why this subject was picked”", "outline", "why", "manager"),
    ("outline_complete", written("outline", "why", "two words"), "has 2 of at least 30 words", "outline", "why", "manager"),
    ("outline_complete", written("outline", "why", " \n\t "), "Write “Why", "outline", "why", "manager"),
    ("recommendations_complete", written("recommendations", "findings", ""), "Write “What the initial stage found”",
     "recommendations", "findings", "manager"),
    ("criterion_evidenced", {"criteria": {}}, "Choose at least one criterion", "outline", "criteria", "manager"),
    ("criterion_evidenced", {"criteria": {"high_cost": " "}}, "Give the evidence for “Above average or high cost”",
     "outline", "criterion_high_cost", "manager"),
    ("criterion_evidenced", {"criteria": {"long_gone": "text"}}, "Choose at least one", "outline", "criteria", "manager"),
    ("consultations_answered", {"consultations": []}, "Consult Finance", "consultations", "finance", "manager"),
    ("consultations_answered", {"consultations": [ConsultationFact("finance", TODAY, None, "")]},
     "Finance was consulted and has not answered yet", "consultations", "finance", "consultee"),
    ("milestones_set", {"milestones": []}, "Add at least one dated milestone", "milestones", "", "manager"),
    ("milestones_ahead", {"milestones": [MILESTONE]}, "Add the milestones of the implementation", "milestones", "",
     "manager"),
    ("milestones_done", {"milestones": [AHEAD]}, "“First round” is not done yet", "milestones", "milestone_2", "manager"),
    ("action_plan_complete", {"plan": []}, "Add at least one element", "plan", "", "manager"),
    ("action_plan_complete", {"plan": [dataclasses.replace(ELEMENT, scope="", hours=None, target=None)]},
     "lacks: scope, inputs in staff hours, target date", "plan", "element_4", "manager"),
    ("action_plan_complete", {"plan": [dataclasses.replace(ELEMENT, gain_low=None, gain_high=None)]},
     "lacks: range of gains", "plan", "element_4", "manager"),
    ("measures_set", {"measures": [SPEED]}, "Add a unit cost measure", "measures", "unit_cost", "manager"),
    ("measures_set", {"measures": [COST]}, "Add a performance measure", "measures", "performance", "manager"),
    ("measures_set", {"measures": [COST, dataclasses.replace(SPEED, target=None)]},
     "Give the baseline and the target of “Missed collections”", "measures", "measure_6", "manager"),
    ("savings_estimated", {"savings": []}, "£0 if the gain is in service only", "savings", "", "manager"),
    ("savings_estimated", {"savings": [dataclasses.replace(SAVING, cross_check="")]}, "must not harm", "savings",
     "saving_7", "manager"),
    ("earlier_lessons_answered", {"earlier_lessons": [dataclasses.replace(LESSON, answered="")]},
     "addresses the lesson of VFM-0001: “Start with the depot”", "lessons", "lesson_8", "manager"),
    ("version_changed", {"frozen_digest": "a", "current_digest": "a"}, "Nothing has changed", "outline", "", "manager"),
    ("rebaseline_proposed", {"proposal": None}, "Propose at least one new date", "rebaseline", "", "manager"),
    ("rebaseline_proposed", {"proposal": Proposal("Late", ())}, "Propose at least one new date", "rebaseline", "",
     "manager"),
    ("rebaseline_proposed", {"proposal": Proposal(" ", ((1, "A", DAY, TODAY),))}, "Say why", "rebaseline", "reason",
     "manager"),
    ("conditions_discharged", {"conditions": [dataclasses.replace(CONDITION, discharged_on=None)]},
     "The condition “Ask the unions” is not discharged", "conditions", "condition_9", "head"),
    ("lessons_recorded", {"lessons": []}, "Record at least one lesson", "lessons", "", "manager"),
    ("returns_verified", {"unverified_returns": ["October 2026"]}, "The return for October 2026 is not verified",
     "returns", "", "head"),
]  # fmt: skip
WHO = {"manager": "project_manager", "consultee": "consultee", "head": "head_of_service"}


@pytest.mark.parametrize("name", sorted(REQUIREMENTS))
def test_a_complete_project_meets_the_requirement(name: str) -> None:
    facts = complete(milestones=[MILESTONE]) if name == "milestones_done" else complete()
    assert REQUIREMENTS[name].unmet(facts) == []


@pytest.mark.parametrize(("name", "changed", "said", "page", "field", "who"), CASES)
def test_what_is_missing_is_said_with_the_page_that_mends_it_and_who_can(
    name: str, changed: dict[str, Any], said: str, page: str, field: str, who: str
) -> None:
    (found,) = REQUIREMENTS[name].unmet(complete(**changed))
    assert said in found.sentence
    assert (found.requirement, found.page, found.field, found.who) == (name, page, field, WHO[who])


def test_every_missing_thing_is_said_and_not_only_the_first() -> None:
    found = unmet(["outline_complete", "measures_set"], complete(sections={}, measures=[]))
    assert len(found) == 9 + 2
    assert all(isinstance(item, Unmet) for item in found)


def test_a_consultee_who_was_asked_by_choice_must_have_answered_too() -> None:
    asked = [*complete().consultations, ConsultationFact("unions", TODAY, None, "")]
    (found,) = REQUIREMENTS["consultations_answered"].unmet(complete(consultations=asked))
    assert "Trade unions" in found.sentence


def test_a_gain_in_words_is_a_gain() -> None:
    plan = [dataclasses.replace(ELEMENT, gain_low=None, gain_high=None, gain="Fewer missed bins")]
    assert REQUIREMENTS["action_plan_complete"].unmet(complete(plan=plan)) == []


# ------------------------------------------------------------------ twins


def test_every_requirement_has_a_case_in_which_it_is_unmet() -> None:
    assert {name for name, *_ in CASES} == set(REQUIREMENTS)


def test_every_requirement_the_documents_name_exists_and_all_that_exist_are_named() -> None:
    named = {
        name
        for lifecycle in HOME.lifecycles.values()
        for spec in lifecycle.document.events.values()
        for name in spec.requires
    }
    assert named == set(REQUIREMENTS)


@pytest.mark.parametrize("name", sorted(REQUIREMENTS))
def test_every_requirement_has_a_sentence_and_a_part_of_the_facts(name: str) -> None:
    requirement = REQUIREMENTS[name]
    assert requirement.name == name
    assert re.fullmatch(r"[A-Z].{10,}[^.]", requirement.sentence)
    assert requirement.needs == needs([name])
    assert requirement.needs


def test_every_role_that_can_mend_something_is_a_role() -> None:
    found = [item for name, changed, *_ in CASES for item in REQUIREMENTS[name].unmet(complete(**changed))]
    assert {item.who for item in found} <= set(HOME.roles)
