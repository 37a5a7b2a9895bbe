"""Secrets stay where they were put: no error brings one into what the program says, or into its database."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult

from tests.people import Council
from tests.web.providers import CLIENT, Provider, misbehaving_provider, there
from vfm_workflow.journeys import signin

ROOT = Path(__file__).resolve().parents[2]
KEY, PASSWORD, CLIENT_SECRET, DATABASE_PASSWORD = (
    f"canary{n}canary{n}canary{n}canary{n}canary" for n in range(4)
)
TOKEN, COOKIE = "canary-of-a-link-0123456789abcdefghijklmnop", "canary-of-a-session-0123456789abcdefghijklm"
CODE = "canary-of-a-code"
CANARIES = [KEY, PASSWORD, CLIENT_SECRET, DATABASE_PASSWORD, TOKEN, COOKIE, CODE]


def traces(*more: str) -> list[bytes]:
    """Return what a secret looks like where it leaked: itself, and as sign-in protocols write it."""
    pairs = [f"\0vfm\0{PASSWORD}", f"{CLIENT}:{CLIENT_SECRET}", PASSWORD]
    encoded = [base64.b64encode(pair.encode()).rstrip(b"=") for pair in pairs]
    return [*(canary.encode() for canary in (*CANARIES, *more)), *encoded]


@pytest.fixture
def relay() -> Iterator[int]:
    """A relay that takes nobody's password; the port it listens on."""
    controller = Controller(
        Sink(),
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=lambda *_: AuthResult(success=False, handled=False),
        auth_require_tls=False,
    )
    controller.start()
    yield controller.port
    controller.stop()


@pytest.fixture
def service() -> Iterator[Provider]:
    """A sign-in service that knows another secret than ours."""
    with misbehaving_provider() as provider:
        yield provider


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def start(environment: dict[str, str], into: Path, *args: str) -> subprocess.Popen[bytes]:
    """Start a command of this very code; what it says goes `into` a file."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VFM_")}
    command = [sys.executable, "-c", "from vfm_workflow.cli import main; main()", *args]
    with into.open("wb") as out:
        return subprocess.Popen(
            command,
            env={**kept, "PYTHONPATH": str(ROOT), **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def run(environment: dict[str, str], into: Path, *args: str) -> tuple[int, bytes]:
    """Run a command to its end; return its exit code and what it said."""
    code = start(environment, into, *args).wait(timeout=90)
    return code, into.read_bytes()


def ask(
    port: int, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, str, str]:
    """Return status, location and cookies of an answer; 0 where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("location", "") or "", answer.getheader("set-cookie", "") or ""
    except OSError:
        return 0, "", ""
    finally:
        connection.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.2)


@pytest.mark.fault
def test_no_error_of_a_running_server_says_or_keeps_a_secret(
    council: Council, relay: int, service: Provider, tmp_path: Path
) -> None:
    with council.app.write() as session:
        signin.ask(session, council.home, "chief@wrenfold.example", council.at)
    key, database, port = tmp_path / "key", council.app.loaded.data / "vfm.sqlite3", free_port()
    key.write_text(KEY)
    log = tmp_path / "log"
    environment = {
        "VFM_DATA": str(council.app.loaded.data),
        "VFM_BASE_URL": f"http://127.0.0.1:{port}",
        "VFM_SECRET_KEY_FILE": str(key),
        "VFM_MAIL_URL": f"smtp://vfm:{PASSWORD}@127.0.0.1:{relay}?tls=none",
        "VFM_SIGN_IN": "oidc",
        "VFM_OIDC_ISSUER": service.issuer,
        "VFM_OIDC_CLIENT_ID": CLIENT,
        "VFM_OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }
    process = start(environment, log, "serve", "--port", str(port))
    try:
        until(lambda: ask(port, "/sign-in")[0] == 200)
        until(lambda: any(mail.attempts for mail in council.mails()))  # the relay has refused the password

        # The service refuses our own secret, then is asked with a code of ours, then is down.
        _, away, cookie = ask(port, "/sign-in/begin")
        back = there(away).partition(f"127.0.0.1:{port}")[2]
        kept = {"cookie": cookie.partition(";")[0]}
        assert ask(port, back, kept)[0] == 403
        assert ask(port, f"/sign-in/callback?code={CODE}&state={TOKEN}", kept)[0] == 403

        signed_in = {"cookie": f"vfm_session={COOKIE}"}
        assert ask(port, f"/sign-in/{TOKEN}")[0] == 410
        with closing(sqlite3.connect(database)) as broken:
            broken.executescript("PRAGMA foreign_keys = off; DROP TABLE web_session; DROP TABLE link;")
        for path in (f"/sign-in/{TOKEN}", f"/d/{TOKEN}", f"/dispute/{TOKEN}"):
            assert ask(port, path, signed_in)[0] == 500
        assert ask(port, "/tasks", signed_in)[0] == 500
    finally:
        process.terminate()
        process.wait(timeout=60)
    said = log.read_bytes()
    assert b"a sign-in was refused" in said
    assert b"a page failed" in said
    assert b"no such table" in said
    states = [code for code in service.redeemed if code.get("code")]
    assert states, "the service was asked"
    verifier, code = states[0]["code_verifier"], states[0]["code"]
    assert code
    kept_bytes = b"".join(file.read_bytes() for file in council.app.loaded.data.glob("vfm.sqlite3*"))
    for trace in traces(verifier):
        assert trace not in said
        assert trace not in kept_bytes


@pytest.mark.fault
@pytest.mark.parametrize("by", ["variable", "file"])
def test_a_database_that_does_not_answer_is_said_without_its_password(tmp_path: Path, by: str) -> None:
    url = f"postgresql+psycopg://vfm:{DATABASE_PASSWORD}@127.0.0.1:{free_port()}/vfm"
    environment = {"VFM_DATABASE_URL": url}
    if by == "file":
        file = tmp_path / "url"
        file.write_text(url)
        environment = {"VFM_DATABASE_URL_FILE": str(file)}
    settings = {"VFM_DATA": str(tmp_path), **environment}
    code, said = run(settings, tmp_path / "log", "serve", "--port", str(free_port()))
    assert code == 1
    assert b"refused" in said.lower()
    for trace in traces():
        assert trace not in said


def test_a_secret_that_cannot_be_used_is_not_quoted(tmp_path: Path) -> None:
    for name, value in (
        ("VFM_DATABASE_URL", f"nosuch://vfm:{DATABASE_PASSWORD}@db/vfm"),
        ("VFM_DATABASE_URL", f"{DATABASE_PASSWORD}"),
        ("VFM_MAIL_URL", f"smtp://vfm:{PASSWORD}/x@relay.example"),
        ("VFM_MAIL_URL", f"nosuch://vfm:{PASSWORD}@relay.example"),
        ("VFM_SECRET_KEY", KEY[:20]),
    ):
        settings = {"VFM_DATA": str(tmp_path), name: value}
        said = (
            run(settings, tmp_path / "log", "check")[1]
            + run(settings, tmp_path / "log", "project", "list")[1]
        )
        for trace in (*traces(), value.encode()):
            assert trace not in said, name
