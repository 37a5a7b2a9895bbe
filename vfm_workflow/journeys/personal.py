"""A person's own data, to be handed out; and what is personal let go once it has been kept long enough (UK GDPR)."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.calendar import months_before
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import exporting
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import people, personal, projects
from vfm_workflow.store.personal import Tidied


def export(session: Session, address: str, by: Actor | None) -> dict[str, Any]:
    """Return everything that is kept about somebody, table by table; whoever has left too.

    One's own, and anybody's at the command line (`by` None). To nobody else: what somebody wrote is in it, and who edits
    people reads no project. Raises NotFound.
    """
    person = people.with_address(session, address)
    if person is None or (by is not None and person.id != by.id):
        raise NotFound(f"Nobody has the address {address}.")
    return personal.of(session, projects.key(person))


def as_json(found: dict[str, Any]) -> str:
    """Return it as JSON that a person can read: moments and days in ISO form."""

    def written(value: object) -> str:
        assert isinstance(value, dt.date | dt.datetime), value
        return value.isoformat()

    return json.dumps(found, ensure_ascii=False, indent=2, default=written)


def tidy(session: Session, home: Home, at: dt.datetime, folder: Path, machine: str) -> Tidied:
    """Let go of what has been kept for as long as `config/calendar.yaml` says (`keep:`); return how much.

    `folder` is the data folder of the machine named `machine`: files of exports are removed where they lie.
    """
    today, keep = home.calendar.today(at), home.calendar.rules.keep

    def before(months: int) -> dt.datetime:
        return home.calendar.moment(months_before(today, months), dt.time())

    files = exporting.let_go(session, folder, machine, at - dt.timedelta(days=keep.export_days))
    tidied = personal.let_go(session, before(keep.mail_text_months), before(keep.session_months))
    return tidied._replace(export_files=files)
