"""A mailbox folder in the form of a Maildir: what is new in it, each read once and then marked as seen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vfm_workflow.errors import NotFound

MOST_BYTES = 4 * 1024 * 1024
"""What is longer is read as far as that: a report says what it has to say at its beginning."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in `new/`."""

    file: Path

    def read(self) -> bytes | None:
        """Return its bytes, None where another process has moved it meanwhile."""
        try:
            with self.file.open("rb") as opened:
                return opened.read(MOST_BYTES)
        except FileNotFoundError:
            return None

    def seen(self) -> None:
        """Move it to `cur/`, marked as seen, as a mail program does. Where another process has, nothing is to be done."""
        target = self.file.parent.parent / "cur" / f"{self.file.name.partition(':')[0]}:2,S"
        with contextlib.suppress(FileNotFoundError):
            self.file.replace(target)


def new(folder: Path) -> Iterator[Mail]:
    """Yield each new mail of a Maildir, oldest name first. Raises NotFound where the folder is none."""
    if not all((folder / part).is_dir() for part in ("new", "cur")):
        raise NotFound(f"{folder} is no mailbox folder: it needs the folders new and cur (a Maildir).")
    for file in sorted((folder / "new").iterdir()):
        if file.is_file() and not file.name.startswith("."):
            yield Mail(file)
