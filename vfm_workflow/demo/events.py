"""What can happen to a project of the demo council, as its file's `timeline` says it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from vfm_workflow.documents import Strict
from vfm_workflow.domain.lifecycle import Choice

Time = Annotated[str, Field(pattern=r"^[0-2]\d:[0-5]\d$")]


class _Event(Strict):
    on: dt.date

    @property
    def people(self) -> tuple[str, ...]:
        """The people it names."""
        return ()

    @property
    def milestones(self) -> tuple[str, ...]:
        """The milestones it names, by title."""
        return ()


class Create(_Event):
    do: Literal["create"]


class Write(_Event):
    """The outline, its measures, savings, plan, milestones and answers to lessons are written."""

    do: Literal["write"]


class Submit(_Event):
    do: Literal["submit"]
    at: Time


class BallotEntry(Strict):
    """A member's decision, by the link in their mail."""

    by: str
    on: dt.date
    at: Time
    choice: Choice
    conditions: tuple[str, ...] = ()
    reason: str = ""


class Decide(_Event):
    """The board's votes on what is open. `on` is the day of the last one."""

    do: Literal["decide"]
    votes: tuple[BallotEntry, ...]

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(vote.by for vote in self.votes)


class Expire(_Event):
    """A member opens a link that has expired and asks for a new one."""

    do: Literal["expire"]
    at: Time
    by: str
    why: str

    @property
    def people(self) -> tuple[str, ...]:
        return (self.by,)


class FinishInitialStage(_Event):
    do: Literal["finish_initial_stage"]
    at: Time
    recommendations: Mapping[str, str]


class FinishImplementation(_Event):
    do: Literal["finish_implementation"]
    at: Time


class SubmitLessons(_Event):
    do: Literal["submit_lessons"]
    at: Time


class AskRebaseline(_Event):
    do: Literal["ask_rebaseline"]
    at: Time
    reason: str
    changes: Mapping[str, dt.date]

    @property
    def milestones(self) -> tuple[str, ...]:
        return tuple(self.changes)


class Discharge(_Event):
    """The `condition`th condition of the whole project is met."""

    do: Literal["discharge"]
    condition: int = Field(ge=1)
    by: str
    how: str

    @property
    def people(self) -> tuple[str, ...]:
        return (self.by,)


class Hold(_Event):
    do: Literal["hold", "resume"]
    at: Time
    by: str
    reason: str

    @property
    def people(self) -> tuple[str, ...]:
        return (self.by,)


Event = Annotated[
    Create
    | Write
    | Submit
    | Decide
    | Expire
    | FinishInitialStage
    | FinishImplementation
    | SubmitLessons
    | AskRebaseline
    | Discharge
    | Hold,
    Field(discriminator="do"),
]
