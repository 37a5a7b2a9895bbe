"""`vfm` put together: every command and group, and what becomes of an error."""

from __future__ import annotations

import errno
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vfm_workflow import collector
from vfm_workflow.cli import (
    audit,
    clockwork,
    db,
    export,
    home,
    importing,
    mail,
    people,
    project,
    report,
    serve,
    simulate,
    workflow,
)
from vfm_workflow.cli.output import refuse
from vfm_workflow.errors import VfmError

HELP = {"help_option_names": ["-h", "--help"]}


class Guarded(TyperGroup):
    """Turns what a command refuses into its reasons and exit code 1. Being used wrongly is Typer's, with code 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except VfmError as error:
            refuse(ctx, error)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # whoever read our output has gone; Typer ends quietly
            where = f"{error.filename}: " if error.filename else ""
            refuse(ctx, VfmError(f"{where}{error.strerror or error}."))
        except Exception as error:
            if not _is_databases(error):
                raise
            refuse(ctx, VfmError(f"The database cannot be used: {getattr(error, 'orig', None) or error}"))
        raise typer.Exit(1)


def _is_databases(error: Exception) -> bool:
    """Return whether a database said it: locked, full, out of reach. Its library is only loaded where it was used."""
    kinds = (("sqlite3", "Error"), ("sqlalchemy.exc", "SQLAlchemyError"))
    loaded = [getattr(sys.modules[name], kind) for name, kind in kinds if name in sys.modules]
    return isinstance(error, tuple(loaded))


app = typer.Typer(
    name="vfm",
    help="Value for Money projects of a council, from outline to lessons learned.",
    epilog="Exit codes: 0 done, 1 refused or failed, 2 used wrongly.",
    cls=Guarded,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


def _version(value: bool) -> None:
    if value:
        from vfm_workflow import __version__

        typer.echo(f"vfm-workflow {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    pass


app.command()(serve.demo)
app.command()(home.init)
app.command()(home.check)
app.command()(home.where)
app.add_typer(db.group, name="db")
app.add_typer(people.group, name="admin")
app.command()(serve.serve)
app.command()(serve.worker)
app.add_typer(project.group, name="project")
app.command()(clockwork.tick)
app.command()(clockwork.deliver)
app.command()(clockwork.preview)
app.add_typer(mail.group, name="mail")
app.add_typer(workflow.group, name="workflow")
app.command(name="import")(importing.import_)
app.command()(export.export)
app.add_typer(report.group, name="report")
app.add_typer(audit.group, name="audit")
app.command()(simulate.simulate)


def main() -> None:
    """Run `vfm`. Ends the process with 0 (done), 1 (refused or failed) or 2 (used wrongly)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal of another alphabet must not stop us
    collector.pause()  # until the council or its database is open: see `cli.options`
    app(prog_name="vfm")
