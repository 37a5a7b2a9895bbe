"""A council at the command line, in this process (`vfm`) and in one of its own (`shell`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.people import Council
from vfm_workflow.cli import app as commands

VFM = Path(sys.executable).with_name("vfm")


@dataclass
class Vfm:
    """Runs commands on one council. `at` is said with each command that takes a moment, by the test itself."""

    env: dict[str, str | None]

    def run(self, *args: object, code: int = 0, typed: bytes | None = None) -> Result:
        """Run a command, with `typed` on its standard input; return what it printed. A traceback is never fine."""
        result = CliRunner().invoke(commands, [str(arg) for arg in args], env=self.env, input=typed)
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert result.exit_code == code, result.output
        return result

    def json(self, *args: object, code: int = 0) -> Any:
        """Run a command with --json; return what it printed on stdout, which is JSON and nothing else."""
        return json.loads(self.run(*args, "--json", code=code).stdout)


@pytest.fixture
def vfm(council: Council) -> Vfm:
    """The command line on the council with people in it."""
    return Vfm({"VFM_DATA": str(council.app.loaded.data)})


@dataclass
class Shell:
    """Runs the installed `vfm`, as a person at a terminal does."""

    folder: Path
    env: dict[str, str]

    def run(self, *args: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; return what it printed."""
        done = subprocess.run(
            [VFM, *map(str, args)],
            cwd=self.folder,
            env=self.env,
            text=True,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def start(self, *args: object) -> subprocess.Popen[str]:
        """Start a command that keeps running."""
        return subprocess.Popen(
            [VFM, *map(str, args)],
            cwd=self.folder,
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A terminal in an empty folder, with no setting said."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VFM_")}
    return Shell(tmp_path, kept)
