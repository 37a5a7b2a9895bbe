"""How simulated people mend what the gate finds missing: one function for each requirement of a lifecycle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session

from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import Unmet
from vfm_workflow.journeys import consult, dates, gate, lessons, planning, writing
from vfm_workflow.simulation import reporting, words
from vfm_workflow.simulation.life import Life
from vfm_workflow.simulation.staffing import ADVISERS
from vfm_workflow.store import projects as store
from vfm_workflow.store.listing import Row


@dataclass(frozen=True, slots=True)
class Work:
    """A project that lacks something, and who can mend it."""

    life: Life
    row: Row
    manager: str
    head: str
    unmet: Sequence[Unmet]

    @property
    def reference(self) -> str:
        return self.row.reference


Filling = Callable[[Work], bool]
"""Mends something; returns whether there was anything to do but wait."""


def _named(work: Work, prefix: str) -> list[int]:
    """Return the ids in the fields that are unmet, such as 7 for `milestone_7`."""
    return [int(item.field.removeprefix(prefix)) for item in work.unmet if item.field.startswith(prefix)]


def sections(document: str) -> Filling:
    """Return what writes some sections of a document."""

    def write(work: Work) -> bool:
        life, least = work.life, {s.key: s.min_words for s in work.life.home.outline.sections(document)}
        keys = [item.field for item in work.unmet][: life.chance.between(2, 5)]
        said = {key: words.text(life.chance, least[key]) for key in keys}

        def doing(session: Session, actor: Actor) -> bool:
            for key, text in said.items():
                writing.save_section(session, life.home, work.reference, document, key, text, actor, life.now)
            return True

        return bool(life.act(f"{document} written", work.manager, doing))

    return write


def criterion(work: Work) -> bool:
    life = work.life
    key, said = life.chance.one(life.home.outline.criteria).key, words.text(life.chance, 10)

    def doing(session: Session, actor: Actor) -> bool:
        writing.save_criterion(session, life.home, work.reference, key, said, actor, life.now)
        return True

    return bool(life.act("a criterion chosen", work.manager, doing))


def consultations(work: Work) -> bool:
    """Ask who must be asked, and now and then others; an answer that does not come is taken back, or recorded."""
    life, done = work.life, False
    for item in work.unmet:
        if item.who == "consultee":
            if life.chance.happens(0.15):
                done = _give_up(work, item.field) or done
            continue
        keys = [
            item.field,
            *life.chance.some([k for k in ADVISERS if k != item.field], life.chance.between(0, 2)),
        ]
        for key in keys:
            done = _ask(work, key) or done
    return done


def _ask(work: Work, key: str) -> bool:
    life = work.life
    advisers = life.of_role("finance_officer" if key == "finance" else "consultee")
    person = life.chance.one(advisers).address if advisers else ""
    return bool(
        life.act(
            "advice asked for",
            work.manager,
            lambda session, actor: consult.ask(
                session, life.home, work.reference, key, actor, life.now, person=person
            ),
        )
    )


def _give_up(work: Work, key: str) -> bool:
    life, said = work.life, words.text(work.life.chance, 6)
    if key == "finance":
        return bool(
            life.act(
                "advice recorded for them",
                work.manager,
                lambda s, actor: consult.answer(s, life.home, work.reference, key, actor, life.now, said),
            )
        )

    def doing(session: Session, actor: Actor) -> bool:
        consult.take_back(session, life.home, work.reference, key, actor, life.now)
        return True

    return bool(life.act("advice taken back", work.manager, doing))


def milestones(work: Work) -> bool:
    """Set the milestones, over the months to come."""
    life = work.life
    days, day = [], life.today + dt.timedelta(days=life.chance.between(150, 250))
    for _ in range(life.chance.between(3, 6)):
        days.append(day)
        day += dt.timedelta(days=life.chance.between(60, 200))

    def doing(session: Session, actor: Actor) -> bool:
        for number, each in enumerate(days, 1):
            title = f"Step {number} reached"
            dates.add_milestone(session, life.home, work.reference, title, each, actor, life.now)
        return True

    return bool(life.act("milestones set", work.manager, doing))


def milestones_done(work: Work) -> bool:
    """Reach the milestones whose day has come; some slip, by weeks or months."""
    life, today, keys = work.life, work.life.today, set(_named(work, "milestone_"))
    facts = life.look(
        lambda session: gate.load_facts(
            session, life.home, store.by_reference(session, work.reference), {"milestones"}, life.now
        )
    )
    for milestone in facts.milestones:
        if milestone.id not in keys:
            continue
        left = (milestone.forecast - today).days
        if left <= 0 and life.chance.happens(0.75):
            done_on = max(milestone.forecast, today - dt.timedelta(days=life.chance.between(0, 10)))
            life.act(
                "milestones reached", work.manager, partial(_reach, work, milestone.id, min(done_on, today))
            )
        elif left < 30 and life.chance.happens(0.3):
            later = max(milestone.forecast, today) + dt.timedelta(days=life.chance.between(7, 90))
            life.act("milestones slipped", work.manager, partial(_slip, work, milestone.id, later))
    return True


def _reach(work: Work, milestone_id: int, day: dt.date, session: Session, actor: Actor) -> object:
    life = work.life
    return dates.finish_milestone(session, life.home, work.reference, milestone_id, day, actor, life.now)


def _slip(work: Work, milestone_id: int, day: dt.date, session: Session, actor: Actor) -> object:
    life, why = work.life, "Later than hoped"
    return dates.change_milestone(
        session, life.home, work.reference, milestone_id, actor, life.now, forecast=day, why=why
    )


def plan(work: Work) -> bool:
    life = work.life
    form = {
        "title": "Work differently", "scope": words.text(life.chance, 8), "method": words.text(life.chance, 8),
        "who": "The service", "hours": str(life.chance.between(20, 900)),
        "target": (life.today + dt.timedelta(days=300)).isoformat(), "gain_low": "1000", "gain_high": "9000",
        "gain": "Fewer visits",
    }  # fmt: skip
    return bool(
        life.act(
            "a plan written",
            work.manager,
            lambda s, actor: planning.save_element(s, life.home, work.reference, actor, life.now, form=form),
        )
    )


def measures(work: Work) -> bool:
    life = work.life
    baseline = life.chance.between(40, 900)
    forms = {
        "unit_cost": {
            "name": "Cost of one", "kind": "unit_cost", "unit": "£ each", "places": "2", "direction": "lower",
            "baseline": f"{baseline}.50", "target": f"{baseline * 8 // 10}.00",
        },
        "performance": {
            "name": "Done in time", "kind": "performance", "unit": "days", "places": "0", "direction": "lower",
            "baseline": str(baseline), "target": str(baseline // 2),
        },
    }  # fmt: skip

    def doing(session: Session, actor: Actor) -> bool:
        for item in work.unmet:
            if item.field in forms:
                planning.save_measure(
                    session, life.home, work.reference, actor, life.now, form=forms[item.field]
                )
        return True

    return bool(life.act("measures set", work.manager, doing))


def savings(work: Work) -> bool:
    """Estimate the savings: one line, or two; now and then above the sum for which a board decides with a code."""
    life = work.life
    facts = life.look(
        lambda session: gate.load_facts(
            session, life.home, store.by_reference(session, work.reference), {"measures"}, life.now
        )
    )
    check = next((measure.id for measure in facts.measures if measure.kind == "performance"), None)
    if check is None:
        return False
    first = life.calendar.financial_year(life.today)
    forms = []
    for number in range(life.chance.between(1, 2)):
        form = {
            "title": f"Saving {number + 1}", "cashable": "yes" if life.chance.happens(0.7) else "no",
            "ongoing": "yes", "budget_code": f"{work.row.department}-{life.chance.between(1000, 9999)}",
            "cross_check": str(check),
        }  # fmt: skip
        for year in range(first, first + 5):
            pounds = life.chance.between(2_000, 90_000 if life.chance.happens(0.95) else 900_000)
            form |= {
                f"low_{year}": str(pounds // 2), f"expected_{year}": str(pounds), f"high_{year}": str(pounds * 2),
                f"cost_{year}": str(pounds // 10),
            }  # fmt: skip
        forms.append(form)

    def doing(session: Session, actor: Actor) -> bool:
        for form in forms:
            planning.save_saving(session, life.home, work.reference, actor, life.now, form=form)
        return True

    return bool(life.act("savings estimated", work.manager, doing))


def earlier_lessons(work: Work) -> bool:
    life, keys, how = work.life, _named(work, "lesson_")[:8], words.text(work.life.chance, 6)

    def doing(session: Session, actor: Actor) -> bool:
        for key in keys:
            lessons.answer(session, life.home, work.reference, key, actor, life.now, how)
        return True

    return bool(life.act("earlier lessons answered", work.manager, doing))


def change_text(work: Work) -> bool:
    """Change a section of what is before a board, so that it can be replaced."""
    life = work.life
    stage = life.home.lifecycles[work.row.lifecycle_name].stages[work.row.stage]
    document = "outline" if "outline" in stage.asks_for else "recommendations"
    section = life.chance.one(life.home.outline.sections(document))
    said = words.text(life.chance, section.min_words)

    def doing(session: Session, actor: Actor) -> bool:
        writing.save_section(session, life.home, work.reference, document, section.key, said, actor, life.now)
        return True

    return bool(life.act("a text changed under decision", work.manager, doing))


def propose_dates(work: Work) -> bool:
    """Propose new dates for milestones that are not done."""
    life = work.life
    facts = life.look(
        lambda session: gate.load_facts(
            session, life.home, store.by_reference(session, work.reference), {"milestones"}, life.now
        )
    )
    late = [
        m
        for m in facts.milestones
        if m.done_on is None and m.baseline is not None and m.forecast > m.baseline
    ]
    if not late:
        return False
    changes = {m.id: m.forecast + dt.timedelta(days=life.chance.between(0, 30)) for m in late}
    why = words.text(life.chance, 8)
    return bool(
        life.act(
            "new dates proposed",
            work.manager,
            lambda s, actor: dates.propose(s, life.home, work.reference, changes, why, actor, life.now),
        )
    )


def discharge(work: Work) -> bool:
    """The head of the service says that a condition is met; some take their time."""
    life = work.life
    keys = [key for key in _named(work, "condition_") if life.chance.happens(0.5)]
    for key in keys:
        life.act(
            "conditions discharged", work.head, partial(_discharge, work, key, words.text(life.chance, 8))
        )
    return bool(keys)


def _discharge(work: Work, condition_id: int, how: str, session: Session, actor: Actor) -> object:
    life = work.life
    return planning.discharge_condition(
        session, life.home, work.reference, condition_id, actor, life.now, how
    )


def record_lesson(work: Work) -> bool:
    life, said = work.life, words.text(work.life.chance, 10)
    return bool(
        life.act(
            "lessons recorded",
            work.manager,
            lambda s, actor: lessons.record(s, life.home, work.reference, said, actor, life.now),
        )
    )


def settle_returns(work: Work) -> bool:
    """Have every return verified."""
    return reporting.catch_up(work.life, work.reference, work.manager, work.head)


FILL: Mapping[str, Filling] = {
    "outline_complete": sections("outline"),
    "recommendations_complete": sections("recommendations"),
    "criterion_evidenced": criterion,
    "consultations_answered": consultations,
    "milestones_set": milestones,
    "milestones_ahead": milestones,
    "milestones_done": milestones_done,
    "action_plan_complete": plan,
    "measures_set": measures,
    "savings_estimated": savings,
    "earlier_lessons_answered": earlier_lessons,
    "version_changed": change_text,
    "rebaseline_proposed": propose_dates,
    "conditions_discharged": discharge,
    "lessons_recorded": record_lesson,
    "returns_verified": settle_returns,
}
"""Requirement → how it is mended. A test holds it against `domain.requirements`."""
