"""`vfm report`: what a council prints, publishes and hands on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vfm_workflow.cli.options import actor, council
from vfm_workflow.cli.output import note

group = typer.Typer(help="Reports: to print, to publish, to hand on.", no_args_is_help=True)


@group.callback()
def _group() -> None:
    """Reports: to print, to publish, to hand on."""


@group.command()
def decisions(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The project, such as VFM-0007.")],
    to: Annotated[str, typer.Option("--to", help="html (to print), csv or json.")] = "html",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there, not on stdout.")
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="EMAIL", help="As somebody may see it; without it, as the operator.")
    ] = "",
) -> None:
    """Write a project's record of decisions: who decided what on which version, at which level, and how that is known."""
    from vfm_workflow.journeys import record
    from vfm_workflow.reports import decisions as report

    with council() as app, app.read() as session:
        now = app.now()
        asker = actor(session, by, app, now) if by else None
        found = record.decisions(session, app.home, reference, asker, now)
        data = report.write(found, to.lower(), app.home.calendar.local)
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        output.write_bytes(data)
        note(f"Written to {output}.")
