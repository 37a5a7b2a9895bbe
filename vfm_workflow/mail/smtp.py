"""Mail to an SMTP relay, with the phase of every attempt known.

aiosmtplib raises the same error for a connection lost before DATA and one lost after the final dot, though
the second message may have been taken. So MAIL, RCPT and DATA are given one by one, and each failure is
judged by how far it got:

- before DATA: 4xx and anything wrong with the connection may pass (`retry`), 5xx will not (`failed`);
- after DATA began: the server's reply decides as above; without one, nobody knows (`unknown`).

A greeting, TLS or sign-in that fails is the relay's trouble, not the message's: `retry`, whatever its code.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from vfm_workflow.domain.texts import said as machine_words
from vfm_workflow.errors import BadInput
from vfm_workflow.mail.message import ascii_address
from vfm_workflow.mail.oauth import TokenSource, TokenUnavailable
from vfm_workflow.mail.postfix import Mark, PostfixLog
from vfm_workflow.mail.transports import Answer, Outcome, Outgoing, Relay, Transport

MAILS_PER_CONNECTION = 100
IDLE_SECONDS = 60.0

_NO_CONNECTION = (SMTPException, OSError, ValueError, TokenUnavailable)
"""What comes of a relay that cannot be reached, is not trusted, or lets nobody in."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, for the reply to a command, for DATA as a whole, and for a log to move on."""

    connect: float = 30.0
    command: float = 300.0
    data: float = 600.0
    """Shorter than a lease, with the `reset` that may follow: else a second worker would send what the first still does."""
    reset: float = 30.0
    log: float = 5.0


TIMEOUTS = Timeouts()


class SmtpTransport(Transport):
    """One connection to one relay, used again for up to 100 mails or until it has been idle for a minute.

    For one thread at a time, and not for one that runs an event loop.
    """

    def __init__(
        self,
        relay: Relay,
        timeouts: Timeouts | None = None,
        *,
        tokens: TokenSource | None = None,
        context: ssl.SSLContext | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tokens` are for a relay that takes them in place of a password; `context` replaces the system's trusted
        certificates; `now` is a clock that only goes forward. Without `timeouts` they are TIMEOUTS.
        """
        self._relay = relay
        self._timeouts = timeouts or TIMEOUTS
        self._tokens = tokens
        self._context = context
        self._now = now
        self._runner: asyncio.Runner | None = None
        self._client: SMTP | None = None
        self._own_name: str | None = None
        self._sent = 0
        self._used_at = 0.0

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        """Return what became of the message; see `Transport.send`."""
        try:
            # The library would quietly mail the first address of what holds two.
            mail = replace(mail, sender=ascii_address(mail.sender, "sender"), to=ascii_address(mail.to))
        except BadInput as error:
            return Answer("failed", None, machine_words(str(error)))
        try:
            refused = self._run(self._envelope(mail))
            if refused:
                return refused
            before_data()
            return self._run(self._data(mail))
        except BaseException:
            # A send that is cut off leaves the replies out of step with the commands.
            self._drop()
            raise
        finally:
            self._used_at = self._now()

    def look_up(self, mail: Outgoing, since: dt.datetime) -> Answer | None:
        """Return what the relay's log says of the message, None where no log is named; see `PostfixLog`."""
        if self._relay.log is None:
            return None
        log = PostfixLog(self._relay.log)
        try:
            mark = log.end()
            if trouble := self._run(self._greet()):
                return log.told(mail.message_id, since, trouble)
            moved = self._run(self._moved(log, mark))
            trouble = "" if moved else "the relay was greeted, and its log does not say so"
            return log.told(mail.message_id, since, trouble)
        except OSError as error:
            return Answer(
                "unknown",
                None,
                machine_words(f"the log {self._relay.log} cannot be read: {error.strerror or error}"),
            )

    def close(self) -> None:
        """Say goodbye to the relay and let go of the event loop."""
        if self._runner is None:
            return
        self._run(self._leave())
        self._runner.close()
        self._runner = None

    def describe(self) -> str:
        """Return the relay in words."""
        relay = self._relay
        how = {"implicit": "encrypted", "starttls": "encrypted with STARTTLS", "none": "not encrypted"}[
            relay.tls
        ]
        return f"the SMTP relay {relay.host}:{relay.port}, {how}{f', as {relay.user}' if relay.user else ''}"

    # ------------------------------------------------------------ the phases

    async def _envelope(self, mail: Outgoing) -> Answer | None:
        """Give MAIL and RCPT. Return the answer that ends the attempt, or None where DATA may follow."""
        if self._client is not None and self._worn_out():
            await self._leave()
        again = self._client is not None
        try:
            client = await self._connected()
        except _NO_CONNECTION as error:
            await self._abandon()
            return self._unusable(error)
        try:
            await self._mail_and_rcpt(client, mail)
        except (SMTPSenderRefused, SMTPRecipientRefused) as error:
            if again and error.code == 421:
                return await self._once_more(mail)
            await self._reset()
            return _refusal(error)
        except (SMTPException, OSError) as error:
            if again and isinstance(error, SMTPServerDisconnected):
                return await self._once_more(mail)
            await self._abandon()
            return Answer("retry", _code(error), _said(error))
        except ValueError as error:
            await self._reset()
            return Answer("failed", None, f"the address cannot be given to a mail server: {error}")
        return None

    async def _once_more(self, mail: Outgoing) -> Answer | None:
        """Try a new connection, since the relay had closed the old one while it was idle."""
        await self._abandon()
        return await self._envelope(mail)

    async def _mail_and_rcpt(self, client: SMTP, mail: Outgoing) -> None:
        reports = client.supports_extension("dsn")
        wait = self._timeouts.command
        sender_options = ["RET=HDRS", f"ENVID={mail.id}"] if reports else []
        await client.mail(mail.sender, options=sender_options, timeout=wait)
        await client.rcpt(mail.to, options=["NOTIFY=FAILURE,DELAY"] if reports else [], timeout=wait)

    async def _data(self, mail: Outgoing) -> Answer:
        """Give DATA and the message. Return the server's answer, or `unknown` where it gave none."""
        await _settle()
        client = self._client
        if client is None or not client.is_connected:
            await self._abandon()
            return Answer("retry", None, "the relay closed the connection before the message was handed over")
        try:
            async with asyncio.timeout(
                self._timeouts.data
            ):  # the library's own is for each of its two replies
                reply = await client.data(mail.data, timeout=self._timeouts.data)
        except SMTPDataError as error:
            await self._reset()
            return _refusal(error)
        except (SMTPException, OSError) as error:
            await self._abandon()
            return Answer("unknown", None, f"no answer after the message was handed over: {_said(error)}")
        self._sent += 1
        return Answer("sent", reply.code, machine_words(reply.message))

    # ------------------------------------------------------------ the log

    async def _greet(self) -> str:
        """Open a new connection, which the relay's log tells of. Return what is in the way, or the empty string."""
        await self._leave()
        try:
            await self._connected()
        except _NO_CONNECTION as error:
            await self._abandon()
            return self._unusable(error).text
        finally:
            self._used_at = self._now()
        return ""

    async def _moved(self, log: PostfixLog, mark: Mark) -> bool:
        """Wait until the log tells of a connection made after `mark`. Return whether it did in time."""
        end = self._now() + self._timeouts.log
        while not log.greeted_since(mark):
            if self._now() >= end:
                return False
            await asyncio.sleep(0.05)
        return True

    # ------------------------------------------------------------ the connection

    async def _connected(self) -> SMTP:
        """Return the connection, opened if there is none. Raises what `_NO_CONNECTION` lists.

        A token that the relay refuses may have been taken back before its end: another one is tried, once.
        """
        if self._client is not None:
            return self._client
        if self._tokens is None:
            return await self._by_password()
        try:
            return await self._by_token(self._tokens)
        except SMTPAuthenticationError:
            return await self._by_token(self._tokens)

    async def _by_token(self, tokens: TokenSource) -> SMTP:
        """Open the connection; a token that is refused is thrown away, and the relay's words kept without it."""
        user = self._relay.user or ""
        client = await self._opened()
        try:
            if "xoauth2" not in client.server_auth_methods:
                raise SMTPException("the relay does not take tokens (XOAUTH2)")
            await client.auth_xoauth2(user, await tokens.token())
        except SMTPAuthenticationError as error:
            said = tokens.hide(error.message, user)
            tokens.forget()
            await self._abandon()
            raise SMTPAuthenticationError(error.code, said) from None
        return client

    async def _by_password(self) -> SMTP:
        client, relay = await self._opened(), self._relay
        if relay.user is not None:
            await client.login(relay.user, relay.password or "")
        return client

    async def _opened(self) -> SMTP:
        """Open the connection, and sign in nowhere: the library would not let go of one that a sign-in fails on."""
        relay = self._relay
        client = SMTP(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.tls == "implicit",
            start_tls=relay.tls == "starttls",
            timeout=self._timeouts.connect,
            tls_context=self._context,
            local_hostname=self._own_name,
        )
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo(timeout=self._timeouts.command)
        self._client, self._sent, self._own_name = client, 0, client.local_hostname
        return client

    def _worn_out(self) -> bool:
        return self._sent >= MAILS_PER_CONNECTION or self._now() - self._used_at >= IDLE_SECONDS

    async def _reset(self) -> None:
        """Make the connection fit for the next message, or give it up."""
        try:
            if self._client is not None and self._client.is_connected:
                await self._client.rset(timeout=min(self._timeouts.command, self._timeouts.reset))
                return
        except (SMTPException, OSError):
            pass
        await self._abandon()

    async def _leave(self) -> None:
        """Say goodbye. Nothing is waited for after that: under TLS the other side may take its time to hang up."""
        transport = self._client.transport if self._client is not None else None
        try:
            if self._client is not None and self._client.is_connected:
                await self._client.quit(timeout=min(self._timeouts.command, 5.0))
        except (SMTPException, OSError):
            pass
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
        await self._abandon()

    async def _abandon(self) -> None:
        """Close the connection at once, without waiting for the other side."""
        client, self._client = self._client, None
        if client is not None:
            _cut(client)
        await _settle()

    def _unusable(self, error: Exception) -> Answer:
        return Answer("retry", _code(error), f"{self.describe()}, cannot be used: {_said(error)}")

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._runner is not None:
            _cut(client)
            self._run(_settle())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(work)


def _cut(client: SMTP) -> None:
    transport = client.transport
    client.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


async def _settle() -> None:
    """Let the loop finish closing sockets."""
    for _ in range(3):
        await asyncio.sleep(0)


def _refusal(error: SMTPResponseException) -> Answer:
    """Return the answer for a reply that is no acceptance: 5xx is final, 4xx and anything odd may pass."""
    outcome: Outcome = "failed" if 500 <= error.code < 600 else "retry"
    return Answer(outcome, error.code, _said(error))


def _code(error: Exception) -> int | None:
    return error.code if isinstance(error, SMTPResponseException) and error.code > 0 else None


def _said(error: Exception) -> str:
    return (
        machine_words(error.message if isinstance(error, SMTPException) else str(error))
        or type(error).__name__
    )
