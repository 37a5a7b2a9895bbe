"""Mail leaves once: claimed by lease, tried again while it may, settled with the server's own words."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from tests.journeys.posts import BUSY, DOWN, GONE, SENT, SILENT, Killed, Relay
from tests.people import MONDAY, Council
from vfm_workflow.errors import DatabaseAway
from vfm_workflow.journeys.deliver import GIVE_UP, LEASE, Delivered, deliver
from vfm_workflow.mail.transports import Answer, Outgoing, Transport
from vfm_workflow.store import mail_log, outbox
from vfm_workflow.store.tables import Attempt, OutboxMail

MINUTE = dt.timedelta(minutes=1)


def put(
    council: Council,
    number: int = 1,
    *,
    count: int = 1,
    at: dt.datetime = MONDAY,
    not_before: dt.datetime | None = None,
) -> None:
    """Put mails into the outbox as posting does."""
    with council.app.write() as session:
        for n in range(number, number + count):
            session.add(
                OutboxMail(
                    message_id=f"<{n}@wrenfold.example>",
                    notice="digest",
                    why="you manage the project",
                    sender="vfm@wrenfold.example",
                    to="manager@wrenfold.example",
                    subject=f"Mail {n}",
                    data=f"Subject: Mail {n}\r\n\r\nText {n}\r\n".encode(),
                    created_at=at,
                    not_before=not_before or at,
                    next_try=not_before or at,
                )
            )


def run(
    council: Council,
    relay: Transport,
    at: dt.datetime = MONDAY,
    worker: str = "one",
    limit: int | None = None,
) -> Delivered:
    return deliver(council.app.write, relay, worker, at, limit)


def mail(council: Council, number: int = 1) -> OutboxMail:
    with council.app.read() as session:
        query = select(OutboxMail).where(col(OutboxMail.message_id) == f"<{number}@wrenfold.example>")
        return session.scalars(query).one()


def attempts(council: Council, number: int = 1) -> list[tuple[str, int | None, str]]:
    with council.app.read() as session:
        query = select(Attempt).where(col(Attempt.mail_id) == mail(council, number).id)
        rows = session.scalars(query.order_by(col(Attempt.id)))
        return [(row.outcome, row.code, row.answer) for row in rows]


# ------------------------------------------------------------------ answers


def test_a_mail_that_the_server_takes_is_sent_with_its_words_kept(council: Council) -> None:
    put(council)
    done = run(council, relay := Relay(SENT))
    assert (done.sent, done.failed, done.deferred, done.unknown) == (1, 0, 0, 0)
    row = mail(council)
    assert (row.state, row.answer, row.settled_at, row.lease_by) == ("sent", "2.0.0 Ok: queued", MONDAY, None)
    assert attempts(council) == [("sent", 250, "2.0.0 Ok: queued")]
    assert [handed.data for handed in relay.data] == [row.data]
    assert run(council, relay, MONDAY + dt.timedelta(days=9)).sent == 0, "once is enough"


def test_a_mail_that_the_server_refuses_for_good_has_failed(council: Council) -> None:
    put(council)
    assert run(council, Relay(GONE)).failed == 1
    assert (mail(council).state, mail(council).answer) == ("failed", "5.1.1 no such user")
    assert run(council, Relay(SENT), MONDAY + dt.timedelta(days=1)).sent == 0


def test_a_mail_refused_for_now_is_tried_after_1_5_15_and_60_minutes_and_then_hourly(
    council: Council,
) -> None:
    put(council)
    at, waits = MONDAY, []
    for _ in range(7):
        assert run(council, Relay(BUSY), at).deferred == 1
        row = mail(council)
        assert row.state == "waiting"
        waits.append((row.next_try - at) / MINUTE)
        assert run(council, Relay(SENT), row.next_try - MINUTE / 60).sent == 0, "not a second early"
        at = row.next_try
    for wait, planned in zip(waits, (1, 5, 15, 60, 60, 60, 60), strict=True):
        assert planned <= wait <= planned * 1.1
    assert run(council, Relay(SENT), at).sent == 1
    assert [outcome for outcome, *_ in attempts(council)] == ["retry"] * 7 + ["sent"]


def test_a_thousand_mails_do_not_come_back_in_the_same_second(council: Council) -> None:
    put(council, count=20)
    run(council, Relay(BUSY))
    with council.app.read() as session:
        assert len(set(session.scalars(select(col(OutboxMail.next_try))))) > 10


def test_a_mail_still_refused_after_48_hours_has_failed(council: Council) -> None:
    put(council)
    run(council, Relay(BUSY))
    assert run(council, Relay(BUSY), MONDAY + GIVE_UP).deferred == 1
    assert run(council, Relay(BUSY), MONDAY + GIVE_UP + dt.timedelta(hours=2)).failed == 1
    assert mail(council).state == "failed"


def test_the_48_hours_begin_when_a_mail_may_leave_and_not_when_it_was_written(council: Council) -> None:
    """A decision mail of Friday evening leaves on Monday: the weekend is not the server's fault."""
    friday, monday = MONDAY + dt.timedelta(days=4, hours=10), MONDAY + dt.timedelta(days=7)
    put(council, at=friday, not_before=monday)
    assert monday - friday > GIVE_UP
    assert run(council, Relay(BUSY), monday).deferred == 1


def test_a_mail_waits_for_its_hour(council: Council) -> None:
    put(council, not_before=MONDAY + dt.timedelta(hours=2))
    assert run(council, Relay(), MONDAY + dt.timedelta(hours=1)).sent == 0
    assert run(council, Relay(), MONDAY + dt.timedelta(hours=2)).sent == 1


def test_where_nobody_answers_the_others_do_not_wait_out_the_same_silence(council: Council) -> None:
    put(council, count=3)
    relay = Relay(DOWN)
    assert run(council, relay).deferred == 1
    assert len(relay.opened) == 1
    assert run(council, Relay(SENT), MONDAY + 2 * MINUTE).sent == 3


def test_oldest_first_and_no_more_than_asked_for(council: Council) -> None:
    put(council, 1, count=3)
    relay = Relay()
    assert run(council, relay, limit=2).sent == 2
    assert [message for message, _ in relay.handed()] == ["<1@wrenfold.example>", "<2@wrenfold.example>"]
    assert run(council, relay).sent == 1


# ------------------------------------------------------------------ doubt


def test_a_mail_whose_fate_is_unknown_is_sent_again_with_the_same_bytes_and_then_left_to_a_person(
    council: Council,
) -> None:
    put(council)
    relay, at = Relay(SILENT), MONDAY
    for _ in range(2):
        assert run(council, relay, at).unknown == 1
        assert mail(council).state == "waiting"
        assert run(council, relay, at + LEASE / 2).unknown == 0, "not before its lease would have run out"
        at += LEASE
    assert run(council, relay, at).unknown == 1
    assert mail(council).state == "unknown"
    assert run(council, relay, at + dt.timedelta(days=1)).unknown == 0
    assert Counter(relay.handed()) == {("<1@wrenfold.example>", mail(council).data): 3}


def test_a_doubt_is_no_doubt_for_having_been_refused_before(council: Council) -> None:
    put(council)
    at = MONDAY
    for answer in (BUSY, BUSY, BUSY, SILENT):
        run(council, Relay(answer), at)
        at = mail(council).next_try
    assert mail(council).state == "waiting"
    assert run(council, Relay(SENT), at).sent == 1


def test_a_person_may_ask_for_another_try_and_the_mail_has_its_48_hours_again(council: Council) -> None:
    put(council)
    relay, at = Relay(SILENT), MONDAY
    for _ in range(3):
        run(council, relay, at)
        at += LEASE
    later = at + dt.timedelta(days=5)
    with council.app.write() as session:
        mail_log.retry(session, mail(council).id or 0, later, "Administrator")
    assert run(council, Relay(BUSY), later).deferred == 1
    at = mail(council).next_try
    assert run(council, Relay(SILENT), at).unknown == 1
    assert mail(council).state == "waiting", "doubts are counted from there"
    assert run(council, Relay(SENT), at + LEASE).sent == 1


# ------------------------------------------------------------------ crashes and leases


def test_killed_while_opening_the_mail_is_sent_by_another_once_the_lease_runs_out(council: Council) -> None:
    put(council)
    relay = Relay(Killed("opening"), SENT)
    with pytest.raises(Killed):
        run(council, relay)
    assert (mail(council).state, mail(council).lease_by) == ("opening", "one")
    assert relay.data == []
    assert run(council, relay, MONDAY + LEASE, "two").sent == 0, "the lease is not over"
    assert run(council, relay, MONDAY + LEASE + MINUTE, "two").sent == 1
    assert len(relay.data) == 1


def test_killed_in_data_the_same_bytes_go_again_so_that_a_receiver_can_tell(council: Council) -> None:
    put(council, count=3)
    relay = Relay(SENT, Killed("sending"), SENT)
    with pytest.raises(Killed):
        run(council, relay)
    assert [mail(council, n).state for n in (1, 2, 3)] == ["sent", "sending", "waiting"]
    assert run(council, relay, MONDAY, "two").sent == 1, "the others do not wait for it"
    assert run(council, relay, MONDAY + LEASE + MINUTE, "two").sent == 1
    handed = Counter(relay.handed())
    assert {message: times for (message, _), times in handed.items()} == {
        "<1@wrenfold.example>": 1,
        "<2@wrenfold.example>": 2,
        "<3@wrenfold.example>": 1,
    }


def test_who_lost_the_lease_before_data_sends_nothing(council: Council) -> None:
    put(council)

    def taken_over(_: Outgoing) -> None:
        with council.app.write() as session:
            assert outbox.claim(session, "two", MONDAY + LEASE + MINUTE, LEASE)

    relay = Relay(SENT, before=taken_over)
    assert run(council, relay) == Delivered()
    assert relay.data == []
    assert (mail(council).lease_by, mail(council).state) == ("two", "opening")


def test_who_lost_the_lease_during_data_does_not_settle_the_row(council: Council) -> None:
    put(council)

    class Slow(Transport):
        """Answers long after somebody else has taken the mail over."""

        def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
            before_data()
            with council.app.write() as session:
                outbox.claim(session, "two", MONDAY + LEASE + MINUTE, LEASE)
            return GONE

        def close(self) -> None: ...

        def describe(self) -> str:
            return "slow"

    assert run(council, Slow()).failed == 0
    assert (mail(council).state, mail(council).lease_by) == ("opening", "two")
    assert attempts(council) == [("unknown", None, outbox.CUT_OFF)]
    assert run(council, Relay(SENT), MONDAY + 3 * LEASE, "three").sent == 1


def race(council: Council, workers: int, mails: int) -> Relay:
    """Let several workers empty one outbox at once, each in its own thread; return the relay they share."""
    put(council, count=mails)
    relay, start = Relay(), threading.Barrier(workers)
    done: list[Delivered] = []

    def work(name: str) -> None:
        start.wait()
        done.append(run(council, relay, worker=name))

    threads = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.sent for each in done) == mails
    return relay


def test_two_workers_never_send_one_mail_twice(council: Council) -> None:
    relay = race(council, 2, 30)
    assert Counter(message for message, _ in relay.handed()) == {
        f"<{n}@wrenfold.example>": 1 for n in range(1, 31)
    }


def test_one_run_at_a_time_in_a_process_but_any_number_may_be_asked_for(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    assert council.app.deliver(council.at).sent == 5
    assert council.app.deliver(council.at).sent == 0
    folder = council.app.loaded.data / "mail"
    assert len(list(folder.glob("*.eml"))) == 5


def test_a_database_that_goes_away_before_data_gives_the_mail_back(council: Council) -> None:
    """Nothing was said to the relay, so nobody needs to wait for the lease."""
    put(council)

    class Away:
        """Goes away once, as the mail is about to be marked."""

        steps = 0

        def __call__(self) -> AbstractContextManager[Session]:
            self.steps += 1
            if self.steps == 2:
                raise DatabaseAway("gone")
            return council.app.write()

    done = deliver(Away(), relay := Relay(SENT), "one", MONDAY)
    assert done.sent == 1
    assert len(relay.data) == 1
    assert len(relay.opened) == 2


def test_what_the_relay_said_is_written_down_though_the_database_goes_away_meanwhile(
    council: Council,
) -> None:
    put(council)
    steps = iter([True, True, False, True, True])

    def work() -> AbstractContextManager[Session]:
        if not next(steps):
            raise DatabaseAway("gone")
        return council.app.write()

    done = deliver(work, relay := Relay(SENT), "one", MONDAY)
    assert done.sent == 1
    assert len(relay.data) == 1
    assert mail(council).state == "sent"
