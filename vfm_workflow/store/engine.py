"""The database: one engine, two kinds of transaction, its pragmas, and its migrations."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlmodel import Session

from vfm_workflow.errors import ConfigError, DatabaseAway, DatabaseBehind, DatabaseBusy, Problem
from vfm_workflow.store import queue
from vfm_workflow.store.raw import Raw

BUSY_SECONDS = 15
STATEMENTS = 512
"""So many statements a connection keeps parsed: the program asks more than the 128 that the driver keeps by itself."""
MIGRATIONS = Path(__file__).parent / "migrations"


class WorkSession(Session):
    """A session over one driver connection. SQLAlchemy's own connection is made when something first asks for it:

    a transition of hot statements never does, and building it would cost as much as the transition.
    """

    def __init__(self, engine: Engine, driver: PoolProxiedConnection, *, autoflush: bool = True) -> None:
        super().__init__(expire_on_commit=False, autoflush=autoflush)
        self.engine = engine
        self.driver = driver
        self.wrapped: Connection | None = None
        self.info["raw"] = Raw(engine.dialect.name, driver.dbapi_connection)

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        """Return the one connection, over the transaction that is open already."""
        if self.wrapped is None:
            self.wrapped = Connection(self.engine, connection=self.driver)
            self.wrapped.begin()
        return self.wrapped

    def rollback(self) -> None:
        """Undo everything, and whom it would have woken."""
        super().rollback()
        queue.forget(self)


BUSY = "The database was busy with somebody else's change for too long. Nothing was changed: try again in a minute."


AWAY = "The database does not answer. Look in a minute whether what you did was kept, and do it again if it was not."
RECONNECT_SECONDS = 0.5


class Work:
    """A transaction as a `with` block: committed at its end, rolled back whole on any exception, or always where it `reads`.

    `patience` is for how many seconds a server that cannot be reached is asked again. Raises DatabaseAway where it is
    longer away, or goes away in the middle: then nothing was kept, or, at the commit itself, all of it may have been.
    """

    __slots__ = ("driver", "engine", "patience", "reads", "session")

    def __init__(self, engine: Engine, patience: float = 0, *, reads: bool = False) -> None:
        self.engine, self.patience, self.reads = engine, patience, reads

    def __enter__(self) -> Session:
        self.driver = self._connect()
        if self.engine.dialect.name == "sqlite":
            try:
                self.driver.dbapi_connection.execute(  # type: ignore[union-attr]
                    "BEGIN" if self.reads else "BEGIN IMMEDIATE"
                )
            except sqlite3.OperationalError as error:
                self.driver.close()
                raise DatabaseBusy(BUSY) from error
        self.session = WorkSession(self.engine, self.driver, autoflush=not self.reads)
        return self.session

    def _connect(self) -> PoolProxiedConnection:
        if self.engine.dialect.name == "sqlite":
            return self.engine.raw_connection()
        end = time.monotonic() + self.patience
        while True:
            try:
                return self.engine.raw_connection()
            except self.engine.dialect.loaded_dbapi.OperationalError as error:
                if time.monotonic() >= end:
                    raise DatabaseAway(AWAY) from error
                time.sleep(RECONNECT_SECONDS)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None and not self.reads:
                self._commit()
        except Exception as failed:
            if self._lost():
                raise DatabaseAway(AWAY) from failed
            raise
        else:
            if isinstance(error, Exception) and self._lost():
                raise DatabaseAway(AWAY) from error
        finally:
            self._close()

    def _commit(self) -> None:
        session = self.session
        session.flush()
        if self.engine.dialect.name == "postgresql":
            queue.enqueue(session, self.driver.dbapi_connection)
        if session.wrapped is not None:
            session.wrapped.commit()
        else:
            self.driver.commit()

    def _close(self) -> None:
        session = self.session
        if session.wrapped is not None:
            session.close()
            session.wrapped.close()
        else:  # hot statements alone: the session has loaded nothing that it would have to let go
            self.driver.close()  # rolls back what was not committed

    def _lost(self) -> bool:
        """Return whether the server hung up."""
        if self.engine.dialect.name == "sqlite":
            return False
        driver: Any = self.driver.dbapi_connection if self.driver.is_valid else None
        return driver is None or bool(driver.closed)


class Database:
    """A council's database. `write` and `read` are the only two ways in; both end by themselves."""

    def __init__(self, url: str, *, durable: bool = True) -> None:
        """Open it. With `durable` off a SQLite file may be broken by a power cut: only for what can be made again."""
        self.url = url
        self.engine = _engine(url, durable)

    @property
    def has_queue(self) -> bool:
        """Whether a queue wakes whoever is to look into the outbox: PostgreSQL's. On SQLite the clock looks itself."""
        return self.engine.dialect.name == "postgresql"

    def libpq_url(self) -> str:
        """Return the address as psycopg itself takes it, its password included."""
        return self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def write(self, patience: float = 0) -> Work:
        """Return a transaction to enter: it commits at the end, or rolls all of it back on any exception.

        A server that is away is asked again for `patience` seconds.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE), so that what it read stays true.
        """
        return Work(self.engine, patience)

    def read(self) -> Work:
        """Return a transaction to enter that takes no write lock. What it wrote would be rolled back."""
        return Work(self.engine, reads=True)

    def upgrade(self) -> None:
        """Bring the tables to this program's version."""
        from alembic import command

        command.upgrade(self._alembic(), "head")

    def upgrade_within(self, connection: Connection, version: str) -> None:
        """Bring the tables to a version of the program, in the transaction that is open on `connection`."""
        from alembic import command

        config = self._alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, version)

    def check(self) -> None:
        """Raise DatabaseBehind where the tables are not this program's version."""
        known, current = versions(), self._version()
        if current is not None and current not in known:
            raise DatabaseBehind(
                f"The database is at version {current}, which a newer version of the program made. Install that one."
            )
        if current != known[-1]:
            raise DatabaseBehind(
                f"The database is at version {current or 'none'} and this program needs {known[-1]}. Run `vfm db upgrade`."
            )

    def unready(self) -> str:
        """Return why there is nothing to read, in a sentence; empty where it can be read. It makes and changes nothing."""
        url = self.engine.url
        sqlite = self.engine.dialect.name == "sqlite"
        if sqlite and url.database not in (None, "", ":memory:") and not Path(str(url.database)).exists():
            return "There is no database yet."
        try:
            if self.is_empty():
                return "There is no database yet."
            self.check()
        except DatabaseBehind as error:
            return str(error)
        except SQLAlchemyError:
            return "The database does not answer, or is none of this program."
        return ""

    def _version(self) -> str | None:
        """Return the version of the tables, as Alembic keeps it; None where there is none."""
        with self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    def is_empty(self) -> bool:
        """Return whether the database has no tables yet."""
        return not inspect(self.engine).has_table("project")

    def _alembic(self) -> Any:
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["engine"] = self.engine
        return config

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def versions() -> list[str]:
    """Return every version of the tables that this program knows, oldest first.

    They are read from the names of the migrations: Alembic itself takes longer to load than all else that a start checks.
    """
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _engine(url: str, durable: bool) -> Engine:
    """Return the engine. Its errors hide the values of a statement: a mail with its link may be among them."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError([_bad_url("it is no database URL")]) from error
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        arguments = {"timeout": BUSY_SECONDS, "cached_statements": STATEMENTS}
        engine = create_engine(parsed, connect_args=arguments, hide_parameters=True)
        event.listen(engine, "connect", _sqlite_connect)
        if not durable:
            event.listen(engine, "connect", _sqlite_unsafe)
        return engine
    if parsed.drivername != "postgresql+psycopg":
        raise ConfigError([_bad_url(f"the kind `{parsed.drivername}` is not known")])
    from vfm_workflow.store.tables import for_postgresql

    for_postgresql()
    try:
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise ConfigError(
            [_bad_url("PostgreSQL needs the extra: pip install 'vfm-workflow[postgres]'")]
        ) from error


def _bad_url(what: str) -> Problem:
    remedy = "Use sqlite:///path/to/file.sqlite3 or postgresql+psycopg://user@host/name."
    return Problem("VFM_DATABASE_URL", None, f"{what}.", remedy)


def _sqlite_connect(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by `Work`, and not by the driver, which does so late. Nor by an event of SQLAlchemy: where there
    # is one, each statement goes through the lists of all that there might be.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_unsafe(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # of this connection; the file does not remember it
    connection.execute("PRAGMA cache_size=-65536")  # 64 MiB: years are asked over and over
