"""`vfm workflow`: the lifecycles a council's projects follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfm_workflow.cli.options import At, Json, council, moment
from vfm_workflow.cli.output import emit, note, say, table

if TYPE_CHECKING:
    from vfm_workflow.domain.lifecycle import Lifecycle
    from vfm_workflow.store.tables import Job
    from vfm_workflow.wiring import App

group = typer.Typer(help="The lifecycles that projects follow.", no_args_is_help=True)


@group.callback()
def _group() -> None:
    """The lifecycles that projects follow."""


@group.command()
def show(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|REF]",
            help="A lifecycle, or a project to show where it stands.",
            show_default="all",
        ),
    ] = None,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Draw it as Mermaid.")] = False,
    as_json: Json = False,
) -> None:
    """Draw a lifecycle in text, as Mermaid or as JSON, with a project's position."""
    from vfm_workflow.domain import machine

    shown = _chosen(name)
    if mermaid and len(shown) > 1:
        names = ", ".join(lifecycle.name for lifecycle, _, _ in shown)
        raise typer.BadParameter(f"Mermaid draws one lifecycle: name one of {names}.", param_hint="NAME")
    if as_json:
        drawn = [_data(*entry) for entry in shown]
        emit(drawn if name is None else drawn[0])
    elif mermaid:
        say(machine.mermaid(*shown[0]))
    else:
        say("\n\n".join(machine.text(lifecycle, stage) for lifecycle, stage, _ in shown))


def _chosen(name: str | None) -> list[tuple[Lifecycle, str | None, str | None]]:
    """Return (lifecycle, a project's stage, the stage it was held from) of what was named, or of all."""
    from vfm_workflow import settings, wiring

    home = wiring.load_home(settings.load())
    if name is None:
        return [(lifecycle, None, None) for lifecycle in home.lifecycles.values()]
    if name in home.lifecycles:
        return [(home.lifecycles[name], None, None)]
    from vfm_workflow.errors import NotFound
    from vfm_workflow.store import projects

    with council() as app, app.read() as session:
        try:
            project = projects.by_reference(session, name)
        except NotFound as error:
            known = ", ".join(home.lifecycles)
            raise NotFound(
                f"There is no lifecycle or project {name}. The lifecycles are: {known}."
            ) from error
        return [(app.home.lifecycle(session, project), project.stage, project.held_from)]


def _data(lifecycle: Lifecycle, stage: str | None, held_from: str | None) -> dict[str, Any]:
    document = lifecycle.document.model_dump(mode="json", by_alias=True)
    return {
        "name": lifecycle.name,
        "title": document["title"],
        "version": document["version"],
        "digest": lifecycle.digest,
        "position": {"stage": stage, "held_from": held_from} if stage is not None else None,
        "first_stage": document["first_stage"],
        "stages": document["stages"],
        "decisions": document["decisions"],
        "events": document["events"],
    }


Name = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="One lifecycle.", show_default="every one")
]


@group.command()
def diff(name: Name = None, as_json: Json = False) -> None:
    """Say what the file of a lifecycle has that the version stored last has not."""
    from dataclasses import asdict

    from vfm_workflow.journeys import versions

    with council() as app, app.read() as session:
        found = versions.compare(session, app.home, name)
    if as_json:
        emit([asdict(each) for each in found])
        return
    for each in found:
        if each.stored is None:
            say(f"{each.name}: version {each.version} is not stored yet; no project has begun with it.")
        elif not each.differences:
            say(f"{each.name}: the file is version {each.stored}, as it is stored.")
        else:
            say(f"{each.name}: the file differs from version {each.stored}:")
            say("\n".join(f"  {difference}" for difference in each.differences))
        if each.following:
            note(
                f"{each.following} projects under way follow an older version of {each.name}: see `vfm workflow migrate`."
            )


@group.command()
def publish(name: Name = None, at: At = "", as_json: Json = False) -> None:
    """Store the lifecycles as they stand in their files. New projects begin with them; those under way keep theirs."""
    from vfm_workflow.errors import ConfigError
    from vfm_workflow.journeys import versions

    with council() as app:
        from vfm_workflow import wiring

        if problems := wiring.check_home(app.loaded):
            raise ConfigError(problems)
        with app.write() as session:
            new = versions.publish(session, app.home, name, moment(at, app))
            shown = [{"name": v.name, "version": v.version, "digest": v.digest} for v in new]
    if as_json:
        emit(shown)
    elif not shown:
        say("Nothing to publish: each file is stored as it stands.")
    for each in shown if not as_json else []:
        say(f"{each['name']}, version {each['version']}, is stored as {str(each['digest'])[:8]}.")
        note("Projects under way keep the version they began with: see `vfm workflow migrate`.")


@group.command()
def migrate(
    apply: Annotated[bool, typer.Option("--apply", help="Move them; without it nothing is changed.")] = False,
    as_json: Json = False,
) -> None:
    """Move projects under way to today's version of their lifecycle, where it has a place for them.

    It is a job like those of the page `/jobs`: where another process does it already, its progress is shown.
    """
    from dataclasses import asdict

    from vfm_workflow.journeys import newer_lifecycle

    with council() as app:
        with app.read() as session:
            behind = newer_lifecycle.behind(session, app.home)
        ended = _moved(app) if apply and behind else None
    if as_json:
        emit({"behind": [asdict(project) for project in behind], "applied": ended})
    elif not behind:
        say("Every project under way follows today's version of its lifecycle.")
    elif ended is not None:
        say(ended)
    else:
        rows = [
            (p.reference, p.lifecycle, p.version, p.newest or None, p.obstacle or "can move") for p in behind
        ]
        table(("Project", "Lifecycle", "From", "To", "What stands in the way"), rows)
        note("Nothing was changed. Say --apply to move those that can.")


def _moved(app: App) -> str:
    """Have the job done, here or by whoever has it already; return what it said. Raises VfmError where it failed."""
    import time

    from vfm_workflow.errors import VfmError
    from vfm_workflow.journeys import jobs, newer_lifecycle

    with app.write() as session:
        job_id = jobs.ask(session, app.home, newer_lifecycle.KIND.name, None, app.now()).id
    assert job_id is not None
    while True:
        app.do_job()
        job = _job(app, job_id)
        if job.state == "done":
            return job.said
        if job.state == "failed":
            raise VfmError(job.said)
        note(f"{job.said or 'Another process does it'} ({job.done} of {job.total})")
        time.sleep(1)


def _job(app: App, job_id: int) -> Job:
    from vfm_workflow.store import jobs

    with app.read() as session:
        return jobs.load(session, job_id)
