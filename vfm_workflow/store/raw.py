"""The hot statements' way to the driver: SQLAlchemy's own layers cost more than the statements themselves.

A transition is a select, a compare-and-set and two inserts; measured, the driver takes a fifth of what Core does. So does
one of the forty selects of a tick. Only `store` uses this; everything else is Core or the ORM.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlmodel import Session

_NAME = re.compile(r":([a-z_]+)")


Values = Mapping[str, Any]


def done(
    session: Session, statement: Any, values: Values | Sequence[Values] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement that names columns alone, past the ORM, which takes more than twice as long; return its result.

    One that inserts takes the values of several rows at once.
    """
    session.flush()
    return session.connection().execute(statement, values)


def rows(session: Session, statement: Any, values: Values | None = None) -> Sequence[Any]:
    """Return the rows of a select of columns that is built once: as tuples, each column by its name as well.

    On SQLite, where nothing but the statement costs anything, the driver is given what SQLAlchemy made of it at first.
    """
    raw = Raw.of(session)
    known = None if raw.postgresql else _known(statement)
    if known is None:
        return done(session, statement, values).all()
    session.flush()
    return known.rows(raw.driver, values or {})


def seldom(session: Session, statement: Any, values: Values | None = None) -> Sequence[Any]:
    """Return the rows that the ORM makes of a select that is built once, and often finds nothing.

    It is asked only where there is something: to find nothing takes it several times as long.
    """
    return session.execute(statement, values).all() if rows(session, statement, values) else ()


_Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Known:
    """A select as SQLAlchemy compiled it for SQLite: its text, and how its types take values and give them."""

    sql: str
    fixed: tuple[Any, ...]
    """The values in order; None where one is given with each run."""
    given: tuple[tuple[int, str, _Process | None], ...]
    read: tuple[tuple[int, _Process], ...]
    row: Callable[[Any], Any]

    def rows(self, driver: Any, values: Values) -> list[Any]:
        """Run it; return its rows."""
        bound = list(self.fixed)
        for place, name, process in self.given:
            bound[place] = values[name] if process is None else process(values[name])
        found = driver.execute(self.sql, bound).fetchall()
        if self.read:
            found = map(self._read, found)
        return list(map(self.row, found))

    def _read(self, row: tuple[Any, ...]) -> list[Any]:
        read = list(row)
        for place, process in self.read:
            read[place] = process(read[place])
        return read


_SQLITE = SQLiteDialect_pysqlite()
KNOWN = 512
"""So many selects are kept compiled: more than the program has."""


@lru_cache(KNOWN)
def _known(statement: Any) -> _Known | None:
    """Return the select as SQLite's driver takes it; None where its text depends on its values, as that of a list does."""
    compiled: Any = _SQLITE.statement_compiler(_SQLITE, statement)
    if compiled.post_compile_params or compiled.literal_execute_params:
        return None
    fixed: list[Any] = []
    given: list[tuple[int, str, _Process | None]] = []
    for place, name in enumerate(compiled.positiontup):
        bind = compiled.binds[name]
        process = bind.type.dialect_impl(_SQLITE).bind_processor(_SQLITE)
        if bind.required:
            given.append((place, name, process))
            fixed.append(None)
        else:
            fixed.append(bind.effective_value if process is None else process(bind.effective_value))
    columns = list(statement.selected_columns)
    kinds = [column.type.dialect_impl(_SQLITE).result_processor(_SQLITE, None) for column in columns]
    read = tuple((place, process) for place, process in enumerate(kinds) if process is not None)
    names = [column.key or "" for column in columns]
    row = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    return _Known(compiled.string, tuple(fixed), tuple(given), read, row._make)


class Raw:
    """The driver's connection of a session's transaction."""

    __slots__ = ("driver", "postgresql")

    def __init__(self, dialect: str, driver: Any) -> None:
        self.postgresql = dialect == "postgresql"
        self.driver = driver

    @classmethod
    def of(cls, session: Session) -> Raw:
        """Return the driver's connection of the transaction a session was opened in."""
        found: Raw | None = session.info.get("raw")  # put there by `engine.Work`, which has one connection
        if found is None:
            connection = session.connection()
            found = cls(connection.dialect.name, connection.connection.dbapi_connection)
        return found

    def run(self, sql: str, values: Mapping[str, Any]) -> Any:
        """Run one statement with `:name` parameters; return the driver's cursor."""
        if self.postgresql:
            return self.driver.execute(_percent(sql), values)
        plain, pick = _positional(sql)
        return self.driver.execute(plain, pick(values))

    def run_many(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement for each row."""
        if len(rows) == 1:
            self.run(sql, rows[0])
        elif self.postgresql:
            with self.driver.cursor() as cursor:
                cursor.executemany(_percent(sql), rows)
        else:
            plain, pick = _positional(sql)
            self.driver.executemany(plain, [pick(row) for row in rows])

    def moment(self, at: dt.datetime) -> Any:
        """Return a moment as the tables hold it: UTC, without its zone on SQLite, as `tables.base.Moment` writes it."""
        utc = at.astimezone(dt.UTC)
        return utc if self.postgresql else utc.isoformat(" ", "microseconds").removesuffix("+00:00")

    def day(self, day: dt.date) -> Any:
        """Return a date as the tables hold it."""
        return day if self.postgresql else day.isoformat()

    def read_moment(self, value: Any) -> dt.datetime:
        """Return what `moment` wrote."""
        if isinstance(value, dt.datetime):
            return value.astimezone(dt.UTC)
        return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)


@lru_cache
def _positional(sql: str) -> tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """Return the statement with `?` for each name, and what puts values in order: a third of the driver's work is names."""
    names = _NAME.findall(sql)
    pick = itemgetter(*names) if len(names) > 1 else lambda values: tuple(values[name] for name in names)
    return _NAME.sub("?", sql), pick


@lru_cache
def _percent(sql: str) -> str:
    """Return the statement in psycopg's spelling."""
    return _NAME.sub(r"%(\1)s", sql)
