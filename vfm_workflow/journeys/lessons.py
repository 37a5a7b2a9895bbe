"""Lessons learned, and how new projects say they address them (§11)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from vfm_workflow.domain.facts import LessonFact
from vfm_workflow.domain.roles import Actor
from vfm_workflow.errors import NotFound
from vfm_workflow.journeys import gate
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.writing import writable
from vfm_workflow.store import history, projects
from vfm_workflow.store.tables import Lesson, LessonAnswer, Project


@dataclass(frozen=True, slots=True)
class Lessons:
    """A project's lessons: those it recorded, and those of earlier projects it must answer."""

    recorded: Sequence[LessonFact]
    earlier: Sequence[LessonFact]

    @property
    def unanswered(self) -> list[LessonFact]:
        return [lesson for lesson in self.earlier if not lesson.answered]


def record(session: Session, home: Home, reference: str, text: str, by: Actor, at: dt.datetime) -> Lesson:
    """Record a lesson learned; return it. Raises BadInput where it is empty, NotFound or NotAllowed."""
    project = writable(session, home, reference, by, "lessons", "lessons.edit")
    fields = Fields({"text": text})
    said = fields.text("text", "The lesson", required="Write what was learned, so that others can use it")
    fields.finish()
    row = Lesson(project_id=projects.key(project), text=said, on=home.calendar.today(at), by=by.id)
    session.add(row)
    session.flush()
    entry = history.Entry("lesson_recorded", by, at, "", {"id": row.id, "lesson": said})
    history.record(session, project, entry)
    return row


def answer(
    session: Session, home: Home, reference: str, lesson_id: int, by: Actor, at: dt.datetime, how: str
) -> LessonAnswer:
    """Say how the project addresses a lesson of an earlier one; return the answer (§11.2). A later answer replaces it.

    Raises BadInput where it is empty, NotFound for a lesson the project need not answer, or NotAllowed.
    """
    project = writable(session, home, reference, by, "lessons_answers", "outline.edit")
    lesson = next((one for one in _earlier(session, home, project, at) if one.id == lesson_id), None)
    if lesson is None:
        raise NotFound(f"{project.reference} has no such lesson to answer.")
    fields, name = Fields({f"lesson_{lesson_id}": how}), f"lesson_{lesson_id}"
    said = fields.text(name, "The answer", required="Say how the project addresses this lesson")
    fields.finish()
    row = session.get(LessonAnswer, (projects.key(project), lesson_id))
    if row is not None and row.how == said:
        return row
    if row is None:
        row = LessonAnswer(
            project_id=projects.key(project), lesson_id=lesson_id, how=said, on=home.calendar.today(at)
        )
        session.add(row)
    else:
        row.how, row.on = said, home.calendar.today(at)
    session.flush()
    detail = {"lesson": lesson_id, "of": lesson.project, "text": lesson.text, "how": said}
    history.record(session, project, history.Entry("lesson_answered", by, at, "", detail))
    return row


def of_project(session: Session, home: Home, reference: str, at: dt.datetime) -> Lessons:
    """Return the lessons a project recorded and those it must answer. Raises NotFound."""
    project = projects.by_reference(session, reference)
    known = gate.load_facts(session, home, project, {"lessons", "earlier_lessons"}, at)
    return Lessons(known.lessons, known.earlier_lessons)


def _earlier(session: Session, home: Home, project: Project, at: dt.datetime) -> Sequence[LessonFact]:
    return gate.load_facts(session, home, project, {"earlier_lessons"}, at).earlier_lessons
