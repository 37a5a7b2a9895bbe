"""Builds settings, rules, database and transport, once. Everything above asks here; nothing below reads a clock."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from vfm_workflow import settings as settings_module
from vfm_workflow.documents import Document, parse_yaml, validate
from vfm_workflow.domain import lifecycle as lifecycles
from vfm_workflow.domain import notices, outline, rag, report_texts, roles, savings_rules
from vfm_workflow.domain.calendar import Calendar, CalendarRules
from vfm_workflow.domain.lifecycle import Known, Lifecycle
from vfm_workflow.domain.requirements import REQUIREMENTS
from vfm_workflow.domain.snapshot import SUBJECTS
from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.folders import Folders
from vfm_workflow.journeys.effects import EFFECTS
from vfm_workflow.journeys.home import Home
from vfm_workflow.mail import transports
from vfm_workflow.mail.council import Council
from vfm_workflow.mail.render import Renderer
from vfm_workflow.mail.transports import Transport
from vfm_workflow.reports.writing.forms import Style
from vfm_workflow.settings import Loaded, Settings
from vfm_workflow.store.engine import Database

PATIENCE_SECONDS = 60
"""How long delivery waits for a database that is away. Far less than a mail's lease."""

if TYPE_CHECKING:  # a page needs none of it: what ticks and delivers is loaded with the first tick and mail
    from vfm_workflow.journeys.deliver import Courier, Delivered
    from vfm_workflow.journeys.post import Posted
    from vfm_workflow.journeys.recolour import Recoloured
    from vfm_workflow.journeys.undelivered import Taken
    from vfm_workflow.mail.notify_receipt import Receipt
    from vfm_workflow.store.personal import Tidied

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
    return {name: path for name, path in folders.winners(["workflows"]) if path.suffix == ".yaml"}


def load_home(loaded: Loaded, mint: Callable[[], str] | None = None) -> Home:
    """Return the council's home, read and checked. Raises ConfigError with every problem of the first bad file."""
    folders, settings = loaded.folders, loaded.settings
    calendar = Calendar(validate(CalendarRules, _document(folders, "config/calendar.yaml")))
    role_specs = roles.load(_document(folders, "config/roles.yaml"))
    outlines = _document(folders, "config/outline.yaml")
    written = outline.load(outlines)
    catalogue = _catalogue(folders, role_specs)
    found = _lifecycles(folders, role_specs, catalogue)
    _kinds_have_lifecycles(outlines, written, found)
    council = Council(
        settings.council_name, settings.brand_colour, settings.base_url, calendar.rules.time_zone
    )
    extra: dict[str, Any] = {"mint": mint} if mint is not None else {}
    return Home(
        council_name=settings.council_name,
        base_url=settings.base_url,
        mail_from=settings.mail_from,
        mail_from_name=settings.mail_from_name,
        mail_reply_to=settings.mail_reply_to,
        calendar=calendar,
        roles=role_specs,
        outline=written,
        rag=rag.load(_document(folders, "config/rag.yaml")),
        savings=savings_rules.load(_document(folders, "config/savings.yaml")),
        reports=report_texts.load(_document(folders, "config/reports.yaml")),
        catalogue=catalogue,
        renderer=Renderer(folders.search_path("notifications"), catalogue, council),
        style=_style(folders, settings),
        lifecycles=found,
        sign_in=settings.sign_in,
        **extra,
    )


def _style(folders: Folders, settings: Settings) -> Style:
    """Return how reports look. A logo is a PNG picture that a council puts into its `config/`."""
    logos = [folder / "logo.png" for folder in folders.search_path("config")]
    logo = next((file.read_bytes() for file in logos if file.is_file()), b"")
    template = folders.find("config/report.docx")
    return Style(settings.council_name, settings.brand_colour, settings.base_url, template, logo)


def _word(loaded: Loaded) -> None:
    """Raise ConfigError where reports cannot be written into the council's Word template."""
    from vfm_workflow.reports.writing import word

    word.check(_style(loaded.folders, loaded.settings))


def _catalogue(folders: Folders, role_specs: Mapping[str, roles.RoleSpec]) -> notices.Catalogue:
    released_to = [role for role, spec in role_specs.items() if spec.release is not None]
    return notices.load(_document(folders, "notifications/notices.yaml"), role_specs, released_to)


def _lifecycles(folders: Folders, role_specs: Any, catalogue: notices.Catalogue) -> dict[str, Lifecycle]:
    events = [key for key, n in catalogue.notices.items() if n.when is not None and n.when.what == "event"]
    known = Known(REQUIREMENTS, EFFECTS, role_specs, events, SUBJECTS, WORK)
    found: dict[str, Lifecycle] = {}
    problems: list[Problem] = []
    for relative in lifecycle_files(folders):
        try:
            document = _document(folders, relative)
            lifecycle = lifecycles.load(document, known)
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
    document: Document, written: outline.OutlineRules, found: dict[str, Lifecycle]
) -> None:
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


def _charts(home: Home) -> None:
    """Raise ConfigError where python-statemachine refuses a lifecycle. Projects move by its plan, which is proved equal."""
    from vfm_workflow.domain.machine import compile_chart

    for lifecycle in home.lifecycles.values():
        compile_chart(lifecycle)


def check_home(loaded: Loaded) -> list[Problem]:
    """Return everything wrong with a home: file, line and remedy of each, not only the first file's."""
    from vfm_workflow.mail import check as mail_check

    found: list[Problem] = []
    readers: list[Callable[[], object]] = [
        lambda: validate(CalendarRules, _document(loaded.folders, "config/calendar.yaml")),
        lambda: roles.load(_document(loaded.folders, "config/roles.yaml")),
        lambda: outline.load(_document(loaded.folders, "config/outline.yaml")),
        lambda: rag.load(_document(loaded.folders, "config/rag.yaml")),
        lambda: savings_rules.load(_document(loaded.folders, "config/savings.yaml")),
        lambda: report_texts.load(_document(loaded.folders, "config/reports.yaml")),
        lambda: _word(loaded),
        lambda: transports.check(loaded.mail_url, loaded.data, loaded.settings),
        lambda: _charts(load_home(loaded)),
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


def recoloured(loaded: Loaded, home: Home) -> Recoloured:
    """Return which projects would change colour under `home`'s rules, from the council's database if there is one.

    It only reads. Where there is nothing to read, the answer says why.
    """
    from vfm_workflow.journeys import recolour

    try:
        database = Database(loaded.database_url)
    except ConfigError as error:
        return recolour.Recoloured((), 0, 0, str(error))
    try:
        why_not = database.unready()
        if why_not:
            return recolour.Recoloured((), 0, 0, why_not)
        with database.read() as session:
            return recolour.recoloured(session, home)
    finally:
        database.close()


@dataclass
class App:
    """A running council: its settings, home, database and transport."""

    loaded: Loaded
    home: Home
    database: Database
    worker: str

    def __post_init__(self) -> None:
        self.home = replace(self.home, seal=self._seal)

    def _seal(self, person_id: int) -> str:
        from vfm_workflow.signing import seal_of

        return seal_of(self.secret_key, person_id)

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @cached_property
    def secret_key(self) -> str:
        return settings_module.secret_key(self.loaded)

    @cached_property
    def transport(self) -> Transport:
        return transports.from_url(self.loaded.mail_url, self.loaded.data, self.settings)

    @cached_property
    def courier(self) -> Courier:
        from vfm_workflow.journeys.deliver import Courier

        return Courier(self._patiently, self.transport, self.worker)

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
        from vfm_workflow.journeys.post import post_due

        with self.write() as session:
            return post_due(session, self.home, at)

    def deliver(
        self, at: dt.datetime, limit: int | None = None, ending: Callable[[], bool] = lambda: False
    ) -> Delivered:
        """Send whatever may leave at `at`, up to `limit` mails and until `ending`; return what became of it.

        One run at a time in a process.
        """
        with _DELIVERING:
            # a run may take longer than a lease, which begins when a mail is claimed
            began = time.monotonic()
            return self.courier.run(at, limit, lambda: dt.timedelta(seconds=time.monotonic() - began), ending)

    def _patiently(self) -> AbstractContextManager[Session]:
        """Return a transaction for delivery: it waits out a restart of the database, to write down what was sent."""
        return self.database.write(PATIENCE_SECONDS)

    def owed(self, at: dt.datetime) -> list[str]:
        """Return what somebody ought to look into at `at`, by its name in the queue."""
        from vfm_workflow.store import jobs as jobs_store
        from vfm_workflow.store import outbox, queue

        with self.read() as session:
            found = {queue.MAIL: outbox.owed(session, at), queue.WORK: jobs_store.owed(session, at)}
        return [name for name, is_owed in found.items() if is_owed]

    def do_job(self, ending: Callable[[], bool] = lambda: False) -> bool:
        """Do the oldest job that is free; return whether there was one. It goes back where the process is `ending`."""
        from vfm_workflow.journeys import jobs
        from vfm_workflow.journeys.running import Tools

        machine = socket.gethostname()
        tools = Tools(self.home, self.read, self.write, self.loaded.data, machine, self.now, ending)
        return jobs.work(tools, self.worker)

    def tidy(self, at: dt.datetime) -> Tidied:
        """Let go of what has been kept long enough: what is personal, and files of exports; return how much."""
        from vfm_workflow.journeys import personal

        with self.write() as session:
            return personal.tidy(session, self.home, at, self.loaded.data, socket.gethostname())

    def take_bounce(self, data: bytes, at: dt.datetime) -> list[Taken]:
        """Take in one mail that came back; return what it says."""
        from vfm_workflow.journeys import undelivered

        with self.write() as session:
            return undelivered.take(session, data, at)

    def take_receipt(self, receipt: Receipt, at: dt.datetime) -> bool:
        """Take in what GOV.UK Notify tells of a mail; return whether it was news."""
        from vfm_workflow.journeys import undelivered

        with self.write() as session:
            return undelivered.receive(session, receipt, at)

    def read_bounces(self, folder: Path, at: dt.datetime) -> list[Taken]:
        """Take in each new mail of a mailbox folder (Maildir); return what they say. See `mail.maildir`."""
        from vfm_workflow.mail import maildir

        taken: list[Taken] = []
        for each in maildir.new(folder):
            if (data := each.read()) is not None:
                taken += self.take_bounce(data, at)
                each.seen()
        return taken

    def preview(self, days: int, at: dt.datetime) -> list[tuple[dt.datetime, Posted]]:
        """Return (moment, mail) of all that would leave in the next `days` days if nobody did anything meanwhile.

        What waits in the outbox is among them. It is the clock itself that runs, and then all of it is undone.
        """
        from vfm_workflow.journeys import mail_log
        from vfm_workflow.journeys.post import preview
        from vfm_workflow.store.backup import scratch

        until = self.home.calendar.moment(
            self.home.calendar.today(at) + dt.timedelta(days=days + 1), dt.time()
        )
        with scratch(self.database) as session:
            written = preview(session, self.home, at, days)
            leaving = ((max(moment, mail.not_before), mail) for moment, mail in written)
            found = [*mail_log.waiting(session, at, until), *(pair for pair in leaving if pair[0] < until)]
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
    # Random at its end: in containers two processes may well have the same name and number.
    worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    return App(loaded, home, database, worker)
