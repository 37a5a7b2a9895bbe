"""A demo's folder is made once, copied after that, and kept while a visitor uses it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from vfm_workflow.demo import cache, seed
from vfm_workflow.errors import NotAllowed

HERE, THERE = "http://127.0.0.1:8000", "http://127.0.0.1:9000"


class Maker:
    """Makes a small folder in place of a council with a past, and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, folder: Path, base_url: str, version: str, progress: seed.Progress) -> None:
        self.made += 1
        (folder / seed.MAIL).mkdir(parents=True)
        (folder / seed.MAIL / "1-a.eml").write_text(base_url, encoding="utf-8")
        for name in (seed.DATABASE, seed.CLOCK):
            (folder / name).write_text("as it opens", encoding="utf-8")
        (folder / seed.MARK).write_text(json.dumps({"version": version}), encoding="utf-8")


@pytest.fixture
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    maker = Maker()
    monkeypatch.setattr(seed, "_make", maker)
    return maker


def prepare(folder: Path, base_url: str = HERE, *, fresh: bool = False) -> str:
    done = seed.prepare(folder, base_url, lambda what, made, whole: None, fresh=fresh)
    assert done.seconds >= 0
    return done.how


def test_the_first_demo_is_made_and_the_next_one_copied(maker: Maker, tmp_path: Path) -> None:
    assert prepare(tmp_path / "a") == "seeded"
    assert prepare(tmp_path / "b") == "cached"
    assert maker.made == 1
    for folder in ("a", "b"):
        assert {path.name for path in (tmp_path / folder).iterdir()} == set(seed.PARTS)


def test_whoever_waits_for_another_demo_being_made_is_told_so(maker: Maker, tmp_path: Path) -> None:
    prepare(tmp_path / "a")
    held = os.open(cache.place() / ".lock", os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    said: list[str] = []

    def told(what: str, made: int, whole: int) -> None:
        said.append(what)
        os.close(held)  # the other demo is ready

    seed.prepare(tmp_path / "b", HERE, told)
    assert said == [seed.WAITING]
    assert (tmp_path / "b" / seed.MARK).is_file()


def test_what_a_visitor_did_is_kept(maker: Maker, tmp_path: Path) -> None:
    prepare(tmp_path / "a")
    (tmp_path / "a" / seed.DATABASE).write_text("decided", encoding="utf-8")
    assert prepare(tmp_path / "a") == "kept"
    assert (tmp_path / "a" / seed.DATABASE).read_text(encoding="utf-8") == "decided"


def test_fresh_starts_over(maker: Maker, tmp_path: Path) -> None:
    prepare(tmp_path / "a")
    folder = tmp_path / "a"
    (folder / seed.DATABASE).write_text("decided", encoding="utf-8")
    (folder / f"{seed.DATABASE}-wal").write_text("left by a crash", encoding="utf-8")
    (folder / seed.MAIL / "2-b.eml").write_text("a mail of the visitor's", encoding="utf-8")
    assert prepare(folder, fresh=True) == "cached"
    assert (folder / seed.DATABASE).read_text(encoding="utf-8") == "as it opens"
    assert [path.name for path in (folder / seed.MAIL).iterdir()] == ["1-a.eml"]
    assert not (folder / f"{seed.DATABASE}-wal").exists()


def test_another_address_or_another_version_is_made_anew(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a"
    assert [prepare(folder), prepare(folder, THERE), prepare(folder)] == ["seeded", "seeded", "cached"]
    assert (folder / seed.MAIL / "1-a.eml").read_text(encoding="utf-8") == HERE
    monkeypatch.setattr(cache, "version_of", lambda base_url: "newer")
    assert prepare(folder) == "seeded"


def test_only_the_demos_used_last_are_kept(maker: Maker, tmp_path: Path) -> None:
    for port in range(5):
        prepare(tmp_path / "a", f"http://127.0.0.1:{9000 + port}")
    assert len(list(cache.place().glob("demo-*"))) == cache.KEPT
    assert prepare(tmp_path / "a", "http://127.0.0.1:9003") == "cached"
    assert prepare(tmp_path / "a", "http://127.0.0.1:9000") == "seeded"


def test_without_a_cache_it_is_made_in_its_own_folder(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert [prepare(tmp_path / "a"), prepare(tmp_path / "a")] == ["seeded", "kept"]
    assert {path.name for path in (tmp_path / "a").iterdir()} == set(seed.PARTS)


def test_a_making_that_fails_leaves_nothing_that_looks_whole(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(folder: Path, base_url: str, version: str, progress: seed.Progress) -> None:
        maker(folder, base_url, version, progress)
        raise KeyboardInterrupt

    monkeypatch.setattr(seed, "_make", fails)
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / "a")
    assert list(cache.place().glob("demo-*")) == []
    monkeypatch.setattr(seed, "_make", maker)
    assert prepare(tmp_path / "a") == "seeded"


def test_a_councils_own_database_is_never_replaced(maker: Maker, tmp_path: Path) -> None:
    (tmp_path / seed.DATABASE).write_text("a council's", encoding="utf-8")
    for fresh in (False, True):
        with pytest.raises(NotAllowed, match="holds a database that is no demo's"):
            prepare(tmp_path, fresh=fresh)
    assert (tmp_path / seed.DATABASE).read_text(encoding="utf-8") == "a council's"


def test_a_broken_mark_means_another_making(maker: Maker, tmp_path: Path) -> None:
    prepare(tmp_path / "a")
    for broken in ("", "[]", '{"version": 1}', "null"):
        (tmp_path / "a" / seed.MARK).write_text(broken, encoding="utf-8")
        assert prepare(tmp_path / "a") == "cached"


def test_the_version_changes_with_the_address_and_nothing_else() -> None:
    assert cache.version_of(HERE) == cache.version_of(HERE) != cache.version_of(THERE)
