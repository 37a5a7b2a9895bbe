"""A project's facts, read from the tables: only the parts that are asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from vfm_workflow.domain.assurance import seat_name
from vfm_workflow.domain.calendar import Calendar, month_name
from vfm_workflow.domain.facts import (
    ConditionFact,
    ConsultationFact,
    DocumentFact,
    Facts,
    LessonFact,
    MeasureFact,
    MilestoneFact,
    PlanElement,
    Proposal,
    ProposedProfile,
    ProposedTarget,
    RemarkFact,
    SavingFact,
)
from vfm_workflow.domain.outline import OutlineRules
from vfm_workflow.store import attachments, consultations, figures, projects, remarks
from vfm_workflow.store import tables as t
from vfm_workflow.store.projects import AnyProject
from vfm_workflow.store.raw import rows

_PROJECT: Any = bindparam("project")
"""The statements are built once, when they are first needed: every page and every gate asks them, and building one costs
more than running it."""


def load(
    session: Session,
    project: AnyProject,
    needs: Collection[str],
    calendar: Calendar,
    rules: OutlineRules,
    today: dt.date,
) -> Facts:
    """Return the facts of `project` with the parts in `needs` filled."""
    parts: dict[str, Any] = {}
    for need in sorted(needs):
        parts.update(PARTS[need](session, projects.key(project)))
    return Facts(
        reference=project.reference,
        title=project.title,
        summary=project.summary,
        stage=project.stage,
        today=today,
        calendar=calendar,
        rules=rules,
        **parts,
    )


def _sections(session: Session, project_id: int) -> dict[str, Any]:
    texts: dict[str, dict[str, str]] = {}
    exempt: dict[str, dict[str, str]] = {}
    for document, key, text, why in rows(session, _section_rows(), {"project": project_id}):
        texts.setdefault(document, {})[key] = text
        if why:
            exempt.setdefault(document, {})[key] = why
    return {"sections": texts, "exempt": exempt}


@cache
def _section_rows() -> Any:
    s = t.SectionText
    return select(*map(col, (s.document, s.key, s.text, s.exempt))).where(col(s.project_id) == _PROJECT)


def _criteria(session: Session, project_id: int) -> dict[str, Any]:
    found = rows(session, _criterion_rows(), {"project": project_id})
    return {"criteria": dict(map(tuple, found))}


@cache
def _criterion_rows() -> Any:
    c = t.Criterion
    return select(col(c.key), col(c.evidence)).where(col(c.project_id) == _PROJECT)


@cache
def _consultation_rows() -> Any:
    return (
        select(t.Consultation, col(t.Person.name))
        .outerjoin(t.Person, col(t.Person.id) == col(t.Consultation.answered_by))
        .where(col(t.Consultation.project_id) == _PROJECT)
        .order_by(col(t.Consultation.key))
    )


def _consultations(session: Session, project_id: int) -> dict[str, Any]:
    linked = consultations.by_link(session, project_id)
    rows = [
        ConsultationFact(
            r.key, r.asked_on, r.answered_on, r.answer, name or "", consultations.how(r, r.key in linked)
        )
        for r, name in session.execute(_consultation_rows(), {"project": project_id})
    ]
    return {"consultations": rows}


def _documents(session: Session, project_id: int) -> dict[str, Any]:
    files = attachments.listing(session, project_id)
    return {"documents": [DocumentFact(f.document, f.name, f.size, f.digest, f.exempt) for f in files]}


def _remarks(session: Session, project_id: int) -> dict[str, Any]:
    found = remarks.of(session, project_id, ("advice", "recommendation"))
    return {"remarks": [RemarkFact(r.kind, r.subject, r.on, r.by, r.text) for r in found]}


def _milestones(session: Session, project_id: int) -> dict[str, Any]:
    return {"milestones": milestones(session, project_id)}


@cache
def _agreed_dates() -> Any:
    return (
        select(col(t.Baseline.milestone_id), col(t.Baseline.date))
        .join(t.Milestone, col(t.Baseline.milestone_id) == col(t.Milestone.id))
        .where(col(t.Milestone.project_id) == _PROJECT)
        .order_by(col(t.Baseline.milestone_id), col(t.Baseline.number))
    )


def milestones(session: Session, project_id: int) -> list[MilestoneFact]:
    """Return a project's milestones in order, each with every date CMT agreed for it."""
    agreed: dict[int, list[dt.date]] = {}
    for milestone_id, day in rows(session, _agreed_dates(), {"project": project_id}):
        agreed.setdefault(milestone_id, []).append(day)
    return [
        MilestoneFact(
            key,
            title,
            baseline,
            agreed[key][0] if key in agreed else None,
            forecast,
            done_on,
            tuple(agreed.get(key, ())),
        )
        for key, title, baseline, forecast, done_on in rows(
            session, _milestone_rows(), {"project": project_id}
        )
    ]


@cache
def _milestone_rows() -> Any:
    m = t.Milestone
    query = select(*map(col, (m.id, m.title, m.baseline, m.forecast, m.done_on)))
    return query.where(col(m.project_id) == _PROJECT).order_by(col(m.position), col(m.id))


def _plan(session: Session, project_id: int) -> dict[str, Any]:
    found = rows(session, _plan_rows(), {"project": project_id})
    return {"plan": [PlanElement(*row) for row in found]}


@cache
def _plan_rows() -> Any:
    p = t.PlanRow
    columns = (
        p.id, p.title, p.scope, p.method, p.who, p.hours, p.target, p.gain_low, p.gain_high, p.gain,
    )  # fmt: skip
    return (
        select(*map(col, columns)).where(col(p.project_id) == _PROJECT).order_by(col(p.position), col(p.id))
    )


@cache
def _measure_rows() -> Any:
    """The newest target is looked for of each measure by itself: of all at once, every project's would be gone through."""
    each = aliased(t.MeasureTarget)
    newest = (
        select(func.max(each.number)).where(col(each.measure_id) == col(t.Measure.id)).correlate(t.Measure)
    ).scalar_subquery()
    own = col(t.MeasureTarget.measure_id) == col(t.Measure.id)
    m = t.Measure
    columns = (m.id, m.name, m.kind, m.unit, m.places, m.direction)
    targets = (t.MeasureTarget.baseline, t.MeasureTarget.target)
    return (
        select(*map(col, columns), *map(col, targets), col(m.tolerance))
        .select_from(m)
        .outerjoin(t.MeasureTarget, own & (col(t.MeasureTarget.number) == newest))
        .where(col(t.Measure.project_id) == _PROJECT)
        .order_by(col(t.Measure.position), col(t.Measure.id))
    )


def _measures(session: Session, project_id: int) -> dict[str, Any]:
    return {
        "measures": [MeasureFact(*row) for row in rows(session, _measure_rows(), {"project": project_id})]
    }


@cache
def _saving_years() -> Any:
    y = t.SavingYear
    return (
        select(*map(col, (y.line_id, y.year, y.low, y.expected, y.high, y.cost)))
        .join(t.SavingLine, col(t.SavingYear.line_id) == col(t.SavingLine.id))
        .where(col(t.SavingLine.project_id) == _PROJECT)
        .order_by(col(t.SavingYear.line_id), col(t.SavingYear.year))
    )


@cache
def _saving_rows() -> Any:
    s = t.SavingLine
    return (
        select(*map(col, (s.id, s.title, s.cashable, s.ongoing, s.budget_code, t.Measure.name)))
        .select_from(s)
        .outerjoin(t.Measure, col(t.Measure.id) == col(t.SavingLine.cross_check))
        .where(col(t.SavingLine.project_id) == _PROJECT)
        .order_by(col(t.SavingLine.position), col(t.SavingLine.id))
    )


def _savings(session: Session, project_id: int) -> dict[str, Any]:
    years: dict[int, list[tuple[int, int, int, int]]] = {}
    costs: dict[int, list[tuple[int, int]]] = {}
    for line, year, low, expected, high, cost in rows(session, _saving_years(), {"project": project_id}):
        years.setdefault(line, []).append((year, low, expected, high))
        costs.setdefault(line, []).append((year, cost))
    return {
        "savings": [
            SavingFact(
                key,
                title,
                cashable,
                ongoing,
                budget_code,
                measure or "",
                tuple(years.get(key, ())),
                tuple(costs.get(key, ())),
            )
            for key, title, cashable, ongoing, budget_code, measure in rows(
                session, _saving_rows(), {"project": project_id}
            )
        ]
    }


@cache
def _condition_rows() -> Any:
    decider, member = aliased(t.Person), aliased(t.Person)
    return (
        select(t.Condition, col(decider.name), col(member.name))
        .join(t.VoteRow, col(t.VoteRow.id) == col(t.Condition.vote_id))
        .join(decider, col(decider.id) == col(t.VoteRow.person_id))
        .join(t.Slot, col(t.Slot.id) == col(t.VoteRow.slot_id))
        .join(member, col(member.id) == col(t.Slot.person_id))
        .where(col(t.Condition.project_id) == _PROJECT)
        .order_by(col(t.Condition.id))
    )


def _conditions(session: Session, project_id: int) -> dict[str, Any]:
    return {
        "conditions": [
            ConditionFact(
                c.id or 0,
                c.text,
                c.set_at.date(),
                seat_name(by, seat),
                c.discharged_at.date() if c.discharged_at else None,
            )
            for c, by, seat in session.execute(_condition_rows(), {"project": project_id})
        ]
    }


def _lessons(session: Session, project_id: int) -> dict[str, Any]:
    found = rows(session, _lesson_rows(), {"project": project_id})
    return {"lessons": [LessonFact(key, "", text, "") for key, text in found]}


@cache
def _lesson_rows() -> Any:
    mine = col(t.Lesson.project_id) == _PROJECT
    return select(col(t.Lesson.id), col(t.Lesson.text)).where(mine).order_by(col(t.Lesson.id))


@cache
def _earlier_lesson_rows() -> Any:
    mine = select(t.Project).where(col(t.Project.id) == _PROJECT).subquery()
    return (
        select(t.Lesson, col(t.Project.reference), t.LessonAnswer)
        .join(t.Project, col(t.Project.id) == col(t.Lesson.project_id))
        .join(mine, (mine.c.department == col(t.Project.department)) | (mine.c.kind == col(t.Project.kind)))
        .outerjoin(
            t.LessonAnswer,
            (col(t.LessonAnswer.lesson_id) == col(t.Lesson.id))
            & (col(t.LessonAnswer.project_id) == _PROJECT),
        )
        .where(col(t.Project.id) != _PROJECT, col(t.Lesson.on) <= func.date(mine.c.created_at))
        .order_by(col(t.Lesson.id))
    )


def _earlier_lessons(session: Session, project_id: int) -> dict[str, Any]:
    """The lessons that earlier projects of the same department or kind had recorded when this one began (§11.2)."""
    rows = session.execute(_earlier_lesson_rows(), {"project": project_id})
    return {
        "earlier_lessons": [
            LessonFact(lesson.id or 0, reference, lesson.text, answer.how if answer else "")
            for lesson, reference, answer in rows
        ]
    }


def _proposal(session: Session, project_id: int) -> dict[str, Any]:
    row = session.get(t.ProposalRow, project_id)
    if row is None:
        return {"proposal": None}
    rows = {m.id: m for m in milestones(session, project_id)}
    changes = tuple(
        (int(key), rows[int(key)].title, rows[int(key)].baseline, dt.date.fromisoformat(day))
        for key, day in row.changes.items()
        if int(key) in rows
    )
    profiles = proposed_profiles(session, project_id, row.savings)
    return {"proposal": Proposal(row.reason, changes, profiles, _targets(session, project_id, row.targets))}


def proposed_profiles(
    session: Session, project_id: int, wanted: Mapping[str, Mapping[str, Any]]
) -> tuple[ProposedProfile, ...]:
    """Return each profile that is asked for (line id → year → low, expected, high), of the project's lines that are there."""
    query = select(t.SavingLine).where(col(t.SavingLine.project_id) == project_id)
    lines = {line.id: line for line in session.scalars(query) if line.id is not None}
    found = []
    for key, years in wanted.items():
        line_id = int(key)
        if line_id not in lines:
            continue
        agreed = figures.agreed_profiles(session, line_id)
        now = {y.year: (y.low, y.expected, y.high) for y in figures.years(session, line_id)}
        proposed = {int(year): (low, expected, high) for year, (low, expected, high) in years.items()}
        first = agreed[0] if agreed else now
        found.append(ProposedProfile(line_id, lines[line_id].title, first, now, proposed))
    return tuple(found)


def _targets(session: Session, project_id: int, wanted: Mapping[str, int]) -> tuple[ProposedTarget, ...]:
    query = select(t.Measure).where(col(t.Measure.project_id) == project_id)
    measures = {measure.id: measure for measure in session.scalars(query) if measure.id is not None}
    found = []
    for key, target in wanted.items():
        measure = measures.get(int(key))
        rows = figures.targets(session, int(key))
        if measure is None or measure.id is None or not rows:
            continue
        first = next((row for row in rows if row.request_id is not None), rows[0])
        newest = rows[-1]
        found.append(
            ProposedTarget(
                measure.id,
                measure.name,
                measure.unit,
                measure.places,
                newest.baseline,
                first.target,
                newest.target,
                target,
            )
        )
    return tuple(found)


@cache
def _unverified_months() -> Any:
    r = t.MonthlyReturn
    query = select(col(r.period)).where(col(r.project_id) == _PROJECT, col(r.state) == "submitted")
    return query.order_by(col(r.period))


def _returns(session: Session, project_id: int) -> dict[str, Any]:
    rows = session.scalars(_unverified_months(), {"project": project_id})
    return {"unverified_returns": [month_name(period) for period in rows]}


def _nothing(session: Session, project_id: int) -> dict[str, Any]:
    return {}


PARTS: Mapping[str, Callable[[Session, int], dict[str, Any]]] = {
    "sections": _sections,
    "criteria": _criteria,
    "consultations": _consultations,
    "documents": _documents,
    "remarks": _remarks,
    "milestones": _milestones,
    "plan": _plan,
    "measures": _measures,
    "savings": _savings,
    "conditions": _conditions,
    "lessons": _lessons,
    "earlier_lessons": _earlier_lessons,
    "proposal": _proposal,
    "returns": _returns,
    "digests": _nothing,
}
"""Part of Facts → its loader. `digests` are filled by journeys.gate, which alone knows the open decision."""
