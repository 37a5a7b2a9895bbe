"""Who works at the council: they join, leave and are succeeded, and stand in for each other."""

from __future__ import annotations

import datetime as dt
from functools import partial

from vfm_workflow.journeys import deputies, leaving, people
from vfm_workflow.simulation import words
from vfm_workflow.simulation.life import Life, Worker

DOMAIN = "council.example"
ADVISERS = {
    "finance": "finance_officer",
    "legal": "consultee",
    "hr": "consultee",
    "ict": "consultee",
    "unions": "consultee",
}
"""A consultee's key in config/outline.yaml → the role of whoever answers."""
OTHERS = (
    "portfolio_holder", "vfm_group_member", "vfm_group_member", "performance_officer", "internal_auditor",
    "administrator", "administrator",
)  # fmt: skip
LEAVES_A_YEAR, AWAY_A_YEAR = 0.12, 1.5
"""How often somebody leaves, and how often a head or a director names who stands in for them."""
STAYS = ("administrator", "consultee", "finance_officer")


def codes(life: Life) -> list[str]:
    """Return the departments' codes."""
    return [f"D{number:02d}" for number in range(1, life.sizes.departments + 1)]


def settle_in(life: Life) -> None:
    """Add the departments, the people and the heads, as an administrator does on the first day."""
    departments = codes(life)
    with life.app.write() as session:
        for number, code in enumerate(departments):
            name = words.DEPARTMENTS[number % len(words.DEPARTMENTS)]
            people.add_department(
                session, code=code, name=name if number < 8 else f"{name} {number // 8 + 1}"
            )
    wanted = [("chief_executive", departments[0])]
    wanted += [("cmt_member", departments[n % len(departments)]) for n in range(life.sizes.directors)]
    wanted += [("head_of_service", code) for code in departments]
    wanted += [("board_member", code) for code in departments]
    wanted += [("project_manager", departments[n % len(departments)]) for n in range(life.sizes.managers)]
    wanted += [(role, departments[-1]) for role in (*ADVISERS.values(), *OTHERS)]
    for role, code in wanted:
        join(life, role, code)
    for head in life.of_role("head_of_service"):
        with life.app.write() as session:
            people.set_head(session, head.department, head.address, at=life.now)


def join(life: Life, role: str, department: str, by: str = "") -> Worker:
    """Add somebody new in a role; return them. `by` is the administrator's address, empty on the first day."""
    number = life.born()
    name = f"{life.home.role_title(role)} {number}"
    worker = Worker(
        f"{role.replace('_', '.')}.{number}@{DOMAIN}",
        name,
        role,
        department,
        life.chance.between(50, 100) / 100,
    )
    with life.app.write() as session:
        people.add_person(
            session, life.home, address=worker.address, name=name, role=role, department=department, at=life.now,
            by=life.actor(session, by) if by else None,
        )  # fmt: skip
    life.staff[worker.address] = worker
    return worker


def day(life: Life) -> None:
    """Let somebody leave, or name who stands in for them, as often as people do."""
    for worker in list(life.staff.values()):
        if worker.role not in STAYS and life.chance.happens(LEAVES_A_YEAR / 253):
            life.in_days(0, 0, partial(leave, life, worker))
    absent = life.of_role("head_of_service", "cmt_member", "chief_executive")
    if life.chance.happens(len(absent) * AWAY_A_YEAR / 253):
        who = life.chance.one(absent)
        life.in_days(0, 0, lambda: name_deputy(life, who))


def leave(life: Life, worker: Worker) -> None:
    """Let somebody leave; a successor has joined before, or a colleague takes over."""
    if worker.address not in life.staff:
        return
    by = life.chance.one(life.of_role("administrator")).address
    colleagues = [each for each in life.of_role(worker.role) if each.address != worker.address]
    if colleagues and worker.role == "project_manager" and life.chance.happens(0.4):
        heir = life.chance.one(colleagues)
        life.in_days(5, 40, lambda: _replace(life, worker))
    else:
        heir = join(life, worker.role, worker.department, by)
    left = life.act(
        "somebody left",
        by,
        lambda session, actor: leaving.leave(
            session, life.home, worker.address, actor, life.now, successor=heir.address
        ),
        tries=0,
    )
    if left is None:
        life.in_days(1, 3, lambda: leave(life, worker))
    else:
        life.staff.pop(worker.address, None)


def _replace(life: Life, worker: Worker) -> None:
    join(life, worker.role, worker.department, life.chance.one(life.of_role("administrator")).address)


def name_deputy(life: Life, worker: Worker) -> None:
    """Somebody who will be away says who stands in for them; now and then they are back early."""
    if worker.address not in life.staff:
        return
    others = life.of_role("head_of_service", "cmt_member", "chief_executive")
    deputy = life.chance.one([each for each in others if each is not worker] or [worker])
    first = life.today + dt.timedelta(days=life.chance.between(0, 10))
    last = first + dt.timedelta(days=life.chance.between(1, 25))
    deputy_id = life.act(
        "a deputy named",
        worker.address,
        lambda session, actor: deputies.set_deputy(
            session, life.home, person=worker.address, deputy=deputy.address, from_day=first.isoformat(),
            until_day=last.isoformat(), by=actor, at=life.now,
        ).id,
    )  # fmt: skip
    if deputy_id is not None and life.chance.happens(0.2):
        life.in_days(
            2, 12,
            lambda: life.act(
                "a deputy ended early", worker.address,
                lambda session, actor: deputies.end_deputy(session, life.home, deputy_id, actor, life.now),
            ),
        )  # fmt: skip
