"""`vfm import`: figures and people from a CSV file. Without `--apply` it only says what it would do."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfm_workflow.cli.options import At, By, ExistingFile, Json, actor, council, moment
from vfm_workflow.cli.output import emit, note, say, table

if TYPE_CHECKING:
    from vfm_workflow.journeys.import_plan import Plan
    from vfm_workflow.wiring import App


class Kind(StrEnum):
    """What is in the file."""

    readings = "readings"
    savings = "savings"
    milestones = "milestones"
    people = "people"


def import_(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="readings, savings, milestones or people.")],
    file: ExistingFile,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it, whole, instead of saying what it would do.")
    ] = False,
    by: By = "",
    at: At = "",
    as_json: Json = False,
) -> None:
    """Import figures or people from a CSV file. It is a dry run: every bad row is named, by line and column.

    With --apply all of it is done, or nothing where anything is wrong. docs/figures.md has the columns.
    """
    from vfm_workflow.journeys import importing

    with council() as app:
        try:
            plan = _run(app, kind.value, file, by, at, apply)
        except importing.Refused as refused:
            plan = refused.plan
    done = apply and not plan.bad
    if as_json:
        emit({"kind": kind.value, "file": str(file), "applied": done, **plan.result()})
    else:
        _say(plan, done)
    if plan.bad:
        note(importing.said(plan, done=False))
        raise typer.Exit(1)
    if not as_json:
        say(importing.said(plan, done=done))
        if not done:
            note("Nothing was changed. Say --apply to do it.")


def _run(app: App, kind: str, file: Path, by: str, at: str, apply: bool) -> Plan:
    """Return what the file does. Raises Refused, after a rollback, where it was to be done and anything is wrong."""
    from vfm_workflow.journeys import importing

    now, data = moment(at, app), file.read_bytes()
    if not apply:
        with app.read() as session:
            who = actor(session, by, app, now) if by else None
            return importing.look(session, app.home, kind, data, who, now, name=file.name)
    with app.write() as session:
        who = actor(session, by, app, now) if by else None
        batch = importing.take(session, app.home, kind, file.name, data, who, now)
        return importing.apply(session, app.home, batch, who, now)


def _say(plan: Plan, done: bool) -> None:
    found: dict[str, Any] = plan.result()
    if found["problems"]:
        rows = [(bad["line"], bad["column"], bad["message"]) for bad in found["problems"]]
        table(("line", "column", "what to do"), rows)
        return
    verb = "corrected" if done else "would be corrected"
    for head, key in (("new", "changes"), (verb, "corrected")):
        if found[key]:
            table(
                ("line", head, "was", "now", "reason"),
                [(row["line"], row["what"], row["was"], row["now"], row["reason"]) for row in found[key]],
            )
