"""The demo council's folder is made: its past is lived through once, kept, and copied for every later demo."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vfm_workflow import wiring
from vfm_workflow.demo import cache, content, days, timetable
from vfm_workflow.demo.replay import Replay
from vfm_workflow.demo.voting import Links
from vfm_workflow.errors import NotAllowed
from vfm_workflow.mail.folder import FolderTransport

TODAY, MORNING = dt.date(2026, 11, 23), "09:00"
"""The demo's first moment, by the council's clock."""
DATABASE, MAIL, CLOCK, MARK = "vfm.sqlite3", "mail", "demo-clock.json", "demo.json"
PARTS = (DATABASE, MAIL, CLOCK, MARK)
Progress = Callable[[str, int, int], None]
"""Called with what is being done, and how much of how much is done; 0 of 0 where nobody can say."""
WAITING = "Waiting for another demo that is being made"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Where a demo's data come from: made just now, copied, or a visitor's own from before. `seconds` it took."""

    how: Literal["seeded", "cached", "kept"]
    seconds: float


def prepare(data_dir: Path, base_url: str, progress: Progress, *, fresh: bool = False) -> Prepared:
    """Make `data_dir` the demo council on the morning of Monday 23 November 2026; return how.

    A folder that was made before by this version of the program is kept with all that a visitor did in it, unless
    `fresh` is set. Raises NotAllowed where the folder holds a database that is no demo's, and ConfigError where the
    demo's data do not fit.
    """
    started = time.monotonic()
    version = cache.version_of(base_url)
    if not fresh and _version_in(data_dir) == version:
        return Prepared("kept", time.monotonic() - started)
    _refuse_foreign(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    with cache.slot(version, lambda: progress(WAITING, 0, 0)) as slot:
        seeded = slot is None or not slot.is_filled
        if slot is None:
            staging = data_dir / ".seeding"
            _make(staging, base_url, version, progress)
            _put(staging, data_dir, move=True)
        else:
            if seeded:
                slot.fill(lambda folder: _make(folder, base_url, version, progress))
            _put(slot.folder, data_dir, move=False)
    return Prepared("seeded" if seeded else "cached", time.monotonic() - started)


def _version_in(folder: Path) -> str | None:
    """Return the version of the demo in a folder, None where there is no whole one."""
    if not all((folder / part).exists() for part in PARTS):
        return None
    try:
        return str(json.loads((folder / MARK).read_text(encoding="utf-8"))["version"])
    except (ValueError, KeyError, TypeError):
        return None


def _refuse_foreign(folder: Path) -> None:
    if (folder / DATABASE).exists() and not (folder / CLOCK).exists() and not (folder / MARK).exists():
        raise NotAllowed(f"{folder} holds a database that is no demo's. Name another folder for the demo.")


def _put(source: Path, folder: Path, *, move: bool) -> None:
    """Put a whole demo into `folder` in place of what was there; its mark, which says that it is whole, comes last."""
    (folder / MARK).unlink(missing_ok=True)
    for name in (f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / MAIL, ignore_errors=True)
    for part in PARTS:
        if move:
            (source / part).replace(folder / part)
        elif (source / part).is_dir():
            shutil.copytree(source / part, folder / part)
        else:
            shutil.copyfile(source / part, folder / part)
    if move:
        shutil.rmtree(source)


def _make(folder: Path, base_url: str, version: str, progress: Progress) -> None:
    """Make a whole demo in an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    data, links = content.read(), Links()
    app = wiring.build(
        mint=links.mint,
        durable=False,
        data=str(folder),
        base_url=base_url,
        home="",
        database_url="",
        mail_url="",
    )
    try:
        (folder / MAIL).mkdir()
        app.transport = FolderTransport(folder / MAIL, durable=False)
        live(Replay(app, data, links), progress)
    finally:
        app.close()
    (folder / MARK).write_text(json.dumps({"version": version}), encoding="utf-8")


def live(replay: Replay, progress: Progress) -> None:
    """Live through the council's past, from its first day to the demo's morning, and stop its clock there."""
    calendar = replay.home.calendar
    due, end = timetable.actions(replay), calendar.moment(TODAY, MORNING)
    start = due[0].at - dt.timedelta(minutes=1)
    first, whole = calendar.today(start), (TODAY - calendar.today(start)).days
    month = ""
    for beat in days.walk(replay.app, start, end, due):
        today = calendar.today(beat.at)
        if f"{today:%B %Y}" != month:
            month = f"{today:%B %Y}"
            progress(month, (today - first).days, whole)
    replay.app.set_demo_now(end)
    progress(f"{TODAY.day} {TODAY:%B %Y}", whole, whole)
