"""A Postfix's log says whether it has a mail; “it never took it” is said only where that is certain."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail.test_smtp import QUICK, Script, Start, a_mail, start
from vfm_workflow.mail.postfix import PostfixLog
from vfm_workflow.mail.smtp import SmtpTransport, Timeouts
from vfm_workflow.mail.transports import Answer, Relay

__all__ = ["start"]

ID = "<7@wrenfold.example>"
SINCE = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
BEFORE = "Mar  2 08:00:01 relay postfix/smtpd[11]: connect from localhost[127.0.0.1]"
BEGUN = (
    "Mar  2 09:00:00 relay postfix/smtpd[11]: connect from localhost[127.0.0.1]",
    "Mar  2 09:00:00 relay postfix/smtpd[11]: 4F8C12: client=localhost[127.0.0.1]",
    f"Mar  2 09:00:00 relay postfix/cleanup[12]: 4F8C12: message-id={ID}",
)
QUEUED = "Mar  2 09:00:00 relay postfix/qmgr[13]: 4F8C12: from=<vfm@wrenfold.example>, size=283, nrcpt=1 (queue active)"
CUT = (
    "Mar  2 09:00:09 relay postfix/smtpd[11]: lost connection after DATA (61 bytes) from localhost[127.0.0.1]"
)
DONE = (
    "Mar  2 09:00:01 relay postfix/smtp[14]: 4F8C12: to=<chief@wrenfold.example>, relay=mx[192.0.2.1]:25, delay=0.2, "
    "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9A)"
)


@pytest.fixture(autouse=True)
def london() -> Iterator[None]:
    """The machine's own time zone is the log's."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/London"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def write(file: Path, *lines: str, at: dt.datetime = SINCE + dt.timedelta(hours=1)) -> PostfixLog:
    text = "".join(f"{line}\n" for line in lines).encode()
    file.write_bytes(gzip.compress(text) if file.suffix == ".gz" else text)
    os.utime(file, (at.timestamp(), at.timestamp()))
    return PostfixLog(file.parent / "mail.log")


def told(log: PostfixLog, trouble: str = "") -> Answer:
    return log.told(ID, SINCE, trouble)


@pytest.mark.parametrize("trouble", ["", "the relay is away"])
def test_a_mail_in_the_queue_is_the_relays_whatever_else_is_not_known(tmp_path: Path, trouble: str) -> None:
    log = write(tmp_path / "mail.log", BEFORE, *BEGUN, QUEUED)
    answer = told(log, trouble)
    assert answer.outcome == "sent"
    assert "4F8C12: from=<vfm@wrenfold.example>" in answer.text
    assert told(write(tmp_path / "mail.log", *BEGUN, QUEUED, DONE)).text.endswith(
        "(250 2.0.0 Ok: queued as 9A)"
    )


def test_a_mail_that_no_line_names_was_never_taken(tmp_path: Path) -> None:
    log = write(tmp_path / "mail.log", BEFORE, BEGUN[0], BEGUN[1], BEGUN[2].replace("<7@", "<77@"), QUEUED)
    assert told(log).outcome == "retry"


def test_a_mail_cut_off_before_its_dot_was_never_taken(tmp_path: Path) -> None:
    """Its headers came, which proves nothing."""
    assert told(write(tmp_path / "mail.log", BEFORE, *BEGUN, CUT)).outcome == "retry"
    refused = "Mar  2 09:00:01 relay postfix/cleanup[12]: 4F8C12: milter-reject: END-OF-MESSAGE from localhost: 5.7.1 no"
    assert told(write(tmp_path / "mail.log", BEFORE, *BEGUN, refused)).outcome == "retry"


def test_a_mail_of_which_only_the_beginning_is_told_is_not_certain(tmp_path: Path) -> None:
    assert told(write(tmp_path / "mail.log", BEFORE, *BEGUN)).outcome == "unknown"
    later = CUT.replace("[11]", "[15]")
    assert told(write(tmp_path / "mail.log", BEFORE, *BEGUN, later)).outcome == "unknown", "somebody else's"
    next_one = "Mar  2 09:10:00 relay postfix/smtpd[11]: connect from localhost[127.0.0.1]"
    assert told(write(tmp_path / "mail.log", BEFORE, *BEGUN, next_one, CUT)).outcome == "unknown"


def test_a_queue_id_that_was_given_to_another_mail_proves_nothing_of_ours(tmp_path: Path) -> None:
    another = (BEGUN[1], BEGUN[2].replace("<7@", "<8@"), QUEUED, DONE)
    assert told(write(tmp_path / "mail.log", BEFORE, *BEGUN, CUT, *another)).outcome == "retry"
    assert told(write(tmp_path / "mail.log", BEFORE, *another, *BEGUN, CUT)).outcome == "retry"
    assert told(write(tmp_path / "mail.log", BEFORE, *BEGUN, CUT, *BEGUN, QUEUED)).outcome == "sent", (
        "sent again"
    )


def test_nothing_is_certain_while_the_log_does_not_move_on(tmp_path: Path) -> None:
    answer = told(write(tmp_path / "mail.log", BEFORE), "the relay is away")
    assert (answer.outcome, "the relay is away" in answer.text) == ("unknown", True)


def test_a_log_that_begins_after_the_mail_proves_nothing_unless_older_ones_lie_beside_it(
    tmp_path: Path,
) -> None:
    late = "Mar  2 09:30:00 relay postfix/smtpd[11]: connect from localhost[127.0.0.1]"
    log = write(tmp_path / "mail.log", late)
    assert "does not go back to 2026-03-02T09:00:00+00:00" in told(log).text
    write(tmp_path / "mail.log.1", BEFORE, *BEGUN, CUT, at=SINCE + dt.timedelta(minutes=30))
    assert told(log).outcome == "retry"
    write(tmp_path / "mail.log.1", BEFORE, *BEGUN, QUEUED, at=SINCE + dt.timedelta(minutes=30))
    assert told(log).outcome == "sent"


def test_rotated_logs_are_read_back_to_the_mail_packed_or_not_and_whatever_else_lies_there_is_not(
    tmp_path: Path,
) -> None:
    log = write(tmp_path / "mail.log", at=SINCE + dt.timedelta(hours=3))
    write(
        tmp_path / "mail.log.1",
        "Mar  2 10:00:00 relay postfix/master[1]: reload",
        at=SINCE + dt.timedelta(hours=2),
    )
    write(tmp_path / "mail.log.offset", "1234", at=SINCE + dt.timedelta(hours=2))
    assert told(log).outcome == "unknown"
    write(tmp_path / "mail.log.2.gz", BEFORE, *BEGUN, QUEUED, at=SINCE + dt.timedelta(minutes=45))
    assert told(log).outcome == "sent"


@pytest.mark.parametrize(
    ("first", "outcome"),
    [
        ("2026-03-02T08:59:58.123456+00:00 relay postfix/master[1]: reload", "retry"),
        ("2026-03-02T09:59:58+01:00 relay postfix/master[1]: reload", "retry"),
        ("2026-03-02T08:59:59.5Z relay postfix/master[1]: reload", "unknown"),  # the second is not over
        ("2026-03-02T08:99:00Z relay postfix/master[1]: reload", "unknown"),
        ("Mar  2 08:59:59 relay postfix/master[1]: reload", "retry"),
        ("Mar  2 09:00:00 relay postfix/master[1]: reload", "unknown"),
        ("Dec 31 23:00:00 relay postfix/master[1]: reload", "retry"),  # of the year before
        ("Foo 31 23:00:00 relay postfix/master[1]: reload", "unknown"),
        ("Feb 30 23:00:00 relay postfix/master[1]: reload", "unknown"),
        ("something else", "unknown"),
    ],
)
def test_both_ways_of_writing_a_moment_are_read(tmp_path: Path, first: str, outcome: str) -> None:
    assert told(write(tmp_path / "mail.log", first)).outcome == outcome


def test_a_leap_day_and_the_hour_that_happens_twice(tmp_path: Path) -> None:
    line = "Feb 29 12:00:00 relay postfix/master[1]: reload"
    log = write(tmp_path / "mail.log", line, at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
    assert told(log).outcome == "retry"
    twice = dt.datetime(2026, 10, 25, 0, 45, tzinfo=dt.UTC)  # 01:45 in summer time, and 01:30 comes once more
    log = write(
        tmp_path / "mail.log", "Oct 25 01:30:00 relay postfix/master[1]: x", at=twice + dt.timedelta(hours=3)
    )
    assert log.told(ID, twice, "").outcome == "unknown"
    assert log.told(ID, twice + dt.timedelta(hours=1), "").outcome == "retry"


def test_the_log_is_asked_behind_a_mark_also_where_it_is_rotated_meanwhile(tmp_path: Path) -> None:
    log = write(tmp_path / "mail.log", BEFORE)
    mark = log.end()
    assert not log.greeted_since(mark)
    with (tmp_path / "mail.log").open("a") as opened:
        opened.write("Mar  2 10:00:00 relay postfix/smtpd[1]: disconnect from localhost[127.0.0.1]\n")
    assert not log.greeted_since(mark)
    (tmp_path / "mail.log").rename(tmp_path / "mail.log.1")
    assert not log.greeted_since(mark)
    write(tmp_path / "mail.log", BEFORE)
    assert log.greeted_since(mark)


def test_a_log_that_was_emptied_in_place_is_read_whole(tmp_path: Path) -> None:
    log = write(tmp_path / "mail.log", BEFORE, BEFORE)
    mark = log.end()
    write(tmp_path / "mail.log", BEFORE)
    assert log.greeted_since(mark)


# ------------------------------------------------------------------ the transport


def asked(relay: Relay, log: Path, timeouts: Timeouts = QUICK) -> Answer | None:
    transport = SmtpTransport(Relay(relay.host, relay.port, relay.tls, log=log), timeouts)
    try:
        return transport.look_up(a_mail(), SINCE)
    finally:
        transport.close()


def test_a_relay_whose_log_is_not_named_cannot_be_asked(start: Start) -> None:
    _, relay = start()
    transport = SmtpTransport(relay, QUICK)
    assert transport.look_up(a_mail(), SINCE) is None


def test_a_relay_is_greeted_first_and_a_log_that_does_not_tell_of_it_is_not_believed(
    start: Start, tmp_path: Path
) -> None:
    script, relay = start(Script())
    write(tmp_path / "mail.log", BEFORE)
    answer = asked(relay, tmp_path / "mail.log", Timeouts(connect=5, command=5, data=5, log=0.1))
    assert answer is not None
    assert (answer.outcome, "its log does not say so" in answer.text) == ("unknown", True)
    assert script.connections == 1


def test_a_relay_that_is_away_still_has_what_its_log_says(tmp_path: Path, start: Start) -> None:
    _, relay = start()
    gone = Relay(relay.host, 1, "none")
    write(tmp_path / "mail.log", BEFORE)
    answer = asked(gone, tmp_path / "mail.log")
    assert answer is not None
    assert (answer.outcome, "cannot be used" in answer.text) == ("unknown", True)
    write(tmp_path / "mail.log", BEFORE, *BEGUN, QUEUED)
    found = asked(gone, tmp_path / "mail.log")
    assert found is not None
    assert found.outcome == "sent"


def test_a_log_that_cannot_be_read_is_said_so(start: Start, tmp_path: Path) -> None:
    _, relay = start()
    answer = asked(relay, tmp_path / "no.log")
    assert answer == Answer(
        "unknown", None, f"the log {tmp_path}/no.log cannot be read: No such file or directory"
    )
