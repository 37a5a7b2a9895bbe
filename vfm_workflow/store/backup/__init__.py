"""Copies of the database: taken while others write, checked, and put back whole or not at all."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.store.backup.files import Copied
from vfm_workflow.store.backup.sqlite import scratch

__all__ = ["Copied", "backup", "restore", "scratch"]


def backup(url: str, file: Path) -> Copied:
    """Copy the database at `url` into the new file `file`, checked; return what it holds. Others may go on writing.

    Raises ConfigError (no such kind of database), NotFound (no database there) or NotAllowed (`file` is there already).
    """
    if _is_postgresql(url):
        from vfm_workflow.store.backup import postgres

        return postgres.backup(url, file)
    from vfm_workflow.store.backup import sqlite

    return sqlite.backup(url, file)


def restore(url: str, file: Path, *, replace: bool, kept_as: str, folder: Path) -> tuple[Copied, Path | None]:
    """Make the copy in `file` the database at `url`; return (what it holds, where the database that was there is kept).

    The copy is checked before anything is touched. A database in place is left alone unless `replace`, and is then kept
    under a name with `kept_as` in it: a SQLite file beside itself, a copy of a PostgreSQL database in `folder`. Raises
    ConfigError (`file` is no good copy of ours), DatabaseBehind (it is newer than this program) or NotAllowed.
    """
    if _is_postgresql(url):
        from vfm_workflow.store.backup import postgres

        return postgres.restore(url, file, replace=replace, kept=folder / f"postgresql.{kept_as}")
    from vfm_workflow.store.backup import sqlite

    return sqlite.restore(url, file, replace=replace, kept_as=kept_as)


def _is_postgresql(url: str) -> bool:
    try:
        return make_url(url).get_backend_name() == "postgresql"
    except ArgumentError as error:
        problem = Problem(
            "VFM_DATABASE_URL", None, "it is no database URL.", "Use sqlite:///path/to/file.sqlite3."
        )
        raise ConfigError([problem]) from error
