"""Tick, deliver and preview by hand, at a moment that is said; and the clock that does it by itself."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable

import pytest

from tests.cli.conftest import Vfm
from tests.people import Council, address
from vfm_workflow.cli.options import read_moment
from vfm_workflow.clock import BATCH, Clock
from vfm_workflow.journeys.deliver import Delivered
from vfm_workflow.journeys.deputies import set_deputy


def submitted(council: Council) -> None:
    """Have a project before CMT: five decision mails wait."""
    council.outline_ready(council.create())
    council.do("VFM-0001", "submit_outline")


def test_a_tick_posts_what_is_due_once(vfm: Vfm, council: Council) -> None:
    council.create()
    council.do("VFM-0001", "hold", "head", reason="An election")
    posted = vfm.json("tick", "--at", "2026-03-03T08:00")
    assert [mail["to"] for mail in posted] == ["manager@wrenfold.example"]
    assert set(posted[0]) == {"notice", "to", "subject", "not_before", "why", "facts"}
    assert vfm.json("tick", "--at", "2026-03-03T08:05") == []


def test_a_tick_in_words_says_who_and_why(vfm: Vfm, council: Council) -> None:
    council.create()
    council.do("VFM-0001", "hold", "head", reason="An election")
    done = vfm.run("tick", "--at", "2026-03-03T08:00")
    assert "manager@wrenfold.example" in done.stdout
    assert "Posted 1 mail at Tue 03 Mar 2026 08:00" in done.stderr


def test_delivery_sends_what_may_leave_and_no_more(vfm: Vfm, council: Council) -> None:
    submitted(council)
    assert vfm.json("deliver", "--at", "2026-03-02T08:59")["sent"] == 0
    assert vfm.json("deliver", "--at", "2026-03-02T09:00") == {
        "sent": 5,
        "failed": 0,
        "deferred": 0,
        "unknown": 0,
    }
    assert len(list((council.app.loaded.data / "mail").glob("*.eml"))) == 5
    done = vfm.run("deliver", "--at", "2026-03-02T09:01")
    assert done.stdout == "sent 0, failed 0, deferred 0, unknown 0\n"
    assert "the folder" in done.stderr


def test_a_preview_shows_what_waits_and_what_will_be_due_and_changes_nothing(
    vfm: Vfm, council: Council
) -> None:
    submitted(council)
    before = council.mails()
    coming = vfm.json("preview", "--days", "14", "--at", "2026-03-02T08:00")
    notices = [mail["notice"] for mail in coming]
    assert notices[:5] == ["decision_asked"] * 5
    assert notices.count("decision_reminded") == 10  # two working days before the deadline, and on its day
    assert coming == sorted(coming, key=lambda mail: dt.datetime.fromisoformat(mail["at"]))
    assert all(mail["why"] and "@" in mail["to"] for mail in coming)
    assert [(m.id, m.state) for m in council.mails()] == [(m.id, m.state) for m in before]
    assert vfm.json("preview", "--days", "14", "--at", "2026-03-02T08:00") == coming


def test_what_a_preview_showed_is_what_the_clock_sends(vfm: Vfm, council: Council) -> None:
    submitted(council)
    coming = vfm.json("preview", "--days", "10", "--at", "2026-03-02T09:00")
    shown = sorted((mail["to"], mail["notice"]) for mail in coming)
    for hours in range(0, 11 * 24, 4):  # nine o'clock is one of them, and so is an hour outside working hours
        council.app.tick(council.at + dt.timedelta(hours=hours))
    assert sorted((mail.to, mail.notice) for mail in council.mails()) == shown


def test_a_preview_holds_nobody_up_and_waits_for_nobody(council: Council) -> None:
    submitted(council)
    with council.app.write() as session:  # somebody is in the middle of something
        session.connection().exec_driver_sql("UPDATE outbox SET subject = 'half done'")
        coming = council.app.preview(0, council.at)
    assert len(coming) == 5
    assert "half done" not in {mail.subject for _, mail in coming}


def test_a_preview_says_when_a_mail_leaves_and_not_when_it_is_written(vfm: Vfm, council: Council) -> None:
    """The first tick of Wednesday finds a deputy in a member's seat. A decision's mail waits for decision hours."""
    submitted(council)
    with council.app.write() as session:
        set_deputy(
            session,
            council.home,
            person=address("place"),
            deputy=address("planning"),
            from_day="2026-03-04",
            until_day="2026-03-06",
            by=council.actor(session, "chief"),
            at=council.at,
        )
    coming = vfm.json("preview", "--days", "3", "--at", "2026-03-02T09:00")
    (passed,) = [mail for mail in coming if mail["notice"] == "decision_passed"]
    assert passed["at"] == passed["not_before"] == "2026-03-04T08:00:00+00:00"
    assert coming == sorted(coming, key=lambda mail: dt.datetime.fromisoformat(mail["at"]))
    shown = vfm.run("preview", "--days", "2", "--at", "2026-03-02T09:00").stdout
    assert "Wed 04 Mar 2026 08:00  planning@wrenfold.example" in shown
    council.app.tick(dt.datetime.fromisoformat("2026-03-04T07:30:00+00:00"))
    (mail,) = council.mails(notice="decision_passed")
    assert mail.not_before.isoformat() == passed["at"]


def test_a_preview_leaves_out_what_leaves_after_its_last_day(vfm: Vfm, council: Council) -> None:
    """A deputy who stands in from a Saturday on: the seat passes that day, and its mail waits for Monday."""
    submitted(council)
    with council.app.write() as session:
        set_deputy(
            session, council.home, person=address("place"), deputy=address("planning"), from_day="2026-03-07",
            until_day="2026-03-13", by=council.actor(session, "chief"), at=council.at,
        )  # fmt: skip

    def passed(days: str) -> list[str]:
        coming = vfm.json("preview", "--days", days, "--at", "2026-03-02T09:00")
        return [mail["at"] for mail in coming if mail["notice"] == "decision_passed"]

    assert passed("5") == passed("6") == []
    assert passed("7") == ["2026-03-09T08:00:00+00:00"]


def test_a_preview_in_words(vfm: Vfm, council: Council) -> None:
    submitted(council)
    done = vfm.run("preview", "--days", "0", "--at", "2026-03-02T08:00")
    assert "decision_asked" in done.stdout
    assert "None was sent" in done.stderr


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-23T09:00", "2026-11-23T09:00:00+00:00"),
        ("2026-06-23T09:00", "2026-06-23T08:00:00+00:00"),  # summer: the council's clock is an hour ahead
        ("2026-06-23T09:00Z", "2026-06-23T09:00:00+00:00"),
        ("2026-06-23T09:00+02:00", "2026-06-23T07:00:00+00:00"),
        ("2026-10-25T01:30", "2026-10-25T00:30:00+00:00"),  # the hour that happens twice: the first
        ("2026-11-23", "2026-11-23T00:00:00+00:00"),
    ],
)
def test_a_moment_without_a_zone_is_the_councils(council: Council, said: str, meant: str) -> None:
    assert read_moment(said, council.home.calendar).isoformat() == meant


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("2026-02-29", "there is no day 2026-02-29"),
        ("2026-11-31T09:00", "there is no day 2026-11-31"),
        ("2026-11-23T25:00", "there is no time 25:00"),
        ("next Monday", "is no moment"),
        ("2026-11-23T09:00 BST", "is no moment"),
        ("0001-01-01T00:00+05:00", "too far away"),
    ],
)
def test_a_moment_that_does_not_exist_is_being_used_wrongly(vfm: Vfm, said: str, why: str) -> None:
    for command in (["tick"], ["deliver"], ["preview", "--days", "1"]):
        assert why in vfm.run(*command, "--at", said, code=2).stderr


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)


def test_the_clock_delivers_as_soon_as_it_starts_and_starts_again(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(council)
    monkeypatch.setattr(council.app, "now", lambda: council.at)
    clock = Clock(council.app)
    clock.stop()  # one that does not run
    clock.start()
    clock.start()  # one that runs already
    until(lambda: [mail.state for mail in council.mails(notice="decision_asked")] == ["sent"] * 5)
    clock.stop()
    assert not clock.running
    council.later(days=1)
    clock.start()
    until(lambda: any(mail.notice == "digest" for mail in council.mails()))
    clock.stop()


def test_a_beat_that_fails_is_logged_and_the_clock_goes_on(
    council: Council, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import vfm_workflow.clock as module

    beats = []

    def broken(at: dt.datetime) -> list[object]:
        beats.append(at)
        raise RuntimeError("the database is away")

    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(council.app, "tick", broken)
    clock = Clock(council.app)
    clock.start()
    until(lambda: len(beats) >= 3)
    clock.stop()
    assert "the database is away" in capsys.readouterr().err


def test_stopping_lets_the_running_drain_finish(council: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(_at: dt.datetime, _limit: int, _ending: Callable[[], bool]) -> Delivered:
        began.set()
        assert may_end.wait(20)
        ended.set()
        return Delivered(sent=BATCH)  # there would be more

    monkeypatch.setattr(council.app, "deliver", slow)
    clock = Clock(council.app)
    clock.start()
    assert began.wait(20)
    stopping = threading.Thread(target=clock.stop)
    stopping.start()
    time.sleep(0.1)
    assert stopping.is_alive()
    assert not ended.is_set()
    may_end.set()
    stopping.join(20)
    assert not stopping.is_alive()
    assert ended.is_set()
