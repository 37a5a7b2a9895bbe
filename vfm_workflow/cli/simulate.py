"""`vfm simulate`: a made-up council lives through years in minutes, and what must never break is looked at each day."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vfm_workflow.cli.options import Json
from vfm_workflow.cli.output import emit, note, say
from vfm_workflow.errors import NotAllowed

if TYPE_CHECKING:
    import datetime as dt

    from vfm_workflow.simulation.run import Outcome

Size = typer.Option(min=1, show_default="the demo council's")


def simulate(
    years: Annotated[float, typer.Option(min=0.05, max=60, help="How many years it lives.")] = 1,
    seed: Annotated[
        int, typer.Option(help="What chance is drawn from: the same seed, the same history.")
    ] = 1,
    faults: Annotated[
        bool, typer.Option("--faults", help="Let processes die, stand still, miss days, and the relay fail.")
    ] = False,
    seeds: Annotated[
        int, typer.Option(min=1, help="Run so many seeds, one after another, from --seed on.")
    ] = 1,
    departments: Annotated[int | None, typer.Option(min=1, max=40, help="Departments.")] = None,
    managers: Annotated[int | None, typer.Option(min=1, max=400, help="Project managers.")] = None,
    directors: Annotated[int | None, typer.Option(min=1, max=20, help="Directors on CMT.")] = None,
    projects: Annotated[int | None, typer.Option(min=1, max=2000, help="Projects begun in a year.")] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the database in this folder, new or empty.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let a made-up council live for years on a clock of its own, and look each day at what must never break.

    Ends with 1 at the first thing that is wrong, saying on which day, and with which command it is seen again. It
    touches no council: its database is a temporary one.
    """
    from vfm_workflow import collector
    from vfm_workflow.simulation.run import simulate as run
    from vfm_workflow.simulation.sizes import Sizes

    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise NotAllowed(f"{keep} is not empty. Name a new folder, so that nothing of yours is touched.")
    if keep is not None and seeds > 1:
        raise typer.BadParameter("one folder keeps one council: leave out --seeds.", param_hint="--keep")
    given = {"departments": departments, "managers": managers, "directors": directors, "projects": projects}
    sizes = Sizes(**{name: value for name, value in given.items() if value is not None})
    outcomes = []
    collector.seldom()
    for number in range(seed, seed + seeds):
        outcome = run(years, number, faults=faults, sizes=sizes, keep=keep, progress=_progress(number))
        outcomes.append(outcome)
        if seeds > 1 and not as_json:
            say(f"Seed {number}: {_line(outcome)}")
    if as_json:
        emit([_data(each) for each in outcomes] if seeds > 1 else _data(outcomes[0]))
    elif seeds == 1:
        _summary(outcomes[0])


def _progress(seed: int) -> Any:
    def progress(day: dt.date, done: int, of: int) -> None:
        if done and day.day == 1 and day.month == 4:
            note(f"seed {seed}: {day:%B %Y}, {done * 100 // of}%")

    return progress


def _data(outcome: Outcome) -> dict[str, Any]:
    found = dataclasses.asdict(outcome)
    return {**found, "first": outcome.first.isoformat(), "last": outcome.last.isoformat()}


def _line(outcome: Outcome) -> str:
    checked = sum(outcome.checked.values())
    return (
        f"{outcome.projects['proposed']} projects, {outcome.mail['written']} mails, {outcome.faults_injected} faults, "
        f"{checked:,} checks, nothing wrong; digest {outcome.digest[:16]}; {outcome.seconds} s"
    )


def _summary(outcome: Outcome) -> None:
    span = f"{outcome.first.day} {outcome.first:%B %Y} to {outcome.last.day} {outcome.last:%B %Y}"
    say(f"{outcome.years:g} years of a made-up council, {span}, seed {outcome.seed}")
    _block("People and projects", {"people": outcome.people, **outcome.projects})
    _block("What they did", outcome.done)
    _block("What was refused, as it should be", outcome.refused)
    _block("Mail", outcome.mail)
    if outcome.faults:
        _block("Faults", outcome.injected)
        asked = "can" if outcome.looked_up else "cannot"
        say(f"  The mail server {asked} be asked what became of a mail.")
    _block("Looked at, and found right", outcome.checked)
    say(f"\nNothing that must never break broke. Digest of the whole history: {outcome.digest}")
    say(f"It took {outcome.seconds} seconds.")


def _block(title: str, counts: Any) -> None:
    if counts:
        say(f"\n{title}")
        width = max(len(f"{count:,}") for count in counts.values())
        for name, count in counts.items():
            say(f"  {count:>{width},}  {name}")
