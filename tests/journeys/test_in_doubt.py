"""A mail that was in DATA when something broke: the relay is asked, and it goes again only where that repeats nothing,
or where nobody can be asked."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from tests.journeys.posts import BUSY, DOWN, SENT, SILENT, Killed, Relay
from tests.journeys.test_deliver import MINUTE, attempts, mail, put, run
from tests.people import MONDAY, Council
from vfm_workflow import wiring
from vfm_workflow.errors import DatabaseBusy
from vfm_workflow.journeys.deliver import LEASE, Courier
from vfm_workflow.mail.transports import Answer, Outgoing
from vfm_workflow.store import mail_log, outbox
from vfm_workflow.store.engine import Database

HAS_IT = Answer("sent", None, "found in the relay's log: 4F8C1 status=sent")
NEVER = Answer("retry", None, "the relay's log says that it never took it")
NOT_YET = Answer("unknown", None, "the log has not moved on")
AFTER = MONDAY + LEASE + MINUTE


def die_in_data(council: Council, at: dt.datetime = MONDAY, worker: str = "one") -> None:
    with pytest.raises(Killed):
        run(council, Relay(Killed("sending")), at, worker)


def test_a_mail_that_the_relay_has_is_settled_and_not_sent_again(council: Council) -> None:
    put(council)
    die_in_data(council)
    relay = Relay(SENT, knows=[HAS_IT])
    assert run(council, relay, MONDAY + LEASE / 2, "two").sent == 0
    assert relay.asked == [], "not before the lease is over"
    assert run(council, relay, AFTER, "two").sent == 1
    assert (mail(council).state, mail(council).answer, mail(council).settled_at) == (
        "sent",
        HAS_IT.text,
        AFTER,
    )
    assert attempts(council) == [("unknown", None, outbox.CUT_OFF), ("found", None, HAS_IT.text)]
    assert (relay.opened, relay.asked) == ([], [("<1@wrenfold.example>", MONDAY)])


def test_a_mail_that_the_relay_never_had_is_sent_again_at_once(council: Council) -> None:
    put(council)
    die_in_data(council)
    relay = Relay(SENT, knows=[NEVER])
    assert run(council, relay, AFTER, "two").sent == 1
    assert [outcome for outcome, *_ in attempts(council)] == ["unknown", "absent", "sent"]
    assert len(relay.data) == 1


def test_a_relay_that_cannot_say_yet_is_asked_again_and_then_the_same_bytes_go(council: Council) -> None:
    put(council)
    die_in_data(council)
    relay, at = Relay(SENT, knows=[NOT_YET]), AFTER
    for _ in range(2):
        assert run(council, relay, at, "two").unknown == 1
        assert (mail(council).state, mail(council).next_try) == ("waiting", at + LEASE)
        assert relay.opened == []
        at += LEASE
    assert run(council, relay, at, "two").sent == 1
    assert [outcome for outcome, *_ in attempts(council)] == ["unknown", "untold", "untold", "sent"]
    assert relay.data[0].data == mail(council).data


def test_a_relay_that_knows_the_second_time_it_is_asked_repeats_nothing(council: Council) -> None:
    put(council)
    die_in_data(council)
    relay = Relay(SENT, knows=[NOT_YET, HAS_IT])
    run(council, relay, AFTER, "two")
    assert run(council, relay, AFTER + LEASE, "two").sent == 1
    assert relay.opened == []


def test_a_mail_without_an_answer_is_looked_up_before_it_goes_again(council: Council) -> None:
    put(council)
    relay = Relay(SILENT, knows=[HAS_IT])
    assert run(council, relay).unknown == 1
    assert run(council, relay, MONDAY + LEASE).sent == 1
    assert len(relay.data) == 1


def test_a_doubt_lasts_until_it_is_settled_whatever_happens_between(council: Council) -> None:
    """Refused before DATA after the doubt: that says nothing of the first time."""
    put(council)
    die_in_data(council)
    assert run(council, Relay(DOWN), AFTER, "two").deferred == 1
    at = mail(council).next_try
    assert run(council, Relay(BUSY), at, "two").deferred == 1
    relay = Relay(SENT, knows=[HAS_IT])
    assert run(council, relay, mail(council).next_try, "two").sent == 1
    assert relay.asked == [("<1@wrenfold.example>", MONDAY)]
    assert relay.data == []


def test_a_doubt_that_the_relay_settled_is_none_any_more(council: Council) -> None:
    put(council)
    die_in_data(council)
    relay = Relay(BUSY, SENT, knows=[NEVER])
    assert run(council, relay, AFTER, "two").deferred == 1
    assert run(council, relay, mail(council).next_try, "two").sent == 1
    assert len(relay.asked) == 1


def test_a_mail_cut_off_three_times_is_left_to_a_person_and_not_sent_for_ever(council: Council) -> None:
    put(council)
    at = MONDAY
    for number in range(3):
        die_in_data(council, at, f"worker {number}")
        at += LEASE + MINUTE
    assert run(council, relay := Relay(SENT), at, "last").unknown == 1
    assert (mail(council).state, relay.opened) == ("unknown", [])
    assert "each time cut off" in mail(council).answer


def test_a_person_who_asks_for_another_try_of_a_doubtful_mail_repeats_nothing_either(
    council: Council,
) -> None:
    put(council)
    at = MONDAY
    for _ in range(3):
        run(council, Relay(SILENT), at)
        at += LEASE
    assert mail(council).state == "unknown"
    with council.app.write() as session:
        mail_log.retry(session, 1, at, "Administrator")
    relay = Relay(SENT, knows=[HAS_IT])
    assert run(council, relay, at).sent == 1
    assert relay.opened == []


@pytest.mark.parametrize("knows", [[HAS_IT], [NEVER]])
def test_a_mail_that_came_back_after_a_doubt_was_settled_is_sent_anew_when_a_person_asks(
    council: Council, knows: list[Answer]
) -> None:
    """The relay still knows the first one: that is no reason not to send it now."""
    put(council)
    die_in_data(council)
    run(council, Relay(SENT, knows=knows), AFTER, "two")
    with council.app.write() as session:
        mail_log.load(session, 1).bounced_at = AFTER
    with council.app.write() as session:
        mail_log.retry(session, 1, AFTER, "Administrator")
    die_in_data(council, AFTER)
    relay = Relay(SENT, knows=[HAS_IT])
    assert run(council, relay, AFTER + LEASE + MINUTE, "two").sent == 1
    assert (len(relay.data), relay.asked) == (1, []), "what the relay knows is of the first time"


# ------------------------------------------------------------------ leases


def test_a_lease_begins_anew_at_data_so_that_a_slow_start_takes_nothing_from_it(council: Council) -> None:
    """Opening took 14 minutes, DATA takes ten: the lease of a quarter of an hour covers it all the same."""
    put(council)
    passed = [dt.timedelta()]
    seen: list[dt.datetime | None] = []

    class Slow(Relay):
        def send(self, mail_: Outgoing, before_data: Callable[[], None]) -> Answer:
            passed[0] += 14 * MINUTE
            before_data()
            seen.append(mail(council).lease_until)
            return SENT

    courier = Courier(council.app.write, Slow(), "one")
    assert courier.run(MONDAY, elapsed=lambda: passed[0]).sent == 1
    assert seen == [MONDAY + 14 * MINUTE + LEASE]


def test_in_a_long_run_each_mail_has_a_whole_lease_from_when_it_was_claimed(council: Council) -> None:
    put(council, count=4)
    passed, leases = [dt.timedelta()], list[dt.timedelta]()

    def slow(outgoing: Outgoing) -> None:
        until = mail(council, outgoing.id).lease_until
        assert until is not None
        leases.append(until - (MONDAY + passed[0]))
        passed[0] += 9 * MINUTE

    courier = Courier(council.app.write, Relay(SENT, before=slow), "one")
    assert courier.run(MONDAY, elapsed=lambda: passed[0]).sent == 4
    assert leases == [LEASE] * 4
    assert mail(council, 4).settled_at == MONDAY + 36 * MINUTE


def test_no_two_processes_have_the_same_name_though_both_be_number_one_of_their_container(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = str(council.app.loaded.data)
    monkeypatch.setattr("os.getpid", lambda: 1)
    made = [wiring.build(data=data) for _ in range(2)]
    assert made[0].worker != made[1].worker
    for app in made:
        app.close()


# ------------------------------------------------------------------ a database that will not take the answer


def test_an_answer_that_the_database_would_not_take_is_kept_and_written_before_anything_else(
    council: Council,
) -> None:
    """The database is held by somebody else while the relay answers: the mail must not go again for that."""
    put(council, count=2)
    with held_database(council) as (impatient, other):
        relay = Holding(other)
        courier = Courier(impatient.write, relay, "one")
        for at in (MONDAY, MONDAY + MINUTE):
            with pytest.raises(DatabaseBusy):
                courier.run(at)
        assert len(relay.data) == 1, "nothing is claimed while an answer is unwritten"
        other.execute("ROLLBACK")
        assert courier.run(MONDAY + 2 * MINUTE).sent == 2
    assert Counter(message for message, _ in relay.handed()) == {f"<{n}@wrenfold.example>": 1 for n in (1, 2)}
    assert mail(council, 1).settled_at == MONDAY


def test_an_answer_kept_past_its_lease_is_not_written_over_what_somebody_else_does(council: Council) -> None:
    put(council)
    with held_database(council) as (impatient, other):
        courier = Courier(impatient.write, Holding(other), "one")
        with pytest.raises(DatabaseBusy):
            courier.run(MONDAY)
        other.execute("ROLLBACK")
        with council.app.write() as session:
            outbox.claim(session, "two", AFTER, LEASE)
        assert courier.run(AFTER).sent == 0
    assert (mail(council).state, mail(council).lease_by) == ("opening", "two")
    assert courier.unwritten == []


@contextmanager
def held_database(council: Council) -> Iterator[tuple[Database, sqlite3.Connection]]:
    """Yield the council's database as somebody without patience opens it, and another's connection to it."""
    impatient = Database(f"{council.app.loaded.database_url}?timeout=0.05")
    with closing(sqlite3.connect(council.app.loaded.data / "vfm.sqlite3", isolation_level=None)) as other:
        with impatient.read() as session:
            session.connection().exec_driver_sql("PRAGMA busy_timeout=50")
        yield impatient, other
    impatient.close()


class Holding(Relay):
    """Takes a message, and at the first the database is taken by somebody else before it answers."""

    def __init__(self, other: sqlite3.Connection) -> None:
        super().__init__(SENT)
        self._other = other

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        before_data()
        self.data.append(mail)
        if len(self.data) == 1:
            self._other.execute("BEGIN IMMEDIATE")
        return SENT
