"""Mail to a real SMTP server on this machine, which fails on purpose at each phase."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd import smtp as aiosmtpd_smtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from vfm_workflow.mail.smtp import IDLE_SECONDS, MAILS_PER_CONNECTION, SmtpTransport, Timeouts
from vfm_workflow.mail.transports import Answer, Outgoing, Relay

Server = aiosmtpd_smtp.SMTP
PEM = Path(__file__).with_name("localhost.pem")
QUICK = Timeouts(connect=5, command=5, data=5)
IMPATIENT = Timeouts(connect=5, command=5, data=0.05)


@dataclass
class Script:
    """What the server does, and what it saw."""

    at_mail: str | None = None
    at_mail_once: str | None = None
    at_rcpt: str | None = None
    at_dot: str | None = None
    hang_up_at: str = ""
    slowness: float = 0.0
    """Seconds before each of its two answers to DATA."""
    reports: bool = False
    seen: list[str] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)
    connections: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_EHLO(  # noqa: N802 - the server calls it by this name
        self,
        server: ScriptedServer,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]] if self.reports else responses

    async def handle_MAIL(  # noqa: N802
        self, server: ScriptedServer, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.seen.append(f"MAIL {address}")
        if once := self.at_mail_once:
            self.at_mail_once = None
            return once
        return self._or_hang_up("MAIL", server) or self.at_mail or self._take("mail_from", address, envelope)

    async def handle_RCPT(  # noqa: N802
        self, server: ScriptedServer, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.seen.append(f"RCPT {address}")
        if answer := self._or_hang_up("RCPT", server) or self.at_rcpt:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: ScriptedServer, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.original_content, bytes)
        await asyncio.sleep(self.slowness)
        if self.at_dot == "slow":
            await self.released.wait()
            return "250 far too late"
        if self.at_dot and self.at_dot[0] in "45":
            return self.at_dot
        self.taken.append(envelope.original_content)
        return self._or_hang_up("dot", server) or "250 2.0.0 Ok: queued as 4F8C1"

    def _or_hang_up(self, phase: str, server: ScriptedServer) -> str:
        if self.hang_up_at != phase:
            return ""
        server.hang_up()
        return "421 nobody reads this"

    def _take(self, name: str, value: str, envelope: Envelope) -> str:
        setattr(envelope, name, value)
        return "250 OK"


class ScriptedServer(Server):
    """An aiosmtpd server that also takes the options of delivery reports, and can fail before a message."""

    script: Script

    def hang_up(self) -> None:
        assert isinstance(self.transport, asyncio.WriteTransport)
        self.transport.abort()

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802
        self.script.seen.append(f"MAIL {arg}")
        await super().smtp_MAIL(arg.split(" RET=")[0])

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802
        self.script.seen.append(f"RCPT {arg}")
        await super().smtp_RCPT(arg.split(" NOTIFY=")[0])

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.script.hang_up_at == "DATA":
            self.hang_up()
            return
        await asyncio.sleep(self.script.slowness)
        await super().smtp_DATA(arg)


class Post(Controller):
    """The server in a thread of its own, on a port the machine chooses."""

    def __init__(self, script: Script, **options: Any) -> None:
        super().__init__(script, hostname="127.0.0.1", port=0, **options)
        self.script = script

    def factory(self) -> Server:
        self.script.connections += 1
        server = ScriptedServer(self.handler, **self.SMTP_kwargs)
        server.script = self.script
        return server

    async def _create_server(self) -> asyncio.AbstractServer:
        made = await super()._create_server()
        assert isinstance(made, asyncio.Server)
        self.port = made.sockets[0].getsockname()[1]
        return made


Start = Callable[..., tuple[Script, Relay]]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Post] = []

    def begin(script: Script | None = None, tls: Any = "none", **options: Any) -> tuple[Script, Relay]:
        script = script or Script()
        post = Post(script, **options)
        post.start()
        running.append(post)
        script.connections = 0
        script.seen.clear()
        return script, Relay("localhost" if tls != "none" else "127.0.0.1", post.port, tls)

    yield begin
    for post in running:
        post.loop.call_soon_threadsafe(post.script.released.set)
        post.stop()


@pytest.fixture
def transports() -> Iterator[Callable[..., SmtpTransport]]:
    made: list[SmtpTransport] = []

    def make(relay: Relay, timeouts: Timeouts = QUICK, **options: Any) -> SmtpTransport:
        made.append(SmtpTransport(relay, timeouts, **options))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


class Phase:
    """Stands for the commit before DATA, and counts it."""

    def __init__(self) -> None:
        self.committed = 0

    def __call__(self) -> None:
        self.committed += 1


def a_mail(number: int = 7, to: str = "chief@wrenfold.example", data: bytes = b"") -> Outgoing:
    data = data or b"Subject: Decide\r\n\r\nPlease decide.\r\n.\r\nA dot on its own line stays.\r\n"
    return Outgoing(number, f"<{number}@wrenfold.example>", "vfm@wrenfold.example", to, data)


def client_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(PEM))


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    return context


def test_a_mail_arrives_byte_for_byte_and_the_servers_words_come_back(start: Start, transports: Any) -> None:
    script, relay = start()
    phase = Phase()
    answer = transports(relay).send(a_mail(), phase)
    assert answer == Answer("sent", 250, "2.0.0 Ok: queued as 4F8C1")
    assert script.taken == [a_mail().data]
    assert phase.committed == 1


def test_the_phase_is_committed_after_rcpt_and_before_the_message(start: Start, transports: Any) -> None:
    script, relay = start()
    seen_then: list[list[str]] = []

    def commit() -> None:
        seen_then.append([*script.seen, f"{len(script.taken)} taken"])

    transports(relay).send(a_mail(), commit)
    assert seen_then[0][-2:] == ["RCPT chief@wrenfold.example", "0 taken"]


def test_a_commit_that_fails_sends_nothing_and_the_next_mail_still_leaves(
    start: Start, transports: Any
) -> None:
    script, relay = start()
    transport = transports(relay)

    def fail() -> None:
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError, match="the database is gone"):
        transport.send(a_mail(1), fail)
    assert script.taken == []
    assert transport.send(a_mail(2), Phase()).outcome == "sent"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            Script(at_rcpt="451 4.2.0 Greylisted, come back"),
            Answer("retry", 451, "4.2.0 Greylisted, come back"),
        ),
        (Script(at_rcpt="550 5.1.1 No such person"), Answer("failed", 550, "5.1.1 No such person")),
        (Script(at_mail="452 4.3.1 Disk full"), Answer("retry", 452, "4.3.1 Disk full")),
        (Script(at_mail="553 5.1.8 Sender unknown"), Answer("failed", 553, "5.1.8 Sender unknown")),
        (Script(at_mail="421 4.7.0 Closing"), Answer("retry", 421, "4.7.0 Closing")),
    ],
    ids=["4xx at RCPT", "5xx at RCPT", "4xx at MAIL", "5xx at MAIL", "421 at MAIL"],
)
def test_a_refusal_before_data_is_told_apart_by_its_code(
    start: Start, transports: Any, script: Script, expected: Answer
) -> None:
    _, relay = start(script)
    phase = Phase()
    assert transports(relay).send(a_mail(), phase) == expected
    assert phase.committed == 0


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("452 4.2.2 Mailbox full", "retry"),
        ("421 4.3.2 Closing", "retry"),
        ("554 5.7.1 Looks like spam", "failed"),
    ],
)
def test_a_refusal_after_the_dot_is_an_answer_too(
    start: Start, transports: Any, reply: str, outcome: str
) -> None:
    script, relay = start(Script(at_dot=reply))
    answer = transports(relay).send(a_mail(), Phase())
    assert (answer.outcome, answer.code, answer.text) == (outcome, int(reply[:3]), reply[4:])
    assert script.taken == []


@pytest.mark.parametrize("phase", ["MAIL", "RCPT"])
def test_a_server_that_hangs_up_before_data_is_tried_again(start: Start, transports: Any, phase: str) -> None:
    _, relay = start(Script(hang_up_at=phase))
    committed = Phase()
    assert transports(relay).send(a_mail(), committed).outcome == "retry"
    assert committed.committed == 0


@pytest.mark.parametrize(("phase", "taken"), [("DATA", 0), ("dot", 1)])
def test_a_server_that_hangs_up_once_data_began_leaves_it_unknown(
    start: Start, transports: Any, phase: str, taken: int
) -> None:
    script, relay = start(Script(hang_up_at=phase))
    answer = transports(relay).send(a_mail(), Phase())
    assert (answer.outcome, answer.code) == ("unknown", None)
    assert "no answer after the message was handed over" in answer.text
    assert len(script.taken) == taken


def test_a_server_that_is_slow_to_answer_the_dot_leaves_it_unknown(start: Start, transports: Any) -> None:
    _, relay = start(Script(at_dot="slow"))
    transport = transports(relay, IMPATIENT)
    assert transport.send(a_mail(), Phase()).outcome == "unknown"


def test_data_as_a_whole_takes_no_longer_than_it_may(start: Start, transports: Any) -> None:
    """Each of the two answers comes in time, and both together do not: a lease must be longer than both."""
    _, relay = start(Script(slowness=0.3))
    transport = transports(relay, Timeouts(connect=5, command=5, data=0.4))
    assert transport.send(a_mail(), Phase()).outcome == "unknown"


def test_the_late_answer_to_one_mail_is_never_taken_for_the_next_ones(start: Start, transports: Any) -> None:
    script, relay = start(Script(at_dot="slow"))
    transport = transports(relay, IMPATIENT)
    transport.send(a_mail(1), Phase())
    script.at_dot, script.at_rcpt = None, "550 No such person"
    assert transport.send(a_mail(2), Phase()) == Answer("failed", 550, "No such person")
    assert script.connections == 2


def test_a_connection_closed_during_the_commit_is_tried_again_and_not_called_unknown(
    start: Start, transports: Any
) -> None:
    script, relay = start()
    transport = transports(relay)

    def while_the_server_goes() -> None:
        client = transport._client
        client.transport.abort()

    answer = transport.send(a_mail(), while_the_server_goes)
    assert (answer.outcome, script.taken) == ("retry", [])


def test_nobody_listening_is_tried_again(transports: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = transports(Relay("127.0.0.1", port, "none")).send(a_mail(), Phase())
    assert (answer.outcome, answer.code) == ("retry", None)
    assert f"127.0.0.1:{port}" in answer.text


def test_a_listener_that_is_no_mail_server_is_tried_again(transports: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        relay = Relay("127.0.0.1", listener.getsockname()[1], "none")
        answer = transports(relay).send(a_mail(), Phase())
        thread.join()
    assert answer.outcome == "retry"


def test_a_relay_that_turns_everyone_away_is_tried_again_since_the_mail_is_not_at_fault(
    transports: Any,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.sendall(b"554 5.3.2 No SMTP service here\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        answer = transports(Relay("127.0.0.1", listener.getsockname()[1], "none")).send(a_mail(), Phase())
        thread.join()
    assert (answer.outcome, answer.code) == ("retry", 554)
    assert "No SMTP service here" in answer.text


def test_two_mails_share_one_connection(start: Start, transports: Any) -> None:
    script, relay = start()
    transport = transports(relay)
    assert [transport.send(a_mail(n), Phase()).outcome for n in (1, 2)] == ["sent", "sent"]
    assert script.connections == 1


def test_a_refused_recipient_does_not_cost_the_connection(start: Start, transports: Any) -> None:
    script, relay = start(Script(at_rcpt="550 No such person"))
    transport = transports(relay)
    transport.send(a_mail(1), Phase())
    script.at_rcpt = None
    assert transport.send(a_mail(2), Phase()).outcome == "sent"
    assert script.connections == 1


def test_a_connection_is_renewed_after_a_hundred_mails(start: Start, transports: Any) -> None:
    script, relay = start()
    transport = transports(relay)
    for number in range(MAILS_PER_CONNECTION + 1):
        assert transport.send(a_mail(number), Phase()).outcome == "sent"
    assert script.connections == 2


def test_a_connection_is_renewed_after_a_minute_without_mail(start: Start, transports: Any) -> None:
    script, relay = start()
    clock = [1000.0]
    transport = transports(relay, now=lambda: clock[0])
    transport.send(a_mail(1), Phase())
    clock[0] += IDLE_SECONDS
    assert transport.send(a_mail(2), Phase()).outcome == "sent"
    assert script.connections == 2


@pytest.mark.parametrize("how", ["hang up", "421"])
def test_a_connection_the_server_closed_meanwhile_is_renewed_without_a_word(
    start: Start, transports: Any, how: str
) -> None:
    script, relay = start()
    transport = transports(relay)
    transport.send(a_mail(1), Phase())
    if how == "421":
        script.at_mail_once = "421 4.4.2 Idle for too long"
    else:
        transport._client.transport.abort()
    phase = Phase()
    assert transport.send(a_mail(2), phase).outcome == "sent"
    assert (script.connections, phase.committed) == (2, 1)


def test_delivery_reports_are_asked_for_by_the_outbox_id_where_the_server_offers_them(
    start: Start, transports: Any
) -> None:
    script, relay = start(Script(reports=True))
    transports(relay).send(a_mail(41), Phase())
    assert "MAIL FROM:<vfm@wrenfold.example> RET=HDRS ENVID=41" in script.seen
    assert "RCPT TO:<chief@wrenfold.example> NOTIFY=FAILURE,DELAY" in script.seen


def test_delivery_reports_are_not_asked_for_where_the_server_does_not_know_them(
    start: Start, transports: Any
) -> None:
    script, relay = start()
    transports(relay).send(a_mail(41), Phase())
    assert not [line for line in script.seen if "ENVID" in line or "NOTIFY" in line]


@pytest.mark.parametrize(
    "to",
    ["a@x.example>\r\nRCPT TO:<e@elsewhere.example", "a@x.example\nDATA", "é@x.example", "a\0b@x.example"],
)
def test_an_address_that_would_write_commands_fails_for_good(start: Start, transports: Any, to: str) -> None:
    script, relay = start()
    phase = Phase()
    answer = transports(relay).send(a_mail(to=to), phase)
    assert (answer.outcome, phase.committed, script.taken) == ("failed", 0, [])
    assert not [line for line in script.seen if "elsewhere" in line]


def test_starttls_encrypts_where_the_certificate_is_trusted(start: Start, transports: Any) -> None:
    script, relay = start(tls="starttls", tls_context=server_context(), require_starttls=True)
    assert transports(relay, context=client_context()).send(a_mail(), Phase()).outcome == "sent"
    assert len(script.taken) == 1


def test_smtps_encrypts_from_the_first_byte(start: Start, transports: Any) -> None:
    script, relay = start(tls="implicit", ssl_context=server_context())
    assert transports(relay, context=client_context()).send(a_mail(), Phase()).outcome == "sent"
    assert len(script.taken) == 1


def test_the_systems_certificates_are_the_ones_trusted(
    start: Start, transports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    _, relay = start(tls="starttls", tls_context=server_context(), require_starttls=True)
    assert transports(relay).send(a_mail(), Phase()).outcome == "sent"


def test_without_starttls_nothing_is_sent_in_clear(start: Start, transports: Any) -> None:
    script, relay = start(tls="starttls")
    answer = transports(relay).send(a_mail(), Phase())
    assert answer.outcome == "retry"
    assert "STARTTLS extension not supported" in answer.text
    assert script.seen == []


@pytest.mark.parametrize(
    ("tls", "option"), [("starttls", "tls_context"), ("implicit", "ssl_context")], ids=["starttls", "smtps"]
)
def test_a_certificate_nobody_trusts_stops_the_mail(
    start: Start, transports: Any, monkeypatch: pytest.MonkeyPatch, tls: str, option: str
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    script, relay = start(tls=tls, **{option: server_context()})
    answer = transports(relay).send(a_mail(), Phase())
    assert answer.outcome == "retry"
    assert "certificate verify failed" in answer.text
    assert script.seen == []


def test_a_certificate_for_another_host_stops_the_mail(start: Start, transports: Any) -> None:
    script, relay = start(tls="starttls", tls_context=server_context())
    context = client_context()
    other = Relay("127.0.0.1", relay.port, "starttls")  # the certificate is for localhost
    answer = transports(other, context=context).send(a_mail(), Phase())
    assert answer.outcome == "retry"
    assert "certificate is not valid for '127.0.0.1'" in answer.text
    assert script.seen == []


def sign_in_server(start: Start) -> tuple[Script, Relay]:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data == LoginPassword(b"vfm", b"p@ss:word"), handled=False)

    return start(
        tls="starttls",
        tls_context=server_context(),
        require_starttls=True,
        authenticator=check,
        auth_required=True,
    )


def test_the_transport_signs_in_where_it_has_a_user(start: Start, transports: Any) -> None:
    script, relay = sign_in_server(start)
    signed = Relay(relay.host, relay.port, relay.tls, "vfm", "p@ss:word")
    assert transports(signed, context=client_context()).send(a_mail(), Phase()).outcome == "sent"
    assert len(script.taken) == 1


def test_a_wrong_password_keeps_the_mail_for_later_and_shows_no_password(
    start: Start, transports: Any
) -> None:
    _, relay = sign_in_server(start)
    transport = transports(
        Relay(relay.host, relay.port, relay.tls, "vfm", "hunter2"), context=client_context()
    )
    answer = transport.send(a_mail(), Phase())
    assert (answer.outcome, answer.code) == ("retry", 535)
    assert "hunter2" not in answer.text + transport.describe() + repr(transport._relay)
    assert transport.describe().startswith(
        f"the SMTP relay localhost:{relay.port}, encrypted with STARTTLS, as vfm"
    )


def test_a_closed_transport_can_be_used_again_and_closed_twice(start: Start, transports: Any) -> None:
    script, relay = start()
    transport = transports(relay)
    transport.send(a_mail(1), Phase())
    transport.close()
    transport.close()
    assert transport.send(a_mail(2), Phase()).outcome == "sent"
    assert script.connections == 2


def test_the_server_of_these_tests_is_a_real_one(start: Start) -> None:
    script, relay = start()
    with smtplib.SMTP("127.0.0.1", relay.port) as other:
        other.sendmail("a@x.example", ["b@x.example"], b"Subject: Hello\r\n\r\nHello\r\n")
    assert script.taken == [b"Subject: Hello\r\n\r\nHello\r\n"]


def test_mail_leaves_from_a_thread_beside_the_web_server(start: Start, transports: Any) -> None:
    script, relay = start()
    answers: list[Answer] = []

    def deliver() -> None:
        transport = SmtpTransport(relay, QUICK)
        answers.append(transport.send(a_mail(), Phase()))
        transport.close()

    thread = threading.Thread(target=deliver)
    thread.start()
    thread.join()
    assert [answer.outcome for answer in answers] == ["sent"]
    assert len(script.taken) == 1
