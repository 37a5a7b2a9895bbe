"""`vfm init`, `check` and `where`: a council's own three folders."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfm_workflow.cli.options import Json
from vfm_workflow.cli.output import emit, note, say, table

if TYPE_CHECKING:
    from vfm_workflow.errors import Problem
    from vfm_workflow.folders import Folders
    from vfm_workflow.journeys.recolour import Recoloured
    from vfm_workflow.settings import Loaded

NEXT = """Next:
  1. Put the council's name and address into {home}/config/settings.toml
  2. export VFM_HOME={home}
  3. vfm check
  4. vfm admin create you@your-council.example
  5. vfm serve"""


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The new home; made where it is not there.")
    ],
) -> None:
    """Copy the default folders into DIR, for a council to edit."""
    import shutil

    from vfm_workflow.errors import NotAllowed
    from vfm_workflow.folders import NAMES, shipped

    home = directory.resolve()
    if home.exists() and not home.is_dir():
        raise NotAllowed(f"{home} is a file. Name a folder.")
    there = [name for name in NAMES if (home / name).exists()]
    if there:
        raise NotAllowed(
            f"{home} has {', '.join(there)} already, and nothing is overwritten. Name another folder."
        )
    for name in NAMES:
        shutil.copytree(shipped() / name, home / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    count = sum(1 for path in home.rglob("*") if path.is_file())
    say(f"Copied {count} files to {home}")
    note(NEXT.format(home=home))


def check(
    directory: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A home.", show_default="VFM_HOME, else the defaults")
    ] = None,
    as_json: Json = False,
) -> None:
    """Name what is wrong in a home: file, line and remedy; and say which projects would change colour under its rules."""
    from vfm_workflow.errors import ConfigError

    loaded, problems = _load(directory)
    from vfm_workflow import wiring

    found = [*problems, *_strays(loaded.folders)]
    found += [problem for problem in wiring.check_home(loaded) if problem not in found]
    if found:
        raise ConfigError(found)
    home = wiring.load_home(loaded)
    counts, colours = _counts(home), wiring.recoloured(loaded, home)
    where = loaded.folders.home or "the defaults"
    if as_json:
        emit({"home": str(loaded.folders.home or ""), "well": True, **counts, "colours": _colours(colours)})
        return
    say(f"{where}: all well. " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
    _say_colours(colours)


def _colours(found: Recoloured) -> dict[str, Any]:
    names = {"before": "from", "after": "to"}
    changes = [{names.get(key, key): value for key, value in asdict(one).items()} for one in found.changes]
    return {"judged": found.judged, "unknown": found.unknown, "unread": found.unread, "changes": changes}


def _say_colours(found: Recoloured) -> None:
    """Say which projects would change colour if their newest return were judged by config/rag.yaml as it now stands."""
    if found.unread:
        note(f"Traffic lights were not compared. {found.unread}")
        return
    projects = len({change.project for change in found.changes})
    looked_at = (
        f"{found.judged} newest return{'' if found.judged == 1 else 's'} judged by this config/rag.yaml"
    )
    if not found.changes:
        say(f"Traffic lights: {looked_at}; no project would change colour.")
    else:
        say(
            f"Traffic lights: {looked_at}; {projects} project{'' if projects == 1 else 's'} would change colour:"
        )
        table(
            ("Project", "Month", "Status", "From", "To", "Because"),
            [(c.project, c.month, c.status, c.before, c.after, c.why) for c in found.changes],
        )
    if found.unknown:
        note(f"{found.unknown} more came in before their figures were kept, and cannot be judged again.")


def _load(directory: Path | None) -> tuple[Loaded, list[Problem]]:
    """Return the settings with what is wrong in them; bad ones do not keep the other files from being looked at."""
    from vfm_workflow import settings
    from vfm_workflow.errors import ConfigError, Problem
    from vfm_workflow.folders import Folders

    given = {"home": str(directory)} if directory is not None else {}
    if directory is not None and not directory.is_dir():
        remedy = f"Name a home, or run `vfm init {directory}` to make one."
        raise ConfigError([Problem(str(directory), None, "there is no such folder.", remedy)])
    try:
        return settings.load(None, **given), []
    except ConfigError as error:
        import os

        folders = Folders.at(given.get("home", os.environ.get("VFM_HOME")))
        return settings.Loaded(settings.Settings(), folders), list(error.problems)


def _strays(folders: Folders) -> list[Problem]:
    """Return what a council wrote and nothing reads: a misspelt name would otherwise change nothing, in silence."""
    from vfm_workflow.documents import suggestion
    from vfm_workflow.errors import Problem
    from vfm_workflow.folders import NAMES, shipped

    home = folders.home
    if home is None:
        return []
    if not any((home / name).is_dir() for name in NAMES):
        what = f"this folder has none of {', '.join(NAMES)}."
        return [Problem(str(home), None, what, f"Name another, or run `vfm init {home}`.")]
    known = sorted(path.name for path in (shipped() / "config").iterdir() if not path.name.startswith("."))
    written = (".yaml", ".yml", ".toml")
    found = [
        Problem(str(path), None, "nothing reads this file.", suggestion(path.name, known))
        for path in sorted((home / "config").glob("*"))
        if path.suffix in written and path.name not in known
    ]
    found += [
        Problem(str(path), None, "nothing reads this file.", "A lifecycle's file ends in .yaml: rename it.")
        for path in sorted((home / "workflows").rglob("*"))
        if path.suffix in (".yml", ".toml", ".json")
    ]
    return found


def _counts(home: Any) -> dict[str, int]:
    return {
        "lifecycles": len(home.lifecycles),
        "stages": sum(len(lifecycle.stages) for lifecycle in home.lifecycles.values()),
        "events": sum(len(lifecycle.document.events) for lifecycle in home.lifecycles.values()),
        "decisions": sum(len(lifecycle.decisions) for lifecycle in home.lifecycles.values()),
        "notices": len(home.catalogue.notices),
        "roles": len(home.roles),
        "outline sections": len(home.outline.outline),
    }


def where(as_json: Json = False) -> None:
    """Say which copy of each file is used, yours or the default."""
    from vfm_workflow import settings

    folders = settings.load().folders
    rows = [
        (
            name,
            "home" if folders.home is not None and path.is_relative_to(folders.home) else "default",
            str(path),
        )
        for name, path in folders.winners()
    ]
    if as_json:
        emit([{"file": name, "from": origin, "path": path} for name, origin, path in rows])
    else:
        table(("File", "From", "Path"), rows)
