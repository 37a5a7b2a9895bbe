"""A draft is saved part by part: what its writer changed, and nothing that somebody else changed meanwhile."""

from __future__ import annotations

import pytest

from tests.people import Council
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import drafting
from vfm_workflow.journeys.drafting import Draft, mark_of
from vfm_workflow.journeys.writing import seen

EMPTY = seen("")


def save(council: Council, reference: str, by: str = "manager", **parts: str) -> Draft:
    """Save sections as typed over the marks of a form that was loaded empty."""
    marks = {section.key: EMPTY for section in council.home.outline.outline}
    with council.app.write() as session:
        actor = council.actor(session, by)
        return drafting.save(
            session,
            council.home,
            reference,
            "outline",
            actor,
            council.at,
            texts=parts,
            criteria={},
            marks=marks,
        )


def test_each_part_that_was_changed_is_saved_and_gets_a_new_mark(council: Council) -> None:
    draft = save(council, council.create(), why="Cost", options="")
    assert (draft.problems, draft.theirs) == ({}, {})
    assert (draft.marks["why"], draft.marks["options"]) == (seen("Cost"), EMPTY)


def test_a_part_changed_by_somebody_else_does_not_keep_the_others_from_being_saved(council: Council) -> None:
    reference = council.create()
    save(council, reference, "head", why="Theirs")
    draft = save(council, reference, why="Mine", focus="Mine too")
    assert draft.theirs == {"why": "Theirs"}
    assert set(draft.problems) == {"why"}
    assert (draft.marks["why"], draft.marks["focus"]) == (EMPTY, seen("Mine too"))


def test_the_same_words_typed_twice_are_no_conflict(council: Council) -> None:
    reference = council.create()
    save(council, reference, "head", why="The same")
    assert save(council, reference, why="The same ").theirs == {}


def test_a_criterion_dropped_by_somebody_else_is_said(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    marks = {"criterion_high_cost": mark_of("Something older")}
    with council.app.write() as session:
        actor = council.actor(session, "manager")
        draft = drafting.save(
            session, council.home, reference, "outline", actor, council.at,
            texts={}, criteria={"high_cost": None, "off_vision": "Not in the plan"}, marks=marks,
        )  # fmt: skip
    assert draft.theirs == {"criterion_high_cost": "£71 against £61"}
    assert draft.marks["criterion_off_vision"] == mark_of("Not in the plan")


def test_who_may_not_write_is_refused_as_a_whole(council: Council) -> None:
    reference = council.create()
    with pytest.raises(NotAllowed):
        save(council, reference, "auditor", why="Mine")
    with pytest.raises(NotFound):
        save(council, reference, "holder", why="Mine")
