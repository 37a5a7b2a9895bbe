"""Workers are killed -9 at random moments, and what was owed is compared with what came.

A short run of each kind; `make faults` does the long one, with the same functions.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes
from pathlib import Path
from random import Random

import pytest

from tests.faults import disk, postfix
from tests.faults.disk import SmallDisk
from tests.faults.postfix import Postfix
from tests.faults.rig import Figures, Plan, compare, council, run
from tests.faults.scripted import Misbehaving, refuse_now_and_then

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]
needs_postfix = pytest.mark.skipif(postfix.missing(), reason=postfix.NEEDED)
needs_mount = pytest.mark.skipif(disk.missing(), reason=disk.NEEDED)
SEED = int(os.environ.get("RIG_SEED", "20261128"))


@pytest.fixture(scope="module")
def relay() -> Iterator[Postfix]:
    with Postfix() as running:
        yield running


def sound(figures: Figures) -> None:
    """Hold what must be true of every run: nothing lost, every fact told once, no repeat without a doubt."""
    assert figures.lost == []
    assert figures.ledger == []
    assert figures.unexplained == []
    assert figures.outcomes["sent"] + figures.outcomes.get("found", 0) == figures.mails


@needs_postfix
def test_killed_at_any_moment_with_look_up_nothing_is_lost_and_nothing_comes_twice(
    tmp_path: Path, relay: Postfix
) -> None:
    plan = Plan(SEED, people=45, days=1, kills=8, spread=0.6, aimed=0.5)
    owing = council(tmp_path / "var", plan)
    figures = compare(run(plan, owing, relay.url(look_up=True)), owing, relay.taken())
    owing.close()
    sound(figures)
    assert sum(figures.kills.values()) == 8
    assert figures.twice == []


@needs_postfix
def test_killed_at_any_moment_without_look_up_at_most_the_one_in_data_comes_again(
    tmp_path: Path, relay: Postfix
) -> None:
    plan = Plan(SEED + 1, people=45, days=1, kills=8, spread=0.6, aimed=0.5)
    before = relay.taken()
    owing = council(tmp_path / "var", plan)
    figures = compare(run(plan, owing, relay.url(look_up=False)), owing, relay.taken() - before)
    owing.close()
    sound(figures)
    assert sum(figures.kills.values()) == 8
    assert len(figures.twice) <= figures.doubts


def test_a_server_that_fails_in_every_phase_while_workers_are_killed_loses_nothing_and_repeats_only_bytes(
    tmp_path: Path,
) -> None:
    plan = Plan(SEED + 2, people=45, days=1, kills=6, spread=0.6)
    owing = council(tmp_path / "var", plan)
    with Misbehaving(plan.seed, 0.3) as server:
        figures = compare(run(plan, owing, server.url, refuse_now_and_then(server)), owing, server.came())
    owned = {mail.message_id: mail.data for mail in owing.mails()}
    owing.close()
    sound(figures)
    assert server.changed() == []
    assert all(times[0] == owned[message_id] for message_id, times in server.taken.items())
    assert len(server.faults) >= 5


def test_a_locked_database_delays_mail_and_repeats_none(tmp_path: Path) -> None:
    plan = Plan(SEED + 3, people=30, days=1, kills=0, portion=10, spread=0.2)
    owing = council(tmp_path / "var", plan)

    def lock(rng: Random) -> None:
        with closing(sqlite3.connect(owing.data / "vfm.sqlite3", isolation_level=None)) as other:
            other.execute("PRAGMA busy_timeout=10000")
            other.execute("BEGIN IMMEDIATE")
            time.sleep(rng.uniform(1.1, 1.3))  # longer than a worker waits
            other.execute("ROLLBACK")

    with Misbehaving(plan.seed, 0.0) as server:
        figures = compare(run(plan, owing, server.url, lock), owing, server.came())
    owing.close()
    sound(figures)
    assert figures.twice == []


@needs_mount
def test_a_full_disk_delays_mail_and_repeats_none(tmp_path: Path) -> None:
    plan = Plan(SEED + 4, people=30, days=1, kills=0, portion=10, spread=0.2)
    with SmallDisk(6) as small, Misbehaving(plan.seed, 0.0) as server:
        owing = council(small.folder / "var", plan)
        figures = compare(run(plan, owing, server.url, small.fill_up, tmp_path), owing, server.came())
        owing.close()
    sound(figures)
    assert figures.twice == []
    assert figures.beats_failed > 0, "the disk was full while something was to be written"


@needs_mount
def test_a_folder_on_a_full_disk_has_every_mail_whole_though_workers_are_killed(tmp_path: Path) -> None:
    plan = Plan(SEED + 5, people=30, days=1, kills=4, spread=0.3)
    with SmallDisk(6) as small:
        owing = council(small.folder / "var", plan)
        folder = owing.data / "mail"
        figures = run(plan, owing, f"folder:{folder}", small.fill_up, tmp_path)
        files = [path.read_bytes() for path in folder.glob("*.eml")]
        drafts = [path.name for path in folder.iterdir() if path.suffix != ".eml"]
        compare(figures, owing, Counter(str(message_from_bytes(data)["Message-ID"]) for data in files))
        owned = {mail.data for mail in owing.mails()}
        owing.close()
    sound(figures)
    assert (figures.twice, drafts) == ([], [])
    assert set(files) == owned
