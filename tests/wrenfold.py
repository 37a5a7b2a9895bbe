"""The demo council for tests: its past is lived through once in a run, and each test that changes it has a copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from vfm_workflow import wiring
from vfm_workflow.demo import seed

BASE = "http://127.0.0.1:8000"


def open_app(folder: Path) -> wiring.App:
    """Return the application on a demo's folder."""
    return wiring.build(durable=False, data=str(folder), base_url=BASE, home="", database_url="", mail_url="")


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demo council's folder, for reading. Several workers wait for one of them to make it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = tmp_path_factory.mktemp("wrenfold")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("VFM_"):
                patch.delenv(name)
        patch.setenv("XDG_CACHE_HOME", str(shared / "cache"))
        seed.prepare(folder, BASE, lambda what, done, whole: None)
        yield folder


@pytest.fixture(scope="session")
def read_only(seeded: Path) -> Iterator[wiring.App]:
    """The demo council as it opens, for tests that change nothing."""
    app = open_app(seeded)
    yield app
    app.close()


@pytest.fixture
def wrenfold(seeded: Path, tmp_path: Path) -> Iterator[wiring.App]:
    """A demo council of the test's own, as it opens."""
    shutil.copytree(seeded, tmp_path / "wrenfold")
    app = open_app(tmp_path / "wrenfold")
    yield app
    app.close()
