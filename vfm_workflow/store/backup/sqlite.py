"""Copies of a SQLite database, by its own online backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

from sqlalchemy.engine import make_url
from sqlmodel import Session

from vfm_workflow.errors import ConfigError, NotAllowed, NotFound, Problem
from vfm_workflow.store.backup.files import Copied, new, no_good, refuse_newer
from vfm_workflow.store.engine import BUSY_SECONDS, Database

_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a database while it is in use."""


def backup(url: str, file: Path) -> Copied:
    """Copy the database at `url` into the new file `file`, checked; return what it holds."""
    source = _file(url)
    if not source.is_file():
        raise NotFound(f"There is no database at {source}. Check VFM_DATA or VFM_DATABASE_URL.")
    with new(file) as draft:
        _copy(source, draft)
        with closing(sqlite3.connect(draft)) as database:
            # In WAL mode the copy would need two more files beside it.
            database.execute("PRAGMA journal_mode=DELETE")
        copied = _look(draft)
    return Copied(file, *copied)


def restore(url: str, file: Path, *, replace: bool, kept_as: str) -> tuple[Copied, Path | None]:
    """Make `file` the database at `url`; return (what it holds, where the database that was there is kept)."""
    target = _file(url)
    copied = Copied(file, *_look(file))
    refuse_newer(file, copied.version)
    kept = None
    if target.exists() and target.samefile(file):
        raise NotAllowed(f"{file} is the database itself. Name a backup of it.")
    if target.exists():
        if not replace:
            raise NotAllowed(
                f"There is a database at {target}. Stop the server, then say --replace: it is kept beside the new one."
            )
        kept = target.with_name(f"{target.name}.{kept_as}")
        _put_aside(target, kept)
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy(file, target)
    return copied, kept


@contextmanager
def scratch(database: Database) -> Iterator[Session]:
    """Yield a session on the data as they are, whose changes are all undone at the end.

    SQLite has one writer: there it is a copy in memory, so that nobody has to wait for as long as it lasts.
    """
    if database.engine.dialect.name != "sqlite":
        with database.write() as session:
            yield session
            session.rollback()
        return
    source, copy = _file(database.url), Database("sqlite://")
    try:
        raw = copy.engine.raw_connection()
        with closing(_read_only(source)) as read:
            read.backup(cast(sqlite3.Connection, raw.driver_connection))
        raw.close()  # back into the pool, which keeps the one connection that is the database
        with copy.write() as session:
            yield session
            session.rollback()
    finally:
        copy.close()


def _file(url: str) -> Path:
    """Return the file of a SQLite database. Raises ConfigError for another database, or one in memory."""
    Database(url).close()  # raises ConfigError for a kind of database that is not known at all
    parsed = make_url(url)
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigError(
            [Problem("VFM_DATABASE_URL", None, "the database is in memory only.", "Name a file.")]
        )
    return Path(parsed.database)


def _copy(source: Path, target: Path) -> None:
    """Copy by SQLite's online backup: a whole transaction at `target`, whatever others do to `source`."""
    with closing(_read_only(source)) as read, closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as write:
        read.backup(write)


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)


def _look(file: Path) -> tuple[int, str, int, int]:
    """Return (bytes, version, projects, history rows) of a database of ours. Raises ConfigError where it is none."""
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    try:
        with closing(_read_only(file)) as database:
            faults = [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
            faults += [
                f"a row of {row[0]} points at nothing" for row in database.execute("PRAGMA foreign_key_check")
            ]
            if faults:
                raise no_good(file, f"it is damaged: {'; '.join(faults[:3])}")
            version = database.execute("SELECT version_num FROM alembic_version").fetchone()
            projects = database.execute("SELECT count(*) FROM project").fetchone()[0]
            rows = database.execute("SELECT count(*) FROM history").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise no_good(file, f"it is no SQLite database of this program ({error})") from error
    return file.stat().st_size, version[0] if version else "", projects, rows


def _put_aside(target: Path, kept: Path) -> None:
    """Keep the database that is there: a copy where it is sound, else its files as they are, out of the way."""
    try:
        with closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as database:
            sound = database.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.DatabaseError:
        sound = False
    if sound:
        _copy(target, kept)
        return
    for ending in ("", *_BESIDE):
        part = target.with_name(target.name + ending)
        if part.exists():
            part.replace(kept.with_name(kept.name + ending))
