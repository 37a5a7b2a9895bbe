"""What a kind of job is, and what it works with: steps that are committed one by one while its lease is held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import jobs

LEASE = dt.timedelta(minutes=5)
"""Longer than any one step. A job whose process died is taken over when it has run out."""


class HandedBack(Exception):
    """The process is to end: the job goes back, to be done by another."""


class LeaseLost(Exception):
    """The lease ran out in the middle of a step; somebody else does the job."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended well: a sentence for whoever asked, and what there is to fetch."""

    said: str
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tools:
    """What every job needs of the process it runs in."""

    home: Home
    read: Callable[[], AbstractContextManager[Session]]
    write: Callable[[], AbstractContextManager[Session]]
    folder: Path
    """Where files that a job makes are put."""
    machine: str
    """The name of the machine whose folder it is."""
    now: Callable[[], dt.datetime]
    ending: Callable[[], bool]
    """Whether the process is to end."""


@dataclass(frozen=True)
class Running:
    """A job under way, as its kind's work sees it."""

    tools: Tools
    job_id: int
    holder: str
    asked_by: int | None
    arguments: Mapping[str, Any]

    @contextmanager
    def step(self, done: int, total: int, said: str) -> Iterator[Session]:
        """Yield a transaction in which `done` of `total` becomes true, and the work of the step with it.

        A job that is taken over goes on by what was committed: a step is done once. Raises HandedBack where the process is
        to end, or LeaseLost where another has the job.
        """
        if self.tools.ending():
            raise HandedBack
        with self.tools.write() as session:
            until = self.tools.now() + LEASE
            if not jobs.hold(session, self.job_id, self.holder, until, done=done, total=total, said=said):
                raise LeaseLost
            yield session


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: what it is called, who may ask for it, and what it does."""

    name: str
    title: str
    explained: str
    """What will happen, for whoever is about to ask."""
    permission: str
    """Who may ask; empty where that hangs on what it is told, and `admit` refuses."""
    work: Callable[[Running], Outcome]
    """Does it by steps; what must happen once happens in them. Raises any VfmError that it is to fail with."""
    page: str = ""
    """The page on which it is asked for, where it needs more than a button."""
    own: bool = False
    """What it makes is fetched by who asked: two people have two of it, where everything else is the same whoever asks."""
    admit: (
        Callable[[Session, Home, Actor | None, dt.datetime, Mapping[str, str]], Mapping[str, str]] | None
    ) = None
    """Returns what it is told to do as it is kept. Raises where somebody may not ask for that, or not fetch it any more.
    A kind without it is told nothing, and is offered on the page of jobs."""
    called: Callable[[Mapping[str, str]], str] | None = None
    """Says what one of them is, by what it is told."""

    def called_of(self, arguments: Mapping[str, str]) -> str:
        """Return what a job of the kind is called."""
        return self.called(arguments) if self.called is not None else self.title
