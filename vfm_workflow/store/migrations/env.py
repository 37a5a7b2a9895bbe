"""Runs the migrations on the engine that `store.engine.Database` hands over."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlmodel.sql.sqltypes import AutoString

from vfm_workflow.store.tables import metadata
from vfm_workflow.store.tables.base import Moment


def render(kind: str, thing: object, _: object) -> str | Literal[False]:
    """Write our own types into a migration as plain ones: it must not change when the program does."""
    if kind == "type" and isinstance(thing, AutoString):
        return f"sa.String(length={thing.length})" if thing.length else "sa.String()"
    if kind == "type" and isinstance(thing, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def ours(name: str | None, kind: str, _: object) -> bool:
    """Return whether a thing in the database is for our models to describe: the queue's tables are its library's."""
    return kind != "table" or not (name or "").startswith("procrastinate_")


engine = context.config.attributes["engine"]
given: Connection | None = context.config.attributes.get("connection")
"""A connection whose transaction all of it is part of, and which is committed elsewhere."""

with engine.connect() if given is None else nullcontext(given) as connection:
    driver: Any = connection.connection.dbapi_connection
    if engine.dialect.name == "sqlite":
        # A table is changed by making it anew beside the old one. What points at it must neither stop that nor follow it,
        # and both switches are deaf inside a transaction.
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("PRAGMA legacy_alter_table=ON")
        if not driver.in_transaction:
            driver.execute("BEGIN IMMEDIATE")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render,
        include_name=ours,
    )
    with context.begin_transaction():
        context.run_migrations()
        if engine.dialect.name == "sqlite" and (
            astray := driver.execute("PRAGMA foreign_key_check").fetchall()
        ):
            raise RuntimeError(
                f"After the upgrade rows would point at nothing; nothing was changed: {astray[:5]}"
            )
    if given is None:
        connection.commit()
    if engine.dialect.name == "sqlite":
        driver.execute("PRAGMA legacy_alter_table=OFF")
        driver.execute("PRAGMA foreign_keys=ON")
