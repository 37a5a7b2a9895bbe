"""What is said of projects by those who neither write nor decide: comments, challenges and their replies, advice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import remarks
from vfm_workflow.simulation import words
from vfm_workflow.simulation.life import Life
from vfm_workflow.simulation.managing import Managing
from vfm_workflow.store import listing
from vfm_workflow.store.listing import Row

REMARKS_A_YEAR, ANSWERED, TWICE = 40, 0.8, 0.1
"""How many a year; shares of challenges that are replied to without being chased, and of those that a second person replies
to."""
BY = {
    "portfolio_holder": ("comment", "challenge"),
    "vfm_group_member": ("challenge", "comment"),
    "finance_officer": ("advice",),
    "board_member": ("recommendation",),
}
"""Role → what they say; not all of it is theirs to say, and is refused."""


def day(life: Life, managing: Managing, rows: Sequence[Row]) -> None:
    """Let somebody say something of a project, as often as they do."""
    if rows and life.chance.happens(REMARKS_A_YEAR / 253):
        role = life.chance.one(list(BY))
        speakers, row, kind = life.of_role(role), life.chance.one(rows), life.chance.one(BY[role])
        if speakers:
            who = life.chance.one(speakers).address
            life.in_days(0, 0, partial(_say, life, managing, row.reference, who, kind))


def _say(life: Life, managing: Managing, reference: str, address: str, kind: str) -> None:
    text = words.text(life.chance, 8)
    about = life.chance.one(list(remarks.DECISIONS)) if kind in ("advice", "recommendation") else ""

    def doing(session: Session, actor: Actor) -> int | None:
        said = remarks.make(
            session, life.home, reference, actor, life.now, kind=kind, text=text, subject=about
        )
        return said.id

    remark_id = life.act(f"said of a project: {kind}", address, doing)
    if remark_id is not None and kind == "challenge":
        days = (1, 30) if life.chance.happens(ANSWERED) else (30, 150)
        for _ in range(1 + life.chance.happens(TWICE)):
            life.in_days(*days, partial(_reply, life, managing, reference, remark_id))


def _reply(life: Life, managing: Managing, reference: str, remark_id: int) -> None:
    """The manager replies, or the head of the service; a second reply is refused."""
    row = life.look(lambda session: listing.one(session, reference))
    manager = managing.manager(row)
    if row is None or manager is None:
        return
    by = managing.head(row) if life.chance.happens(0.3) else manager.address
    text = words.text(life.chance, 8)

    def doing(session: Session, actor: Actor) -> object:
        return remarks.reply(session, life.home, reference, remark_id, actor, life.now, text)

    life.act("challenges replied to", by, doing)
