"""Settings: `config/settings.toml`, then the environment. An unknown or bad one stops the start, by name (design §2)."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from vfm_workflow.documents import Document, Strict, parse_toml, suggestion
from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.folders import Folders

PREFIX = "VFM_"
FILE = "config/settings.toml"
SECRETS = ("secret_key", "database_url", "mail_url", "oidc_client_secret")
"""Never shown. Each may stand in a file of its own, named by `VFM_<NAME>_FILE`."""
OUTSIDE_ONLY = ("home", *(f"{name}_file" for name in SECRETS))
"""Read from the environment alone: where the home is cannot stand in a file of the home."""
SignIn = Literal["link", "oidc"]
ANY_TENANT = ("common", "organizations", "consumers")
"""Issuers of Entra ID that vouch for anybody's account, not only the council's."""


class Settings(Strict):
    """Every setting. Each is `VFM_<NAME>` in the environment and `<name>` in config/settings.toml."""

    model_config = ConfigDict(hide_input_in_errors=True)

    home: str = Field(default="", description="The council's own folders; the defaults where it is empty.")
    data: str = Field(
        default="var", description="Where the database, mail folder, uploads, key and demo clock live."
    )
    database_url: str = Field(
        default="",
        repr=False,
        description="sqlite:///file or postgresql+psycopg://user@host/name; by default a file under `data`.",
    )
    database_url_file: str = Field(
        default="", description="A file that holds the database's address instead, with its password."
    )
    base_url: str = Field(
        default="http://127.0.0.1:8000",
        description="The address people reach the pages at: the only source of links.",
    )
    secret_key: str = Field(
        default="",
        repr=False,
        description="Signs forms and cookies; made at first start where it is empty.",
    )
    secret_key_file: str = Field(default="", description="A file that holds the secret key instead.")
    mail_url: str = Field(
        default="",
        repr=False,
        description="folder:PATH, smtp://user:pass@host:port?tls=starttls|none or smtps://…; by default a folder.",
    )
    mail_url_file: str = Field(
        default="", description="A file that holds the relay's address instead, with its password."
    )
    mail_from: str = Field(default="vfm@council.example", description="The address mail comes from.")
    bounce_folder: str = Field(
        default="",
        description="A mailbox folder (Maildir) with what comes back to `mail_from`; each new mail in it is read.",
    )
    mail_reply_to: str = Field(
        default="", description="A mailbox that somebody reads, for replies to mails of no project."
    )
    mail_from_name: str = Field(default="Value for Money", description="The name mail comes from.")
    sign_in: SignIn = Field(
        default="link",
        description="How people sign in: `link`, a one-use link by email, or `oidc`, the council's own accounts.",
    )
    oidc_issuer: str = Field(
        default="", description="The sign-in service's address, exactly as its tokens say it."
    )
    oidc_client_id: str = Field(default="", description="What the sign-in service calls this program.")
    oidc_client_secret: str = Field(
        default="", repr=False, description="What this program proves itself with to the sign-in service."
    )
    oidc_client_secret_file: str = Field(
        default="", description="A file that holds the sign-in service's secret instead."
    )
    step_up_minutes: int = Field(
        default=15,
        ge=1,
        le=240,
        description="Minutes after proving who one is in which a decision of level C may be given.",
    )
    council_name: str = Field(default="Your council", description="Shown on every page and mail.")
    brand_colour: str = Field(default="#6f1a52", description="The council's colour, as #rrggbb.")
    upload_megabytes: int = Field(
        default=10, ge=1, le=50, description="The largest document that a project takes, in MB."
    )
    session_idle_minutes: int = Field(
        default=60, ge=5, le=1440, description="Minutes without a click until sign-out."
    )
    session_hours: int = Field(default=12, ge=1, le=72, description="Hours until sign-out, however busy.")

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("write an address such as https://vfm.council.example")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("use https:// anywhere but on this machine: links decide things")
        return value.rstrip("/")

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("write an address such as https://sign-in.council.example")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("use https:// anywhere but on this machine")
        if set(parts.path.split("/")) & {*ANY_TENANT}:
            raise ValueError(
                "name the council's own tenant: this one vouches for accounts of any organisation"
            )
        return value

    @field_validator("brand_colour")
    @classmethod
    def _colour(cls, value: str) -> str:
        digits = value.removeprefix("#")
        if (
            not value.startswith("#")
            or len(digits) != 6
            or any(c not in "0123456789abcdefABCDEF" for c in digits)
        ):
            raise ValueError("write the colour as #rrggbb, such as #6f1a52")
        return value.lower()

    @field_validator("council_name", "mail_from_name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not value.strip() or not value.isprintable():
            raise ValueError("write it on one line")
        return value

    @field_validator("mail_from", "mail_reply_to")
    @classmethod
    def _from(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.field_name == "mail_reply_to":
            return value
        name, at, domain = value.partition("@")
        if (
            not (name and at and "." in domain)
            or "@" in domain
            or any(c.isspace() or c in ",;<>" for c in value)
        ):
            raise ValueError("write one email address, such as vfm@council.example")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long(cls, value: str) -> str:
        if value and len(value) < 32:
            raise ValueError("use at least 32 random characters")
        return value


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, with the folders they were read from."""

    settings: Settings
    folders: Folders

    @property
    def data(self) -> Path:
        return Path(self.settings.data).resolve()

    @property
    def database_url(self) -> str:
        return self.settings.database_url or f"sqlite:///{self.data / 'vfm.sqlite3'}"

    @property
    def mail_url(self) -> str:
        return self.settings.mail_url or f"folder:{self.data / 'mail'}"


def load(environment: Mapping[str, str] | None = None, **overrides: str) -> Loaded:
    """Return the settings: `overrides`, then the environment, then the home's file, then the defaults.

    Raises ConfigError that names each unknown or bad setting, where it was said, and what is accepted.
    """
    env = dict(os.environ if environment is None else environment)
    given = {name[len(PREFIX) :].lower(): value for name, value in env.items() if name.startswith(PREFIX)}
    given.update(overrides)
    names = list(Settings.model_fields)
    unknown = [
        Problem(f"{PREFIX}{name.upper()}", None, "this setting does not exist.", _suggest(name, names))
        for name in given
        if name not in names
    ]
    if unknown:
        raise ConfigError(unknown)
    folders = Folders.at(given.get("home"))
    document = parse_toml(*folders.read(FILE))
    if problems := list(_misplaced(document, names)):
        raise ConfigError(problems)
    merged = {**document.data, **given}
    for name in SECRETS:
        if given.get(f"{name}_file") and not given.get(name):
            merged[name] = _read_secret(f"{name}_file", given[f"{name}_file"])
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        # Not chained: that error holds what was typed, secrets among it.
        raise ConfigError([_bad(document, given, dict(item)) for item in error.errors()]) from None
    if problems := list(_missing(settings)):
        raise ConfigError(problems)
    return Loaded(settings, folders)


def _misplaced(document: Document, names: list[str]) -> Iterator[Problem]:
    """Yield what may not stand in the settings file: the unknown, what is read elsewhere, and secrets."""
    for name, value in document.data.items():
        variable = f"{PREFIX}{name.upper()}"
        if name not in names:
            yield document.problem((name,), f"the setting `{name}` does not exist.", suggestion(name, names))
        elif name in OUTSIDE_ONLY:
            yield document.problem(
                (name,), f"`{name}` may not stand in this file.", f"Set {variable} instead."
            )
        elif name in SECRETS and _holds_secret(name, str(value)):
            yield document.problem(
                (name,),
                f"`{name}` holds a secret, and this file is copied and shown.",
                f"Set {variable}, or {variable}_FILE to a file only the server reads, and change the secret.",
            )


def _holds_secret(name: str, value: str) -> bool:
    """Return whether a setting's value is secret: an address is, as soon as there is a password in it."""
    if not name.endswith("_url"):
        return bool(value)
    return "@" in value and ":" in value.partition("://")[2].rpartition("@")[0]


def _missing(settings: Settings) -> Iterator[Problem]:
    """Yield each setting that signing in with the council's accounts needs and is not there."""
    if settings.sign_in != "oidc":
        return
    for name in ("oidc_issuer", "oidc_client_id", "oidc_client_secret"):
        if not getattr(settings, name):
            accepted = Settings.model_fields[name].description
            what = "`sign_in` is `oidc`, which needs this setting too."
            yield Problem(f"{PREFIX}{name.upper()}", None, what, f"Accepted: {accepted}")


def _suggest(name: str, names: list[str]) -> str:
    return suggestion(PREFIX + name.upper(), [PREFIX + known.upper() for known in names])


def _bad(document: Document, given: Mapping[str, str], item: Mapping[str, object]) -> Problem:
    loc = item["loc"]
    name = str(loc[0]) if isinstance(loc, tuple) and loc else "settings"
    said = str(item["msg"]).removeprefix("Value error, ")
    if name == "sign_in":
        said = f"use one of: {', '.join(get_args(SignIn))}"
    accepted = Settings.model_fields[name].description or ""
    shown = "" if name in SECRETS else f" is {item.get('input')!r}, which"
    source = name
    if name in SECRETS and not given.get(name) and given.get(f"{name}_file"):
        source = f"{name}_file"
    if source in given:
        return Problem(
            f"{PREFIX}{source.upper()}",
            None,
            f"this setting{shown} cannot be used: {said}.",
            f"Accepted: {accepted}",
        )
    return document.problem((name,), f"`{name}`{shown} cannot be used: {said}.", f"Accepted: {accepted}")


def _read_secret(name: str, file: str) -> str:
    variable = f"{PREFIX}{name.upper()}"
    try:
        found = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        what = f"the file {file} cannot be read: {error.strerror or error}."
        raise ConfigError([Problem(variable, None, what, "Name a readable file.")]) from error
    except UnicodeDecodeError:
        what = f"the file {file} is not text."  # the error itself would quote it
        raise ConfigError([Problem(variable, None, what, "Name a file with one line of text.")]) from None
    if not found:
        raise ConfigError(
            [Problem(variable, None, f"the file {file} is empty.", "Write the secret into it.")]
        )
    return found


def secret_key(loaded: Loaded) -> str:
    """Return the key that signs forms and cookies; make one under `data` at the first start."""
    if loaded.settings.secret_key:
        return loaded.settings.secret_key
    file = loaded.data / "secret.key"
    if not file.exists():
        loaded.data.mkdir(parents=True, exist_ok=True)
        # Linked into place whole: of two processes that start at once, one makes the key and both read it.
        draft = file.with_suffix(f".{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text(encoding="utf-8").strip()
