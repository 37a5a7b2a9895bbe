"""Copies of a SQLite database: taken while others write, and put back whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from vfm_workflow.errors import ConfigError, DatabaseBehind, NotAllowed, NotFound, Problem
from vfm_workflow.store.engine import BUSY_SECONDS, Database, versions

_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a database while it is in use."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: its size, the version of its tables, and how much is in it."""

    file: Path
    size_bytes: int
    version: str
    projects: int
    history_rows: int


def backup(url: str, file: Path) -> Copied:
    """Copy the database at `url` into the new file `file`, checked; return what it holds. Others may go on writing.

    Raises ConfigError (not SQLite), NotFound (no database there) or NotAllowed (`file` is there already).
    """
    source = sqlite_file(url, "pg_dump --format=custom --file FILE")
    if not source.is_file():
        raise NotFound(f"There is no database at {source}. Check VFM_DATA or VFM_DATABASE_URL.")
    try:
        file.touch(exist_ok=False)
    except FileExistsError as error:
        message = f"{file} is there already. Name a new file: a backup never overwrites an older one."
        raise NotAllowed(message) from error
    draft = file.with_name(f".{file.name}.partial")
    try:
        _copy(source, draft)
        with closing(sqlite3.connect(draft)) as database:
            # In WAL mode the copy would need two more files beside it.
            database.execute("PRAGMA journal_mode=DELETE")
        copied = _look(draft)
        draft.replace(file)
    except BaseException:
        file.unlink()
        raise
    finally:
        draft.unlink(missing_ok=True)
    return Copied(file, *copied)


def restore(url: str, file: Path, *, replace: bool, kept_as: str) -> tuple[Copied, Path | None]:
    """Make `file` the database at `url`; return (what it holds, where the database that was there is kept).

    The copy is checked before anything is touched. A database in place is left alone unless `replace`, and is then
    kept beside it under its name with `kept_as` after it. Raises ConfigError (not SQLite, or `file` is no good
    database of ours), DatabaseBehind (it is newer than this program) or NotAllowed.
    """
    target = sqlite_file(url, "pg_restore --clean --dbname NAME FILE")
    copied = Copied(file, *_look(file))
    if copied.version not in versions():
        raise DatabaseBehind(
            f"{file} is at version {copied.version}, which this program does not know. "
            "Install the newer program that wrote it, then restore."
        )
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
    source, copy = sqlite_file(database.url, ""), Database("sqlite://")
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


def sqlite_file(url: str, instead: str) -> Path:
    """Return the file of a SQLite database. Raises ConfigError for another database, naming what to use `instead`."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        problem = Problem(
            "VFM_DATABASE_URL", None, "it is no database URL.", "Use sqlite:///path/to/file.sqlite3."
        )
        raise ConfigError([problem]) from error
    if parsed.get_backend_name() == "postgresql":
        what = "the database is PostgreSQL, which this command does not copy."
        raise ConfigError([Problem("VFM_DATABASE_URL", None, what, f"Use PostgreSQL's own tools: {instead}")])
    Database(url).close()  # raises ConfigError for a kind of database that is not known at all
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
                raise _no_good(file, f"it is damaged: {'; '.join(faults[:3])}")
            version = database.execute("SELECT version_num FROM alembic_version").fetchone()
            projects = database.execute("SELECT count(*) FROM project").fetchone()[0]
            rows = database.execute("SELECT count(*) FROM history").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise _no_good(file, f"it is no database of this program ({error})") from error
    return file.stat().st_size, version[0] if version else "", projects, rows


def _no_good(file: Path, what: str) -> ConfigError:
    return ConfigError([Problem(str(file), None, f"{what}.", "Take another backup. Nothing was changed.")])


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
