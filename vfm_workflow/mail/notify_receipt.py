"""Delivery receipts of GOV.UK Notify: what it tells of a mail some time after it took it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from vfm_workflow.errors import BadInput
from vfm_workflow.mail.bounces import Kind
from vfm_workflow.mail.notify import UUID

KINDS: dict[str, Kind] = {
    "permanent-failure": "hard",
    "temporary-failure": "soft",
    "technical-failure": "soft",
}
SAID = {
    "permanent-failure": "GOV.UK Notify: the address is wrong",
    "temporary-failure": "GOV.UK Notify: it could not be delivered; the mailbox may be full, or it was taken for spam",
    "technical-failure": "GOV.UK Notify: it was not sent, because something went wrong between Notify and its provider",
}
_REFERENCE = re.compile(r"([1-9][0-9]{0,17})-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one mail."""

    id: str
    """Notify's own name for it."""
    reference: str
    """Ours; empty where it is none that we give."""
    status: str
    recipient: str

    @property
    def mail_id(self) -> int | None:
        """The number in our reference, None where there is none. Whether it is that mail, its digest says."""
        found = _REFERENCE.fullmatch(self.reference)
        return int(found[1]) if found else None

    @property
    def kind(self) -> Kind | None:
        """How the mail came back; None where it did not."""
        return KINDS.get(self.status)

    @property
    def said(self) -> str:
        """What a failure means, in words."""
        return SAID.get(self.status, self.status)

    @property
    def key(self) -> str:
        """The same for the same receipt, however often Notify sends it."""
        return f"notify {self.id} {self.status}"


def read(data: bytes) -> Receipt:
    """Return the receipt in a callback's body. Raises BadInput where it is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput({"body": "This is no receipt: send a JSON object"})
    own, status = _text(found, "id").lower(), _text(found, "status")
    if not UUID.fullmatch(own):
        raise BadInput({"id": "This is no receipt: its id is not a UUID"})
    if not re.fullmatch(r"[a-z-]{1,40}", status):
        raise BadInput({"status": "This is no receipt: it has no status"})
    reference = _text(found, "reference")
    return Receipt(
        own,
        reference if _REFERENCE.fullmatch(reference) else "",
        status,
        "".join(letter for letter in _text(found, "to") if letter.isprintable())[:254].lower(),
    )


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""
