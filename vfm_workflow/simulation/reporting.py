"""Monthly returns of a simulated council: given, forgotten, chased, verified, sent back; and Members' ideas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import chasing, ideas, returns
from vfm_workflow.simulation import words
from vfm_workflow.simulation.life import Life
from vfm_workflow.store import projects as store
from vfm_workflow.store.listing import Row
from vfm_workflow.store.tables import MonthlyReturn

FORGOTTEN, SENT_BACK, CHASED = 0.12, 0.06, 0.3
IDEAS_A_YEAR = 6


def month(life: Life, period: str, rows: Sequence[Row], managers: dict[str, tuple[str, str]]) -> None:
    """Plan the returns for a month that has ended: most come in by their day, some late, some not at all.

    `managers` is reference → (manager's address, head's).
    """
    due = life.calendar.return_due(period)
    left = max(life.calendar.working_days_between(life.today, due), 0)
    for row in rows:
        stage = life.home.lifecycles[row.lifecycle_name].stages[row.stage]
        if not stage.monitored or row.reference not in managers:
            continue
        manager, head = managers[row.reference]
        reference = row.reference
        if life.chance.happens(FORGOTTEN):
            life.tally["returns forgotten"] += 1
            if life.chance.happens(CHASED):
                life.in_days(left + 2, left + 6, partial(chase, life, reference, period, manager, head))
            continue
        low, high = (0, left) if life.chance.happens(0.85) else (left + 1, left + 9)
        life.in_days(low, high, partial(submit, life, reference, period, manager, head))


def submit(life: Life, reference: str, period: str, manager: str, head: str) -> bool:
    """The manager fills a return in and submits it; the head looks at it in the days after."""
    figures = [life.chance.between(0, 100) for _ in range(12)]
    slip = life.chance.between(7, 60) if life.chance.happens(0.1) else 0
    no_plan = life.chance.happens(0.4)

    def doing(session: Session, actor: Actor) -> MonthlyReturn:
        blank = returns.form(session, life.home, reference, period, life.now)
        typed = {
            "narrative": "What happened this month.", "spend": str(figures[0] * 10), "days_used": str(figures[1]),
            "action": "" if no_plan else "Two more people from May.", "no_plan": "yes" if no_plan else "",
            "action_owner": "Head of Service", "action_by": (life.today + dt.timedelta(days=30)).isoformat(),
            "spend_forecast": str((blank.spent_before or 0) // 100 + (figures[0] + figures[2]) * 10),
        }  # fmt: skip
        for n, box in enumerate(blank.measures):
            typed[box.field] = str(50 + figures[n % 12])
        for n, line in enumerate(blank.savings):
            typed[line.field] = str(figures[n % 12] * 100)
            typed[line.expected_field] = str(line.year_profile * (50 + figures[n % 12]) // 10_000)
        for step in blank.milestones:
            day = max(step.milestone.forecast + dt.timedelta(days=slip), life.today)
            typed[step.field] = day.isoformat()
        try:
            return returns.submit(
                session, life.home, reference, period, actor, life.now, typed, blank.revision
            )
        except BadInput as wrong:
            life.tally["returns refused once"] += 1
            corrected = {name: text for name, text in typed.items() if name not in wrong.fields}
            return returns.submit(session, life.home, reference, period, actor, life.now, corrected)

    row = life.act("returns submitted", manager, doing)
    if row is not None:
        life.in_days(0, 8, lambda: verify(life, reference, period, manager, head))
    return row is not None


def verify(life: Life, reference: str, period: str, manager: str, head: str) -> bool:
    """The head verifies a return, or sends it back to be corrected."""
    if life.chance.happens(SENT_BACK):
        why = words.text(life.chance, 6)
        back = life.act(
            "returns sent back",
            head,
            lambda s, actor: returns.send_back(s, life.home, reference, period, actor, life.now, why),
        )
        if back is not None:
            life.in_days(1, 6, lambda: submit(life, reference, period, manager, head))
        return back is not None
    return bool(
        life.act(
            "returns verified",
            head,
            lambda s, actor: returns.verify(s, life.home, reference, period, actor, life.now),
        )
    )


def chase(life: Life, reference: str, period: str, manager: str, head: str) -> None:
    """The performance officer asks for a return; it comes a few days later, or not."""
    officers = life.of_role("performance_officer")
    if not officers:
        return

    def doing(session: Session, actor: Actor) -> bool:
        chasing.chase(session, life.home, reference, period, actor, life.now)
        return True

    life.act("returns chased", officers[0].address, doing)
    if life.chance.happens(0.7):
        life.in_days(1, 5, lambda: submit(life, reference, period, manager, head))


def catch_up(life: Life, reference: str, manager: str, head: str) -> bool:
    """Hand in and verify what is still missing of a project's returns; return whether anything was."""
    months = (
        life.look(
            lambda session: returns.periods(
                session, life.home, store.by_reference(session, reference), life.now
            )
        )
        or []
    )
    waiting = [each for each in months if each.state != "verified"]
    for each in waiting:
        if each.state == "submitted":
            verify(life, reference, each.period, manager, head)
        else:
            submit(life, reference, each.period, manager, head)
    return bool(waiting)


def day(life: Life) -> None:
    """Let a Member have an idea, as often as they do."""
    members = life.of_role("portfolio_holder", "vfm_group_member")
    if members and life.chance.happens(IDEAS_A_YEAR / 253):
        member, text = life.chance.one(members), words.text(life.chance, 12)
        department = member.department if life.chance.happens(0.7) else ""
        life.in_days(
            0, 0,
            lambda: life.act(
                "ideas of Members", member.address,
                lambda s, actor: ideas.propose(s, life.home, actor, life.now, text, department),
            ),
        )  # fmt: skip
