"""How a board decides: who must vote, what a majority is, and what a ballot must say."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfm_workflow.domain.decisions import (
    Seat,
    Vote,
    eligible,
    must_vote,
    needed,
    outcome,
    read_ballot,
    tally,
)
from vfm_workflow.domain.lifecycle import CHOICES, Choice, DecisionRule, Quorum
from vfm_workflow.errors import BadInput

CHIEF, CMT = "chief_executive", "cmt_member"
BOARD = [Seat(1, CHIEF), Seat(2, CMT), Seat(3, CMT), Seat(4, CMT), Seat(5, CMT)]
ROLE = {seat.person_id: seat.role for seat in BOARD}


def rule(
    share: object = "majority", must: tuple[str, ...] = (CHIEF,), chair: str | None = CHIEF, *left_out: Choice
) -> DecisionRule:
    """Return CMT's rule: a majority with the chief executive among them, unless said otherwise."""
    return DecisionRule(
        title="Decide",
        freezes="outline",
        board=(CHIEF, CMT),
        quorum=Quorum.model_validate({"share": share, "must_include": must}),
        chair=chair,
        outcomes={choice: choice for choice in CHOICES if choice not in left_out},
    )


def votes(**cast: Choice) -> list[Vote]:
    """Return votes by member: `votes(p1="approve", p2="reject")`."""
    return [Vote(int(key[1:]), ROLE[int(key[1:])], choice) for key, choice in cast.items()]


# ------------------------------------------------------------------ quorum


@pytest.mark.parametrize(
    ("share", "members", "expected"),
    [
        ("majority", 5, 3),
        ("majority", 4, 3),
        ("majority", 1, 1),
        ("all", 5, 5),
        (2, 5, 2),
        (9, 5, 5),
    ],
)
def test_the_quorum_is_a_majority_all_or_a_number(share: object, members: int, expected: int) -> None:
    assert needed(rule(share), BOARD[:members]) == expected


def test_nothing_is_decided_before_the_quorum() -> None:
    assert outcome(rule(), BOARD, votes(p1="approve", p2="approve")) is None
    assert outcome(rule(), BOARD, votes(p1="approve", p2="approve", p3="approve")) == "approve"


def test_a_majority_without_the_chief_executive_decides_nothing() -> None:
    without = votes(p2="approve", p3="approve", p4="approve", p5="approve")
    assert outcome(rule(), BOARD, without) is None
    assert outcome(rule(), BOARD, [*without, *votes(p1="reject")]) == "approve"


def test_a_chief_executive_who_may_not_decide_this_project_need_not_vote() -> None:
    seats = eligible(BOARD, barred={1})
    assert must_vote(rule(), seats) == frozenset()
    assert outcome(rule(), seats, votes(p2="approve", p3="approve", p4="reject")) == "approve"


def test_the_projects_own_people_have_no_seat() -> None:
    assert [seat.person_id for seat in eligible(BOARD, barred={2, 5, 99})] == [1, 3, 4]


def test_the_tally_says_how_many_have_decided_and_how_many_must() -> None:
    assert tally(rule(), BOARD, votes(p1="approve", p2="reject")) == "2 of 5 have decided; 3 are needed"


# ------------------------------------------------------------------ what is decided


def test_one_approval_with_conditions_makes_the_approval_conditional() -> None:
    cast = votes(p1="approve", p2="approve_with_conditions", p3="approve")
    assert outcome(rule(), BOARD, cast) == "approve_with_conditions"


def test_conditions_of_a_member_who_was_outvoted_do_not_approve_anything() -> None:
    cast = votes(p1="reject", p2="approve_with_conditions", p3="reject")
    assert outcome(rule(), BOARD, cast) == "reject"


@pytest.mark.parametrize(("chair", "decided"), [("approve", "approve"), ("reject", "reject")])
def test_in_a_tie_the_chair_has_the_casting_vote(chair: Choice, decided: Choice) -> None:
    other: Choice = "reject" if chair == "approve" else "approve"
    cast = votes(p1=chair, p2=chair, p3=other, p4=other)
    assert outcome(rule(4), BOARD, cast) == decided


def test_a_tie_without_the_chair_is_returned() -> None:
    cast = votes(p2="approve", p3="reject")
    assert outcome(rule(2, ()), BOARD, cast) == "return_for_changes"


def test_a_tie_without_the_chair_is_rejected_where_nothing_can_be_returned() -> None:
    cast = votes(p2="approve", p3="reject")
    assert outcome(rule(2, (), CHIEF, "return_for_changes"), BOARD, cast) == "reject"


def test_against_it_the_more_frequent_of_return_and_reject_counts() -> None:
    assert outcome(rule(), BOARD, votes(p1="return_for_changes", p2="return_for_changes", p3="reject")) == (
        "return_for_changes"
    )
    assert outcome(rule(), BOARD, votes(p1="return_for_changes", p2="reject", p3="reject")) == "reject"


@pytest.mark.parametrize(("chair", "decided"), [("reject", "reject"), ("return_for_changes",) * 2])
def test_between_return_and_reject_the_chair_decides_a_tie(chair: Choice, decided: Choice) -> None:
    other: Choice = "return_for_changes" if chair == "reject" else "reject"
    assert outcome(rule(2), BOARD, votes(p1=chair, p2=other)) == decided


def test_new_dates_that_are_not_approved_are_refused_since_there_is_nothing_to_return() -> None:
    rebaseline = rule("majority", (CHIEF,), CHIEF, "return_for_changes")
    assert outcome(rebaseline, BOARD, votes(p1="reject", p2="reject", p3="approve")) == "reject"


def test_lessons_that_are_not_approved_are_returned_since_a_project_is_not_rejected_at_its_end() -> None:
    lessons = rule("majority", (CHIEF,), CHIEF, "reject")
    assert outcome(lessons, BOARD, votes(p1="return_for_changes", p2="return_for_changes", p3="approve")) == (
        "return_for_changes"
    )


@given(
    st.lists(st.sampled_from(CHOICES), min_size=5, max_size=5),
    st.permutations(range(1, 6)),
    st.integers(0, 5),
)
def test_the_order_of_the_votes_changes_nothing_and_a_majority_always_wins(
    choices: list[Choice], order: list[int], count: int
) -> None:
    cast = [Vote(person, ROLE[person], choices[person - 1]) for person in order[:count]]
    decided = outcome(rule(), BOARD, cast)
    assert decided == outcome(rule(), BOARD, sorted(cast, key=lambda vote: vote.person_id))
    if decided is None:
        assert count < 3 or 1 not in order[:count]
    elif sum(vote.choice in ("approve", "approve_with_conditions") for vote in cast) * 2 > count:
        assert decided in ("approve", "approve_with_conditions")


def test_whatever_is_decided_has_an_outcome_in_the_rule() -> None:
    for left_out in (("return_for_changes",), ("reject",), ()):
        some = rule(3, (), None, *left_out)
        for choices in product(some.outcomes, repeat=3):
            cast = [Vote(n + 2, CMT, choice) for n, choice in enumerate(choices)]
            decided = outcome(some, BOARD, cast)
            assert decided is not None
            assert decided in some.outcomes


# ------------------------------------------------------------------ the ballot


def test_an_approval_needs_no_reason() -> None:
    ballot = read_ballot(rule(), "approve", "  ", "")
    assert (ballot.choice, ballot.reason, ballot.conditions) == ("approve", "", ())


def test_conditions_are_read_one_a_line_without_their_bullets() -> None:
    ballot = read_ballot(rule(), "approve_with_conditions", "", "- Ask the unions\r\n\n • Report in May \n")
    assert ballot.conditions == ("Ask the unions", "Report in May")


@pytest.mark.parametrize(
    ("choice", "reason", "conditions", "field", "said"),
    [
        ("", "", "", "choice", "Choose your decision"),
        ("maybe", "", "", "choice", "Choose your decision"),
        ("approve_with_conditions", "", " \n - \n", "conditions", "one on each line"),
        ("return_for_changes", "  ", "", "reason", "Say why you are returning it"),
        ("reject", "", "", "reason", "Say why you are rejecting it"),
        ("approve", "", "Ask the unions", "conditions", "Approve with conditions"),
        ("approve", "x" * 5_001, "", "reason", "5,000 characters or fewer"),
        ("approve_with_conditions", "", "a\n" * 11, "conditions", "at most 10 conditions"),
    ],
)
def test_an_empty_or_half_filled_ballot_decides_nothing(
    choice: str, reason: str, conditions: str, field: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        read_ballot(rule(), choice, reason, conditions)
    assert said in refused.value.fields[field]


def test_a_choice_the_decision_does_not_offer_is_refused() -> None:
    with pytest.raises(BadInput, match="Choose your decision"):
        read_ballot(rule("majority", (), None, "reject"), "reject", "No", "")
