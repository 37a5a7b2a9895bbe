"""A mail server that misbehaves by plan, in every way that a real Postfix will not be made to."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd import smtp as aiosmtpd_smtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

Server = aiosmtpd_smtp.SMTP
SLOW_SECONDS = 2.6
"""Longer than the rig's workers wait for an answer to the final dot."""
BEFORE = ("4xx at RCPT", "421 at MAIL", "closed at MAIL", "closed at DATA", "closed after 354")
"""What goes wrong before a message is there whole."""
AT_DOT = ("4xx at the dot", "closed at the dot, not taken", "closed after the dot, taken", "slow dot, taken")
MESSAGE_ID = re.compile(rb"^Message-ID: (<[^>]+>)\r?$", re.IGNORECASE | re.MULTILINE)


class Misbehaving(Controller):
    """Runs in a thread of its own, on a port the machine chooses, while its `with` block does."""

    def __init__(self, seed: int, share: float) -> None:
        """Let something go wrong with `share` of the mails, as `seed` decides."""
        super().__init__(self, hostname="127.0.0.1", port=0)
        self._rng, self._share = random.Random(seed), share
        self.faults: Counter[str] = Counter()
        """How often each fault was done."""
        self.taken: dict[str, list[bytes]] = {}
        """What it took, by Message-ID, each time that it did."""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def came(self) -> Counter[str]:
        """Return how often each message was taken."""
        return Counter({message_id: len(times) for message_id, times in self.taken.items()})

    def changed(self) -> list[str]:
        """Return the messages that came more than once, and not with the same bytes."""
        return [message_id for message_id, times in self.taken.items() if len(set(times)) > 1]

    def __enter__(self) -> Misbehaving:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(no_assert=True)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse connections while the block runs; those that are open stay open."""
        self.faults["refused"] += 1
        self._call(self._close)
        try:
            yield
        finally:
            self._call(self._listen)

    def pick(self) -> str:
        """Return what is to go wrong with the mail that begins, or the empty string."""
        if self._rng.random() >= self._share:
            return ""
        return self._rng.choice(BEFORE + AT_DOT)

    def factory(self) -> Server:
        return _Session(self, self.handler, **self.SMTP_kwargs)

    async def _create_server(self) -> asyncio.AbstractServer:
        made = await super()._create_server()
        assert isinstance(made, asyncio.Server)
        self.port = made.sockets[0].getsockname()[1]
        return made

    async def _close(self) -> None:
        assert self.server is not None
        self.server.close()

    async def _listen(self) -> None:
        self.server = await self._create_server()

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work(), self.loop).result(30)

    # ------------------------------------------------------------ what the server asks

    async def handle_MAIL(  # noqa: N802 - the server calls it by this name
        self, server: _Session, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        server.fault = self.pick()
        if server.does("421 at MAIL"):
            return "421 4.3.2 shutting down"
        if server.does("closed at MAIL"):
            return server.hang_up()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: _Session, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if server.does("4xx at RCPT"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Session, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.original_content, bytes)
        if server.does("4xx at the dot"):
            return "451 4.3.0 try again later"
        if server.does("closed at the dot, not taken"):
            return server.hang_up()
        found = MESSAGE_ID.search(envelope.original_content)
        assert found is not None
        self.taken.setdefault(found[1].decode(), []).append(envelope.original_content)
        if server.does("closed after the dot, taken"):
            return server.hang_up()
        if server.does("slow dot, taken"):
            await asyncio.sleep(SLOW_SECONDS)
        return "250 2.0.0 Ok: queued"


class _Session(Server):
    """One connection to the server."""

    def __init__(self, owner: Misbehaving, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.owner, self.fault = owner, ""

    def does(self, fault: str) -> bool:
        """Return whether this is what goes wrong with the mail at hand; once."""
        if self.fault != fault:
            return False
        self.owner.faults[fault] += 1
        self.fault = ""
        return True

    def hang_up(self) -> str:
        """Close the connection; return an answer that nobody reads."""
        assert isinstance(self.transport, asyncio.WriteTransport)
        self.transport.abort()
        return "421 nobody reads this"

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.does("closed at DATA"):
            self.hang_up()
            return
        if self.does("closed after 354"):
            await self.push("354 go ahead")
            self.hang_up()
            return
        await super().smtp_DATA(arg)


def refuse_now_and_then(server: Misbehaving) -> Any:
    """Return what disturbs a run by refusing connections for half a second, about every fourth time."""

    def disturb(rng: random.Random) -> None:
        if rng.random() < 0.25:
            with server.refusing():
                time.sleep(0.5)

    return disturb
