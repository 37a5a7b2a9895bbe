"""What a database's tables are, in a form that two databases can be compared by; and ways to break what must hold."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from tests.access_support import measured
from tests.people import Council
from vfm_workflow.store.engine import Database

GUARDED = (
    "history",
    "version",
    "baseline",
    "vote",
    "lifecycle_version",
    "attempt",
    "saving_agreed",
    "measure_change",
)
"""Tables whose rows are never changed or removed."""


def differences(database: Database) -> list[Any]:
    """Return what Alembic would still change to make the tables what the models say."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": not_the_queues}
        )
        return list(compare_metadata(context, SQLModel.metadata))


def not_the_queues(name: str | None, kind: str, _: object) -> bool:
    """Return whether a table is one of ours: the queue's are its library's own."""
    return kind != "table" or not (name or "").startswith("procrastinate_")


def described(engine: Engine) -> dict[str, Any]:
    """Return every table with its columns, keys, checks and indexes: Alembic compares no checks and no `where`."""
    seen = inspect(engine)
    found: dict[str, Any] = {}
    for table in sorted(set(seen.get_table_names()) - {"alembic_version"}):
        found[table] = {
            "columns": {row["name"]: (str(row["type"]), row["nullable"]) for row in seen.get_columns(table)},
            "key": seen.get_pk_constraint(table),
            "references": _sorted(seen.get_foreign_keys(table)),
            "unique": _sorted(seen.get_unique_constraints(table)),
            "checks": {
                row["name"]: " ".join(row["sqltext"].split()) for row in seen.get_check_constraints(table)
            },
            "indexes": _sorted(seen.get_indexes(table)),
        }
    return found


def _sorted(rows: Any) -> list[str]:
    return sorted(_plain(row) for row in rows)


def _plain(value: Any) -> str:
    """Return what SQLAlchemy tells of a key or index as text, its SQL written out."""
    if isinstance(value, dict):
        return str(sorted((key, _plain(part)) for key, part in value.items()))
    return str(value)


def models(url: str) -> dict[str, Any]:
    """Return the tables that the models would make in the empty database at `url`."""
    database = Database(url)
    with database.engine.begin() as connection:
        SQLModel.metadata.create_all(connection)
    found = described(database.engine)
    database.close()
    return found


def busy(council: Council) -> str:
    """Fill every guarded table: a project that went through a decision, with its mail delivered, and a measure. Return
    the project."""
    reference = council.create()
    council.to_implementation(reference)
    council.app.deliver(council.at)
    measured(council)
    return reference


def refuses(council: Council, statement: str) -> str:
    """Return what the database says when it refuses a statement; an empty text where it does not."""
    try:
        with council.app.database.engine.connect() as connection, connection.begin():
            connection.execute(text(statement))
    except DBAPIError as refused:
        return str(refused.orig)
    return ""
