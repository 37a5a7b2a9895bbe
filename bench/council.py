"""The workload's home: eight stages in a row, one guard (only the project's manager may), one notice in the outbox."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path

from vfm_workflow import wiring
from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import advance, people, projects

STAGES = ["draft", "scoped", "assessed", "approved", "procured", "delivering", "reviewed", "closed"]
EVENTS = ["scope", "assess", "approve", "procure", "deliver", "review", "close"]
AT = dt.datetime(2026, 6, 1, 9, 0, tzinfo=dt.UTC)


def lifecycle() -> str:
    """Return the lifecycle document: the peers' seven transitions, each with its guard and its notice."""
    lines = ["lifecycle: vfm", "title: Benchmark", "version: 1", "first_stage: draft", "stages:"]
    for stage in STAGES:
        kind = ", kind: ended" if stage == "closed" else ", owner: project_manager"
        lines.append(f"  {stage}: {{title: {stage.title()}{kind}}}")
    lines.append("events:")
    for event, source, target in zip(EVENTS, STAGES, STAGES[1:], strict=False):
        spec = f"label: {event.title()}, from: {source}, to: {target}, by: [project_manager], notify: [stage_changed]"
        lines.append(f"  {event}: {{{spec}}}")
    return "\n".join(lines) + "\n"


def scratch() -> Path:
    """Return a new folder under BENCH_TMP (such as /dev/shm) or the system's own."""
    return Path(tempfile.mkdtemp(prefix="vfm-bench-", dir=os.environ.get("BENCH_TMP")))


def build(database_url: str = "", folder: Path | None = None) -> wiring.App:
    """Return a council with that lifecycle and three people, in a new folder or the one given."""
    folder = folder or scratch()
    home = folder / "home"
    (home / "workflows").mkdir(parents=True)
    (home / "workflows" / "vfm.yaml").write_text(lifecycle(), encoding="utf-8")
    (home / "workflows" / "authority_wide.yaml").write_text(
        lifecycle().replace("lifecycle: vfm", "lifecycle: authority_wide"), encoding="utf-8"
    )
    app = wiring.build(home=str(home), data=str(folder / "var"), database_url=database_url or "")
    with app.write() as session:
        people.add_department(session, code="SS", name="Street Scene")
        for address, role in (
            ("head@bench.example", "head_of_service"),
            ("pm@bench.example", "project_manager"),
        ):
            people.add_person(
                session, app.home, address=address, name=address, role=role, department="SS", at=AT
            )
        people.set_head(session, "SS", "head@bench.example", at=AT)
    return app


def reopen(folder: Path) -> wiring.App:
    """Return the council that `build` made in `folder`."""
    return wiring.build(home=str(folder / "home"), data=str(folder / "var"))


def manager(app: wiring.App) -> Actor:
    """Return the one who may advance."""
    with app.read() as session:
        return people.actor_by_address(session, "pm@bench.example")


def create(app: wiring.App, by: Actor, title: str) -> str:
    """Begin a project; return its reference."""
    with app.write() as session:
        return projects.create(
            session,
            app.home,
            title=title,
            kind="procurement",
            department="SS",
            manager=by.address,
            by=by,
            at=AT,
        ).reference


def move(app: wiring.App, by: Actor, reference: str, event: str) -> None:
    """Fire one event in a transaction of its own, as the page does."""
    with app.write() as session:
        advance.advance(session, app.home, reference, event, by, dt.datetime.now(dt.UTC))
