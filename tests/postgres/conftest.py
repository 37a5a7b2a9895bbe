"""The same council on PostgreSQL: `app` and `council` here are what they are elsewhere, on another database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.people import Council
from tests.postgres.server import Server
from vfm_workflow import settings, wiring
from vfm_workflow.journeys.home import Home
from vfm_workflow.store.engine import Database


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def app(tmp_path: Path, server: Server, shipped_home: Home) -> Iterator[wiring.App]:
    """A council with the default home and a PostgreSQL database of its own."""
    url = server.database()
    loaded = settings.load({}, data=str(tmp_path), database_url=url)
    app = wiring.App(loaded, shipped_home, Database(url), "tests")
    yield app
    app.close()
    server.drop(url)


@pytest.fixture
def council(app: wiring.App) -> Council:
    """The same with people in it."""
    council = Council(app)
    council.populate()
    return council
