"""Where the peers' programs are, and the environment that runs them. Nothing of theirs is copied here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(os.environ.get("BENCH_PEERS", ROOT.parent / "shared" / "bench"))
VENV = ROOT / ".venv-bench"
NOT_HERE = f"the peers' programs are not at {HERE} (set BENCH_PEERS): only our own figures are shown"


def present() -> bool:
    """Return whether the peers' programs are here."""
    return (HERE / "run_engines.py").is_file()


def python() -> str:
    """Return the interpreter that has the peers' libraries, made on first use."""
    if not (VENV / "done").exists():
        print("making the peers' environment, once …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        pip = [
            str(VENV / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "-r",
            str(HERE / "requirements.txt"),
        ]
        subprocess.run(pip, check=True)
        (VENV / "done").touch()
    return str(VENV / "bin" / "python")


def worker(engine: str) -> list[str]:
    """Return the command of a peer's engine that speaks the worker protocol."""
    return [python(), str(HERE / "worker.py"), engine]
