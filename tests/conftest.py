"""What every test shares."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.people import Council
from vfm_workflow import settings, wiring
from vfm_workflow.journeys.home import Home
from vfm_workflow.store.engine import Database

pytest_plugins = ("tests.chromium", "tests.no_skips", "tests.wrenfold")

# A deadline would fail a test for being run beside others on a busy machine.
hypothesis.settings.register_profile("vfm", deadline=None, max_examples=60, print_blob=True)
hypothesis.settings.load_profile("vfm")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, made once: each test copies it."""
    file = tmp_path_factory.mktemp("template") / "vfm.sqlite3"
    database = Database(f"sqlite:///{file}")
    database.upgrade()
    database.close()  # the last connection folds the write-ahead log into the file
    return file


@pytest.fixture(scope="session")
def shipped_home() -> Home:
    """The default home, read and its templates compiled once: it is immutable, so every test may share it."""
    return wiring.load_home(settings.load({}))


@pytest.fixture
def app(
    tmp_path: Path, empty_database: Path, shipped_home: Home, monkeypatch: pytest.MonkeyPatch
) -> Iterator[wiring.App]:
    """A council with the default home, its own database, and mail into a folder."""
    for name in list(os.environ):
        if name.startswith("VFM_"):
            monkeypatch.delenv(name)
    data = tmp_path / "var"
    data.mkdir()
    shutil.copy(empty_database, data / "vfm.sqlite3")
    loaded = settings.load({}, data=str(data))
    app = wiring.App(loaded, shipped_home, Database(loaded.database_url, durable=False), "tests")
    yield app
    app.close()


@pytest.fixture(scope="session")
def peopled_database(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path, shipped_home: Home
) -> Path:
    """The same file once the council's people have joined, through the journeys: each test copies it."""
    data = tmp_path_factory.mktemp("peopled")
    shutil.copy(empty_database, data / "vfm.sqlite3")
    loaded = settings.load({}, data=str(data))
    database = Database(loaded.database_url, durable=False)
    Council(wiring.App(loaded, shipped_home, database, "tests")).populate()
    database.close()
    return data / "vfm.sqlite3"


@pytest.fixture
def council(app: wiring.App, peopled_database: Path) -> Council:
    """The same with people in it."""
    shutil.copy(peopled_database, app.loaded.data / "vfm.sqlite3")
    return Council(app)
