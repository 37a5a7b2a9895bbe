"""Copies of a PostgreSQL database in a file that any PostgreSQL takes: one COPY a table, all in one snapshot.

Not `pg_dump`: it refuses a server newer than itself, and a web server seldom has it. The tables are made anew by our own
migrations, so that triggers, constraints and indexes are the program's and never what somebody left in a file. The queue
is not copied: it holds nothing but calls, and the next sweep makes them again.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, LiteralString

import psycopg
from psycopg import sql

from vfm_workflow.errors import DatabaseAway, NotAllowed, NotFound
from vfm_workflow.store.backup.files import Copied, new, no_good, refuse_newer
from vfm_workflow.store.engine import BUSY_SECONDS, Database
from vfm_workflow.store.tables import metadata

FORMAT = "vfm-workflow PostgreSQL copy 1"
MANIFEST = "manifest.json"
CHUNK = 1 << 20
_QUEUE = "procrastinate_"
_VERSION = "alembic_version"
Connection = psycopg.Connection[Any]


def backup(url: str, file: Path) -> Copied:
    """Copy the database at `url` into the new file `file`, checked; return what it holds."""
    database = Database(url)
    try:
        with _connected(database) as connection, connection.transaction():
            # One snapshot for all tables, whatever others commit meanwhile.
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            tables = _tables(connection)
            if _VERSION not in tables:
                raise NotFound("There are no tables of this program. Check VFM_DATABASE_URL.")
            with new(file) as draft:
                _write(connection, draft, _ours(tables))
                _read_manifest(draft)
    finally:
        database.close()
    return _copied(file, _read_manifest(file))


def restore(url: str, file: Path, *, replace: bool, kept: Path) -> tuple[Copied, Path | None]:
    """Make `file` the database at `url`, in one transaction; return (what it holds, the copy of what was there)."""
    manifest = _read_manifest(file)
    refuse_newer(file, manifest["version"])
    database = Database(url)
    try:
        with _connected(database) as connection:
            _refuse_strangers(connection)
            there = bool(_ours(_tables(connection)))
        if there and not replace:
            raise NotAllowed(
                "There are tables in the database. Stop every process, then say --replace: a copy of them is kept."
            )
        if there:
            backup(url, kept)
        _replace(database, file, manifest)
    finally:
        database.close()
    return _copied(file, manifest), kept if there else None


# ------------------------------------------------------------------ the file


def _write(connection: Connection, draft: Path, tables: Iterable[str]) -> None:
    """Write every table's rows and, last, the manifest that says what a whole copy holds."""
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": _one(connection, "SELECT version_num FROM alembic_version"),
    }
    with zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED) as archive:
        manifest["tables"] = {}
        for table in tables:
            columns = _columns(connection, table)
            digest, rows = hashlib.sha256(), 0
            with archive.open(table, "w", force_zip64=True) as written:
                for chunk in _rows(connection, table, columns):
                    written.write(chunk)
                    digest.update(chunk)
                    rows += bytes(chunk).count(
                        b"\n"
                    )  # in COPY's text a line is a row: a line break inside one is escaped
            manifest["tables"][table] = {"columns": columns, "rows": rows, "sha256": digest.hexdigest()}
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))


def _read_manifest(file: Path) -> dict[str, Any]:
    """Return what a copy says it holds, once every table was found to be so. Raises NotFound, or ConfigError."""
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    try:
        with zipfile.ZipFile(file) as archive:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
            if manifest.get("format") != FORMAT:
                raise no_good(file, f"it is no copy of this form: {manifest.get('format')}")
            for table, said in manifest["tables"].items():
                digest = hashlib.sha256()
                with archive.open(table) as rows:
                    for chunk in _chunks(rows):
                        digest.update(chunk)
                if digest.hexdigest() != said["sha256"]:
                    raise no_good(file, f"it is damaged: {table} is not what was written")
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise no_good(file, f"it is no copy of a PostgreSQL database of this program ({error})") from error
    return manifest


def _copied(file: Path, manifest: dict[str, Any]) -> Copied:
    tables = manifest["tables"]
    counts = (tables[name]["rows"] if name in tables else 0 for name in ("project", "history"))
    return Copied(file, file.stat().st_size, manifest["version"], *counts)


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


# ------------------------------------------------------------------ the database


@contextmanager
def _connected(database: Database) -> Iterator[Connection]:
    """Yield a connection outside a transaction. Raises DatabaseAway."""
    try:
        connection = psycopg.connect(database.libpq_url(), autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseAway(f"The database does not answer. Check VFM_DATABASE_URL. ({error})") from error
    with closing(connection):
        yield connection


def _one(connection: Connection, query: LiteralString) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row is not None else ""


def _all(connection: Connection, query: LiteralString, *values: object) -> list[Any]:
    return connection.execute(query, values or None).fetchall()


def _tables(connection: Connection) -> list[str]:
    query: LiteralString = (
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    )
    return [name for (name,) in _all(connection, query)]


def _ours(tables: Iterable[str]) -> list[str]:
    return [name for name in tables if name != _VERSION and not name.startswith(_QUEUE)]


def _refuse_strangers(connection: Connection) -> None:
    """Raise NotAllowed where somebody keeps tables or views of their own here: they would be dropped with ours."""
    query: LiteralString = (
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
        "AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY relname"
    )
    here = [name for (name,) in _all(connection, query)]
    if strangers := [name for name in _ours(here) if name not in metadata.tables]:
        raise NotAllowed(
            f"There are tables or views in the database that are not this program's: {', '.join(strangers[:5])}. "
            "Name a database, or a schema, of its own."
        )


def _columns(connection: Connection, table: str) -> list[str]:
    query: LiteralString = (
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position"
    )
    return [name for (name,) in _all(connection, query, table)]


def _names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _rows(connection: Connection, table: str, columns: list[str]) -> Iterator[bytes]:
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT")
    with (
        connection.cursor() as cursor,
        cursor.copy(query.format(_names(columns), sql.Identifier(table), _names(columns[:1]))) as rows,
    ):
        yield from map(bytes, rows)


def _replace(database: Database, file: Path, manifest: dict[str, Any]) -> None:
    """Drop what is there, make the tables of the copy's version, and load it: all of it, or nothing."""
    try:
        with database.engine.connect() as connection, connection.begin():
            driver: Any = connection.connection.dbapi_connection
            driver.execute(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
            _drop(driver)
            database.upgrade_within(connection, manifest["version"])
            with zipfile.ZipFile(file) as archive:
                _load(driver, archive, file, manifest["tables"])
    except psycopg.errors.LockNotAvailable as error:
        raise NotAllowed(
            "Somebody is using the database. Stop every process of this council, then restore. Nothing was changed."
        ) from error
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise no_good(file, f"it cannot be loaded ({error})") from error


def _drop(driver: Connection) -> None:
    """Drop our tables and the queue's, with their functions and types."""
    for name in _tables(driver):
        driver.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(name)))
    functions: LiteralString = (
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
        r"AND (proname LIKE 'vfm\_%' OR proname LIKE 'procrastinate\_%')"
    )
    for (name,) in _all(driver, functions):
        driver.execute(f"DROP FUNCTION {name} CASCADE")  # as PostgreSQL itself writes it, with its arguments
    types: LiteralString = (
        "SELECT typname FROM pg_type WHERE typnamespace = current_schema()::regnamespace "
        r"AND typname LIKE 'procrastinate\_%' AND typtype IN ('c', 'e')"
    )
    for (name,) in _all(driver, types):
        driver.execute(sql.SQL("DROP TYPE {} CASCADE").format(sql.Identifier(name)))


def _load(driver: Connection, archive: zipfile.ZipFile, file: Path, tables: dict[str, Any]) -> None:
    """Load the rows with our triggers and keys away, then put them back: PostgreSQL checks every key as it does so."""
    made = _ours(_tables(driver))
    if set(made) != set(tables):
        raise no_good(file, f"its tables are not those of its version: {set(made) ^ set(tables)}")
    keys = _foreign_keys(driver)
    for table, key, _ in keys:
        driver.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(key))
        )
    for table in made:
        driver.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        columns = tables[table]["columns"]
        if set(_columns(driver, table)) != set(columns):
            raise no_good(file, f"the columns of its table {table} are not those of its version")
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _names(columns))
        with archive.open(table) as rows, driver.cursor() as cursor, cursor.copy(statement) as copy:
            for chunk in _chunks(rows):
                copy.write(chunk)
        _move_sequences(driver, table)
        driver.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))
    for table, key, definition in keys:
        statement = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(
            sql.Identifier(table), sql.Identifier(key)
        )
        driver.execute(statement + sql.SQL(definition))


def _foreign_keys(driver: Connection) -> list[tuple[str, str, Any]]:
    query: LiteralString = (
        "SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k "
        "JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'f' "
        r"AND k.connamespace = current_schema()::regnamespace AND c.relname NOT LIKE 'procrastinate\_%'"
    )
    return _all(driver, query)


def _move_sequences(driver: Connection, table: str) -> None:
    """Let new rows be numbered on from the newest."""
    query: LiteralString = (
        "SELECT a.attname, pg_get_serial_sequence(quote_ident(%s), a.attname) FROM pg_attribute a "
        "WHERE a.attrelid = quote_ident(%s)::regclass AND a.attnum > 0 "
        "AND pg_get_serial_sequence(quote_ident(%s), a.attname) IS NOT NULL"
    )
    for column, sequence in _all(driver, query, table, table, table):
        newest = sql.SQL("SELECT setval({}, coalesce(max({}), 0) + 1, false) FROM {}")
        driver.execute(newest.format(sql.Literal(sequence), sql.Identifier(column), sql.Identifier(table)))
