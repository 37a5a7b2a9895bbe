"""The commands are those of the contract, answer at once, and fail as it says."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from tests.cli.conftest import Shell, Vfm
from tests.people import Council
from vfm_workflow.cli import app
from vfm_workflow.cli.output import kind, refusal
from vfm_workflow.errors import BadInput, LinkDead, StaleRevision, TooManyTries, VfmError
from vfm_workflow.journeys.reporting import KINDS

CONTRACT = {
    "demo", "init", "check", "where", "serve", "worker", "tick", "deliver", "preview",
    "db upgrade", "db backup", "db restore", "db tidy",
    "admin create", "admin add-person", "admin add-department", "admin list-people", "admin change-person",
    "admin leave", "admin come-back", "admin deputy", "admin end-deputy", "admin share", "admin export-person",
    "project list", "project show", "project new", "project do",
    "mail list", "mail show", "mail retry", "mail bounce", "mail dealt", "mail notify-check",
    "workflow show", "workflow diff", "workflow publish", "workflow migrate",
    "export", "import", "audit verify", "simulate",
    "report list", "report issue", "report addend", *(f"report {kind}" for kind in KINDS),
}  # fmt: skip
"""The commands of design §1 that stand so far, and those that keep people and departments."""


def commands() -> set[str]:
    found = set()
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    for name, command in root.commands.items():
        if isinstance(command, TyperGroup):
            found |= {f"{name} {inner}" for inner in command.commands}
        else:
            found.add(name)
    return found


def test_the_commands_are_those_of_the_contract() -> None:
    assert commands() == CONTRACT


def test_nobody_decides_at_the_command_line() -> None:
    assert not any("decide" in command for command in commands())


@pytest.mark.parametrize("command", sorted(CONTRACT))
def test_every_command_says_what_it_does(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert result.stdout.count("\n") > 5


HEAVY = {
    "sqlalchemy",
    "sqlmodel",
    "fastapi",
    "starlette",
    "jinja2",
    "uvicorn",
    "apscheduler",
    "pydantic",
    "rich",
}


def loaded_by(*args: str, data: str = "") -> set[str]:
    """Return the libraries a command loads in a fresh process."""
    program = (
        "import sys\n"
        "from vfm_workflow.cli import main\n"
        f"sys.argv = ['vfm', *{list(args)!r}]\n"
        "try:\n    main()\n"
        "finally:\n    print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    env = {"VFM_DATA": data} if data else {}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, text=True, capture_output=True, check=True
    )
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_help_loads_nothing_heavy() -> None:
    assert loaded_by("--help") & HEAVY == set()


def test_help_on_reports_loads_no_writer_and_no_template() -> None:
    writers = {"weasyprint", "docxtpl", "docx", "xlsxwriter", "cairosvg", "lxml", "fastapi"}
    assert loaded_by("report", "--help") & writers == set()
    assert loaded_by("report", "quarter", "--help") & writers == set()


def test_listing_projects_loads_no_web_and_no_templates(council: Council) -> None:
    loaded = loaded_by("project", "list", data=str(council.app.loaded.data))
    assert (
        loaded & {"fastapi", "starlette", "uvicorn", "apscheduler", "jinja2", "aiosmtplib", "statemachine"}
        == set()
    )


def test_the_version_is_said(vfm: Vfm) -> None:
    assert vfm.run("--version").stdout.startswith("vfm-workflow ")


def test_an_unknown_command_is_being_used_wrongly_and_the_near_one_is_named(vfm: Vfm) -> None:
    assert "project" in vfm.run("projet", code=2).stderr


def test_an_option_that_is_missing_is_being_used_wrongly(vfm: Vfm) -> None:
    assert "--by" in vfm.run("project", "do", "VFM-0001", "hold", code=2).stderr


def test_an_unknown_setting_stops_every_command_by_name(vfm: Vfm) -> None:
    vfm.env["VFM_DATABSE_URL"] = "sqlite:///x"
    refused = vfm.run("project", "list", "--json", code=1)
    assert "VFM_DATABSE_URL" in refused.stderr
    assert json.loads(refused.stdout)["problems"][0]["file"] == "VFM_DATABSE_URL"


def test_a_database_that_cannot_be_opened_is_an_error_without_a_traceback(vfm: Vfm) -> None:
    vfm.env["VFM_DATABASE_URL"] = "sqlite:////nowhere/at/all.sqlite3"
    assert "The database cannot be used" in vfm.run("project", "list", code=1).stderr


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(vfm: Vfm) -> None:
    vfm.env["VFM_DATA"] = "/dev/null/data"
    assert "/dev/null/data" in vfm.run("project", "list", code=1).stderr


def test_a_reader_who_leaves_early_ends_the_command_quietly(shell: Shell, council: Council) -> None:
    shell.env["VFM_DATA"] = str(council.app.loaded.data)
    with shell.start("where") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (BadInput({"title": "Write a title"}), "bad_input"),
        (StaleRevision("changed", ["A: hold"]), "stale_revision"),
        (LinkDead("used", "used already"), "link_dead"),
        (TooManyTries("wait"), "too_many_tries"),
        (VfmError("no"), "failed"),
    ],
)
def test_each_kind_of_refusal_has_a_name_of_its_own(error: VfmError, name: str) -> None:
    assert kind(error) == name
    said = refusal(error)
    assert said["error"] == name
    assert said["message"] == str(error)
    assert said["unmet"] == []
