"""A project's facts, read from the tables: only the parts that are asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import func, select
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
    for row in session.scalars(select(t.SectionText).where(col(t.SectionText.project_id) == project_id)):
        texts.setdefault(row.document, {})[row.key] = row.text
        if row.exempt:
            exempt.setdefault(row.document, {})[row.key] = row.exempt
    return {"sections": texts, "exempt": exempt}


def _criteria(session: Session, project_id: int) -> dict[str, Any]:
    rows = session.scalars(select(t.Criterion).where(col(t.Criterion.project_id) == project_id))
    return {"criteria": {row.key: row.evidence for row in rows}}


def _consultations(session: Session, project_id: int) -> dict[str, Any]:
    linked = consultations.by_link(session, project_id)
    query = (
        select(t.Consultation, col(t.Person.name))
        .outerjoin(t.Person, col(t.Person.id) == col(t.Consultation.answered_by))
        .where(col(t.Consultation.project_id) == project_id)
        .order_by(col(t.Consultation.key))
    )
    rows = [
        ConsultationFact(
            r.key, r.asked_on, r.answered_on, r.answer, name or "", consultations.how(r, r.key in linked)
        )
        for r, name in session.execute(query)
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


def milestones(session: Session, project_id: int) -> list[MilestoneFact]:
    """Return a project's milestones in order, each with every date CMT agreed for it."""
    agreed: dict[int, list[dt.date]] = {}
    dates = (
        select(t.Baseline)
        .join(t.Milestone, col(t.Baseline.milestone_id) == col(t.Milestone.id))
        .where(col(t.Milestone.project_id) == project_id)
        .order_by(col(t.Baseline.milestone_id), col(t.Baseline.number))
    )
    for baseline in session.scalars(dates):
        agreed.setdefault(baseline.milestone_id, []).append(baseline.date)
    query = select(t.Milestone).where(col(t.Milestone.project_id) == project_id)
    rows = session.scalars(query.order_by(col(t.Milestone.position), col(t.Milestone.id)))
    return [
        MilestoneFact(
            row.id or 0,
            row.title,
            row.baseline,
            agreed[row.id or 0][0] if agreed.get(row.id or 0) else None,
            row.forecast,
            row.done_on,
            tuple(agreed.get(row.id or 0, ())),
        )
        for row in rows
    ]


def _plan(session: Session, project_id: int) -> dict[str, Any]:
    query = select(t.PlanRow).where(col(t.PlanRow.project_id) == project_id)
    rows = session.scalars(query.order_by(col(t.PlanRow.position), col(t.PlanRow.id)))
    return {
        "plan": [
            PlanElement(
                r.id or 0,
                r.title,
                r.scope,
                r.method,
                r.who,
                r.hours,
                r.target,
                r.gain_low,
                r.gain_high,
                r.gain,
            )
            for r in rows
        ]
    }


def _measures(session: Session, project_id: int) -> dict[str, Any]:
    newest = (
        select(col(t.MeasureTarget.measure_id), func.max(t.MeasureTarget.number).label("number"))
        .group_by(col(t.MeasureTarget.measure_id))
        .subquery()
    )
    query = (
        select(t.Measure, t.MeasureTarget)
        .outerjoin(newest, newest.c.measure_id == col(t.Measure.id))
        .outerjoin(
            t.MeasureTarget,
            (col(t.MeasureTarget.measure_id) == col(t.Measure.id))
            & (col(t.MeasureTarget.number) == newest.c.number),
        )
        .where(col(t.Measure.project_id) == project_id)
        .order_by(col(t.Measure.position), col(t.Measure.id))
    )
    return {
        "measures": [
            MeasureFact(
                m.id or 0,
                m.name,
                m.kind,
                m.unit,
                m.places,
                m.direction,
                target.baseline if target else None,
                target.target if target else None,
                m.tolerance,
            )
            for m, target in session.execute(query)
        ]
    }


def _savings(session: Session, project_id: int) -> dict[str, Any]:
    years: dict[int, list[tuple[int, int, int, int]]] = {}
    costs: dict[int, list[tuple[int, int]]] = {}
    profile = (
        select(t.SavingYear)
        .join(t.SavingLine, col(t.SavingYear.line_id) == col(t.SavingLine.id))
        .where(col(t.SavingLine.project_id) == project_id)
        .order_by(col(t.SavingYear.line_id), col(t.SavingYear.year))
    )
    for year in session.scalars(profile):
        years.setdefault(year.line_id, []).append((year.year, year.low, year.expected, year.high))
        costs.setdefault(year.line_id, []).append((year.year, year.cost))
    query = (
        select(t.SavingLine, t.Measure)
        .outerjoin(t.Measure, col(t.Measure.id) == col(t.SavingLine.cross_check))
        .where(col(t.SavingLine.project_id) == project_id)
        .order_by(col(t.SavingLine.position), col(t.SavingLine.id))
    )
    return {
        "savings": [
            SavingFact(
                line.id or 0,
                line.title,
                line.cashable,
                line.ongoing,
                line.budget_code,
                measure.name if measure else "",
                tuple(years.get(line.id or 0, ())),
                tuple(costs.get(line.id or 0, ())),
            )
            for line, measure in session.execute(query)
        ]
    }


def _conditions(session: Session, project_id: int) -> dict[str, Any]:
    decider, member = aliased(t.Person), aliased(t.Person)
    query = (
        select(t.Condition, col(decider.name), col(member.name))
        .join(t.VoteRow, col(t.VoteRow.id) == col(t.Condition.vote_id))
        .join(decider, col(decider.id) == col(t.VoteRow.person_id))
        .join(t.Slot, col(t.Slot.id) == col(t.VoteRow.slot_id))
        .join(member, col(member.id) == col(t.Slot.person_id))
        .where(col(t.Condition.project_id) == project_id)
        .order_by(col(t.Condition.id))
    )
    return {
        "conditions": [
            ConditionFact(
                c.id or 0,
                c.text,
                c.set_at.date(),
                seat_name(by, seat),
                c.discharged_at.date() if c.discharged_at else None,
            )
            for c, by, seat in session.execute(query)
        ]
    }


def _lessons(session: Session, project_id: int) -> dict[str, Any]:
    query = select(t.Lesson).where(col(t.Lesson.project_id) == project_id).order_by(col(t.Lesson.id))
    return {"lessons": [LessonFact(row.id or 0, "", row.text, "") for row in session.scalars(query)]}


def _earlier_lessons(session: Session, project_id: int) -> dict[str, Any]:
    """The lessons that earlier projects of the same department or kind had recorded when this one began (§11.2)."""
    mine = select(t.Project).where(col(t.Project.id) == project_id).subquery()
    query = (
        select(t.Lesson, col(t.Project.reference), t.LessonAnswer)
        .join(t.Project, col(t.Project.id) == col(t.Lesson.project_id))
        .join(mine, (mine.c.department == col(t.Project.department)) | (mine.c.kind == col(t.Project.kind)))
        .outerjoin(
            t.LessonAnswer,
            (col(t.LessonAnswer.lesson_id) == col(t.Lesson.id))
            & (col(t.LessonAnswer.project_id) == project_id),
        )
        .where(col(t.Project.id) != project_id, col(t.Lesson.on) <= func.date(mine.c.created_at))
        .order_by(col(t.Lesson.id))
    )
    return {
        "earlier_lessons": [
            LessonFact(lesson.id or 0, reference, lesson.text, answer.how if answer else "")
            for lesson, reference, answer in session.execute(query)
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


def _returns(session: Session, project_id: int) -> dict[str, Any]:
    query = (
        select(col(t.MonthlyReturn.period))
        .where(col(t.MonthlyReturn.project_id) == project_id, col(t.MonthlyReturn.state) == "submitted")
        .order_by(col(t.MonthlyReturn.period))
    )
    return {"unverified_returns": [month_name(period) for period in session.scalars(query)]}


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
