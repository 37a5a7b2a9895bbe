"""Headers of every answer."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECRET_PATH = re.compile(r"^/(d|c|i|u|calendar|dispute|sign-in)/[^/?]+")
BASE_POLICY = "default-src 'none'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"


class Headers:
    """Adds what every answer carries. A page may say its own policy; nothing may leave one out."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self.secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), path)
            await send(message)

        await self.app(scope, receive, with_headers)

    def _add(self, headers: MutableHeaders, path: str) -> None:
        headers.setdefault("Content-Security-Policy", BASE_POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        # A token must not leave in Referer; a form needs its Origin, which `no-referrer` would make null.
        headers.setdefault("Referrer-Policy", "no-referrer" if SECRET_PATH.match(path) else "same-origin")
        if self.secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if path.startswith("/static/"):
            headers.setdefault("Cache-Control", "public, max-age=86400")
        else:
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("X-Robots-Tag", "noindex, nofollow")
