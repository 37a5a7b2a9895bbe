"""A token service on this machine: real HTTP, the client-credentials grant, and failures as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from vfm_workflow.mail.oauth import TokenSource

CLIENT, SECRET, SCOPE = "vfm-client", "canary-of-a-client-secret", "https://outlook.office365.com/.default"


@dataclass
class TokenService:
    """What the service does, and what it was asked."""

    port: int = 0
    secret: str = SECRET
    life: object = 3600
    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    slow: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tenant/oauth2/v2.0/token"

    def source(self, *, secret: str = SECRET, **options: Any) -> TokenSource:
        """Return what asks this service."""
        return TokenSource(self.url, CLIENT, secret, SCOPE, **options)

    def answer(self, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append(form)
        if self.body is not None or self.status != 200:
            return self.status, self.body or b"{}"
        if form.get("client_id") != CLIENT or form.get("client_secret") != self.secret:
            wrong = {"error": "invalid_client", "error_description": f"{form}", "error_codes": [7000215]}
            return 401, json.dumps(wrong).encode()
        if (form.get("grant_type"), form.get("scope")) != ("client_credentials", SCOPE):
            return 400, b'{"error": "invalid_scope"}'
        self.given.append(f"canary-of-a-token-{len(self.given) + 1}")
        token = {"token_type": "Bearer", "expires_in": self.life, "access_token": self.given[-1]}
        return 200, json.dumps(token).encode()


@contextmanager
def token_service() -> Iterator[TokenService]:
    """Run a token service in a thread; yield it."""
    service = TokenService()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service))
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(service: TokenService) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            status, body = service.answer(form)
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **service.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if service.slow:
                service.released.wait()
            else:
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
