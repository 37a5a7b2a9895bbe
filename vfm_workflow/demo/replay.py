"""What the demo council's people do, one after another, through the same journeys as a user's pages."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmodel import Session

from vfm_workflow.demo.advising import Asked
from vfm_workflow.demo.content import CouncilData
from vfm_workflow.demo.entries import ProjectFile
from vfm_workflow.demo.voting import Links
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput, Unready, VfmError
from vfm_workflow.journeys import people
from vfm_workflow.journeys.home import Home
from vfm_workflow.wiring import App

_PROJECT = re.compile(r"\{project (\d+)\}")


class Impossible(VfmError):
    """The demo's data ask for something that the rules refuse."""


@dataclass
class Replay:
    """The demo council while its past is being lived through."""

    app: App
    data: CouncilData
    links: Links
    references: dict[int, str] = field(default_factory=dict)
    """Project number → its reference: in the order in which the projects begin, not that of their numbers."""
    ids: dict[tuple[int, str, str], int] = field(default_factory=dict)
    """(project number, kind, name in its file) → the row's id, for `measure`, `saving`, `milestone` and `lesson`."""
    asked: Asked = field(init=False)
    """The links in the mailboxes of those who are asked for advice or a reply."""
    actors: dict[str, Actor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.asked = Asked(self.links)

    @property
    def home(self) -> Home:
        return self.app.home

    def address(self, key: str) -> str:
        """Return the work address of a role."""
        return f"{key}@{self.home.mail_domain}"

    def reference(self, project: ProjectFile) -> str:
        return self.references[project.number]

    def id_of(self, number: int, kind: str, name: str) -> int:
        return self.ids[number, kind, name]

    def said(self, text: str) -> str:
        """Return `text` with each `{project 13}` as the reference of that project. Raises Impossible before it has one."""

        def reference(match: re.Match[str]) -> str:
            number = int(match[1])
            if number not in self.references:
                raise Impossible(f"Project {number} has not begun yet when somebody writes of it: “{text}”")
            return self.references[number]

        return _PROJECT.sub(reference, text)

    @contextmanager
    def act(self, what: str) -> Iterator[Session]:
        """Yield a session for one person's action, committed at its end. `what` is said where the rules refuse it."""
        try:
            with self.app.write() as session:
                yield session
        except (VfmError, KeyError) as error:
            raise Impossible(f"{what}: {_why(error)}") from error

    def actor(self, session: Session, key: str) -> Actor:
        """Return the role as somebody who acts."""
        found = self.actors.get(key)
        if found is None:
            found = self.actors[key] = people.actor_by_address(session, self.address(key))
        return found


def _why(error: Exception) -> str:
    if isinstance(error, Unready):
        return f"{error} {'; '.join(item.sentence for item in error.unmet)}"
    if isinstance(error, BadInput):
        return "; ".join(f"{name}: {said}" for name, said in error.fields.items())
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)


def settle_in(replay: Replay, at: dt.datetime) -> None:
    """Add the departments, the people and the heads."""
    with replay.act("The people") as session:
        for department in replay.data.departments:
            people.add_department(session, code=department.code, name=department.name)
        for person in replay.data.people:
            people.add_person(
                session,
                replay.home,
                address=replay.address(person.key),
                name=person.name,
                role=person.role,
                department=person.department,
                at=at,
            )
        for department in replay.data.departments:
            people.set_head(session, department.code, replay.address(department.head), at=at)
