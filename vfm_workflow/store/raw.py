"""The hot statements' way to the driver: SQLAlchemy's own layers cost more than the statements themselves.

A transition is a select, a compare-and-set and two inserts; measured, the driver takes a fifth of what Core does. Only
`store` uses this, for those statements; everything else is Core or the ORM.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import CursorResult
from sqlmodel import Session

_NAME = re.compile(r":([a-z_]+)")


def done(session: Session, statement: Any, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
    """Run a statement that names columns alone, past the ORM, which takes more than twice as long; return its result.

    For statements that are built once: building one costs more than either.
    """
    session.flush()
    return session.connection().execute(statement, values)


def rows(session: Session, statement: Any, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
    """Return the rows of such a statement, fetched at once: one by one, each goes through five functions of Python."""
    return done(session, statement, values).all()


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
