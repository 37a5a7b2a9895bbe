"""What one project learns, the next must answer (§11)."""

from __future__ import annotations

import pytest

from tests.figures_support import events
from tests.people import Council
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import lessons


def record(council: Council, reference: str, by: str, text: str = "Start with the depot.") -> int:
    with council.app.write() as session:
        return (
            lessons.record(session, council.home, reference, text, council.actor(session, by), council.at).id
            or 0
        )


def answer(council: Council, reference: str, lesson_id: int, how: str, by: str = "manager") -> None:
    with council.app.write() as session:
        actor = council.actor(session, by)
        lessons.answer(session, council.home, reference, lesson_id, actor, council.at, how)


def of(council: Council, reference: str) -> lessons.Lessons:
    with council.app.read() as session:
        return lessons.of_project(session, council.home, reference, council.at)


@pytest.fixture
def learned(council: Council) -> str:
    """A project in implementation that has recorded one lesson."""
    reference = council.create()
    council.to_implementation(reference)
    record(council, reference, "manager")
    return reference


def test_a_manager_and_a_head_of_service_record_lessons(council: Council, learned: str) -> None:
    record(council, learned, "head", "Ask the crews first.")
    assert [lesson.text for lesson in of(council, learned).recorded] == [
        "Start with the depot.",
        "Ask the crews first.",
    ]
    assert events(council, learned)[-2:] == ["lesson_recorded", "lesson_recorded"]


def test_an_outsider_records_no_lesson(council: Council, learned: str) -> None:
    for outsider in ("other", "planning", "finance"):
        with pytest.raises(NotAllowed, match="You may not change this"):
            record(council, learned, outsider)


def test_an_empty_lesson_teaches_nothing(council: Council, learned: str) -> None:
    with pytest.raises(BadInput, match="Write what was learned"):
        record(council, learned, "manager", " \n\t")
    with pytest.raises(BadInput, match="must be 5,000 characters or fewer"):
        record(council, learned, "manager", "x" * 5_001)


def test_an_outline_has_nothing_to_teach_yet(council: Council) -> None:
    with pytest.raises(NotAllowed, match="in the stage Outline, which does not take changes"):
        record(council, council.create(), "manager")


def test_a_later_project_of_the_department_says_how_it_addresses_the_lesson(
    council: Council, learned: str
) -> None:
    council.later(days=30)
    new = council.create("Garden waste")
    waiting = of(council, new).unanswered
    assert [(lesson.project, lesson.text) for lesson in waiting] == [(learned, "Start with the depot.")]
    with pytest.raises(BadInput) as refused:
        answer(council, new, waiting[0].id, "")
    assert refused.value.fields == {f"lesson_{waiting[0].id}": "Say how the project addresses this lesson"}
    answer(council, new, waiting[0].id, "We begin there.")
    answer(council, new, waiting[0].id, "We begin there.")
    assert of(council, new).unanswered == []
    answer(council, new, waiting[0].id, "We begin at the depot in May.", "head")
    assert [lesson.answered for lesson in of(council, new).earlier] == ["We begin at the depot in May."]
    assert events(council, new) == ["created", "lesson_answered", "lesson_answered"]


def test_a_lesson_is_answered_by_the_project_s_own_people_and_only_where_it_applies(
    council: Council, learned: str
) -> None:
    council.later(days=30)
    new = council.create("Garden waste")
    elsewhere = council.create("Voids", manager="other", department="PE", kind="costing")
    with pytest.raises(NotAllowed, match="You may not change this"):
        answer(council, new, 1, "Not mine to say", "other")
    with pytest.raises(NotFound, match="has no such lesson to answer"):
        answer(council, elsewhere, 1, "It does not concern us", "other")
    with pytest.raises(NotAllowed, match="in the stage Implementation"):
        answer(council, learned, 1, "Too late")
