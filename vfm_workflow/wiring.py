"""Builds settings, rules, database and transport, once. Everything above asks here; nothing below reads a clock."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlmodel import Session

from vfm_workflow import settings as settings_module
from vfm_workflow.documents import Document, parse_yaml, validate
from vfm_workflow.domain import lifecycle as lifecycles
from vfm_workflow.domain import notices, outline, rag, roles
from vfm_workflow.domain.calendar import Calendar, CalendarRules
from vfm_workflow.domain.lifecycle import Known, Lifecycle
from vfm_workflow.domain.machine import compile_chart
from vfm_workflow.domain.requirements import REQUIREMENTS
from vfm_workflow.domain.snapshot import SUBJECTS
from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.folders import Folders
from vfm_workflow.journeys import mail_log
from vfm_workflow.journeys.deliver import Delivered, deliver
from vfm_workflow.journeys.effects import EFFECTS
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.post import Posted, post_due, preview
from vfm_workflow.mail import check as mail_check
from vfm_workflow.mail import transports
from vfm_workflow.mail.council import Council
from vfm_workflow.mail.render import Renderer
from vfm_workflow.mail.transports import Transport
from vfm_workflow.settings import Loaded, Settings
from vfm_workflow.signing import seal_of
from vfm_workflow.store.backup import scratch
from vfm_workflow.store.engine import Database

WORK = frozenset(
    {
        "outline",
        "recommendations",
        "milestones",
        "forecasts",
        "plan",
        "measures",
        "savings",
        "consultations",
        "lessons",
        "lessons_answers",
    }
)
"""What a stage may ask for."""


def _document(folders: Folders, relative: str) -> Document:
    return parse_yaml(*folders.read(relative))


def lifecycle_files(folders: Folders) -> dict[str, Path]:
    """Return file name → the copy that wins, for every lifecycle document."""
    return {
        name: path
        for name, path in folders.winners()
        if name.startswith("workflows/") and path.suffix == ".yaml"
    }


def load_home(loaded: Loaded, mint: Callable[[], str] | None = None) -> Home:
    """Return the council's home, read and checked. Raises ConfigError with every problem of the first bad file."""
    folders, settings = loaded.folders, loaded.settings
    calendar = Calendar(validate(CalendarRules, _document(folders, "config/calendar.yaml")))
    role_specs = roles.load(_document(folders, "config/roles.yaml"))
    written = outline.load(_document(folders, "config/outline.yaml"))
    catalogue = _catalogue(folders, role_specs)
    found = _lifecycles(folders, role_specs, catalogue)
    _kinds_have_lifecycles(folders, written, found)
    council = Council(
        settings.council_name, settings.brand_colour, settings.base_url, calendar.rules.time_zone
    )
    extra: dict[str, Any] = {"mint": mint} if mint is not None else {}
    return Home(
        council_name=settings.council_name,
        base_url=settings.base_url,
        mail_from=settings.mail_from,
        mail_from_name=settings.mail_from_name,
        calendar=calendar,
        roles=role_specs,
        outline=written,
        rag=rag.load(_document(folders, "config/rag.yaml")),
        catalogue=catalogue,
        renderer=Renderer(folders.search_path("notifications"), catalogue, council),
        lifecycles=found,
        sign_in=settings.sign_in,
        **extra,
    )


def _catalogue(folders: Folders, role_specs: Mapping[str, roles.RoleSpec]) -> notices.Catalogue:
    released_to = [role for role, spec in role_specs.items() if spec.release is not None]
    return notices.load(_document(folders, "notifications/notices.yaml"), role_specs, released_to)


def _lifecycles(folders: Folders, role_specs: Any, catalogue: notices.Catalogue) -> dict[str, Lifecycle]:
    events = [key for key, n in catalogue.notices.items() if n.when is not None and n.when.what == "event"]
    known = Known(REQUIREMENTS, EFFECTS, role_specs, events, SUBJECTS, WORK)
    found: dict[str, Lifecycle] = {}
    problems: list[Problem] = []
    for relative, path in lifecycle_files(folders).items():
        try:
            document = _document(folders, relative)
            lifecycle = lifecycles.load(document, known)
            compile_chart(lifecycle, str(path))
        except ConfigError as error:
            problems += error.problems
            continue
        if lifecycle.name in found:
            what = f"another file has the lifecycle `{lifecycle.name}` already."
            problems.append(document.problem(("lifecycle",), what, "Give each its own name."))
        found[lifecycle.name] = lifecycle
    if problems:
        raise ConfigError(problems)
    if not found:
        raise ConfigError(
            [Problem("workflows/", None, "there is no lifecycle.", "Run `vfm init` for the default.")]
        )
    return found


def _kinds_have_lifecycles(
    folders: Folders, written: outline.OutlineRules, found: dict[str, Lifecycle]
) -> None:
    document = _document(folders, "config/outline.yaml")
    problems = [
        document.problem(
            ("kinds", number),
            f"there is no lifecycle `{kind.lifecycle}`.",
            f"Use one of: {', '.join(found)}.",
        )
        for number, kind in enumerate(written.kinds)
        if kind.lifecycle not in found
    ]
    if problems:
        raise ConfigError(problems)


def check_home(loaded: Loaded) -> list[Problem]:
    """Return everything wrong with a home: file, line and remedy of each, not only the first file's."""
    found: list[Problem] = []
    readers: list[Callable[[], object]] = [
        lambda: validate(CalendarRules, _document(loaded.folders, "config/calendar.yaml")),
        lambda: roles.load(_document(loaded.folders, "config/roles.yaml")),
        lambda: outline.load(_document(loaded.folders, "config/outline.yaml")),
        lambda: rag.load(_document(loaded.folders, "config/rag.yaml")),
        lambda: transports.from_url(loaded.mail_url, loaded.data),
        lambda: load_home(loaded),
    ]
    for reader in readers:
        try:
            reader()
        except ConfigError as error:
            found += [problem for problem in error.problems if problem not in found]
    if not found:
        home = load_home(loaded)
        found += mail_check.check(loaded.folders.search_path("notifications"), home.catalogue)
    return found


@dataclass
class App:
    """A running council: its settings, home, database and transport."""

    loaded: Loaded
    home: Home
    database: Database
    worker: str

    def __post_init__(self) -> None:
        self.home = replace(self.home, seal=lambda person_id: seal_of(self.secret_key, person_id))

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @cached_property
    def secret_key(self) -> str:
        return settings_module.secret_key(self.loaded)

    @cached_property
    def transport(self) -> Transport:
        return transports.from_url(self.loaded.mail_url, self.loaded.data)

    @property
    def is_demo(self) -> bool:
        return self._clock_file.is_file()

    @property
    def _clock_file(self) -> Path:
        return self.loaded.data / "demo-clock.json"

    def now(self) -> dt.datetime:
        """Return the moment it is: the demo's own clock where there is one, else this machine's."""
        return self.demo_now() or dt.datetime.now(dt.UTC)

    def demo_now(self) -> dt.datetime | None:
        """Return the demo's moment, or None outside a demo."""
        try:
            text = self._clock_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return dt.datetime.fromisoformat(json.loads(text)["now"])

    def set_demo_now(self, at: dt.datetime) -> None:
        """Move the demo's clock."""
        temporary = self._clock_file.with_suffix(".tmp")
        temporary.write_text(json.dumps({"now": at.astimezone(dt.UTC).isoformat()}), encoding="utf-8")
        temporary.replace(self._clock_file)

    def write(self) -> AbstractContextManager[Session]:
        """Return a transaction whose changes are committed together at the end, or not at all."""
        return self.database.write()

    def read(self) -> AbstractContextManager[Session]:
        """Return a session for reading."""
        return self.database.read()

    def tick(self, at: dt.datetime) -> list[Posted]:
        """Post whatever is due at `at`; return the mails written."""
        with self.write() as session:
            return post_due(session, self.home, at)

    def deliver(self, at: dt.datetime, limit: int | None = None) -> Delivered:
        """Send whatever may leave at `at`; return what became of it. One run at a time in a process."""
        with _DELIVERING:
            return deliver(self.write, self.transport, self.worker, at, limit)

    def preview(self, days: int, at: dt.datetime) -> list[tuple[dt.datetime, Posted]]:
        """Return (moment, mail) of all that would leave in the next `days` days if nobody did anything meanwhile.

        What waits in the outbox is among them. It is the clock itself that runs, and then all of it is undone.
        """
        until = self.home.calendar.moment(
            self.home.calendar.today(at) + dt.timedelta(days=days + 1), dt.time()
        )
        with scratch(self.database) as session:
            found = [*mail_log.waiting(session, at, until), *preview(session, self.home, at, days)]
        return sorted(found, key=lambda pair: pair[0])

    def close(self) -> None:
        """Close the transport and the database."""
        if "transport" in self.__dict__:
            self.transport.close()
        self.database.close()


_DELIVERING = threading.Lock()


def build(
    *,
    upgrade: bool = True,
    mint: Callable[[], str] | None = None,
    durable: bool = True,
    **overrides: str,
) -> App:
    """Return the council that the settings and environment describe. `overrides` are settings that win over both.

    With `durable` off nothing waits for the disk: only for what can be made again, such as a demo. Raises ConfigError, or
    DatabaseBehind where the tables are old and `upgrade` is False. A new database is made.
    """
    loaded = settings_module.load(None, **overrides)
    home = load_home(loaded, mint)
    loaded.data.mkdir(parents=True, exist_ok=True)
    database = Database(loaded.database_url, durable=durable)
    if upgrade and database.is_empty():
        database.upgrade()
    database.check()
    return App(loaded, home, database, f"{socket.gethostname()}:{os.getpid()}")
