"""Where the demo council is kept once its past has been lived through, so that the next demo starts at once."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vfm_workflow import folders
from vfm_workflow.demo.content import FOLDER

KEPT = 3
"""Demos kept: one for each address it was served at, the latest used."""
ABOVE = ("web", "cli")
"""Parts of the program that only show the data."""


def version_of(base_url: str) -> str:
    """Return what tells one demo from another: a hash of its data, the default folders, the program and the address."""
    digest = hashlib.sha256(base_url.encode())
    package = Path(__file__).resolve().parent.parent
    roots = [FOLDER, *(folders.shipped() / name for name in folders.NAMES)]
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    files += [path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in ABOVE]
    for path in sorted(set(files)):
        digest.update(str(path.relative_to(package.parent)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one version. Held by one process at a time."""

    folder: Path

    @property
    def is_filled(self) -> bool:
        return self.folder.is_dir()

    def fill(self, make: Callable[[Path], None]) -> None:
        """Let `make` build the demo, and keep it if it succeeds."""
        draft = self.folder.with_suffix(".draft")
        try:
            make(draft)
            draft.replace(self.folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def place() -> Path:
    """Return the user's own cache folder for this program."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if Path(named).is_absolute() else Path.home() / ".cache") / "vfm-workflow"


@contextmanager
def slot(version: str, waits: Callable[[], None] = lambda: None) -> Iterator[Slot | None]:
    """Yield the place of `version`, locked; None where no cache can be written. The oldest of too many are removed.

    `waits` is called where another process holds the place, before it is waited for.
    """
    try:
        root = place()
        root.mkdir(parents=True, exist_ok=True)
        lock = os.open(root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except (OSError, RuntimeError):  # no home, no right, no space
        yield None
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(lock, fcntl.LOCK_EX)
        found = Slot(root / f"demo-{version}")
        yield found
        with contextlib.suppress(OSError):
            _tidy(root, found.folder)
    finally:
        os.close(lock)


def _tidy(root: Path, used: Path) -> None:
    if used.is_dir():
        os.utime(used)
    kept = sorted(root.glob("demo-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
