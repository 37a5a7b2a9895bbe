"""`vfm report`: what a council prints, publishes and hands on. One command for each kind of report there is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, MutableMapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from vfm_workflow.cli.options import Json, actor, council
from vfm_workflow.cli.output import emit, note, table
from vfm_workflow.domain.texts import within_sentence

if TYPE_CHECKING:
    from vfm_workflow.journeys.reporting import Kind
    from vfm_workflow.reports.writing.forms import Form

NAMES = {
    "quarter": "the quarter",
    "year": "the financial year",
    "month": "the month",
    "department": "the department",
    "project": "the project",
}
To = Annotated[str, typer.Option("--to", metavar="FORM", help="html, pdf, docx, xlsx, csv or json.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there, not on stdout.")
]
Exempt = Annotated[
    bool,
    typer.Option(
        "--public/--exempt", help="The version to publish, or the one with what is exempt from publication."
    ),
]
Only = Annotated[
    str, typer.Option("--table", metavar="KEY", help="With --to csv: one table, as it is, in place of all.")
]
As = Annotated[
    str, typer.Option("--by", metavar="EMAIL", help="As somebody may read it; without it, as the operator.")
]


class Kinds(TyperGroup):
    """A group whose commands are the kinds of reports: they are looked up when somebody asks for one, and not before."""

    @property
    def commands(self) -> MutableMapping[str, Any]:
        """The commands by name."""
        return self._all

    @commands.setter
    def commands(self, given: MutableMapping[str, Any]) -> None:
        self._given = given

    @cached_property
    def _all(self) -> MutableMapping[str, Any]:
        from vfm_workflow.journeys.reporting import KINDS

        return {**{name: command(kind) for name, kind in KINDS.items()}, **self._given}


group = typer.Typer(cls=Kinds, help="Reports: to print, to publish, to hand on.", no_args_is_help=True)


@group.callback()
def _group() -> None:
    """Reports: to print, to publish, to hand on."""


@group.command("list")
def listing(
    by: Annotated[str, typer.Option(metavar="EMAIL", help="Whose reports.")],
    as_json: Json = False,
) -> None:
    """List the reports that somebody may read now, with their standing."""
    from vfm_workflow.journeys import reporting

    with council() as app, app.read() as session:
        now = app.now()
        found = reporting.listed(session, app.home, actor(session, by, app, now), now)
    if as_json:
        emit([{"report": o.kind.name, "key": o.key, "title": o.title, "standing": o.standing} for o in found])
    else:
        table(("Report", "Key", "Of", "Standing"), [(o.kind.name, o.key, o.title, o.standing) for o in found])


Of = Annotated[str, typer.Argument(metavar="KIND", help="quarter or efficiency.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as 2026-Q2, or 2025/26.")]


@group.command("issue")
def issue(kind: Of, key: Key, by: As = "") -> None:
    """Issue a report as it stands: it is frozen, officers may read it at once, and Members as the release clock says."""
    from vfm_workflow.journeys import reporting

    with council() as app, app.write() as session:
        now = app.now()
        who = actor(session, by, app, now) if by else None
        report = reporting.issue(session, app.home, kind, key, who, now)
    note(f"{report.title}: {within_sentence(report.standing)}.")


@group.command("addend")
def addend(
    kind: Of,
    key: Key,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What is said of it.")] = "",
    by: As = "",
) -> None:
    """Issue a dated addendum to a report: what was corrected since, as issued and now, and what is said of it."""
    from vfm_workflow.journeys import reporting

    with council() as app, app.write() as session:
        now = app.now()
        who = actor(session, by, app, now) if by else None
        report = reporting.addend(session, app.home, kind, key, who, now, text)
    note(f"{report.title}: {within_sentence(report.standing)}.")


def command(kind: Kind) -> Any:
    """Return the command that writes a kind of report."""

    def run(key: str, to: str, output: Path | None, public: bool, only: str, by: str) -> None:
        _write(kind.name, key, to, output, exempt=not public, only=only, by=by)

    def with_key(
        key: str, to: To = "html", output: Output = None, public: Exempt = True, only: Only = "", by: As = ""
    ) -> None:
        run(key, to, output, public, only, by)

    def without(
        to: To = "html", output: Output = None, public: Exempt = True, only: Only = "", by: As = ""
    ) -> None:
        run("", to, output, public, only, by)

    chosen: Callable[..., None] = without
    if kind.key:
        of = f"{NAMES.get(kind.per, 'what it is of')}, such as {kind.key}."
        metavar = "REF" if kind.per == "project" else kind.per.upper() or "KEY"
        argument = typer.Argument(metavar=metavar, help=f"{of[0].upper()}{of[1:]}")
        with_key.__annotations__["key"] = Annotated[str, argument]
        chosen = with_key
    chosen.__doc__ = f"{kind.title}: {within_sentence(kind.explained)}"
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(kind.name)(chosen)
    return typer.main.get_command(single)


def _write(kind: str, key: str, to: str, output: Path | None, *, exempt: bool, only: str, by: str) -> None:
    from vfm_workflow.journeys import reporting
    from vfm_workflow.reports import writing

    form = writing.form_of(to)
    _refuse(form, output, only)
    with council() as app, app.read() as session:
        now = app.now()
        asker = actor(session, by, app, now) if by else None
        report = reporting.read(session, app.home, kind, key, asker, now, exempt=exempt)
        data = writing.write(report, form.name, app.home.style, only)
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        output.write_bytes(data)
        note(f"Written to {output}.")


def _refuse(form: Form, output: Path | None, only: str) -> None:
    from vfm_workflow.errors import BadInput

    problems: Mapping[str, str] = {}
    if form.binary and output is None and sys.stdout.isatty():
        problems = {"output": f"A terminal cannot show {form.title}. Name a file: -o report.{form.name}"}
    elif only and form.name != "csv":
        problems = {"table": "One table alone is written as CSV: add --to csv."}
    if problems:
        raise BadInput(dict(problems))
