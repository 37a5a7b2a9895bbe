"""Sign-in services for tests: a real one in a process of its own, and one that misbehaves as it is told."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import JWSRegistry

from tests.people import Council
from tests.web.support import Browser
from vfm_workflow.settings import Loaded

CLIENT, SECRET = "vfm", "the client's own secret"


def with_accounts(council: Council, issuer: str) -> Council:
    """Let the council sign in with accounts of `issuer`, at the moment it really is: services know no other."""
    loaded = council.app.loaded
    said = {
        "sign_in": "oidc",
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
    }
    council.app.loaded = Loaded(loaded.settings.model_copy(update=said), loaded.folders)
    council.at = dt.datetime.now(dt.UTC)
    return council


@contextmanager
def real_provider() -> Iterator[str]:
    """Run oidc-provider-mock in a process of its own; yield its issuer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "oidc_provider_mock",
        "--port",
        str(port),
        "--require-nonce",
    ]
    issuer = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _until_it_answers(process, issuer)
            yield issuer
        finally:
            process.terminate()


def _until_it_answers(process: subprocess.Popen[bytes], issuer: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{issuer}/.well-known/openid-configuration")
            return
        except httpx.TransportError:
            assert process.poll() is None, "the provider ended"
            assert time.monotonic() < end, "the provider does not answer"
            time.sleep(0.1)


def at_the_mock(address: str, subject: str, **claims: object) -> str:
    """Log in as `subject` at the real provider that `address` leads to; return the path it sends the browser back to."""
    parts = urlsplit(address)
    issuer = f"{parts.scheme}://{parts.netloc}"
    httpx.put(f"{issuer}/users/{subject}", json=claims).raise_for_status()
    answer = httpx.post(address, data={"sub": subject})
    return answer.headers["location"].removeprefix("http://127.0.0.1:8000")


class Provider:
    """A sign-in service that does everything right until one of its attributes is changed."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.said_issuer = issuer
        self.key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.published = [self.key]
        self.algorithm = "RS256"
        self.claims: dict[str, Any] = {}
        """What the next tokens say instead, or not at all where it is None."""
        self.metadata: dict[str, Any] = {}
        self.down = False
        self.tampered = False
        self.asked_for_keys = 0
        self.asked: dict[str, dict[str, str]] = {}
        self.redeemed: list[dict[str, str]] = []

    def authorize(self, query: dict[str, str]) -> str:
        code = f"code-{len(self.asked)}"
        self.asked[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        self.redeemed.append(form)
        asked = self.asked.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge.decode().rstrip("=")
            or asked["redirect_uri"] != form["redirect_uri"]
            or authorization != f"Basic {basic}"
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.id_token(asked)}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "sub": "manager-at-the-service",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "email": "manager@wrenfold.example",
            **self.claims,
        }
        said = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm == "none":
            parts = ({"alg": "none"}, said)
            return ".".join(_encoded(json.dumps(part).encode()) for part in parts) + "."
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm == "HS256":
            # The mistake of old: the public key, which everybody has, taken as the secret of an HMAC.
            text = ".".join(_encoded(json.dumps(part).encode()) for part in (header, said))
            return f"{text}.{_encoded(hmac.digest(self.key.as_pem(private=False), text.encode(), 'sha256'))}"
        token = jwt.encode(header, said, self.key, registry=JWSRegistry(algorithms=[self.algorithm]))
        if self.tampered:
            head, _, signature = token.split(".")
            said["sub"] = "somebody-else"
            return f"{head}.{_encoded(json.dumps(said).encode())}.{signature}"
        return token

    def describe(self) -> dict[str, Any]:
        return {
            "issuer": self.said_issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            **self.metadata,
        }

    def keys(self) -> dict[str, Any]:
        self.asked_for_keys += 1
        return dict(KeySet(list(self.published)).as_dict(private=False))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@contextmanager
def misbehaving_provider() -> Iterator[Provider]:
    """Serve a Provider on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, urlsplit(self.path).query
            if provider.down:
                self._answer(503, {})
            elif path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(_single(query)))
                self.end_headers()
            else:
                self._answer(200, provider.keys() if path == "/keys" else provider.describe())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*provider.token(_single(body), self.headers.get("Authorization", "")))

        def _answer(self, status: int, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def away(browser: Browser, next: str = "/projects", *, confirm: bool = False) -> str:
    """Begin to sign in; return the address of the service that the browser is sent to."""
    query = urlencode({"next": next, **({"confirm": "1"} if confirm else {})})
    answer = browser.get(f"/sign-in/begin?{query}")
    assert answer.status_code == 303, browser.text
    return answer.headers["location"]


def there(address: str) -> str:
    """Let the misbehaving service send the browser back; return the path it comes back to."""
    return httpx.get(address).headers["location"].removeprefix("http://127.0.0.1:8000")
