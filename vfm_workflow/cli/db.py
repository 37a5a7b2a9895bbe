"""`vfm db`: the tables' version, and copies of the data."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfm_workflow.cli.options import At, ExistingFile, Json, council, moment
from vfm_workflow.cli.output import emit, note, say

if TYPE_CHECKING:
    from vfm_workflow.store.backup import Copied

group = typer.Typer(help="The database: its version, backup and restore.", no_args_is_help=True)


@group.command()
def upgrade(as_json: Json = False) -> None:
    """Bring the tables to this program's version. A new database is made."""
    from vfm_workflow import settings
    from vfm_workflow.store.engine import Database

    loaded = settings.load()
    loaded.data.mkdir(parents=True, exist_ok=True)
    database = Database(loaded.database_url)
    try:
        database.upgrade()
        database.check()
        url = database.engine.url.render_as_string(hide_password=True)
    finally:
        database.close()
    if as_json:
        emit({"database": url, "current": True})
    else:
        say(f"{url} is at this program's version.")


@group.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="A new file for the copy.")],
    as_json: Json = False,
) -> None:
    """Copy the database into FILE, checked, while others go on working."""
    from vfm_workflow import settings
    from vfm_workflow.store import backup as copies

    loaded = settings.load()
    _report(copies.backup(loaded.database_url, file), as_json, "Copied the database to")
    note(f"Keep with it: {loaded.data / 'secret.key'} and the council's home. They are not in the database.")


@group.command()
def restore(
    file: ExistingFile,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Take the place of the database there is; a copy of that is kept."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a backup the database, after checking that it is whole: all of it, or nothing."""
    from vfm_workflow import settings
    from vfm_workflow.store import backup as copies

    loaded = settings.load()
    kept_as = f"before-restore-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}"
    loaded.data.mkdir(parents=True, exist_ok=True)
    copied, kept = copies.restore(
        loaded.database_url, file, replace=replace, kept_as=kept_as, folder=loaded.data
    )
    _report(copied, as_json, "Restored", kept=str(kept) if kept else None)
    if kept is not None:
        note(f"The database that was there is kept as {kept}")
    note("Next: `vfm db upgrade` if the backup is an older one, then `vfm audit verify`.")
    note("Mail sent since the backup was taken may go again, with the same Message-ID: see `vfm mail list`.")


@group.command()
def tidy(at: At = "", as_json: Json = False) -> None:
    """Let go of what has been kept for as long as config/calendar.yaml says. The clock does it by itself.

    Texts of mails, ended sessions and used codes; and the files of exports that lie on this machine.
    """
    with council() as app:
        tidied = app.tidy(moment(at, app))
    if as_json:
        emit(tidied._asdict())
    else:
        say(
            f"Let go: the text of {tidied.mail_texts} mails, {tidied.sessions} ended sessions, {tidied.codes} used codes "
            f"and {tidied.export_files} files of exports."
        )


def _report(copied: Copied, as_json: bool, what: str, **more: Any) -> None:
    if as_json:
        emit({**asdict(copied), "file": str(copied.file), **more})
    else:
        size = f"{copied.size_bytes:,} bytes, version {copied.version}"
        say(
            f"{what} {copied.file}: {size}, {copied.projects} projects, {copied.history_rows} rows of history."
        )
