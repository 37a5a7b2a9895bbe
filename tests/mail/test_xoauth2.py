"""A relay that takes tokens in place of a password: a real SMTP server over TLS, and a real token service."""

from __future__ import annotations

import base64
import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from tests.mail.test_smtp import QUICK, Phase, Post, Script, a_mail, client_context, server_context
from tests.mail.token_service import CLIENT, SCOPE, SECRET, TokenService, token_service
from vfm_workflow.errors import ConfigError
from vfm_workflow.mail.oauth import MARGIN, TokenSource
from vfm_workflow.mail.smtp import SmtpTransport
from vfm_workflow.mail.transports import Answer, Relay, from_url, relay_of
from vfm_workflow.settings import Settings, load

MAILBOX = "vfm@council.gov.uk"
URL = "smtp://vfm%40council.gov.uk@smtp.office365.com:587?tls=starttls&auth=xoauth2"


@dataclass
class Exchange(Script):
    """A server that takes the newest token of a service, and refuses others as Exchange Online does."""

    service: TokenService | None = None
    taken_back: set[str] = field(default_factory=set)
    """Tokens that the council's administrator ended before their time."""
    challenges: bool = True
    echoes: bool = False
    sign_ins: list[str] = field(default_factory=list)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:  # noqa: N802
        user, bearer = base64.b64decode(args[1]).decode().split("\x01")[:2]
        token = bearer.removeprefix("auth=Bearer ")
        self.sign_ins.append(token)
        assert self.service is not None
        good = token in self.service.given and token not in self.taken_back
        if good and user == f"user={MAILBOX}":
            return AuthResult(success=True)
        if self.challenges:
            await server.challenge_auth(
                '{"status":"400","schemes":"Bearer","scope":"https://outlook.office.com/"}'
            )
        said = f" {token} {args[1]}" if self.echoes else ""
        await server.push(f"535 5.7.3 Authentication unsuccessful{said}")
        return AuthResult(success=False, handled=True)


@pytest.fixture
def service() -> Iterator[TokenService]:
    with token_service() as found:
        yield found


@pytest.fixture
def exchange(service: TokenService) -> Iterator[tuple[Exchange, Relay]]:
    script = Exchange(service=service)
    options: dict[str, Any] = {
        "tls_context": server_context(),
        "require_starttls": True,
        "auth_required": True,
    }
    post = Post(script, auth_exclude_mechanism=["LOGIN", "PLAIN"], **options)
    post.start()
    script.connections = 0
    yield script, Relay("localhost", post.port, "starttls", MAILBOX, xoauth2=True)
    post.loop.call_soon_threadsafe(script.released.set)
    post.stop()


Make = Callable[..., SmtpTransport]


@pytest.fixture
def transport(exchange: tuple[Exchange, Relay]) -> Iterator[Make]:
    made: list[SmtpTransport] = []

    def make(tokens: TokenSource, **options: Any) -> SmtpTransport:
        made.append(SmtpTransport(exchange[1], QUICK, tokens=tokens, context=client_context(), **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def send(transport: SmtpTransport, number: int = 7) -> Answer:
    return transport.send(a_mail(number), Phase())


def test_a_mail_leaves_with_a_token_that_the_service_gave_for_it(
    exchange: tuple[Exchange, Relay], service: TokenService, transport: Make
) -> None:
    script, _ = exchange
    assert send(transport(service.source())).outcome == "sent"
    assert script.taken == [a_mail().data]
    (asked,) = service.asked
    assert asked == {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": SECRET,
        "scope": SCOPE,
    }


def test_one_token_serves_many_connections(
    exchange: tuple[Exchange, Relay], service: TokenService, transport: Make
) -> None:
    sending = transport(service.source())
    for number in (1, 2):
        assert send(sending, number).outcome == "sent"
        sending.close()
    assert (exchange[0].connections, len(service.asked)) == (2, 1)


@pytest.mark.parametrize(
    ("life", "used_for"), [(3600, 3600 - MARGIN), ("3600", 3600 - MARGIN), (60, 54), (None, 3600 - MARGIN)]
)
def test_a_token_is_renewed_shortly_before_its_end(
    exchange: tuple[Exchange, Relay], service: TokenService, transport: Make, life: object, used_for: float
) -> None:
    clock = [1000.0]
    service.life = life
    sending = transport(service.source(now=lambda: clock[0]), now=lambda: clock[0])
    for moment, tokens in ((1000.0, 1), (999.9 + used_for, 1), (1000.0 + used_for, 2)):
        clock[0] = moment
        sending.close()
        assert send(sending).outcome == "sent"
        assert len(service.asked) == tokens


@pytest.mark.parametrize("challenges", [True, False], ids=["with its 334", "at once"])
def test_a_token_that_is_refused_before_its_end_is_thrown_away_and_fetched_anew(
    exchange: tuple[Exchange, Relay], service: TokenService, transport: Make, challenges: bool
) -> None:
    script, _ = exchange
    script.challenges = challenges
    sending = transport(service.source())
    send(sending, 1)
    sending.close()
    script.taken_back = set(service.given)
    assert send(sending, 2).outcome == "sent"
    assert script.sign_ins == ["canary-of-a-token-1", "canary-of-a-token-1", "canary-of-a-token-2"]
    assert len(script.taken) == 2


def test_a_mailbox_that_is_not_ours_keeps_the_mail_and_asks_for_two_tokens_and_no_more(
    exchange: tuple[Exchange, Relay], service: TokenService, transport: Make
) -> None:
    script, _ = exchange
    script.taken_back = {f"canary-of-a-token-{number}" for number in range(9)}
    answer = send(transport(service.source()))
    assert (answer.outcome, answer.code) == ("retry", 535)
    assert "5.7.3 Authentication unsuccessful" in answer.text
    assert (len(script.sign_ins), len(service.asked)) == (2, 2)


def test_a_relay_that_repeats_what_it_was_sent_gets_no_token_into_the_log(
    exchange: tuple[Exchange, Relay], service: TokenService, transport: Make, caplog: pytest.LogCaptureFixture
) -> None:
    script, _ = exchange
    script.echoes, script.taken_back = True, {f"canary-of-a-token-{number}" for number in range(9)}
    sending = transport(service.source())
    with caplog.at_level(logging.DEBUG, "vfm_workflow"), caplog.at_level(logging.DEBUG, "httpx"):
        answer = send(sending)
    ours = "".join(each.getMessage() for each in caplog.records if not each.name.startswith("mail."))
    shown = f"{answer!r} {sending.describe()} {sending._tokens!r} {sending._relay!r} {ours}"
    assert "Authentication unsuccessful … …" in answer.text
    for token in script.sign_ins:
        assert token not in shown
        assert (
            base64.b64encode(f"user={MAILBOX}\x01auth=Bearer {token}\x01\x01".encode()).decode() not in shown
        )
    assert SECRET not in shown


def test_a_wrong_secret_keeps_the_mail_and_says_so_without_it(
    exchange: tuple[Exchange, Relay], service: TokenService, transport: Make
) -> None:
    answer = send(transport(service.source(secret="canary-of-another-secret")))
    assert (answer.outcome, answer.code) == ("retry", None)
    assert "the token service answers 401: invalid_client, AADSTS7000215" in answer.text
    assert "canary" not in answer.text
    assert exchange[0].sign_ins == []


def test_a_token_service_that_is_down_keeps_the_mail(
    exchange: tuple[Exchange, Relay], service: TokenService, transport: Make
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/token"
    sending = transport(TokenSource(url, CLIENT, SECRET, SCOPE))
    answer = send(sending)
    assert (answer.outcome, answer.code) == ("retry", None)
    assert "the token service does not answer (ConnectError)" in answer.text
    sending._tokens = service.source()
    assert send(sending).outcome == "sent"


def test_a_token_service_that_is_slow_keeps_the_mail(service: TokenService, transport: Make) -> None:
    service.slow = True
    answer = send(transport(service.source(seconds=0.05)))
    assert (answer.outcome, answer.code) == ("retry", None)
    assert "the token service does not answer" in answer.text


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b"oops", "the token service answers 500"),
        (503, b'{"error": "temporarily_unavailable"}', "503: temporarily_unavailable"),
        (400, b'{"error": "<b>canary</b>", "error_codes": ["canary"]}', "the token service answers 400"),
        (200, b"<html>canary</html>", "no token that can be used"),
        (200, b"[]", "no token that can be used"),
        (200, b'{"access_token": "two\\nlines", "token_type": "Bearer"}', "no token that can be used"),
        (200, b'{"access_token": 7}', "no token that can be used"),
        (200, b'{"access_token": "canary", "token_type": "mac"}', "another kind than Bearer"),
        (200, b'"' + b"canary" * 20000 + b'"', "too long"),
    ],
)
def test_an_answer_that_is_no_token_keeps_the_mail(
    service: TokenService, transport: Make, status: int, body: bytes, said: str
) -> None:
    service.status, service.body = status, body
    answer = send(transport(service.source()))
    assert (answer.outcome, answer.code) == ("retry", None)
    assert said in answer.text
    assert "canary" not in answer.text


def test_the_secret_does_not_follow_to_another_address(service: TokenService, transport: Make) -> None:
    service.status, service.headers = 307, {"Location": "http://127.0.0.1:1/elsewhere"}
    assert "the token service answers 307" in send(transport(service.source())).text
    assert len(service.asked) == 1


def test_a_relay_that_does_not_know_tokens_is_said_so(service: TokenService) -> None:
    post = Post(Script(), tls_context=server_context(), require_starttls=True)
    post.start()
    relay = Relay("localhost", post.port, "starttls", MAILBOX, xoauth2=True)
    sending = SmtpTransport(relay, QUICK, tokens=service.source(), context=client_context())
    answer = send(sending)
    sending.close()
    post.stop()
    assert answer.outcome == "retry"
    assert "does not take tokens (XOAUTH2)" in answer.text
    assert service.asked == []


def test_the_address_says_that_tokens_are_used(tmp_path: Path) -> None:
    assert relay_of(URL) == Relay("smtp.office365.com", 587, "starttls", MAILBOX, None, xoauth2=True)
    settings = Settings(smtp_token_url="https://x.example/t", smtp_client_id="i", smtp_client_secret="s")
    transport = from_url(URL, tmp_path, settings)
    assert transport.describe().endswith(f"smtp.office365.com:587, encrypted with STARTTLS, as {MAILBOX}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("smtp://mail.example?auth=xoauth2", "needs the mailbox"),
        ("smtp://vfm:hunter2@mail.example?auth=xoauth2", "takes no password"),
        ("smtp://vfm@mail.example?auth=plain", "auth=plain is not known"),
        ("smtp://vfm@mail.example?auth=xoauth2&auth=xoauth2", "is not known"),
    ],
)
def test_a_bad_address_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        relay_of(url)
    (problem,) = refused.value.problems
    assert problem.file == "VFM_MAIL_URL"
    assert said in problem.what
    assert "hunter2" not in str(refused.value)


def test_each_setting_that_tokens_need_is_named_where_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        from_url(URL, tmp_path)
    named = [problem.file for problem in refused.value.problems]
    assert named == ["VFM_SMTP_TOKEN_URL", "VFM_SMTP_CLIENT_ID", "VFM_SMTP_CLIENT_SECRET"]


def test_the_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of a file\n")
    loaded = load({"VFM_SMTP_CLIENT_SECRET_FILE": str(tmp_path / "secret")})
    assert loaded.settings.smtp_client_secret == "of a file"
    assert "of a file" not in repr(loaded)


@pytest.mark.parametrize(
    "url", ["http://sign-in.example/token", "ftp://x.example", "token", "https://a:b@x.example/t"]
)
def test_the_secret_goes_to_no_address_that_can_be_overheard(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load({"VFM_SMTP_TOKEN_URL": url})
    assert refused.value.problems[0].file == "VFM_SMTP_TOKEN_URL"
