"""Savings of the demo council on their way through Finance, lived through by the journeys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

from vfm_workflow.demo.days import Action
from vfm_workflow.demo.entries import FIRST_YEAR, ProjectFile
from vfm_workflow.demo.register_data import ClaimEntry, DeliveredEntry, FenceEntry, ShareEntry, WentEntry
from vfm_workflow.demo.replay import Replay
from vfm_workflow.demo.writing import line_name
from vfm_workflow.domain.money import pounds
from vfm_workflow.journeys import banking, claims, register, shares
from vfm_workflow.store import claims as store

FINANCE = "finance.liaison.officer"
TIMES = {
    "share": "10:50",
    "deliver": "11:05",
    "put": "11:35",
    "check": "14:45",
    "bank": "15:25",
    "went": "15:50",
}
"""When on its day each act is done; each project is a few minutes later than the one before it."""


def actions(replay: Replay) -> Iterator[Action]:
    """Yield everything that happens in the register. No mail follows from it but the next digest's."""
    data = replay.data.register
    for said in data.delivered:
        yield _action(replay, said.project, said.on, "deliver", partial(deliver, replay, said))
    for entry in data.claims:
        yield from _way(replay, entry)
    for kept in data.fences:
        yield _action(replay, kept.project, kept.on, "went", partial(fence, replay, kept))
    for part in data.shares:
        yield _action(replay, part.project, part.on, "share", partial(share, replay, part))


def _way(replay: Replay, entry: ClaimEntry) -> Iterator[Action]:
    yield _action(replay, entry.project, entry.put, "put", partial(put, replay, entry))
    if entry.refused is not None:
        yield _action(replay, entry.project, entry.refused.on, "check", partial(refuse, replay, entry))
    if entry.verified is not None:
        yield _action(replay, entry.project, entry.verified, "check", partial(verify, replay, entry))
    if entry.banked is not None:
        yield _action(replay, entry.project, entry.banked.on, "bank", partial(bank, replay, entry))
    for went in entry.went:
        yield _action(replay, entry.project, went.on, "went", partial(place, replay, entry, went))


def _action(replay: Replay, number: int, day: dt.date, time: str, do: partial[None]) -> Action:
    at = replay.home.calendar.moment(day, TIMES[time]) + dt.timedelta(minutes=number)
    return Action(at, do, silent=True)


def _project(replay: Replay, number: int) -> ProjectFile:
    return next(project for project in replay.data.projects if project.number == number)


def _line(replay: Replay, number: int, line: int) -> tuple[str, int]:
    """Return the reference of a project and the id of one of its lines."""
    project = _project(replay, number)
    name = line_name(project, project.savings[line - 1])
    return replay.reference(project), replay.id_of(number, "saving", name)


def deliver(replay: Replay, entry: DeliveredEntry, at: dt.datetime) -> None:
    """Finance says what a closed project's line delivered in a month."""
    with replay.act(f"What project {entry.project} delivered in {entry.month}") as session:
        reference, line = _line(replay, entry.project, entry.line)
        form = {"period": entry.month, "delivered": str(entry.pounds), "seen": entry.seen}
        claims.deliver(session, replay.home, reference, line, replay.actor(session, FINANCE), at, form=form)


def put(replay: Replay, entry: ClaimEntry, at: dt.datetime) -> None:
    """The project manager puts a quarter's delivery before Finance."""
    with replay.act(f"The claim of project {entry.project} for {entry.quarter}") as session:
        reference, line = _line(replay, entry.project, entry.line)
        left = register.quarter_of(session, replay.home, line, entry.quarter).left
        amount = str(entry.pounds) if entry.pounds is not None else pounds(left)
        form = {"quarter": entry.quarter, "amount": amount, "evidence": entry.evidence}
        by = replay.actor(session, _project(replay, entry.project).pm)
        row = claims.put(session, replay.home, reference, line, by, at, form=form)
        replay.ids[entry.project, "claim", _name(entry)] = row.id or 0


def _name(entry: ClaimEntry) -> str:
    return f"{entry.line} {entry.quarter} {entry.put}"


def _claim(replay: Replay, entry: ClaimEntry) -> int:
    return replay.id_of(entry.project, "claim", _name(entry))


def verify(replay: Replay, entry: ClaimEntry, at: dt.datetime) -> None:
    """Finance verifies a claim."""
    with replay.act(f"Verifying the claim of project {entry.project} for {entry.quarter}") as session:
        reference, line = _line(replay, entry.project, entry.line)
        by = replay.actor(session, FINANCE)
        claims.verify(session, replay.home, reference, line, _claim(replay, entry), by, at, entry.accepted)


def refuse(replay: Replay, entry: ClaimEntry, at: dt.datetime) -> None:
    """Finance refuses a claim."""
    assert entry.refused is not None
    with replay.act(f"Refusing the claim of project {entry.project} for {entry.quarter}") as session:
        reference, line = _line(replay, entry.project, entry.line)
        by, why = replay.actor(session, FINANCE), entry.refused.why
        claims.refuse(session, replay.home, reference, line, _claim(replay, entry), by, at, why)


def bank(replay: Replay, entry: ClaimEntry, at: dt.datetime) -> None:
    """Finance takes a verified amount out of its budget."""
    assert entry.banked is not None
    with replay.act(f"Banking the claim of project {entry.project} for {entry.quarter}") as session:
        reference, line = _line(replay, entry.project, entry.line)
        code = _project(replay, entry.project).savings[entry.line - 1].budget_code
        form = {"budget_code": code, "journal": entry.banked.journal}
        by = replay.actor(session, FINANCE)
        banking.bank(session, replay.home, reference, line, _claim(replay, entry), by, at, form=form)


def place(replay: Replay, entry: ClaimEntry, went: WentEntry, at: dt.datetime) -> None:
    """Finance says where a banked amount, or a part of it, went."""
    with replay.act(f"Where the claim of project {entry.project} for {entry.quarter} went") as session:
        reference, line = _line(replay, entry.project, entry.line)
        claim_id, by = _claim(replay, entry), replay.actor(session, FINANCE)
        left = store.unplaced(session, claim_id)
        amount = str(went.pounds) if went.pounds is not None else pounds(left)
        form = {f"amount_{went.to}": amount, "note": went.note}
        banking.place(session, replay.home, reference, line, claim_id, by, at, form=form)


def fence(replay: Replay, entry: FenceEntry, at: dt.datetime) -> None:
    """Finance ring-fences money of a line's budget."""
    with replay.act(f"The ring-fence on project {entry.project}") as session:
        reference, line = _line(replay, entry.project, entry.line)
        form = {
            "fence_amount": str(entry.pounds),
            "fence_budget": entry.budget,
            "until": entry.until.isoformat() if entry.until is not None else "",
            "fence_why": entry.why,
        }
        banking.fence(session, replay.home, reference, line, replay.actor(session, FINANCE), at, form=form)


def share(replay: Replay, entry: ShareEntry, at: dt.datetime) -> None:
    """A partner, or the project manager for them, says what the partner saves itself."""
    with replay.act(f"The partner's part of project {entry.project}") as session:
        reference, line = _line(replay, entry.project, entry.line)
        form = {f"share_{FIRST_YEAR + n}": str(thousand * 1000) for n, thousand in enumerate(entry.thousands)}
        by = replay.actor(session, entry.by)
        shares.save_shares(session, replay.home, reference, line, by, at, form=form)
