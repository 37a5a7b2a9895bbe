"""A project of the demo council is begun and written: outline, evidence, consultations, figures, plan and dates."""

from __future__ import annotations

import datetime as dt

from sqlmodel import Session

from vfm_workflow.demo import advising
from vfm_workflow.demo.entries import (
    FIRST_YEAR,
    ConsultationEntry,
    EvidenceEntry,
    MeasureEntry,
    MemberEntry,
    ProjectFile,
    SavingEntry,
)
from vfm_workflow.demo.replay import Replay
from vfm_workflow.domain.calendar import year_name
from vfm_workflow.domain.roles import Actor
from vfm_workflow.journeys import consult, dates, lessons, measures, members, planning, projects, savings
from vfm_workflow.journeys import writing as texts

SPARE_DAYS = 2
"""Working days that a consultee has left when they answer."""
SOURCE = "Figures for {year} exchanged by six comparable districts (illustrative)"


def create(replay: Replay, project: ProjectFile, at: dt.datetime) -> None:
    """Begin the project."""
    manager = project.begun_by or project.pm
    with replay.act(f"Project {project.number} begins") as session:
        row = projects.create(
            session,
            replay.home,
            title=project.title,
            kind=project.kind,
            department=project.department,
            manager=replay.address(manager),
            sponsor=replay.address(project.sponsor),
            by=replay.actor(session, manager),
            at=at,
            summary=project.summary,
            partner=project.partner or "",
            priorities=project.priorities,
            planned_days=project.resources.days,
        )
        replay.references[project.number] = row.reference


def add_evidence(replay: Replay, project: ProjectFile, entry: EvidenceEntry, at: dt.datetime) -> None:
    """Add what customers said."""
    with replay.act(f"Evidence of project {project.number}") as session:
        consult.evidence_add(
            session,
            replay.home,
            replay.reference(project),
            replay.actor(session, project.pm),
            at,
            source=entry.source,
            on=entry.on.isoformat(),
            group=entry.group,
            finding=entry.finding,
        )


def join(replay: Replay, project: ProjectFile, entry: MemberEntry, at: dt.datetime) -> None:
    """Somebody is added to the project."""
    with replay.act(f"{entry.who} joins project {project.number}") as session:
        by, who = replay.actor(session, project.pm), replay.address(entry.who)
        members.add(session, replay.home, replay.reference(project), who, entry.role, by, at)


def ask(replay: Replay, project: ProjectFile, entry: ConsultationEntry, at: dt.datetime) -> None:
    """Ask a consultee by mail, with as long to answer as they will need."""
    calendar, days = replay.home.calendar, ""
    if entry.answered is not None:
        needed = calendar.working_days_between(entry.asked, entry.answered) + SPARE_DAYS
        days = str(max(needed, replay.home.outline.consulting.answer_working_days))
    with replay.act(f"Project {project.number} consults {entry.with_}") as session:
        consult.ask(
            session,
            replay.home,
            replay.reference(project),
            entry.with_,
            replay.actor(session, project.pm),
            at,
            person=replay.address(replay.data.consultee(entry.with_)),
            working_days=days,
        )


def answer(replay: Replay, project: ProjectFile, entry: ConsultationEntry, at: dt.datetime) -> None:
    """The consultee answers by the link in their mail."""
    with replay.act(f"{entry.with_} answers project {project.number}") as session:
        advising.advise(
            session,
            replay.home,
            replay.asked,
            replay.reference(project),
            entry.with_,
            entry.stance,
            entry.answer or "",
            at,
        )


def write(replay: Replay, project: ProjectFile, at: dt.datetime) -> None:
    """Write the outline as far as it has come, with everything that goes with it."""
    reference = replay.reference(project)
    with replay.act(f"Project {project.number} is written") as session:
        by = replay.actor(session, project.pm)
        for key, text in project.outline.items():
            texts.save_section(session, replay.home, reference, "outline", key, text, by, at)
        for key, evidence in project.criteria.items():
            texts.save_criterion(session, replay.home, reference, key, evidence, by, at)
        for measure in project.measures:
            _measure(replay, session, project, measure, by, at)
        for line in project.savings:
            _saving(replay, session, project, line, by, at)
        _plan(replay, session, project, by, at)
        for milestone in project.milestones:
            row = dates.add_milestone(
                session, replay.home, reference, milestone.title, milestone.baseline, by, at
            )
            replay.ids[project.number, "milestone", milestone.title] = row.id or 0
        for entry in project.answers:
            number, _, name = entry.lesson.partition("#")
            lesson = replay.id_of(int(number), "lesson", name)
            lessons.answer(session, replay.home, reference, lesson, by, at, entry.how)


def _measure(
    replay: Replay, session: Session, project: ProjectFile, entry: MeasureEntry, by: Actor, at: dt.datetime
) -> None:
    form = {
        **{name: getattr(entry, name) for name in ("name", "kind", "unit", "direction")},
        "places": str(entry.places),
        "numerator": entry.numerator,
        "denominator": entry.denominator,
        "baseline": entry.typed(entry.baseline),
        "target": entry.typed(entry.target),
    }
    reference = replay.reference(project)
    row = measures.save_measure(session, replay.home, reference, by, at, form=form)
    replay.ids[project.number, "measure", entry.key] = row.id or 0
    last_year = replay.home.calendar.financial_year(at.date()) - 1
    measures.save_peers(
        session,
        replay.home,
        reference,
        row.id or 0,
        by,
        at,
        peers={name: entry.typed(value) for name, value in entry.peers.items()},
        source=SOURCE.format(year=year_name(last_year)),
    )


def _saving(
    replay: Replay, session: Session, project: ProjectFile, entry: SavingEntry, by: Actor, at: dt.datetime
) -> None:
    form = saving_form(replay, project, entry)
    row = savings.save_saving(session, replay.home, replay.reference(project), by, at, form=form)
    replay.ids[project.number, "saving", line_name(project, entry)] = row.id or 0


def line_name(project: ProjectFile, entry: SavingEntry) -> str:
    """Return a line's number among its project's, from 1: the `1` of `13#1`."""
    return str(project.savings.index(entry) + 1)


def saving_form(replay: Replay, project: ProjectFile, entry: SavingEntry) -> dict[str, str]:
    """Return a line as it is typed into the page of savings."""
    form = {
        "title": entry.title,
        "cashable": "yes" if entry.cashable else "no",
        "ongoing": "yes" if entry.ongoing else "no",
        "budget_code": entry.budget_code,
        "cross_check": str(replay.id_of(project.number, "measure", entry.cross_check)),
    }
    for part, thousands in (
        ("low", entry.low),
        ("expected", entry.expected),
        ("high", entry.high),
        ("cost", entry.cost_to_achieve),
    ):
        for number, value in enumerate(thousands):
            form[f"{part}_{FIRST_YEAR + number}"] = str(value * 1000)
    return form


def _plan(replay: Replay, session: Session, project: ProjectFile, by: Actor, at: dt.datetime) -> None:
    for entry in project.plan:
        form = {
            **{name: getattr(entry, name) for name in ("title", "scope", "who", "gain")},
            **{name: str(getattr(entry, name)) for name in ("hours", "target", "gain_low", "gain_high")},
            "method": replay.said(entry.method),
        }
        planning.save_element(session, replay.home, replay.reference(project), by, at, form=form)


def settle_double_count(replay: Replay, project: ProjectFile, entry: SavingEntry, at: dt.datetime) -> None:
    """A saving was found to be counted twice: its line is counted in the other project's from now on."""
    if entry.counted_in is None:
        return
    with replay.act(f"A double count of project {project.number}") as session:
        number, _, name = entry.counted_in.line.partition("#")
        form = saving_form(replay, project, entry)
        form["counted_in"] = str(replay.id_of(int(number), "saving", name))
        savings.save_saving(
            session,
            replay.home,
            replay.reference(project),
            replay.actor(session, project.pm),
            at,
            line_id=replay.id_of(project.number, "saving", line_name(project, entry)),
            form=form,
        )
