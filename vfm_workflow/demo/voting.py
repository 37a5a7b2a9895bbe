"""The board decides by the links in its mails: each token is seen as it is minted, and used as its reader would."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from email import message_from_bytes, policy

from sqlmodel import Session

from vfm_workflow.demo.events import BallotEntry
from vfm_workflow.domain.decisions import read_ballot
from vfm_workflow.errors import CodeNeeded, LinkDead, NotFound
from vfm_workflow.journeys import codes, decide
from vfm_workflow.journeys.home import Home, new_token
from vfm_workflow.journeys.proof import Proof
from vfm_workflow.store import outbox


class Links:
    """Mints tokens, and finds the one a member holds: what their mailbox does for them."""

    def __init__(self, mint: Callable[[], str] = new_token) -> None:
        self._mint = mint
        self._new: list[str] = []
        self._held: dict[tuple[str, str], str] = {}
        self.others: list[str] = []
        """Tokens that decide nothing, newest last: of questions, receipts."""

    def mint(self) -> str:
        """Return a new token, and remember it."""
        token = self._mint()
        self._new.append(token)
        return token

    def newest(self, session: Session, home: Home, reference: str, address: str) -> str:
        """Return the token of the newest link that asks `address` to decide on a project. Raises NotFound."""
        self.sort(session, home)
        try:
            return self._held[reference, address]
        except KeyError:
            raise NotFound(f"Nobody asked {address} to decide on {reference}.") from None

    def sort(self, session: Session, home: Home) -> None:
        """Put the tokens that were minted since with those they go with."""
        for token in self._new:
            try:
                opened = decide.open_link(session, home, decide.look_up(session, home, token).id or 0)
            except LinkDead:
                self.others.append(token)  # another kind of link, such as a receipt's
                continue
            self._held[opened.asked.project.reference, opened.link.address] = token
        self._new.clear()


def vote(
    session: Session,
    home: Home,
    links: Links,
    reference: str,
    address: str,
    ballot: BallotEntry,
    at: dt.datetime,
    key: str,
) -> None:
    """Decide as the holder of `address` would: open the newest link, fill in the page, send it, and type in the code of
    the mail where one is asked for. `key` is the council's secret. Raises VfmError."""
    link = decide.look_up(session, home, links.newest(session, home, reference, address))
    opened = decide.open_link(session, home, link.id or 0)
    filled = read_ballot(opened.asked.rule, ballot.choice, ballot.reason, "\n".join(ballot.conditions))
    try:
        recorded = decide.cast(session, home, link.id or 0, filled, at)
    except CodeNeeded:
        decide.mail_code(session, home, link.id or 0, key, at)
        typed = codes.attempt(session, link.id or 0, _code_in_mail(session, address))
        given = Proof(code=typed, key=key)
        recorded = decide.cast(session, home, link.id or 0, filled, at, proof=given)
    if recorded.again or recorded.vote.late:
        raise NotFound(f"{address} has nothing to decide on {reference} any more.")


def _code_in_mail(session: Session, address: str) -> str:
    """Return the six digits of the newest mail with a code to `address`. Raises NotFound."""
    mail = outbox.newest_to(session, address, "decision_code")
    body = message_from_bytes(mail.data, policy=policy.default).get_body(("plain",)) if mail else None
    found = re.search(r"^\d{6}(?=\s)", str(body.get_content()), re.MULTILINE) if body else None
    if found is None:
        raise NotFound(f"No code was mailed to {address}.")
    return found[0]


def ask_again(
    session: Session, home: Home, links: Links, reference: str, address: str, at: dt.datetime
) -> None:
    """Open a link that has expired and ask for a new one, as its page offers. Raises NotFound where it still works."""
    link = decide.look_up(session, home, links.newest(session, home, reference, address))
    try:
        decide.refuse_dead(session, home, decide.open_link(session, home, link.id or 0), at)
    except LinkDead as dead:
        if dead.kind == "expired" and decide.send_again(session, home, link.id or 0, at):
            return
        raise
    raise NotFound(f"The link of {address} for {reference} has not expired: {link.expires_at:%d %B %H:%M}.")
