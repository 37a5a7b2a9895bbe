"""Serves our pages over the scan's council of 2,000 projects; prints a signed-in cookie first."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import uvicorn

from bench import scan
from vfm_workflow.journeys import signin
from vfm_workflow.store import projects
from vfm_workflow.web.app import create


def main() -> None:
    """Build in the folder given and serve on the port given."""
    app = scan.build(Path(sys.argv[1]), 2000)
    with app.write() as session:
        person = projects.person_by_address(session, "pm@bench.example")
        secret = signin.begin(session, app.home, person, app.now(), lasts=dt.timedelta(hours=1))
    print(f"vfm_session={secret}", flush=True)
    uvicorn.run(
        create(app, clock=False),
        port=int(sys.argv[2]),
        log_level="warning",
        access_log=False,
        http="httptools",
    )


if __name__ == "__main__":
    main()
