"""`vfm export`: everything out, for another program or for good."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from vfm_workflow.cli.options import Json, database
from vfm_workflow.cli.output import emit, note, say


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    as_json: Json = False,
) -> None:
    """Write everything into a folder, as CSV and as JSON, with every document.

    Exempt text is in it. What lets somebody in is not: sessions, codes, links, and the bodies of mails.
    """
    from vfm_workflow.journeys import exporting

    with database() as found:
        exported = exporting.export(
            found.read, folder, lambda done, total, said: note(f"{said} ({done + 1} of {total})")
        )
    if as_json:
        emit({"folder": str(folder), **asdict(exported)})
    else:
        rows = sum(exported.rows.values())
        say(
            f"Wrote {rows:,} rows of {len(exported.rows)} tables and {exported.documents} documents into {folder}."
        )
