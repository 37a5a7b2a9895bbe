"""Tokens in place of a password for an SMTP relay: the client-credentials grant of OAuth 2 (RFC 6749 §4.4).

A token is fetched when it is needed, used again until shortly before its end, and thrown away where the relay refuses it.
Whatever is wrong here is the relay's trouble and not the mail's: mails wait.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SECONDS = 20.0
"""The longest that the token service may take over an answer, from the first byte to the last."""
MOST_BYTES = 64 * 1024
USUAL_LIFE = 3600.0
"""Seconds a token lives where its service does not say."""
MARGIN = 300.0
"""Seconds before its end in which a token is no longer used; a tenth of its life where that is less."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_WORD = re.compile(r"[a-z_]{1,60}")


class TokenUnavailable(Exception):
    """There is no token to be had: its message says why, without any secret."""


@dataclass
class TokenSource:
    """The token service of one relay, and what this program is called there. For one thread at a time."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    seconds: float = SECONDS
    now: Callable[[], float] = time.monotonic
    """A clock that only goes forward."""
    _token: str = field(default="", init=False, repr=False)
    _until: float = field(default=0.0, init=False, repr=False)

    async def token(self) -> str:
        """Return a token, fetched where none is at hand. Raises TokenUnavailable."""
        if not self._token or self.now() >= self._until:
            self.forget()
            asked = self.now()
            found = await self._fetch()
            life = _life(found.get("expires_in"))
            self._token = _read(found)
            self._until = asked + life - min(MARGIN, life / 10)
        return self._token

    def forget(self) -> None:
        """Throw the token away: the next one is fetched anew."""
        self._token = ""

    def hide(self, text: str, user: str) -> str:
        """Return a server's words without the secret or the token, should it repeat what it was sent."""
        sign_in = base64.b64encode(f"user={user}\x01auth=Bearer {self._token}\x01\x01".encode()).decode()
        for secret in (sign_in, self._token, self.client_secret):
            if secret:
                text = text.replace(secret, "…")
        return text

    async def _fetch(self) -> dict[str, Any]:
        """Return what the service answers. Raises TokenUnavailable."""
        import httpx

        asked = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": self.scope,
        }
        try:
            async with (
                asyncio.timeout(self.seconds),
                httpx.AsyncClient(timeout=self.seconds, follow_redirects=False) as client,
                client.stream("POST", self.url, data=asked, headers={"Accept": "application/json"}) as answer,
            ):
                body = b""
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise TokenUnavailable("the token service's answer is too long")
        except TimeoutError:
            raise TokenUnavailable("the token service does not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not chained: such an error carries the request, with the secret in it.
            raise TokenUnavailable(f"the token service does not answer ({type(error).__name__})") from None
        return _checked(answer.status_code, body)


def _checked(status: int, body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    found = found if isinstance(found, dict) else {}
    if status != 200:
        raise TokenUnavailable(f"the token service answers {status}{_why(found)}")
    return found


def _why(found: dict[str, Any]) -> str:
    """Return the names of an error as they may be shown. Its description is left out: whoever answers could write anything."""
    name, codes = found.get("error"), found.get("error_codes")
    words = [name] if isinstance(name, str) and _WORD.fullmatch(name) else []
    if isinstance(codes, list):
        words += [f"AADSTS{code}" for code in codes[:3] if isinstance(code, int)]
    return f": {', '.join(words)}" if words else ""


def _life(said: object) -> float:
    """Return a token's life in seconds; some services write the number as text."""
    try:
        life = float(said) if isinstance(said, int | float | str) else USUAL_LIFE
    except ValueError:
        return USUAL_LIFE
    return life if 0 < life < 10**6 else USUAL_LIFE


def _read(found: dict[str, Any]) -> str:
    token, kind = found.get("access_token"), found.get("token_type", "Bearer")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise TokenUnavailable("the token service's answer has no token that can be used")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise TokenUnavailable("the token service's answer has a token of another kind than Bearer")
    return token
