"""How a mail leaves: what every transport takes and answers, and which one `VFM_MAIL_URL` names."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from vfm_workflow.errors import ConfigError, Problem

Outcome = Literal["sent", "retry", "failed", "unknown"]
Tls = Literal["implicit", "starttls", "none"]

ACCEPTED = (
    "Write one of: folder:PATH (a path within the data folder, or an absolute one), "
    "smtp://user:password@host:port?tls=starttls, smtp://127.0.0.1:25?tls=none (this machine only), "
    "smtps://user:password@host:port. Where the relay is a Postfix whose log this machine can read, add "
    "&log=/var/log/mail.log (after a first ? for the first option). Write @ : / in a password as %40 %3A %2F."
)
_PORTS: dict[Tls, int] = {"implicit": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one recipient, its bytes frozen."""

    id: int
    message_id: str
    sender: str
    """The address to which bounces go."""
    to: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one attempt.

    `sent`: the server took it. `retry`: it did not, and may later. `failed`: it never will. `unknown`: the
    message was handed over but no answer came back, so that sending it again may repeat it.
    """

    outcome: Outcome
    code: int | None
    """The server's reply code, where it gave one."""
    text: str
    """What the server, or the machine, said."""


class Transport(Protocol):
    """Sends one message at a time, from one thread at a time. Derive from it: `look_up` is there already."""

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        """Return what became of the message.

        `before_data` is called once, when nothing but the message itself is still to be handed over; it is
        not called where the attempt ends before that. What it raises is passed on, and nothing is sent.
        """

    def look_up(self, mail: Outgoing, since: dt.datetime) -> Answer | None:
        """Return what the other side itself says of a message that was handed over at `since` and got no answer.

        `sent`: it has the message, with its words. `failed`: it has given it up. `retry`: it never took it, so that
        sending it repeats nothing. `unknown`: it cannot say yet. None, as here, where it cannot be asked at all.
        It is asked no sooner than a lease after `since`: whatever was under way then has ended.
        """
        return None

    def close(self) -> None:
        """Let go of any connection. The transport may be used again."""

    def describe(self) -> str:
        """Return where mail goes, for a page or a log, without any password."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Where an SMTP relay is and how to sign in to it."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = None
    log: Path | None = None
    """Where a Postfix writes what it takes: so it can be asked what became of a message."""

    def __repr__(self) -> str:
        return f"Relay({self.host}:{self.port}, {self.tls})"


def from_url(url: str, data_dir: Path) -> Transport:
    """Return the transport that `VFM_MAIL_URL` names. Raises ConfigError, which says what is accepted."""
    scheme, _, rest = url.strip().partition(":")
    if scheme == "folder":
        from vfm_workflow.mail.folder import FolderTransport

        return FolderTransport(_folder(rest, data_dir))
    if scheme in ("smtp", "smtps"):
        # Imported here so that a command which sends nothing does not load asyncio and its SMTP client.
        from vfm_workflow.mail.smtp import SmtpTransport

        return SmtpTransport(relay_of(url))
    if scheme == "notify":
        raise _refused("GOV.UK Notify (notify://) comes with a later release.")
    raise _refused(f"“{scheme}:” is no way to send mail." if scheme else "no way to send mail is given.")


def check(url: str, data_dir: Path) -> None:
    """Raise ConfigError where mail cannot leave as `url` says, or a log that it names cannot be read.

    Only the first stops delivery: without its log a relay cannot be asked, and that is all.
    """
    from_url(url, data_dir).close()
    log = relay_of(url).log if url.strip().startswith("smtp") else None
    if log is None:
        return
    try:
        log.open("rb").close()
    except OSError as error:
        what = f"the relay's log {log} cannot be read: {error.strerror or error}."
        remedy = "Name the file that Postfix writes, and let this program's user read it (on Debian: the group adm)."
        raise ConfigError([Problem("VFM_MAIL_URL", None, what, remedy)]) from error


def relay_of(url: str) -> Relay:
    """Return the relay that an smtp:// or smtps:// address names. Raises ConfigError."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        # That error may quote part of a password with an unescaped slash or colon in it, so it is not shown.
        raise _refused("the address of the relay cannot be read: its host or port is malformed.") from None
    if not host:
        raise _refused("the address of the relay has no host.")
    if parts.path not in ("", "/") or parts.fragment:
        raise _refused(f"the address of {host} goes on after its port.")
    tls = _tls(parts, host)
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    if password and not user:
        raise _refused(f"the address of {host} has a password without a user.")
    return Relay(host, port or _PORTS[tls], tls, user, password, _log(parts))


def is_loopback(host: str) -> bool:
    """Return whether mail to `host` stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(parts: SplitResult, host: str) -> Tls:
    query = parse_qs(parts.query, keep_blank_values=True)
    for name in query.keys() - {"tls", "log"}:
        raise _refused(f"`{name}` is no option of a mail address.")
    said = query.get("tls", [""])
    if parts.scheme == "smtps":
        if "tls" in query:
            raise _refused("smtps:// is always encrypted and takes no `tls`.")
        return "implicit"
    if said == ["none"]:
        if not is_loopback(host):
            raise _refused(f"tls=none would send mail and password to {host} for anyone on the way to read.")
        return "none"
    if said == ["starttls"]:
        return "starttls"
    if "tls" not in query:
        return "none" if is_loopback(host) else "starttls"
    raise _refused(f"tls={','.join(said)} is not known.")


def _log(parts: SplitResult) -> Path | None:
    said = parse_qs(parts.query, keep_blank_values=True).get("log")
    if said is None:
        return None
    if len(said) != 1 or not said[0].startswith("/") or "\0" in said[0]:
        raise _refused(f"log={','.join(said)} is no absolute path of a file.")
    return Path(said[0])


def _folder(rest: str, data_dir: Path) -> Path:
    path = rest.removeprefix("//") if rest.startswith("///") else rest
    if "\0" in path or path.startswith("//"):
        raise _refused(f"“{path}” is no folder.")
    expanded = path.replace("${VFM_DATA}", "$VFM_DATA").replace("$VFM_DATA", str(data_dir.resolve()))
    return (data_dir / Path(expanded or "mail").expanduser()).resolve()


def _refused(what: str) -> ConfigError:
    return ConfigError([Problem("VFM_MAIL_URL", None, what, ACCEPTED)])
