"""A relay for tests: it answers as told, remembers what it was handed, and can die at any step."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence

from vfm_workflow.mail.transports import Answer, Outgoing, Transport

SENT = Answer("sent", 250, "2.0.0 Ok: queued")
BUSY = Answer("retry", 451, "4.3.0 try again later")
GONE = Answer("failed", 550, "5.1.1 no such user")
SILENT = Answer("unknown", None, "no answer after the message")
DOWN = Answer("retry", None, "connection refused")

Step = Answer | BaseException


class Killed(BaseException):
    """The process was killed: nothing below may catch it."""


class Relay(Transport):
    """Hands out its answers in turn, the last one for ever. `data` is every message that reached DATA.

    `knows` is what it says in turn when it is asked about a message, the last for ever; without, it cannot be asked.
    """

    def __init__(
        self,
        *answers: Step,
        before: Callable[[Outgoing], None] | None = None,
        knows: Sequence[Answer] = (),
    ) -> None:
        self._knows = list(knows)
        self.asked: list[tuple[str, dt.datetime]] = []
        self._answers = iter(answers or (SENT,))
        self._last: Step = SENT
        self._before = before
        self._lock = threading.Lock()
        self.opened: list[Outgoing] = []
        self.data: list[Outgoing] = []

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        with self._lock:
            self._last = answer = next(self._answers, self._last)
            self.opened.append(mail)
        if self._before is not None:
            self._before(mail)
        if isinstance(answer, Killed) and "opening" in str(answer):
            raise answer
        if isinstance(answer, Answer) and answer.outcome == "retry":
            return answer
        before_data()
        with self._lock:
            self.data.append(mail)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def look_up(self, mail: Outgoing, since: dt.datetime) -> Answer | None:
        self.asked.append((mail.message_id, since))
        if not self._knows:
            return None
        return self._knows.pop(0) if len(self._knows) > 1 else self._knows[0]

    def close(self) -> None:
        """Nothing is open."""

    def describe(self) -> str:
        return "a relay of the tests"

    def handed(self) -> Iterator[tuple[str, bytes]]:
        """Yield (Message-ID, bytes) of each message that reached DATA."""
        return ((mail.message_id, mail.data) for mail in self.data)
