"""How a mail leaves: what every transport takes and answers, and which one `VFM_MAIL_URL` names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.settings import PREFIX, Settings, is_loopback

if TYPE_CHECKING:
    from vfm_workflow.mail.notify import Service
    from vfm_workflow.mail.oauth import TokenSource

Outcome = Literal["sent", "retry", "failed", "unknown"]
Tls = Literal["implicit", "starttls", "none"]

ACCEPTED = (
    "Write one of: folder:PATH (a path within the data folder, or an absolute one), "
    "smtp://user:password@host:port?tls=starttls, smtp://127.0.0.1:25?tls=none (this machine only), "
    "smtps://user:password@host:port, notify:// (GOV.UK Notify). For a relay that takes tokens in place of a password: "
    "smtp://mailbox@host:port?tls=starttls&auth=xoauth2. Where the relay is a Postfix whose log this machine can read, "
    "add &log=/var/log/mail.log (after a first ? for the first option). Write @ : / in a password as %40 %3A %2F."
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
    xoauth2: bool = False
    """Whether it takes a token of the council's sign-in service in place of a password."""
    log: Path | None = None
    """Where a Postfix writes what it takes: so it can be asked what became of a message."""

    def __repr__(self) -> str:
        return f"Relay({self.host}:{self.port}, {self.tls})"


def from_url(url: str, data_dir: Path, settings: Settings | None = None) -> Transport:
    """Return the transport that `VFM_MAIL_URL` names, with what `settings` say of it.

    Raises ConfigError, which says what is accepted, or which other setting is missing.
    """
    scheme, _, rest = url.strip().partition(":")
    if scheme == "folder":
        from vfm_workflow.mail.folder import FolderTransport

        return FolderTransport(_folder(rest, data_dir))
    if scheme in ("smtp", "smtps"):
        # Imported here so that a command which sends nothing does not load asyncio and its SMTP client.
        from vfm_workflow.mail.smtp import SmtpTransport

        relay = relay_of(url)
        return SmtpTransport(relay, tokens=_tokens(settings or Settings()) if relay.xoauth2 else None)
    if scheme == "notify":
        from vfm_workflow.mail.notify import NotifyTransport

        return NotifyTransport(notify_service(url, settings or Settings()))
    raise _refused(f"“{scheme}:” is no way to send mail." if scheme else "no way to send mail is given.")


def check(url: str, data_dir: Path, settings: Settings | None = None) -> None:
    """Raise ConfigError where mail cannot leave as `url` and `settings` say, or a log that it names cannot be read.

    Only the first stops delivery: without its log a relay cannot be asked, and that is all.
    """
    from_url(url, data_dir, settings).close()
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
    return Relay(host, port or _PORTS[tls], tls, user, password, _xoauth2(parts, user, password), _log(parts))


def _tls(parts: SplitResult, host: str) -> Tls:
    query = parse_qs(parts.query, keep_blank_values=True)
    for name in query.keys() - {"tls", "auth", "log"}:
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


def _xoauth2(parts: SplitResult, user: str | None, password: str | None) -> bool:
    said = parse_qs(parts.query, keep_blank_values=True).get("auth")
    if said is None:
        return False
    if said != ["xoauth2"]:
        raise _refused(f"auth={','.join(said)} is not known: it is xoauth2, or left out for a password.")
    if not user:
        raise _refused(
            "auth=xoauth2 needs the mailbox that mail is sent as: smtp://mailbox%40council.example@host."
        )
    if password:
        raise _refused("auth=xoauth2 takes no password: take it out of the address.")
    return True


def _tokens(settings: Settings) -> TokenSource:
    """Return where tokens for the relay come from. Raises ConfigError naming each setting that is missing."""
    from vfm_workflow.mail.oauth import TokenSource

    missing("auth=xoauth2", settings, "smtp_token_url", "smtp_client_id", "smtp_client_secret", "smtp_scope")
    return TokenSource(
        settings.smtp_token_url, settings.smtp_client_id, settings.smtp_client_secret, settings.smtp_scope
    )


def notify_service(url: str, settings: Settings) -> Service:
    """Return the service in GOV.UK Notify that a notify: address and `settings` name. Raises ConfigError.

    The address may name a host, for a stand-in of Notify; on this machine without encryption.
    """
    from vfm_workflow.mail.notify import HOST, Service

    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _refused("the address of GOV.UK Notify is malformed: write notify://") from None
    if parts.scheme != "notify":
        raise _refused("this asks for GOV.UK Notify, and mail goes another way: write notify://")
    if "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _refused("notify:// takes nothing behind it: the key is VFM_NOTIFY_API_KEY.")
    if parts.netloc and not host:
        raise _refused("the address of GOV.UK Notify is malformed: write notify://")
    missing("notify://", settings, "notify_api_key", "notify_template_id")
    shown = f"[{host}]" if host and ":" in host else host
    base = f"{'http' if is_loopback(host or '') else 'https'}://{shown}{f':{port}' if port else ''}"
    service = Service(settings.notify_api_key, settings.notify_template_id, base if host else HOST)
    service.api()
    return service


def missing(what: str, settings: Settings, *names: str) -> None:
    """Raise ConfigError naming each of the settings `names` that is empty: `what` in the mail address needs them."""
    problems = [
        Problem(
            f"{PREFIX}{name.upper()}",
            None,
            f"`VFM_MAIL_URL` says {what}, which needs this setting too.",
            f"Accepted: {Settings.model_fields[name].description}",
        )
        for name in names
        if not getattr(settings, name)
    ]
    if problems:
        raise ConfigError(problems)


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
