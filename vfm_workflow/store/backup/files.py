"""What copies of both kinds of database share: a new file made whole or not at all, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vfm_workflow.errors import ConfigError, DatabaseBehind, NotAllowed, Problem
from vfm_workflow.store.engine import versions


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: its size, the version of its tables, and how much is in it."""

    file: Path
    size_bytes: int
    version: str
    projects: int
    history_rows: int


@contextmanager
def new(file: Path) -> Iterator[Path]:
    """Yield a draft to write, which becomes `file` at the end, or is gone on any exception.

    Raises NotAllowed where `file` is there already.
    """
    try:
        file.touch(exist_ok=False)
    except FileExistsError as error:
        message = f"{file} is there already. Name a new file: a backup never overwrites an older one."
        raise NotAllowed(message) from error
    draft = file.with_name(f".{file.name}.partial")
    try:
        yield draft
        draft.replace(file)
    except BaseException:
        file.unlink()
        raise
    finally:
        draft.unlink(missing_ok=True)


def no_good(file: Path, what: str) -> ConfigError:
    """Return the error of a file that is no whole copy."""
    return ConfigError([Problem(str(file), None, f"{what}.", "Take another backup. Nothing was changed.")])


def refuse_newer(file: Path, version: str) -> None:
    """Raise DatabaseBehind where a copy is of a version that this program does not know."""
    if version not in versions():
        raise DatabaseBehind(
            f"{file} is at version {version}, which this program does not know. "
            "Install the newer program that wrote it, then restore."
        )
