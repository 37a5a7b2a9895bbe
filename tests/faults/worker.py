"""`vfm worker`, or another command, as the rig runs it: with every wait shortened and the council's clock moved.

A lease of a quarter of an hour is four seconds here; all that must be shorter than it is shortened with it.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import gc
import importlib
import os
import pkgutil
import shlex
import signal
import sys
from pathlib import Path

import vfm_workflow
from vfm_workflow import clock, wiring
from vfm_workflow.cli import main
from vfm_workflow.journeys import deliver
from vfm_workflow.mail import smtp
from vfm_workflow.store import engine

CLOCK = "RIG_CLOCK"
"""Names the file that says how many seconds the council's clock is ahead of this machine's."""
LEASE = dt.timedelta(seconds=4)
PR_SET_PDEATHSIG = 1


def shorten() -> None:
    """Make every wait short, in the proportions that they have."""
    deliver.LEASE = LEASE
    deliver.WAITS = tuple(dt.timedelta(seconds=s) for s in (0.5, 1, 1, 2))
    smtp.TIMEOUTS = smtp.Timeouts(connect=1.5, command=1.5, data=2.0, reset=1.0, log=2.0)
    clock.TICK_SECONDS, clock.DELIVER_SECONDS = 0.4, 0.2  # type: ignore[assignment]  # whole seconds outside of the rig
    engine.BUSY_SECONDS = 1


def moved(file: Path) -> dt.datetime:
    """Return the council's moment."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=float(file.read_text()))


def run(said: str, command: list[str]) -> None:
    """Be `vfm` with the words of a command until its end; what it says goes to the file `said`."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(
        PR_SET_PDEATHSIG, signal.SIGKILL
    )  # nobody is left behind where the rig itself ends
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (1, 2):
        os.dup2(out, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["vfm", *command]
    main()


def serve() -> None:
    """Start a process for each line read: a file for what it says, and the words of its command. Answer with its id.

    Each is a process of its own, forked here once everything is imported: that is most of what a start costs, and the
    rig starts hundreds.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for package in (vfm_workflow.cli, vfm_workflow.journeys, vfm_workflow.store, vfm_workflow.mail):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    wiring.build().close()
    gc.collect()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                said, *command = shlex.split(line)
                run(said, command)
            finally:
                os._exit(1)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    shorten()
    file = Path(os.environ[CLOCK])
    wiring.App.now = lambda _: moved(file)  # type: ignore[method-assign,assignment]
    serve()
