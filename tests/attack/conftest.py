"""A furnished council with every kind of link in its mails, in front of the application without a server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attack.walking import Snapshot, Visitor
from tests.browser.council import furnish
from tests.people import Council, address
from vfm_workflow import settings, wiring
from vfm_workflow.journeys import consult, signin
from vfm_workflow.journeys.home import Home
from vfm_workflow.store.engine import Database


def links_of_every_kind(council: Council) -> None:
    """See that the mails of a furnished council carry each kind of link, alive: it has decisions, receipts and questions."""
    with council.app.write() as session:
        for key in ("legal", "manager"):
            signin.ask(session, council.home, address(key), council.at)
        manager, who = council.actor(session, "manager"), address("legal")
        consult.ask(session, council.home, "VFM-0003", "legal", manager, council.at, person=who)
    council.app.tick(council.at)


@pytest.fixture(scope="session")
def stage(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path, shipped_home: Home
) -> Iterator[tuple[Visitor, Snapshot]]:
    """The council, made once, and how it stood."""
    data = tmp_path_factory.mktemp("attacked")
    shutil.copy(empty_database, data / "vfm.sqlite3")
    loaded = settings.load({}, data=str(data))
    council = Council(wiring.App(loaded, shipped_home, Database(loaded.database_url, durable=False), "tests"))
    council.populate()
    furnish(council)
    links_of_every_kind(council)
    snapshot = Snapshot(council)
    yield Visitor(council), snapshot
    snapshot.close()
    council.app.close()


@pytest.fixture
def visitor(stage: tuple[Visitor, Snapshot]) -> Iterator[Visitor]:
    """Somebody in front of it, signed in as nobody. The council stands as it did, whatever the test before did to it."""
    stranger, snapshot = stage
    snapshot.restore()
    yield stranger.as_("")
    snapshot.restore()


@pytest.fixture
def snapshot(stage: tuple[Visitor, Snapshot]) -> Snapshot:
    """How the council stood, for a test that goes back to it again and again."""
    return stage[1]
