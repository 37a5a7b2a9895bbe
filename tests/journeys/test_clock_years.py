"""The clock over long times: a year foreseen and lived, processes that were down, several that tick at once."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from tests.figures_support import submit
from tests.journeys.clockwork import Said, at, days, running, said, walk
from tests.people import Council, address
from vfm_workflow import settings as settings_module
from vfm_workflow import wiring
from vfm_workflow.journeys import deputies, post
from vfm_workflow.journeys.home import Home
from vfm_workflow.store import backup, wishes
from vfm_workflow.store.engine import Database
from vfm_workflow.store.tables import DigestSent

D = dt.date
START = D(2026, 9, 1)
Twin = Callable[[Council], Council]


def busy(council: Council) -> None:
    """Fill the council with what makes mail for a year: projects that report and do not, slips, a decision, wishes."""
    running(council, START, milestone=D(2026, 9, 18))
    second = running(council, START, title="Garden waste", milestone=D(2027, 3, 31))
    asked = council.create("Fleet", manager="other", department="PE")
    council.outline_ready(asked, milestone=D(2027, 6, 1))
    at(council, D(2026, 10, 1))
    submit(council, second, "2026-09")
    council.do(asked, "submit_outline", "other")
    at(council, D(2026, 10, 2))
    with council.app.write() as session:
        ids = {key: council.actor(session, key).id for key in ("manager", "head", "chief", "place")}
        wishes.set_hours(session, ids["manager"], wishes.Hours("10:15", "135"), council.at)
        wishes.choose(session, ids["head"], "stage_changed", "off", council.at)
        wishes.choose(session, ids["manager"], "condition_open", "weekly", council.at)
        wishes.snooze(
            session, ids["head"], "stage_over_limit", f"{asked}:cmt_approval", D(2027, 2, 1), council.at
        )


@pytest.fixture
def twin(tmp_path: Path, shipped_home: Home) -> Iterator[Twin]:
    """Return what copies a council as it stands, at its moment."""
    apps: list[wiring.App] = []

    def copy(council: Council) -> Council:
        folder = tmp_path / f"twin{len(apps)}"
        folder.mkdir()
        backup.backup(council.app.loaded.database_url, folder / "vfm.sqlite3")
        loaded = settings_module.load({}, data=str(folder))
        apps.append(wiring.App(loaded, shipped_home, Database(loaded.database_url, durable=False), "twin"))
        return Council(apps[-1], council.at)

    yield copy
    for app in apps:
        app.close()


# ------------------------------------------------------------------ a year


def test_a_year_that_was_foreseen_is_the_year_that_then_comes(council: Council) -> None:
    busy(council)
    with council.app.write() as session:
        manager = council.actor(session, "manager").id
        wishes.set_hours(session, manager, wishes.Hours("08:00", "135"), council.at)
    council.app.deliver(council.at)  # what waits for its hour is foreseen too, and is another test's
    shown = council.app.preview(365, council.at)
    sent = []
    for day in days(D(2026, 10, 2), 366):
        with council.app.read() as session:
            moments = post.moments(session, council.home, day)
        for moment in moments:
            if moment > council.at:
                sent += [(moment, posted) for posted in council.app.tick(moment)]
    assert shown == sent
    kinds = Counter(mail.notice for _, mail in sent)
    assert kinds["digest"] > 150
    assert kinds["decision_reminded"] > 0
    mornings = {council.home.calendar.local(when).strftime("%H:%M") for when, _ in sent}
    assert mornings == {"07:30", "08:00"}
    to_manager = {when.weekday() for when, mail in sent if mail.to == address("manager")}
    assert to_manager <= {0, 2, 4}, "on the days the manager chose"


def test_three_weeks_that_were_foreseen_are_what_a_clock_that_ticks_all_day_sends(council: Council) -> None:
    busy(council)
    council.app.deliver(council.at)
    shown = council.app.preview(20, council.at)
    sent = []
    for hours in range(1, 21 * 24 - 8):
        moment = council.at + dt.timedelta(hours=hours)
        sent += [(council.home.calendar.today(moment), posted) for posted in council.app.tick(moment)]
    mine = [(day, mail.to, mail.notice, mail.subject, mail.facts) for day, mail in sent]
    foreseen = [
        (council.home.calendar.today(when), mail.to, mail.notice, mail.subject, mail.facts)
        for when, mail in shown
    ]
    assert sorted(mine) == sorted(foreseen)
    assert len(mine) > 10


# ------------------------------------------------------------------ a process that was down


def facts(rows: list[Said]) -> set[tuple[str, str, str, str]]:
    return {(row.job, row.period, row.subject, row.to) for row in rows}


@pytest.mark.parametrize("down", [1, 30, 365], ids=["a day", "a month", "a year"])
def test_after_being_down_what_is_still_so_is_told_once_and_then_all_goes_on_as_if_it_never_was(
    council: Council, twin: Twin, down: int
) -> None:
    busy(council)
    walk(council, D(2026, 10, 3), D(2026, 10, 19))
    awake = twin(council)
    gone = D(2026, 10, 20)
    back = gone + dt.timedelta(days=down)
    walk(awake, gone, back - dt.timedelta(days=1), ("07:30", "10:15"))
    before = len(council.mails(notice="digest"))
    for one in (
        council,
        awake,
    ):  # the day it comes back: whoever wants fewer days has theirs by its end of the week
        walk(one, back, back + dt.timedelta(days=6), ("07:30", "10:15"))
    first = council.mails(notice="digest")[before:]
    on = Counter((mail.to, council.home.calendar.today(mail.created_at)) for mail in first)
    assert set(on.values()) == {1}, "folded: one mail a person a day, however much was missed"
    told = facts(said(council))
    assert len(told) == len(said(council))
    after = back + dt.timedelta(days=7)
    for one in (council, awake):
        walk(one, after, after + dt.timedelta(days=27), ("07:30", "10:15"))
    mine, theirs = (facts([row for row in said(one) if row.day >= after]) for one in (council, awake))
    assert mine == theirs
    assert mine


def test_being_down_loses_nothing_that_is_still_so(council: Council, twin: Twin) -> None:
    busy(council)
    walk(council, D(2026, 10, 3), D(2026, 10, 19))
    awake = twin(council)
    back = D(2026, 12, 1)
    walk(awake, D(2026, 10, 20), back, ("07:30", "10:15"))
    walk(council, back, back, ("07:30", "10:15"))
    on_the_day = {(row.job, row.subject, row.to) for row in said(council) if row.day == back}
    overdue = {(row.job, row.subject, row.to) for row in said(awake, "return_overdue") if row.to != "manager"}
    assert overdue <= on_the_day, "whoever was to hear of a return that is still missing hears of it"


# ------------------------------------------------------------------ several at once


def clock_process(data: str, moments: list[dt.datetime], together: Barrier) -> None:
    """Tick at each moment, with every other process at the same time."""
    app = wiring.build(data=data, upgrade=False, durable=False, home="", database_url="", mail_url="")
    for moment in moments:
        together.wait(120)
        app.tick(moment)
    app.close()


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_that_tick_at_once_say_what_one_alone_says(
    council: Council, twin: Twin, processes: int
) -> None:
    busy(council)
    alone = twin(council)
    moments = [
        council.home.calendar.moment(day, time)
        for day in days(D(2026, 10, 5), 12)
        for time in ("07:30", "08:00", "10:15")
        if council.home.calendar.is_working_day(day)
    ]
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(processes)
    data = str(council.app.loaded.data)
    running_now = [
        context.Process(target=clock_process, args=(data, moments, together)) for _ in range(processes)
    ]
    for process in running_now:
        process.start()
    for process in running_now:
        process.join(240)
    assert [process.exitcode for process in running_now] == [0] * processes
    for moment in moments:
        alone.app.tick(moment)
    mine, theirs = (
        sorted((mail.created_at, mail.to, mail.notice, mail.subject) for mail in one.mails())
        for one in (council, alone)
    )
    assert mine == theirs
    assert said(council) == said(alone)
    assert len(mine) > 15


# ------------------------------------------------------------------ at any moment, any number of times


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory, empty_database: Path, shipped_home: Home) -> Path:
    """A database with a busy council in it, made once."""
    folder = tmp_path_factory.mktemp("lived-in")
    shutil.copy(empty_database, folder / "vfm.sqlite3")
    loaded = settings_module.load({}, data=str(folder))
    council = Council(wiring.App(loaded, shipped_home, Database(loaded.database_url, durable=False), "tests"))
    council.populate()
    busy(council)
    with council.app.write() as session:
        deputies.set_deputy(
            session, council.home, person=address("place"), deputy=address("planning"), from_day="2026-10-12",
            until_day="2026-10-30", by=council.actor(session, "place"), at=council.at,
        )  # fmt: skip
    backup.backup(loaded.database_url, folder / "made.sqlite3")
    council.app.close()
    return folder / "made.sqlite3"


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 60 * 24 * 120), st.integers(1, 3)), min_size=1, max_size=12))
def test_at_any_moments_forward_or_back_any_number_of_times_nothing_is_said_twice_or_at_night(
    shipped_home: Home, lived_in: Path, ticks: list[tuple[int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(lived_in, Path(folder) / "vfm.sqlite3")
        loaded = settings_module.load({}, data=folder)
        app = wiring.App(loaded, shipped_home, Database(loaded.database_url, durable=False), "tests")
        council = Council(app)
        calendar, earlier = council.home.calendar, len(said(council))
        written = len(council.mails())
        start, told, posted = calendar.moment(D(2026, 10, 2), "12:00"), 0, 0
        for minutes, times in ticks:
            for _ in range(times):
                mails = app.tick(start + dt.timedelta(minutes=minutes))
                told += sum(mail.facts for mail in mails if mail.notice == "digest")
                posted += len(mails)
        new = council.mails()[written:]
        assert len(new) == posted
        rows = [row for row in said(council) if not row.job.startswith(("decision_rem", "consultation_rem"))]
        assert told == len(rows) - earlier
        digests = [mail for mail in new if mail.notice == "digest"]
        with app.read() as session:
            assert len(session.scalars(select(col(DigestSent.day))).all()) == len(digests)
        for mail in new:
            local = calendar.local(mail.not_before)
            if mail.notice == "digest" or mail.notice.startswith("decision_"):
                assert calendar.is_working_day(local.date())
                assert local.time() >= dt.time(7, 30)
        app.close()
