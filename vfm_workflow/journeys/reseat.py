"""Open decisions follow who holds their seats: somebody left, moved, changed address, or a deputy stands in (points 8, 9)."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.journeys import board
from vfm_workflow.journeys.board import Asked
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import decisions as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Slot


def reconcile(session: Session, home: Home, at: dt.datetime) -> None:
    """Bring every seat that has not voted, of every open decision, in line with who holds it at `at`.

    The people's journeys call it after each change, and the clock at each tick, since a deputyship begins and ends by
    itself. Doing it again changes nothing.
    """
    for request in store.open_requests(session):
        asked = board.load(session, home, request)
        for slot in store.waiting(asked.board, store.votes(session, asked.id)):
            if slot.vacated_at is None and not projects.person(session, slot.person_id).active:
                _vacate(session, asked, slot, "its member has left", at)


def _vacate(session: Session, asked: Asked, slot: Slot, why: str, at: dt.datetime) -> None:
    slot.vacated_at, slot.vacated_why = at, why
    session.flush()
    store.revoke(session, asked.id, why, at, slot.id)
