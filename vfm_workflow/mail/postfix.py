"""What a Postfix took, read from its log: so that a mail whose sending was cut off need not go twice.

Postfix writes a line for each message at each step, with the message's own queue id:

- `smtpd: QID: client=…`: somebody began to hand a message over;
- `cleanup: QID: message-id=<…>`: its headers came. That is before the final dot, so it proves nothing yet;
- `qmgr: QID: from=<…>`: it lies in the queue, safe on disk; and then what became of it.

“It has it” is said where the log shows the message in the queue or beyond. “It never took it” is the dangerous
answer, for the message is then sent again. It is said only where all of this holds:

- a lease has passed since the message was handed over (delivery sees to that), so that what was under way has ended;
- the relay has just been greeted and its log tells of that greeting: so the file is that relay's log, it is being
  written now, and the lines of the time before are in it. The log of a relay that nobody uses does not move by itself;
- the log, with the older ones beside it, goes back to before the message was handed over;
- none of them has the Message-ID, or only with a connection that was lost before the final dot.

Anything else is “cannot say yet”.
"""

from __future__ import annotations

import calendar
import datetime as dt
import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vfm_workflow.mail.transports import Answer

_GREETED = re.compile(rb"/(?:smtpd|postscreen)\[\d+\]: (?:connect|CONNECT) from ")
_QUEUED = re.compile(rb"/qmgr\[\d+\]: \w+: (?:from=<|removed)|: \w+: to=<[^>]*>, .*status=")
_STATUS = re.compile(rb": (\w+: to=<.*status=.*)$")
_OPENED = re.compile(rb"/smtpd\[(\d+)\]: \w+: client=")
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_OLD_STAMP = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) ")
_NEW_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* ")
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a log: which file it was, and how long."""

    inode: int
    size: int


class PostfixLog:
    """The log of one Postfix, with those that were rotated away from it: `mail.log.1`, `mail.log.2.gz`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def end(self) -> Mark:
        """Return where the log ends now. Raises OSError where it cannot be read."""
        with self._file.open("rb") as opened:
            return Mark(self._file.stat().st_ino, opened.seek(0, 2))

    def greeted_since(self, mark: Mark) -> bool:
        """Return whether the log tells of a connection behind `mark`; one rotated or emptied meanwhile is read whole."""
        try:
            now = self.end()
            with self._file.open("rb") as opened:
                opened.seek(mark.size if now.inode == mark.inode and now.size >= mark.size else 0)
                return _GREETED.search(opened.read()) is not None
        except FileNotFoundError:
            return False  # in the middle of being rotated

    def told(self, message_id: str, since: dt.datetime, trouble: str) -> Answer:
        """Return what the log says of a message handed over at `since`.

        With `trouble`, why the log may not be up to date, it never says `retry`. Raises OSError where it cannot be read.
        """
        logs = list(self._back_to(since))
        text = [line for log in reversed(logs) for line in log.lines]
        traces = list(_traces(text, message_id))
        for trace in traces:
            if words := trace.queued():
                return Answer("sent", None, f"found in the relay's log: {words}")
        if trouble:
            return Answer("unknown", None, f"the relay's log does not have it yet: {trouble}")
        if not logs or not logs[-1].begins_before(since):
            return Answer(
                "unknown", None, f"{self._file} does not go back to {since.isoformat(timespec='seconds')}"
            )
        if all(trace.lost() for trace in traces):
            return Answer("retry", None, "the relay's log says that it never took it")
        return Answer("unknown", None, "the relay's log has its beginning, and not yet that it was queued")

    def _back_to(self, since: dt.datetime) -> Iterator[_Log]:
        """Yield the logs, newest first, until one begins before `since`."""
        for file in _newest_first(self._file):
            log = _read(file)
            if log.first is None and log.lines:
                continue  # something else beside it, whose name begins alike
            yield log
            if log.begins_before(since):
                return


@dataclass(frozen=True, slots=True)
class _Log:
    lines: list[bytes]
    first: dt.datetime | None
    """The moment of its first line."""

    def begins_before(self, moment: dt.datetime) -> bool:
        # A line says whole seconds, cut off.
        return self.first is not None and self.first + dt.timedelta(seconds=1) <= moment


def _newest_first(file: Path) -> Iterable[Path]:
    beside = [
        path for path in file.parent.glob(f"{file.name}?*") if path.suffix not in (".xz", ".zst", ".bz2")
    ]
    beside.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [file, *beside]


def _read(file: Path) -> _Log:
    written = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
    data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    lines = data.splitlines()
    return _Log(lines, _stamp(lines[0], written) if lines else None)


def _stamp(line: bytes, written: dt.datetime) -> dt.datetime | None:
    """Return the moment of a log's line, None where it has none. The old form has no year: it is before `written`."""
    text = line[:60].decode("ascii", "replace")
    if found := _NEW_STAMP.match(text):
        try:
            return dt.datetime.fromisoformat(found[0].strip()).astimezone(dt.UTC)
        except ValueError:
            return None
    old = _OLD_STAMP.match(text)
    if old is None or old[1] not in _MONTHS:
        return None
    month, (day, hour, minute, second) = _MONTHS[old[1]], (int(part) for part in old.groups()[1:])
    for year in range(written.year + 1, written.year - 9, -1):  # a 29 February may be eight years back
        try:
            # The log is in this machine's time; of an hour that happens twice, the later one is the safe one to assume.
            moment = dt.datetime(year, month, day, hour, minute, second, fold=1).astimezone(dt.UTC)
        except ValueError:
            continue
        if moment <= written + DAY:
            return moment
    return None


@dataclass(frozen=True, slots=True)
class _Trace:
    """What a log says while one message had one queue id. Postfix gives an id away again, once it is free."""

    queue_id: bytes
    lines: list[bytes]

    def queued(self) -> str:
        """Return the last thing said of the message once it lay in the queue; the empty string where it never did."""
        mine = b": " + self.queue_id + b": "
        lines = [line for line in self.lines if mine in line and _QUEUED.search(line)]
        if not lines:
            return ""
        told = [found[1] for line in lines if (found := _STATUS.search(line))]
        words = told[-1] if told else lines[-1].partition(b"]: ")[2]
        return words.decode("utf-8", "replace")[:400]

    def lost(self) -> bool:
        """Return whether the connection was lost before the final dot, or the message refused at it."""
        opened = _OPENED.search(self.lines[0])
        if opened is None:
            return False
        process = b"/smtpd[" + opened[1] + b"]: "
        for line in self.lines[1:]:
            said = line.partition(process)[2]
            if said.startswith((b"lost connection after DATA", b"timeout after DATA")):
                return True
            if said.startswith((b"connect from", b"disconnect from")):
                return False
            if b": " + self.queue_id + b": " in line and b"reject: END-OF-MESSAGE" in line:
                return True
        return False


def _traces(lines: list[bytes], message_id: str) -> Iterator[_Trace]:
    """Yield one trace for each time that a message with that Message-ID was begun."""
    wanted = b": message-id=" + message_id.encode()
    for index, line in enumerate(lines):
        if line.endswith(wanted) and b"/cleanup[" in line:
            queue_id = line[: -len(wanted)].rpartition(b" ")[2]
            yield _Trace(queue_id, _span(lines, index, b": " + queue_id + b": "))


def _span(lines: list[bytes], index: int, mine: bytes) -> list[bytes]:
    """Return the lines from where the queue id was taken, at or before `index`, to before it was taken again."""
    taken = mine + b"client="
    first = next((n for n in range(index, -1, -1) if taken in lines[n]), index)
    again = (taken, mine + b"uid=", mine + b"message-id=")
    last = next((n for n in range(index + 1, len(lines)) if any(w in lines[n] for w in again)), len(lines))
    return lines[first:last]
