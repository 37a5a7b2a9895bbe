"""How a board decides: quorum, casting vote and the four choices (protocol of decisions by email)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vfm_workflow.domain.lifecycle import Choice, DecisionRule
from vfm_workflow.domain.texts import clean
from vfm_workflow.errors import BadInput

CHOICE_LABELS: dict[Choice, str] = {
    "approve": "Approve",
    "approve_with_conditions": "Approve with conditions",
    "return_for_changes": "Return for changes",
    "reject": "Reject",
}
OUTCOME_LABELS: dict[Choice, str] = {
    "approve": "Approved",
    "approve_with_conditions": "Approved with conditions",
    "return_for_changes": "Returned for changes",
    "reject": "Rejected",
}
MOST_CHARACTERS = 5_000
MOST_CONDITIONS = 10


@dataclass(frozen=True, slots=True)
class Seat:
    """One member of the board: a person, in the role that put them there."""

    person_id: int
    role: str


@dataclass(frozen=True, slots=True)
class Vote:
    """What one member decided."""

    person_id: int
    role: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a member submitted: the choice, why, and the conditions one by one."""

    choice: Choice
    reason: str
    conditions: tuple[str, ...]


def needed(rule: DecisionRule, seats: Sequence[Seat]) -> int:
    """Return how many of `seats` must vote: a majority, all, or the number the lifecycle says. A board that was left with
    nobody decides nothing."""
    share = rule.quorum.share
    if share == "majority":
        return len(seats) // 2 + 1
    return max(len(seats) if share == "all" else min(share, len(seats)), 1)


def must_vote(rule: DecisionRule, seats: Sequence[Seat]) -> frozenset[str]:
    """Return the roles that must be among the votes. One whose only holder may not decide here cannot be asked for."""
    held = {seat.role for seat in seats}
    return frozenset(role for role in rule.quorum.must_include if role in held)


def outcome(rule: DecisionRule, seats: Sequence[Seat], votes: Sequence[Vote]) -> Choice | None:
    """Return what the board has decided, or None while the quorum is not reached.

    The majority of the votes cast decides; in a tie the chair's own vote does, and without one it is returned or,
    where the decision has no return, rejected. One approval with conditions makes the whole approval conditional.
    """
    if len(votes) < needed(rule, seats) or not must_vote(rule, seats) <= {vote.role for vote in votes}:
        return None
    approvals = [vote for vote in votes if vote.choice in ("approve", "approve_with_conditions")]
    chair = next((vote for vote in votes if vote.role == rule.chair), None)
    tied = len(approvals) * 2 == len(votes)
    if len(approvals) * 2 > len(votes) or (tied and chair is not None and chair in approvals):
        conditional = any(vote.choice == "approve_with_conditions" for vote in approvals)
        return "approve_with_conditions" if conditional else "approve"
    if tied and chair is None and "return_for_changes" in rule.outcomes:
        return "return_for_changes"
    rejections = [vote for vote in votes if vote.choice == "reject"]
    against = len(votes) - len(approvals)
    half = len(rejections) * 2
    rejected = half > against or (half == against and chair is not None and chair.choice == "reject")
    if "return_for_changes" not in rule.outcomes:
        return "reject"
    return "reject" if rejected and "reject" in rule.outcomes else "return_for_changes"


def tally(rule: DecisionRule, seats: Sequence[Seat], votes: Sequence[Vote]) -> str:
    """Return a sentence such as `2 of 5 have decided; 3 are needed, the Chief Executive among them.`"""
    return f"{len(votes)} of {len(seats)} have decided; {needed(rule, seats)} are needed"


def read_ballot(rule: DecisionRule, choice: str, reason: str, conditions: str) -> Ballot:
    """Return what was submitted. Raises BadInput: an empty or half-filled form decides nothing.

    Conditions are written one a line.
    """
    fields: dict[str, str] = {}
    reason, conditions = clean(reason), clean(conditions)
    lines = [line.strip(" -•\t") for line in conditions.splitlines() if line.strip(" -•\t")]
    picked = next((key for key in rule.outcomes if key == choice), None)
    if picked is None:
        fields["choice"] = "Choose your decision"
    elif picked == "approve_with_conditions" and not lines:
        fields["conditions"] = "Write the conditions, one on each line"
    elif picked in ("return_for_changes", "reject") and not reason:
        doing = "returning it" if picked == "return_for_changes" else "rejecting it"
        fields["reason"] = f"Say why you are {doing}"
    if picked is not None and picked != "approve_with_conditions" and lines:
        fields["conditions"] = "Conditions go with “Approve with conditions”. Choose that, or clear the box"
    if len(reason) > MOST_CHARACTERS:
        fields["reason"] = f"The reason must be {MOST_CHARACTERS:,} characters or fewer"
    if len(conditions) > MOST_CHARACTERS or len(lines) > MOST_CONDITIONS:
        fields["conditions"] = f"Write at most {MOST_CONDITIONS} conditions in {MOST_CHARACTERS:,} characters"
    if fields or picked is None:
        raise BadInput(fields)
    return Ballot(picked, reason, tuple(lines))


def eligible(seats: Sequence[Seat], barred: Collection[int]) -> list[Seat]:
    """Return the board without its project's own people: nobody decides what they wrote or sponsor (domain §3)."""
    return [seat for seat in seats if seat.person_id not in barred]
