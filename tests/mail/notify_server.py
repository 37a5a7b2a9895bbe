"""GOV.UK Notify on this machine: a real HTTP server that speaks its API as it is documented, and fails as it is told.

Tokens are checked as Notify does: signed with the secret half of the key, issued by the service within 30 seconds.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from vfm_workflow.mail.notify import Service

SERVICE = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = f"vfm-live-{SERVICE}-{SECRET}"
OTHER_KEY = f"vfm-live-{SERVICE}-00000000-0000-4000-8000-000000000000"
TEMPLATE = "9d751e0e-f929-4891-82a1-a3e1c3c18ee3"
CALLBACK_TOKEN = "the token that Notify proves itself with"

Answered = tuple[int, dict[str, Any]]


@dataclass
class Notify:
    """What Notify does, has, and was asked."""

    port: int = 0
    refuse: Answered | None = None
    """Said to each request to send, which is not taken."""
    raw: tuple[int, bytes] | None = None
    """Said in place of any answer: a gateway's page, or nonsense."""
    take_and: str = ""
    """What happens once a message is taken: `hang up`, `hold` the answer, or `502` from a gateway in front."""
    skew_seconds: float = 0.0
    trial: bool = False
    template: dict[str, Any] = field(
        default_factory=lambda: {"type": "email", "subject": "((subject))", "body": "((body))"}
    )
    taken: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    created_at: dt.datetime | None = None
    """When messages are noted as made; now, where it is None."""
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def service(self, *, key: str = KEY, template: str = TEMPLATE, seconds: float = 5.0) -> Service:
        """Return what talks to this server."""
        return Service(key, template, self.url, seconds)

    def become(self, status: str) -> None:
        """Let every message it has come to a status."""
        for each in self.taken:
            each["status"] = status

    # -------------------------------------------------------------- the API

    def answer(self, method: str, path: str, query: dict[str, str], token: str, body: bytes) -> Answered:
        self.requests.append(f"{method} {path}")
        if refused := self._unauthorised(token):
            return refused
        if (method, path) == ("POST", "/v2/notifications/email"):
            return self.refuse or self._send(json.loads(body))
        if (method, path) == ("GET", "/v2/notifications"):
            return self._list(query)
        if method == "GET" and (found := re.fullmatch(r"/v2/template/([0-9a-f-]+)", path)):
            if found[1] != TEMPLATE:
                return error(404, "NoResultFound", "No result found")
            return 200, {"id": TEMPLATE, "name": "vfm", "version": 1, **self.template}
        return error(404, "NotFound", "The requested URL was not found on the server.")

    def _unauthorised(self, token: str) -> Answered | None:
        head, _, rest = token.partition(".")
        claims, _, signature = rest.partition(".")
        signed = hmac.new(SECRET.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
        if json.loads(_decoded(head)) != {"typ": "JWT", "alg": "HS256"} or signed != _decoded(signature):
            return error(403, "AuthError", "Invalid token: API key not found")
        said = json.loads(_decoded(claims))
        if said["iss"] != SERVICE:
            return error(403, "AuthError", "Invalid token: service not found")
        if abs(time.time() + self.skew_seconds - said["iat"]) > 30:
            return error(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")
        return None

    def _send(self, asked: dict[str, Any]) -> Answered:
        unknown = set(asked) - {
            "email_address",
            "template_id",
            "personalisation",
            "reference",
            "email_reply_to_id",
            "one_click_unsubscribe_url",
            "sanitise_content_for",
        }
        if unknown:
            return error(400, "ValidationError", f"Additional properties are not allowed ({unknown})")
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", asked["email_address"]):
            return error(400, "ValidationError", "email_address Not a valid email address")
        if asked["template_id"] != TEMPLATE:
            return error(400, "BadRequestError", "Template not found")
        wanted = {
            m for part in ("subject", "body") for m in re.findall(r"\(\((\w+)\)\)", self.template[part])
        }
        if lacking := wanted - set(asked["personalisation"]):
            return error(400, "BadRequestError", f"Missing personalisation: {', '.join(sorted(lacking))}")
        if self.trial:
            return error(400, "BadRequestError", "Can’t send to this recipient when service is in trial mode")
        row = {
            "id": str(uuid.uuid4()),
            "reference": asked.get("reference"),
            "email_address": asked["email_address"],
            "type": "email",
            "status": "created",
            "created_at": (self.created_at or dt.datetime.now(dt.UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "asked": asked,
        }
        self.taken.insert(0, row)
        return 201, {
            "id": row["id"],
            "reference": row["reference"],
            "content": {"subject": "…", "body": "…", "from_email": "vfm@notifications.service.gov.uk"},
            "uri": f"{self.url}/v2/notifications/{row['id']}",
            "template": {"id": TEMPLATE, "version": 1, "uri": f"{self.url}/v2/template/{TEMPLATE}"},
        }

    def _list(self, query: dict[str, str]) -> Answered:
        if query.get("template_type") not in (None, "email", "sms", "letter"):
            return error(400, "ValidationError", "template_type is not one of [sms, email, letter]")
        rows = [
            {name: value for name, value in row.items() if name != "asked"}
            for row in self.taken
            if query.get("reference") in (None, row["reference"])
        ]
        return 200, {"notifications": rows[:250], "links": {"current": self.url}}


def error(status: int, kind: str, message: str) -> Answered:
    """Return a refusal as Notify writes one."""
    return status, {"status_code": status, "errors": [{"error": kind, "message": message}]}


@contextmanager
def notify_server() -> Iterator[Notify]:
    """Run a Notify in a thread; yield it."""
    notify = Notify()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"notify": notify}))
    notify.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield notify
    finally:
        notify.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    notify: Notify

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        notify = self.notify
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        before = len(notify.taken)
        status, said = notify.answer(self.command, parts.path, query, token, body)
        then = notify.take_and if len(notify.taken) > before else ""
        if then == "hang up":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if then == "hold":
            notify.released.wait()
        if then == "502":
            self._say(502, b"<html>Bad gateway</html>")
        elif notify.raw is not None:
            self._say(*notify.raw)
        else:
            self._say(status, json.dumps(said).encode())

    def _say(self, status: int, data: bytes) -> None:
        try:
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{self.notify.url}/elsewhere")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # whoever asked has given up

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
