"""`vfm workflow`: the lifecycles a council's projects follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfm_workflow.cli.options import Json, council
from vfm_workflow.cli.output import emit, say

if TYPE_CHECKING:
    from vfm_workflow.domain.lifecycle import Lifecycle

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
