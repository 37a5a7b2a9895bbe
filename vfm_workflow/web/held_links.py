"""What the pages behind a mailed link share: the browser that holds it, its form's nonce, and what a dead one says.

GET and HEAD change nothing: opening a link only notes in the browser that it holds it (decisions by email, point 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response

from vfm_workflow.errors import LinkDead
from vfm_workflow.web import limits
from vfm_workflow.web.visit import Typed, Visit

MINUTES = 30
"""How long an opened link may be used from one browser, and a form be sent."""
AGAIN_HOURS = 24
"""How long the button for a new link works: it only mails the address on record."""
STALE = "This page had been open for too long, so nothing was recorded. Look at your answer and press the button again"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of link: `name` stands in its cookie and marks, `page` is the path without the id."""

    name: str
    page: str

    def cookie(self, link_id: int) -> str:
        return f"vfm_{self.name}_{link_id}"

    def hold(self, visit: Visit, link_id: int) -> Response:
        """Return the way on to a page whose address holds no token, noted as held by this browser."""
        response = visit.go(f"{self.page}/{link_id}")
        seal = visit.sign(link_id, f"{self.name}-link")
        visit.set_cookie(response, self.cookie(link_id), seal, MINUTES * 60)
        return response

    def holds(self, visit: Visit, link_id: int) -> bool:
        """Return whether this browser opened the link from its mail within the last half hour."""
        seal = visit.cookie(self.cookie(link_id))
        return bool(visit.unsign(seal, f"{self.name}-link", MINUTES * 60) == link_id)

    def nonce(self, visit: Visit, link_id: int) -> str:
        """Return the hidden mark of the link's own form."""
        return visit.sign(link_id, f"{self.name}-form")

    def fresh(self, visit: Visit, form: Typed, link_id: int) -> bool:
        """Return whether a form came from the link's own page within the last half hour."""
        return bool(visit.unsign(form.get("nonce"), f"{self.name}-form", MINUTES * 60) == link_id)

    def limit_computer(self, visit: Visit) -> None:
        """Count a try by the computer; generous, since a council shares one address. Raises TooManyTries."""
        limits.allow(visit, f"{self.name}-computer", limits.computer(visit), "300/minute")

    def limit_link(self, visit: Visit, link_id: int) -> None:
        """Count a try by whoever holds the link: no stranger uses up its reader's tries. Raises TooManyTries."""
        limits.allow(visit, self.name, str(link_id), "10/minute")

    def again(self, visit: Visit, form: Typed, link_id: int) -> bool:
        """Return whether the button of an expired link was pressed on its own page. Raises TooManyTries."""
        mark = visit.unsign(form.get("nonce"), f"{self.name}-again", AGAIN_HOURS * 3600)
        if mark != link_id:
            return False
        limits.allow(visit, f"{self.name}-again", str(link_id), "5/hour")
        return True

    def dead(self, visit: Visit, link_id: int, error: LinkDead, about: str = "") -> Response:
        """Say why a link is dead and what to do next; an expired one offers another."""
        again = f"{self.page}/{link_id}/again" if error.kind == "expired" else ""
        heading = {"expired": "This link has expired", "held": "This project stands still"}
        return plain(
            visit,
            heading.get(error.kind, "This link no longer works"),
            [str(error)],
            status=error.status,
            about=about,
            again=again,
            nonce=visit.sign(link_id, f"{self.name}-again") if again else "",
        )

    def not_held(self, visit: Visit, typed: Sequence[str] = ()) -> Response:
        """Say that the page opens from the mail only; what had been typed is shown, to be copied."""
        said = [
            "This page opens from the link in the mail, and stays open for half an hour.",
            "Open the link again. Nothing was recorded.",
        ]
        copied = [text for text in typed if text.strip()]
        return plain(visit, "Open the link in your mail", said, status=403, copied=copied)


def unknown(visit: Visit, dead: LinkDead) -> Response:
    """Say that a link is none of ours."""
    return plain(visit, "This link does not work", [str(dead)], status=dead.status)


def sent_again(visit: Visit) -> Response:
    """Say the same whoever asked for a new link, and whether one went or not."""
    said = [
        "If this is still asked for, a new link is on its way to the work address that we hold.",
        "It leaves in working hours. Nothing was recorded.",
    ]
    return plain(visit, "Look in your mail", said, status=200)


def plain(visit: Visit, heading: str, said: Sequence[str], *, status: int, **more: Any) -> Response:
    """Return a page of a heading and sentences."""
    blank: dict[str, Any] = {"about": "", "again": "", "nonce": "", "copied": ()}
    return visit.page("asked/dead.html", {**blank, "heading": heading, "said": said, **more}, status=status)
