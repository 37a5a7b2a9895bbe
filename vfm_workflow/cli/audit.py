"""`vfm audit`: is the history what it was?"""

from __future__ import annotations

from dataclasses import asdict

import typer

from vfm_workflow.cli.options import Json, database
from vfm_workflow.cli.output import emit, note, say

group = typer.Typer(help="The history of every project.", no_args_is_help=True)


@group.callback()
def _group() -> None:
    """The history of every project."""


@group.command()
def verify(as_json: Json = False) -> None:
    """Check the chain of every project's history, and the votes and frozen texts against it; name what was changed."""
    from vfm_workflow.store import audit, listing

    with database() as data, data.read() as session:
        broken = list(audit.verify(session))
        rows, projects = listing.page(session, limit=None)
    checked = sum(row.revision for row in rows)
    if as_json:
        emit(
            {
                "whole": not broken,
                "projects": projects,
                "rows": checked,
                "broken": [asdict(b) for b in broken],
            }
        )
    elif not broken:
        say(f"The history is whole: {checked} rows of {projects} projects.")
    for place in broken:
        note(f"{place.reference}, row {place.seq}: {place.what}.")
    if broken:
        note("Restore a backup with `vfm db restore`, or find out who wrote to the database.")
        raise typer.Exit(1)
