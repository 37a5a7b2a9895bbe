"""Members propose ideas, and each is owed a reply (§14.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlmodel import Session

from vfm_workflow.domain.calendar import short_day
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import ideas as store
from vfm_workflow.store import projects
from vfm_workflow.store.ideas import Proposed
from vfm_workflow.store.tables import Idea

__all__ = ["Proposed", "listing", "propose", "reply"]


def propose(session: Session, home: Home, by: Actor, at: dt.datetime, text: str) -> Idea:
    """Put an idea into the inbox; return it. Raises NotAllowed for who is no Member, or BadInput where it is empty."""
    if not may(home.roles, by, "ideas.create"):
        raise NotAllowed(
            "Ideas come from Members. Tell the portfolio holder or a member of the VFM Group yours."
        )
    fields = Fields({"text": text})
    said = fields.text("text", "The idea", required="Write your idea")
    fields.finish()
    row = Idea(on=home.calendar.today(at), by=by.id, text=said)
    session.add(row)
    session.flush()
    return row


def reply(session: Session, home: Home, idea_id: int, by: Actor, at: dt.datetime, text: str) -> Idea:
    """Reply to an idea, once; return it. Raises NotFound, BadInput, or NotAllowed (not theirs, or replied already)."""
    if not may(home.roles, by, "ideas.reply"):
        raise NotAllowed("A Head of Service or a member of CMT replies to ideas.")
    row = session.get(Idea, idea_id)
    if row is None:
        raise NotFound("There is no such idea.")
    if row.replied_on is not None:
        who = projects.person(session, row.replied_by).name if row.replied_by is not None else "somebody"
        raise NotAllowed(f"The {who} replied on {short_day(row.replied_on)} already: {row.reply}")
    fields = Fields({"text": text})
    said = fields.text("text", "The reply", required="Write the reply")
    fields.finish()
    row.reply, row.replied_on, row.replied_by = said, home.calendar.today(at), by.id
    session.flush()
    return row


def listing(session: Session) -> Sequence[Proposed]:
    """Return every idea with who had it and who replied: those still owed a reply first, oldest first, then the rest."""
    return store.listing(session)
