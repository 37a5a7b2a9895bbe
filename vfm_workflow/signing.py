"""What signs values that leave the program and come back: cookies, hidden fields, and the link that ends digests."""

from __future__ import annotations

import hashlib
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

_STRONG: dict[str, Any] = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
"""SHA-256 throughout: the library's own choice is still SHA-1."""
_OPTIONAL_MAIL = "optional-mail"


def signer(key: str, salt: str) -> URLSafeTimedSerializer:
    """Return what signs values of one purpose, with the moment of signing."""
    return URLSafeTimedSerializer(key, salt=salt, signer_kwargs=_STRONG)


def seal_of(key: str, person_id: int) -> str:
    """Return the seal by which a mail program ends a person's optional digests (RFC 8058). It does not expire.

    It stands for that and nothing else: it opens no page of theirs and signs nobody in.
    """
    return str(URLSafeSerializer(key, salt=_OPTIONAL_MAIL, signer_kwargs=_STRONG).dumps(person_id))


def read_seal(key: str, seal: str) -> int | None:
    """Return the person of a seal, or None where it is none of ours."""
    try:
        found = URLSafeSerializer(key, salt=_OPTIONAL_MAIL, signer_kwargs=_STRONG).loads(seal)
    except BadSignature:
        return None
    return found if isinstance(found, int) else None
