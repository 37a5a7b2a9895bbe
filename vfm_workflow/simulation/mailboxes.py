"""What simulated people find in their mail, and do about it: decide, advise, reply, say that it was not them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Sequence

from sqlmodel import Session

from vfm_workflow.domain.advice import Stance, read_advice
from vfm_workflow.domain.decisions import Ballot, read_ballot
from vfm_workflow.domain.lifecycle import Choice
from vfm_workflow.errors import CodeNeeded, LinkDead
from vfm_workflow.journeys import codes, consulting, decide, disputes, ideas, links
from vfm_workflow.journeys.proof import NOTHING, Proof
from vfm_workflow.simulation import wishing, words
from vfm_workflow.simulation.bouncing import Bouncing
from vfm_workflow.simulation.clockwork import Clockwork
from vfm_workflow.simulation.life import Life
from vfm_workflow.simulation.relay import Arrival
from vfm_workflow.store.links import Purpose

_LINK = re.compile(rb"/(d|c|i|dispute)/([A-Za-z0-9_-]{43})")
_THREAD = re.compile(rb"^In-Reply-To: (<[^>]+>)", re.MULTILINE)
_CODE = re.compile(rb"^(\d{6})\b", re.MULTILINE)
_HTML = b"Content-Type: text/html"
CHOICES: dict[Choice, float] = {
    "approve": 70,
    "approve_with_conditions": 12,
    "return_for_changes": 12,
    "reject": 6,
}
STANCES: dict[Stance, float] = {"no_objection": 6, "comments": 3, "objection": 1}
DISPUTES, NEVER, LATE, OLD = 0.006, 0.06, 0.08, 0.05
"""Shares of receipts that are disputed, of decisions that somebody never takes, and takes after the deadline, and of mails
whose link is used though a newer one has come."""


class Mailboxes:
    """Reads what the mail server took, and lets people act on it. They know no link but those in their mail."""

    def __init__(self, life: Life, clock: Clockwork) -> None:
        self.life = life
        self.clock = clock
        self._bouncing = Bouncing(life)
        self._codes: dict[str, bytes] = {}
        self._newest: dict[tuple[str, str, bytes], str] = {}
        """Who means to answer what (by the thread of the mail) → the token of the newest mail about it."""

    def read(self) -> None:
        """Read the new mail, and plan what its readers do about it."""
        arrived = self.life.relay.new
        while arrived:
            self._one(arrived.pop(0))

    def _one(self, arrival: Arrival) -> None:
        address = arrival.mail.to
        worker = self.life.staff.get(address)
        if self._bouncing.comes_back(arrival, read=worker is not None) or worker is None:
            return  # nobody reads it
        text = binascii.a2b_qp(arrival.mail.data.partition(_HTML)[0])
        wishing.read(self.life, address, arrival.mail.data, text)
        if (code := _CODE.search(text)) is not None:
            self._codes[address] = code[1]
        found = _LINK.search(text)
        if found is None:
            return
        kind, token = found[1].decode(), found[2].decode()
        chance, life = self.life.chance, self.life
        if kind == "dispute":
            if chance.happens(DISPUTES):
                life.in_days(0, 15, lambda: self._dispute(token))
            return
        thread = _THREAD.search(arrival.mail.data)
        question = (address, kind, thread[1] if thread is not None else token.encode())
        waits = question in self._newest
        self._newest[question] = token
        if waits:
            return  # they mean to answer already, by the newest mail there is then
        if chance.happens(NEVER) and kind != "c":
            life.tally["mails that nobody acted on"] += 1
            del self._newest[question]
            return
        low, high = self._when(kind, worker.care)
        old = token if chance.happens(OLD) else None

        def answer() -> None:
            newest = self._newest.pop(question)
            if kind == "d":
                self._decide(address, old or newest)
            else:
                (self._advise if kind == "c" else self._reply)(old or newest)

        life.in_days(low, high, answer)

    def _when(self, kind: str, care: float) -> tuple[int, int]:
        """Return in how many working days somebody answers, at the soonest and the latest."""
        if kind == "c":
            return 1, 12
        if kind == "i":
            return 1, 18
        if self.life.chance.happens(LATE):
            return 6, 12
        return (0, 1) if self.life.chance.happens(care) else (2, 5)

    # ---------------------------------------------------------------- decisions

    def _decide(self, address: str, token: str) -> None:
        life = self.life
        choice = life.chance.weighted(CHOICES)
        reason, condition = words.text(life.chance, 8), words.text(life.chance, 8)
        needs_code = False

        def doing(session: Session, proof: Proof = NOTHING) -> str | None:
            link = decide.look_up(session, life.home, token)
            opened = decide.open_link(session, life.home, link.id or 0)
            offered: Sequence[Choice] = list(opened.asked.rule.outcomes)
            chosen = choice if choice in offered else offered[0]
            conditions = condition if chosen == "approve_with_conditions" else ""
            ballot: Ballot = read_ballot(opened.asked.rule, chosen, reason, conditions)
            done = decide.cast(session, life.home, link.id or 0, ballot, life.now, proof=proof)
            late = " too late" if done.vote.late else ""
            return None if done.again else f"decided: {done.vote.choice}{late}"

        def first(session: Session, _: object) -> str | None:
            nonlocal needs_code
            try:
                return doing(session)
            except CodeNeeded:
                needs_code = True
                link = decide.look_up(session, life.home, token)
                decide.mail_code(session, life.home, link.id or 0, life.app.secret_key, life.now)
                return None
            except LinkDead as dead:
                if dead.kind == "expired":
                    life.tally["new links asked for"] += 1
                    link = decide.look_up(session, life.home, token)
                    decide.send_again(session, life.home, link.id or 0, life.now)
                    return None
                raise

        recorded = life.act("a link to decide opened", "", first)
        if needs_code:
            life.now += life.chance.minutes(0, 1)
            self.clock.beat(tick=False)
            self.read()
            recorded = self._with_code(address, token, doing)
        if recorded is not None:
            life.tally[recorded] += 1

    def _with_code(
        self, address: str, token: str, doing: Callable[[Session, Proof], str | None]
    ) -> str | None:
        life, code = self.life, self._codes.pop(address, None)
        if code is None:
            return None  # it has not come; another mail will remind them
        typed = code.decode() if not life.chance.happens(0.1) else "000000"

        def count(session: Session, _: object) -> codes.Tried:
            link = links.look_up(session, token, "decide")
            return codes.attempt(session, link.id or 0, typed)

        tried = life.act("a code typed in", "", count)
        if tried is None:
            return None
        proof = Proof(code=tried, key=life.app.secret_key)
        recorded: str | None = life.act(
            "decided with a code",
            "",
            lambda session, _: doing(session, proof),
        )
        return recorded

    def _dispute(self, token: str) -> None:
        life = self.life
        reference = life.act(
            "disputed", "", lambda session, _: disputes.dispute(session, life.home, token, life.now).reference
        )
        if reference is not None:
            life.in_days(1, 6, lambda: self._settle(reference))

    def _settle(self, reference: str) -> None:
        life = self.life
        by = life.chance.one(life.of_role("administrator")).address
        note = words.text(life.chance, 6)
        life.act(
            "a dispute settled",
            by,
            lambda session, actor: disputes.settle(session, life.home, reference, actor, note, life.now),
        )

    # ---------------------------------------------------------------- advice and replies

    def _id(self, session: Session, token: str, purpose: Purpose) -> int:
        return links.look_up(session, token, purpose).id or 0

    def _advise(self, token: str) -> None:
        life = self.life
        advice = read_advice(life.chance.weighted(STANCES), words.text(life.chance, 8))

        def doing(session: Session, _: object) -> object:
            link_id = self._id(session, token, "consult")
            try:
                return consulting.answer(session, life.home, link_id, advice, life.now)
            except LinkDead as dead:
                if dead.kind != "expired":
                    raise
                return consulting.send_again(session, life.home, link_id, life.now)

        life.act("advice given", "", doing)

    def _reply(self, token: str) -> None:
        life, said = self.life, words.text(self.life.chance, 8)

        def doing(session: Session, _: object) -> object:
            link_id = self._id(session, token, "idea")
            try:
                return ideas.reply_by_link(session, life.home, link_id, life.now, said)
            except LinkDead as dead:
                if dead.kind != "expired":
                    raise
                return ideas.send_again(session, life.home, link_id, life.now)

        life.act("an idea replied to", "", doing)
