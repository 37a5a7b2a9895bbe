"""The council's own sign-in service, by OpenID Connect: authorization code with PKCE, and an ID token that is checked.

The libraries are imported where they are used: only a council that signs in this way loads them.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from vfm_workflow.errors import SignInRefused, SignInServiceDown
from vfm_workflow.logs import log
from vfm_workflow.settings import is_loopback

SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key that only the service holds. Not `none`, nor HS…, whose key would be our own secret."""
SCOPE = "openid profile email"
SECONDS = 8.0
"""The longest that the service may take over an answer: a page waits for it."""
MOST_BYTES = 512 * 1024
KEPT = dt.timedelta(hours=1)
"""How long what the service says of itself is believed without asking again."""
AGAIN = dt.timedelta(seconds=10)
"""The least between two looks at its keys: tokens with an unknown key must not make us flood it."""
LEEWAY = 60
"""Seconds by which the two clocks may differ."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser keeps while its person is at the service; what comes back must fit it."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))


@dataclass(frozen=True, slots=True)
class Proof:
    """Who somebody is, as the service says it."""

    identity: str
    """The issuer and its name for the person: it stays the same when their address changes."""
    address: str
    """Their work address as the service has it, or the empty string."""
    proved_at: dt.datetime | None
    """When they last typed a password or used a key, where the service tells."""


@dataclass
class Provider:
    """One sign-in service, and what this program is called there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _said: tuple[dt.datetime, dict[str, Any]] | None = field(default=None, init=False, repr=False)
    _keys: tuple[dt.datetime, dict[str, Any]] | None = field(default=None, init=False, repr=False)

    def address(self, asked: Asked, at: dt.datetime, *, fresh: bool = False) -> str:
        """Return where to send the browser. With `fresh` its person has to prove who they are again.

        Raises SignInServiceDown.
        """
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]  # ships no types
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # ships no types

        again = {"prompt": "login", "max_age": 0} if fresh else {}
        found: str = prepare_grant_uri(
            self._metadata(at)["authorization_endpoint"],
            self.client_id,
            "code",
            redirect_uri=self.redirect_uri,
            scope=SCOPE,
            state=asked.state,
            nonce=asked.nonce,
            code_challenge=create_s256_code_challenge(asked.verifier),
            code_challenge_method="S256",
            **again,
        )
        return found

    def redeem(self, answer: Mapping[str, str], asked: Asked, at: dt.datetime) -> Proof:
        """Return who came back with `answer`, the query the service sent the browser back with.

        Raises SignInRefused where anything about it does not fit, and SignInServiceDown.
        """
        if not secrets.compare_digest(answer.get("state", "").encode(), asked.state.encode()):
            raise _refused("the state is not the one of this browser")
        metadata = self._metadata(at)
        # RFC 9207: an answer of another service that is passed off as ours.
        said = answer.get("iss") or None
        if said != self.issuer and (said or metadata.get("authorization_response_iss_parameter_supported")):
            raise _refused("the answer is of another issuer")
        if not answer.get("code"):
            raise _refused("the service gave no code", error=_word(answer.get("error")))
        token = self._exchange(metadata, answer["code"], asked)
        return self._proof(metadata, token, asked, at)

    def _exchange(self, metadata: Mapping[str, Any], code: str, asked: Asked) -> dict[str, Any]:
        from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]  # ships no types
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
        body = prepare_token_request(
            "authorization_code", redirect_uri=self.redirect_uri, code=code, code_verifier=asked.verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        client = ClientAuth(self.client_id, self.client_secret, way)
        url, headers, body = client.prepare("POST", metadata["token_endpoint"], headers, body)
        status, token = _ask("POST", url, headers=headers, content=body)
        if status != 200 or not isinstance(token.get("id_token"), str):
            raise _refused("the code was not taken", status=status, error=_word(token.get("error")))
        return token

    def _proof(
        self, metadata: Mapping[str, Any], token: Mapping[str, Any], asked: Asked, at: dt.datetime
    ) -> Proof:
        from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # ships no types
        from joserfc.errors import JoseError

        try:
            decoded = self._decoded(metadata, token["id_token"], at)
            needed = {
                "iss": {"essential": True, "value": self.issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": self.client_id},
            }
            known = {
                "nonce": asked.nonce,
                "client_id": self.client_id,
                "access_token": token.get("access_token"),
            }
            claims = CodeIDToken(decoded.claims, decoded.header, needed, known)
            claims.validate(now=int(at.timestamp()), leeway=LEEWAY)
            return _read(self.issuer, claims)
        except (JoseError, ValueError, TypeError, KeyError, OverflowError) as error:
            raise _refused(
                "the ID token", error=type(error).__name__, claim=getattr(error, "claim", None)
            ) from None

    def _decoded(self, metadata: Mapping[str, Any], id_token: str, at: dt.datetime) -> Any:
        """Return the token if one of the service's keys signed it; its keys are read again where none that we know did."""
        from joserfc.errors import BadSignatureError, InvalidKeyIdError, MissingKeyError

        try:
            return _verified(id_token, self._key_set(metadata, at, KEPT))
        except (BadSignatureError, InvalidKeyIdError, MissingKeyError):
            return _verified(id_token, self._key_set(metadata, at, AGAIN))

    def _metadata(self, at: dt.datetime) -> dict[str, Any]:
        with self._lock:
            if self._said is not None and abs(at - self._said[0]) < KEPT:
                return self._said[1]
        status, found = _ask("GET", self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if status != 200:
            raise _down("it does not describe itself", status=status)
        if found.get("issuer") != self.issuer:
            raise _down("it says it is another issuer than VFM_OIDC_ISSUER")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not self._safe(found.get(name)):
                raise _down(f"its {name} is no https address")
        with self._lock:
            self._said = (at, found)
        return found

    def _key_set(
        self, metadata: Mapping[str, Any], at: dt.datetime, no_older: dt.timedelta
    ) -> dict[str, Any]:
        with self._lock:
            if self._keys is not None and abs(at - self._keys[0]) < no_older:
                return self._keys[1]
        status, found = _ask("GET", metadata["jwks_uri"])
        if status != 200 or not isinstance(found.get("keys"), list):
            raise _down("its keys cannot be read", status=status)
        with self._lock:
            self._keys = (at, found)
        return found

    def _safe(self, address: object) -> bool:
        """Return whether what goes to an address is encrypted, or stays on this machine as the issuer does."""
        if not isinstance(address, str):
            return False
        parts, mine = urlsplit(address), urlsplit(self.issuer)
        return parts.scheme == "https" or (mine.scheme == "http" and is_loopback(parts.hostname or ""))


def _verified(id_token: str, keys: dict[str, Any]) -> Any:
    from joserfc import jwt
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=SIGNED_WITH, strict_check_header=False)
    return jwt.decode(id_token, KeySet.import_key_set(keys), registry=registry)  # type: ignore[arg-type]  # read above


def _read(issuer: str, claims: Mapping[str, Any]) -> Proof:
    """Return what a checked token says. Entra ID often has no `email`: the name people sign in with is their address then."""
    address = claims.get("email") or claims.get("preferred_username") or ""
    if claims.get("email") and claims.get("email_verified") is False:
        address = ""  # the service itself does not vouch for it
    if not isinstance(claims["sub"], str):
        raise TypeError("sub")
    proved = claims.get("auth_time")
    return Proof(
        identity=f"{issuer}|{claims['sub']}",
        address=address if isinstance(address, str) else "",
        proved_at=dt.datetime.fromtimestamp(proved, dt.UTC) if proved else None,
    )


def _ask(method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON object the service answers with, or an empty one. Raises SignInServiceDown."""
    import httpx

    body = b""
    try:
        with (
            httpx.Client(timeout=SECONDS, follow_redirects=False) as client,
            client.stream(method, url, **options) as answer,
        ):
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise _down("its answer is too long")
    except httpx.HTTPError as error:
        raise _down("it does not answer", error=type(error).__name__) from None
    if answer.status_code >= 500:
        raise _down("it answers with an error", status=answer.status_code)
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    return answer.status_code, found if isinstance(found, dict) else {}


def _word(text: object) -> str:
    """Return an error's short name as a log may show it: whoever sends it could write anything."""
    return (
        text
        if isinstance(text, str) and text.isascii() and text.isidentifier() and len(text) < 60
        else "unknown"
    )


def _refused(why: str, **more: object) -> SignInRefused:
    log.warning("a sign-in was refused", why=why, **more)
    return SignInRefused(
        "You could not be signed in. Begin again; if that does not help, see an administrator."
    )


def _down(why: str, **more: object) -> SignInServiceDown:
    log.error("the sign-in service cannot be used", why=why, **more)
    return SignInServiceDown(
        "The council's sign-in service cannot be used at the moment. Try again in a few minutes."
    )
