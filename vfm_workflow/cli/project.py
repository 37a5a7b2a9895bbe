"""`vfm project`: look at projects, begin one, and move one on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from vfm_workflow.cli.options import At, By, Json, actor, council, database, moment
from vfm_workflow.cli.output import emit, note, say, table

if TYPE_CHECKING:
    from vfm_workflow.domain.outline import OutlineRules, Written
    from vfm_workflow.store.listing import Row

group = typer.Typer(help="Projects: list, show, begin, and move them on.", no_args_is_help=True)
Reference = Annotated[str, typer.Argument(metavar="REF", help="A project's reference, such as VFM-0007.")]
Sort = Literal["reference", "title", "stage", "department", "rag", "manager", "milestone"]


@group.command("list")
def list_(
    stage: Annotated[str, typer.Option(help="Only those in this stage.")] = "",
    department: Annotated[str, typer.Option(metavar="CODE", help="Only those of this department.")] = "",
    rag: Annotated[Literal["red", "amber", "green", "none"] | None, typer.Option(help="Only these.")] = None,
    search: Annotated[str, typer.Option(help="Only those with this in reference, title or manager.")] = "",
    sort: Annotated[Sort, typer.Option(help="What to sort by.")] = "reference",
    as_json: Json = False,
) -> None:
    """List the projects."""
    from vfm_workflow.store import listing

    with database() as data, data.read() as session:
        rows, total = listing.page(
            session, stage=stage, department=department, rag=rag, search=search, sort=sort, limit=None
        )
    if as_json:
        emit([listing.summary(row) for row in rows])
    elif rows:
        table(
            ("Reference", "Dept", "Stage", "RAG", "Next milestone", "Manager", "Title"),
            [(r.reference, r.department, r.stage, r.rag, _milestone(r), r.manager, r.title) for r in rows],
        )
    note(f"{total} project{'' if total == 1 else 's'}.")


def _milestone(row: Row) -> str:
    return f"{row.forecast:%d %b %Y} {row.milestone}" if row.forecast is not None else ""


@group.command()
def show(
    reference: Reference,
    by: Annotated[str, typer.Option(metavar="EMAIL", help="Say what this person may do.")] = "",
    at: At = "",
    as_json: Json = False,
) -> None:
    """Show a project, and every event of its stage with what is missing for it."""
    from vfm_workflow.journeys import overview

    with council() as app, app.read() as session:
        when = moment(at, app)
        asker = actor(session, by, app, when) if by else None
        shown = overview.show(session, app.home, reference, asker, when)
    if as_json:
        emit(shown)
    else:
        _show(shown)


def _show(shown: dict[str, Any]) -> None:
    lifecycle = shown["lifecycle"]
    say(f"{shown['reference']}  {shown['title']}")
    say(f"  stage {shown['stage']}, revision {shown['revision']}, RAG {shown['rag'] or '–'}")
    say(f"  kind {shown['kind']}, department {shown['department']}")
    say(f"  lifecycle {lifecycle['name']}, version {lifecycle['version']}, {lifecycle['digest'][:8]}")
    for event in shown["events"]:
        who = f"decided by {event['decided_by']}" if event["decided_by"] else ", ".join(event["by"])
        say(f"\n{'yes' if event['allowed'] else 'no ':3}  {event['event']}: {event['label']} ({who})")
        for item in event["unmet"]:
            say(f"       - {item['sentence']} ({item['who']}, page {item['page']})")


@group.command()
def new(
    by: By,
    source: Annotated[
        Path | None,
        typer.Option("--from", exists=True, dir_okay=False, metavar="FILE", help="An outline in Markdown."),
    ] = None,
    title: Annotated[str, typer.Option(help="What it is called.")] = "",
    kind: Annotated[str, typer.Option(help="A kind of config/outline.yaml.")] = "",
    department: Annotated[str, typer.Option(metavar="CODE", help="Whose it is.")] = "",
    manager: Annotated[
        str, typer.Option(metavar="EMAIL", help="The project manager.", show_default="whoever does it")
    ] = "",
    sponsor: Annotated[
        str, typer.Option(metavar="EMAIL", help="The sponsor.", show_default="head of the department")
    ] = "",
    at: At = "",
    as_json: Json = False,
) -> None:
    """Begin a project, empty or from an outline written elsewhere. What is said here wins over the file's head."""
    from vfm_workflow.journeys import overview, projects

    with council() as app:
        written = _read(source, app.home.outline)
        with app.write() as session:
            when = moment(at, app)
            doer = actor(session, by, app, when)
            project = projects.create_from(
                session,
                app.home,
                written,
                by=doer,
                at=when,
                manager=manager,
                sponsor=sponsor,
                title=title,
                kind=kind,
                department=department,
            )
            shown = overview.show(session, app.home, project.reference, None, when)
    if as_json:
        emit(shown)
    else:
        say(shown["reference"])
        note(f"Begun: “{shown['title']}”. See what is missing with `vfm project show {shown['reference']}`.")


def _read(source: Path | None, rules: OutlineRules) -> Written:
    """Return the outline in a file, or an empty one. Raises ConfigError that names what is wrong by line."""
    from vfm_workflow.domain.outline import Written, parse_outline
    from vfm_workflow.errors import ConfigError, Problem

    if source is None:
        return Written("", "", "", {}, {})
    try:
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"the file is not text in UTF-8 (byte {error.start})."
        problem = Problem(str(source), None, what, "Save it as Markdown, a heading for each section.")
        raise ConfigError([problem]) from error
    return parse_outline(text, str(source), rules)


@group.command()
def do(
    reference: Reference,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="An event of its stage.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; some events need it.")] = "",
    revision: Annotated[
        int | None, typer.Option(min=0, help="Refuse where the project has changed since this revision.")
    ] = None,
    at: At = "",
    as_json: Json = False,
) -> None:
    """Fire an event. Refused with every reason at once where anything is missing. Decisions come from mails alone."""
    from vfm_workflow.journeys.advance import advance

    with council() as app, app.write() as session:
        when = moment(at, app)
        doer = actor(session, by, app, when)
        moved = advance(session, app.home, reference, event, doer, when, reason=reason, revision=revision)
    if as_json:
        emit(moved._asdict())
    elif moved.from_stage == moved.to_stage:
        say(f"{moved.reference}: {moved.event}; it stays in {moved.to_stage}. Revision {moved.revision}.")
    else:
        say(f"{moved.reference}: {moved.from_stage} → {moved.to_stage}. Revision {moved.revision}.")
