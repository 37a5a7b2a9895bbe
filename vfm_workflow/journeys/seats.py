"""Whose seat it is today: its member's, or a dated deputy's (protocol, point 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlmodel import Session

from vfm_workflow.journeys.home import Home
from vfm_workflow.store import projects
from vfm_workflow.store import seats as store
from vfm_workflow.store.tables import Person, Slot


def holder(session: Session, home: Home, slot: Slot, barred: Collection[int], at: dt.datetime) -> Person:
    """Return who holds a seat at `at`, and so its one live link: the deputy who stands in that day, else its member.

    A deputy who may not decide this project (`barred`) is passed over: separation of duties holds through a deputy too.
    """
    standing = store.deputies(session, slot.person_id, home.calendar.today(at))
    allowed = [person for person in standing if person.id not in barred]
    return allowed[0] if allowed else projects.person(session, slot.person_id)
