"""A real Postfix, asked by its log what became of a mail: each answer that there is."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import postfix
from tests.faults.postfix import Postfix
from vfm_workflow.mail.smtp import SmtpTransport, Timeouts
from vfm_workflow.mail.transports import Answer, Outgoing, relay_of

pytestmark = [
    pytest.mark.fault,
    pytest.mark.xdist_group("faults"),
    pytest.mark.skipif(postfix.missing(), reason=postfix.NEEDED),
]
QUICK = Timeouts(connect=5, command=5, data=5, log=5)


@pytest.fixture(scope="module")
def relay() -> Iterator[Postfix]:
    with Postfix() as running:
        time.sleep(2)  # the log must have begun before the mails: it tells whole seconds
        yield running


@pytest.fixture
def transport(relay: Postfix) -> Iterator[SmtpTransport]:
    made = SmtpTransport(relay_of(relay.url(look_up=True)), QUICK)
    yield made
    made.close()


def a_mail(number: int) -> Outgoing:
    message_id = f"<{number}@wrenfold.example>"
    data = f"Message-ID: {message_id}\r\nSubject: Decide\r\n\r\nPlease decide.\r\n".encode()
    return Outgoing(number, message_id, "vfm@wrenfold.example", "chief@wrenfold.example", data)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def speak(relay: Postfix, *lines: str) -> socket.socket:
    """Say lines to the relay, each once the one before is answered; return the connection."""
    made = socket.create_connection(("127.0.0.1", relay.port), timeout=10)
    made.recv(512)
    for line in ("HELO rig", *lines):
        made.sendall(f"{line}\r\n".encode())
        made.recv(512)
    return made


def logged(relay: Postfix, mail: Outgoing) -> None:
    """Wait until the relay's log says that it took a mail: it writes that down just after it has answered."""
    end = time.monotonic() + 10
    while relay.taken()[mail.message_id] != 1:
        assert time.monotonic() < end, "its log does not say that it took the mail"
        time.sleep(0.02)


def asked(transport: SmtpTransport, mail: Outgoing, since: dt.datetime) -> Answer:
    found = transport.look_up(mail, since)
    assert found is not None
    return found


def test_what_it_took_is_found_with_its_queue_id_and_what_became_of_it(transport: SmtpTransport) -> None:
    since = now()
    sent = transport.send(a_mail(1), lambda: None)
    assert sent.outcome == "sent"
    found = asked(transport, a_mail(1), since)
    assert found.outcome == "sent"
    assert sent.text.rpartition(" ")[2] in found.text


def test_what_was_cut_off_before_its_dot_was_never_taken_and_goes_on_the_same_connection(
    relay: Postfix, transport: SmtpTransport
) -> None:
    since = now()
    mail = a_mail(2)
    cut = speak(relay, f"MAIL FROM:<{mail.sender}>", f"RCPT TO:<{mail.to}>", "DATA")
    cut.sendall(mail.data)
    cut.close()
    answer = asked(transport, mail, since)
    assert answer == Answer("retry", None, "the relay's log says that it never took it")
    assert transport.send(mail, lambda: None).outcome == "sent"
    logged(relay, mail)


def test_what_it_took_though_nobody_waited_for_the_answer_is_found(
    relay: Postfix, transport: SmtpTransport
) -> None:
    since = now()
    mail = a_mail(3)
    cut = speak(relay, f"MAIL FROM:<{mail.sender}>", f"RCPT TO:<{mail.to}>", "DATA")
    cut.sendall(mail.data + b".\r\n")
    cut.close()
    end = time.monotonic() + 10
    while asked(transport, mail, since).outcome != "sent":
        assert time.monotonic() < end, "a lease would be long over"


def test_what_never_came_to_it_was_never_taken(transport: SmtpTransport) -> None:
    assert asked(transport, a_mail(4), now()).outcome == "retry"


def test_one_that_is_still_being_handed_over_is_not_certain(relay: Postfix, transport: SmtpTransport) -> None:
    since = now()
    mail = a_mail(5)
    slow = speak(relay, f"MAIL FROM:<{mail.sender}>", f"RCPT TO:<{mail.to}>", "DATA")
    slow.sendall(mail.data + b"x" * 20_000 + b"\r\n")  # more than it gathers before it reads the headers
    end = time.monotonic() + 10
    while mail.message_id not in relay.log.read_text():
        assert time.monotonic() < end
    assert asked(transport, mail, since).outcome == "unknown"
    slow.close()


def test_a_mail_of_before_the_log_began_is_not_certain(transport: SmtpTransport) -> None:
    assert asked(transport, a_mail(6), now() - dt.timedelta(hours=1)).outcome == "unknown"


def test_a_rotated_log_is_read_as_well(relay: Postfix, transport: SmtpTransport) -> None:
    since = now()
    transport.send(a_mail(7), lambda: None)
    logged(relay, a_mail(7))
    older = Path(f"{relay.log}.1")
    shutil.copy(relay.log, older)
    subprocess.run(["gzip", "-f", older], check=True)
    relay.log.write_text("")  # as logrotate does with copytruncate
    assert asked(transport, a_mail(7), since).outcome == "sent"
    assert asked(transport, a_mail(8), since).outcome == "retry"
