"""The recovery plan: amber means that one exists; red that there is none, or that it is beyond the team (domain §2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vfm_workflow.domain.rag.verdict import Colour, Reason, Status


@dataclass(frozen=True, slots=True)
class Plan:
    """What a return says of its recovery."""

    exists: bool
    """An action is written."""
    beyond: str = ""
    """Why it is beyond what the team can put right; empty where it is not."""
    asked: bool = True
    """Whether the return was asked for a plan at all: one that was green was not."""


def judge(found: Sequence[Reason], plan: Plan) -> Reason:
    """Return what the rule on plans finds, given what every other rule found."""
    off = [reason for reason in found if reason.colour != "green"]
    now = any(reason.status != "outlook" for reason in off)
    status: Status = "outlook" if off and not now else "overall"
    figures = {"exists": plan.exists, "beyond": plan.beyond, "asked": bool(off) and plan.asked}
    colour, said = _said("It is off track" if now else "It is forecast to be off track", plan)
    if not off:
        colour, said = "green", "No recovery plan is needed."
    return Reason("plan", status, colour, said, figures)


def _said(off: str, plan: Plan) -> tuple[Colour, str]:
    beyond = " ".join(plan.beyond.split()).rstrip(".")
    if beyond:
        return "red", f"{off}, and it is beyond what the team can put right: {beyond}."
    if plan.exists:
        return "amber", f"{off}, and there is a recovery plan."
    if not plan.asked:
        return "amber", f"{off}, and a recovery plan will be asked for."
    return "red", f"{off}, and there is no recovery plan."


def from_text(action: str, beyond: str) -> Plan:
    """Return the plan that a return's two texts make."""
    return Plan(bool(action.strip()), beyond.strip())
