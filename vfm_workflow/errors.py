"""Every refusal a person may meet: one type per thing a caller may want to tell apart.

Each message says what is wrong and what to do next; `status` is the HTTP status a page answers with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class VfmError(Exception):
    """Something was refused. The message is written for the person who asked."""

    status = 400


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a council's folders: where it is, what it is, and what to do."""

    file: str
    line: int | None
    what: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what} {self.remedy}".strip()


class ConfigError(VfmError):
    """The council's folders or settings cannot be used as they are."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class Unmet:
    """One thing that is missing before an event may happen."""

    requirement: str
    sentence: str
    page: str
    """The page of the project that mends it: `outline`, `milestones`, `plan`, `measures` …"""
    field: str
    """The field on that page, or the empty string."""
    who: str
    """The role that can mend it."""


class NotFound(VfmError):
    """There is no such thing, or the asker may not know that there is."""

    status = 404


class NotAllowed(VfmError):
    """The person is known and may see the thing, but may not do this to it."""

    status = 403


class UnknownEvent(VfmError):
    """The stage has no such event. The message lists the events it has."""

    status = 409


class Unready(VfmError):
    """The event exists but something is missing. `unmet` lists every missing thing, not only the first."""

    status = 409

    def __init__(self, message: str, unmet: Sequence[Unmet]) -> None:
        self.unmet = tuple(unmet)
        super().__init__(message)


class StaleRevision(VfmError):
    """Somebody else changed the project meanwhile. `changes` says what, newest last."""

    status = 409

    def __init__(self, message: str, changes: Sequence[str] = ()) -> None:
        self.changes = tuple(changes)
        super().__init__(message)


class BadInput(VfmError):
    """What was typed cannot be used. `fields` maps each field's name to its own message."""

    status = 422

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__("\n".join(self.fields.values()))


class LinkDead(VfmError):
    """A link from a mail that no longer works. `kind` is why: expired, used, revoked, superseded, unknown …"""

    status = 410

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class ProofNeeded(VfmError):
    """A decision needs a sign-in beside its link. `confirm` asks for a fresh one, though somebody is signed in."""

    status = 403

    def __init__(self, message: str, *, confirm: bool) -> None:
        self.confirm = confirm
        super().__init__(message)


class CodeNeeded(VfmError):
    """A decision needs the code that is mailed to the address on record, and none was typed."""

    status = 422


class AlreadyDecided(VfmError):
    """The approver has decided already, differently. The message shows the first decision."""

    status = 409


class TooManyTries(VfmError):
    """The same link or address was tried too often in a short time."""

    status = 429


class SignInRefused(VfmError):
    """What the council's sign-in service said does not prove who somebody is, or it is nobody who may come in."""

    status = 403


class SignInServiceDown(VfmError):
    """The council's sign-in service does not answer, or not as it should."""

    status = 503


class DatabaseBehind(VfmError):
    """The database's tables are older or newer than this program."""

    status = 503


class DatabaseAway(VfmError):
    """The database cannot be reached, or went away in the middle. What was not committed was not changed."""

    status = 503


class DatabaseBusy(VfmError):
    """Somebody else has been writing for too long. Nothing was changed."""

    status = 503
