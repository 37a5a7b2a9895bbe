"""People whose work address changes: an administrator puts the new one in, and both addresses are told."""

from __future__ import annotations

from functools import partial

from vfm_workflow.journeys import moving
from vfm_workflow.simulation.life import Life, Worker
from vfm_workflow.simulation.staffing import DOMAIN

CHANGES_A_YEAR = 0.05
"""How often somebody's address changes."""


def day(life: Life) -> None:
    """Let somebody's address change, as often as it does."""
    everybody = list(life.staff.values())
    if life.chance.happens(len(everybody) * CHANGES_A_YEAR / 253):
        life.in_days(0, 0, partial(change, life, life.chance.one(everybody)))


def change(life: Life, worker: Worker) -> None:
    """An administrator gives somebody another address; whoever knew the old one finds them at the new one."""
    if worker.address not in life.staff:
        return
    old, new = worker.address, f"{worker.role.replace('_', '.')}.{life.born()}@{DOMAIN}"
    by = life.chance.one(life.of_role("administrator")).address
    done = life.act(
        "an address changed",
        by,
        lambda session, actor: moving.change_address(session, life.home, old, new, actor, life.now),
        tries=0,
    )
    if done is not None:
        life.move(worker, new)
