"""What the decision pages show: the frozen text, who else decides, and what each choice would do."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain import snapshot as snapshots
from vfm_workflow.domain import summary as summaries
from vfm_workflow.domain.assurance import seat_name
from vfm_workflow.domain.decisions import CHOICE_LABELS, OUTCOME_LABELS
from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.journeys import board, settling
from vfm_workflow.journeys.board import Asked
from vfm_workflow.journeys.decide import Opened
from vfm_workflow.store import pages_decide, projects
from vfm_workflow.store.tables import Version
from vfm_workflow.web import remarks_view
from vfm_workflow.web.diff import Run, phrases
from vfm_workflow.web.visit import Visit


def head(visit: Visit, session: Session, asked: Asked) -> dict[str, Any]:
    """Return what every page of a decision shows: its project, title and version, all from the frozen text."""
    return {
        "asked": asked,
        "title": asked.snapshot["title"],
        "department_name": projects.department(session, asked.project.department).name,
    }


def form(visit: Visit, session: Session, opened: Opened) -> dict[str, Any]:
    """Return what the page with the form shows."""
    asked, home = opened.asked, visit.home
    names = projects.names(
        session,
        [
            asked.project.manager_id,
            asked.project.sponsor_id,
            asked.request.asked_by,
            *(slot.person_id for slot in asked.board),
            *(vote.person_id for vote in opened.votes),
        ],
    )
    before, changes = since_before(session, asked)
    return {
        **head(visit, session, asked),
        "opened": opened,
        "role_title": home.role_title(opened.slot.role),
        "deadline": board.deadline_text(home, asked),
        "past_deadline": asked.request.deadline < visit.at,
        "late": asked.request.state == "decided",
        "outcome": OUTCOME_LABELS.get(asked.request.outcome),  # type: ignore[call-overload]  # a CHECKed choice or None
        "quorum": board.quorum_sentence(home, asked),
        "tally": settling.tally(session, asked),
        "names": names,
        "summary": summaries.rows(asked.snapshot),
        "others": others(opened, names),
        "before": before,
        "changes": changes,
        "words": words(asked.snapshot),
        "text_title": snapshots.SUBJECTS[asked.version.subject].title,
        "choices": choices(home.lifecycle(session, asked.project), asked),
        **remarks_view.beside(session, asked),
    }


def others(opened: Opened, names: dict[int, str]) -> list[dict[str, Any]]:
    """Return each other member of the board with the vote they cast or a deputy cast for them, or None."""
    cast = {vote.slot_id: vote for vote in opened.votes}
    return [
        {
            "vote": (vote := cast.get(slot.id or 0)),
            "name": seat_name(names[vote.person_id if vote else slot.person_id], names[slot.person_id]),
            "vacated": slot.vacated_why,
            "said": OUTCOME_LABELS[vote.choice].lower() if vote else "",  # type: ignore[index]  # a CHECKed choice
        }
        for slot in opened.asked.board
        if slot.id != opened.slot.id
    ]


Changes = list[tuple[str, list[Run]]]
"""(title of the part, its runs of (`same` | `removed` | `added`, words)), long runs that are the same cut short."""


def since_before(session: Session, asked: Asked) -> tuple[Version | None, Changes]:
    """Return (the version before, what changed since), or (None, nothing) for a first version."""
    before = pages_decide.version_before(session, asked.version)
    if before is None:
        return None, []
    return before, abridged(snapshots.differences(json.loads(before.snapshot), asked.snapshot))


def since_then(session: Session, asked: Asked) -> tuple[Version | None, Changes]:
    """Return (the newest version the board was asked about after this one, what changed in it)."""
    newest = pages_decide.newest_like(session, asked.request)
    if newest is None or newest[1].id == asked.version.id:
        return None, []
    return newest[1], abridged(snapshots.differences(asked.snapshot, json.loads(newest[1].snapshot)))


AROUND = 15
"""Words left standing on each side of a change."""


def abridged(changes: Sequence[snapshots.Change]) -> Changes:
    """Return the changes with long runs of the same words cut down to what stands beside a change."""
    return [(change.title, _abridged(phrases(change.runs))) for change in changes]


def _abridged(runs: Sequence[Run]) -> list[Run]:
    last = len(runs) - 1
    return [
        (kind, _cut(text, first=number == 0, last=number == last) if kind == "same" else text)
        for number, (kind, text) in enumerate(runs)
    ]


def _cut(text: str, *, first: bool, last: bool) -> str:
    pieces = re.findall(r"\s*\S+|\s+$", text)
    if len(pieces) <= AROUND * 2 or (len(pieces) <= AROUND and (first or last)):
        return text
    begin = "" if first else "".join(pieces[:AROUND])
    end = "" if last else "".join(pieces[-AROUND:])
    return f"{begin} … {end.lstrip()}" if end else f"{begin} …"


def words(frozen: snapshots.Snapshot) -> int:
    """Return how many words the frozen text has."""
    count = 0
    for part in frozen["parts"]:
        cells = [part["text"]] if "text" in part else [cell for row in part["rows"] for cell in row]
        count += sum(len(cell.split()) for cell in cells)
    return count


NEEDS = {
    "approve": "",
    "approve_with_conditions": "Your conditions are followed up until each is met: write them below.",
    "return_for_changes": "Say what must change below.",
    "reject": "Say why below.",
}


def choices(lifecycle: Lifecycle, asked: Asked) -> list[dict[str, str]]:
    """Return the decision's choices, each with what happens to the project if the board decides it."""
    return [
        {
            "value": choice,
            "text": CHOICE_LABELS[choice],
            "hint": " ".join(filter(None, (_consequence(lifecycle, asked, event), NEEDS[choice]))),
        }
        for choice, event in asked.rule.outcomes.items()
    ]


def _consequence(lifecycle: Lifecycle, asked: Asked, event: str) -> str:
    step = lifecycle.plan.get((asked.project.stage, event))
    if step is None or step.target not in lifecycle.stages:
        return ""
    stage = lifecycle.stages[step.target]
    if step.target == step.stage:
        return f"{step.spec.label}. The project stays at “{stage.title}”."
    if stage.kind == "ended":
        return f"The project ends as “{stage.title}”."
    return f"The project moves to “{stage.title}”."


def recorded(visit: Visit, session: Session, opened: Opened) -> dict[str, Any]:
    """Return what the page after a decision shows: what was recorded, how, and what happens next."""
    asked, vote = opened.asked, opened.vote
    assert vote is not None
    stage = visit.home.lifecycle(session, asked.project).stages[asked.project.stage]
    return {
        **head(visit, session, asked),
        "opened": opened,
        "vote": vote,
        "known": settling.known(session, vote),
        "receipt_to": projects.person(session, vote.person_id).address,
        "said": OUTCOME_LABELS[vote.choice],  # type: ignore[index]  # a CHECKed choice
        "next": _next(visit, session, asked, late=vote.late, stage=stage.title),
    }


def _next(visit: Visit, session: Session, asked: Asked, *, late: bool, stage: str) -> list[str]:
    state, outcome = asked.request.state, asked.request.outcome
    if state == "decided" and outcome is not None:
        result = OUTCOME_LABELS[outcome].lower()  # type: ignore[index]  # a CHECKed choice
        if late:
            return [
                f"The board had decided before you: {result}. Your decision is recorded beside it and changes nothing."
            ]
        return [
            f"The board has decided: {result}. The project is now at “{stage}”.",
            "Everyone on the board and the project manager are told by mail.",
        ]
    if state == "open":
        return [
            f"{settling.tally(session, asked)}. We will mail you when the board has decided.",
            "The project manager and the other members of the board are told what you decided.",
        ]
    why = {"superseded": "a newer version was sent", "held": "the project was put on hold"}
    return [
        f"This decision is no longer asked for: {why.get(state, 'it was withdrawn')}. Your part stays in the record."
    ]
