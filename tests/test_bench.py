"""The measurements can be run: what they start is there, and what they are told is not taken for a setting of ours."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from bench import __main__ as program
from bench import startup
from vfm_workflow.settings import PREFIX, Settings

BENCH = Path(program.__file__).parent


def test_the_command_that_is_measured_is_the_command_that_is_installed() -> None:
    done = subprocess.run([*startup.VFM, "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_no_variable_of_the_bench_looks_like_a_setting() -> None:
    """An unknown VFM_ variable stops every program of ours, the one that is measured first."""
    named = {
        name for path in BENCH.glob("*.py") for name in re.findall(rf"{PREFIX}[A-Z_]+", path.read_text())
    }
    assert named <= {PREFIX + field.upper() for field in Settings.model_fields}


def test_every_group_has_rows() -> None:
    for name in program.GROUPS:
        assert "def rows(" in (BENCH / f"{name}.py").read_text(), name
