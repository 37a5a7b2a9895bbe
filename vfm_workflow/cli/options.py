"""Options that several commands take, and how they are read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vfm_workflow.cli.output import remember_json

if TYPE_CHECKING:
    from sqlmodel import Session

    from vfm_workflow.domain.calendar import Calendar
    from vfm_workflow.domain.roles import Actor
    from vfm_workflow.store.engine import Database
    from vfm_workflow.wiring import App

Json = Annotated[
    bool,
    typer.Option("--json", help="Print JSON on stdout, and nothing else there.", callback=remember_json),
]
At = Annotated[
    str,
    typer.Option(
        metavar="ISO",
        help="The moment to act at, such as 2026-11-23T09:00; the council's time where no zone is given.",
        show_default="now",
    ),
]
By = Annotated[str, typer.Option(metavar="EMAIL", help="Who does it: their work address.")]
ExistingFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE")]


@contextmanager
def council() -> Iterator[App]:
    """Yield the council that settings and environment describe, and close it. Raises ConfigError."""
    from vfm_workflow import collector, wiring

    app = wiring.build()
    collector.resume()
    try:
        yield app
    finally:
        app.close()


@contextmanager
def database() -> Iterator[Database]:
    """Yield the council's database alone: what only reads rows need not load the council's rules and templates.

    Raises ConfigError, or DatabaseBehind.
    """
    from vfm_workflow import collector, settings
    from vfm_workflow.store.engine import Database

    loaded = settings.load()
    loaded.data.mkdir(parents=True, exist_ok=True)
    found = Database(loaded.database_url)
    try:
        if found.is_empty():
            found.upgrade()
        found.check()
        collector.resume()
        yield found
    finally:
        found.close()


def actor(session: Session, address: str, app: App, at: dt.datetime) -> Actor:
    """Return who has the work address, with those they stand in for at `at`. Raises NotFound."""
    from vfm_workflow.journeys import access, people

    return access.standing_in(session, app.home, people.actor_by_address(session, address), at)


def moment(text: str, app: App) -> dt.datetime:
    """Return the moment `--at` says, in UTC; the council's now where it says nothing."""
    return read_moment(text, app.home.calendar) if text else app.now()


def read_moment(text: str, calendar: Calendar) -> dt.datetime:
    """Return an ISO moment in UTC, local time of the council where it has no zone.

    Raises BadParameter that says whether the date, the time or the form is wrong.
    """
    try:
        found = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise typer.BadParameter(_why_no_moment(text.strip()), param_hint="--at") from error
    zoned = found.tzinfo is not None
    try:
        return found.astimezone(dt.UTC) if zoned else calendar.moment(found.date(), found.time())
    except OverflowError as error:
        raise typer.BadParameter(f"“{text}” is too far away.", param_hint="--at") from error


def _why_no_moment(text: str) -> str:
    parts = re.match(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?", text)
    form = "Write it as 2026-11-23T09:00."
    if parts is None:
        return f"“{text}” is no moment. {form}"
    try:
        dt.date.fromisoformat(parts[1])
    except ValueError:
        return f"there is no day {parts[1]}. {form}"
    try:
        dt.time.fromisoformat(parts[2] or "00:00")
    except ValueError:
        return f"there is no time {parts[2]}. {form}"
    return f"“{text}” is no moment. {form}"


def local(at: dt.datetime, calendar: Calendar) -> str:
    """Return a moment as the council's clock shows it, such as `Mon 23 Nov 2026 09:00`."""
    return f"{calendar.local(at):%a %d %b %Y %H:%M}"


def stamp(at: dt.datetime | None, calendar: Calendar) -> str | None:
    """Return a moment for JSON: the council's time with its offset from UTC, so that it is both read and exact."""
    return calendar.local(at).isoformat(timespec="seconds") if at is not None else None
