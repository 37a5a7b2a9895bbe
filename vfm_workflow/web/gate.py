"""What is turned away before anything reads it: requests for another host, and headers without end."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from vfm_workflow.settings import is_loopback

MOST_HEADERS, MOST_HEADER_BYTES, MOST_ADDRESS_BYTES = 100, 32 * 1024, 8 * 1024
_HOST = re.compile(r"^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(:[0-9]{1,5})?$")


class Gate:
    """Answers 400 to a request for a host that is not ours, and 431 or 414 to headers or an address too long.

    Ours are the host of the council's address, and the names of this machine: a proxy in front often asks by those. Another
    one means that somebody led a browser here by a name of their own, or wants that name in a link or a cache.
    """

    def __init__(self, app: ASGIApp, *, base_url: str) -> None:
        self.app = app
        self.host = (urlsplit(base_url).hostname or "").lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := self._refusal(scope)) is not None:
            status, said = refusal
            body = said.encode()
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", b"%d" % len(body)),
            ]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = scope["headers"]
        if len(headers) > MOST_HEADERS or sum(len(n) + len(v) for n, v in headers) > MOST_HEADER_BYTES:
            return 431, "The headers of this request are too long."
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_ADDRESS_BYTES:
            return 414, "The address of this request is too long."
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self._is_ours(hosts[0].decode("latin-1").lower()):
            return 400, "There is no such host here."
        return None

    def _is_ours(self, said: str) -> bool:
        found = _HOST.match(said)
        if found is None:
            return False
        host = found[1].strip("[]")
        return host == self.host or is_loopback(host)
