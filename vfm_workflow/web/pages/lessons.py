"""Lessons: what earlier projects learned and how this one takes it up, and what this one learned (§11)."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response

from vfm_workflow.errors import BadInput
from vfm_workflow.journeys import lessons
from vfm_workflow.store import pages_forms, projects
from vfm_workflow.web.editing import REFUSED, editing, refusal
from vfm_workflow.web.project_frame import frame
from vfm_workflow.web.visit import Form, Page, Typed, Visit

router = APIRouter()


@router.get("/projects/{reference}/lessons")
def show(visit: Page, reference: str) -> Response:
    """Show both kinds of lessons."""
    return _page(visit, reference)


@router.post("/projects/{reference}/lessons")
def record(visit: Page, form: Form, reference: str) -> Response:
    """Record a lesson of this project."""
    actor = visit.me()
    try:
        with visit.write() as session:
            lessons.record(session, visit.home, reference, form.get("text", ""), actor, visit.at)
    except REFUSED as error:
        return _page(visit, reference, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/lessons", "The lesson is recorded.")


@router.post("/projects/{reference}/lessons/answers")
def answer(visit: Page, form: Form, reference: str) -> Response:
    """Save how this project addresses earlier ones' lessons: all that were filled in, or none."""
    actor = visit.me()
    try:
        with visit.write() as session:
            wrong: dict[str, str] = {}
            for lesson in lessons.of_project(session, visit.home, reference, visit.at).earlier:
                how = form.get(f"lesson_{lesson.id}")
                if how is None or not (how.strip() or lesson.answered):
                    continue
                try:
                    lessons.answer(session, visit.home, reference, lesson.id, actor, visit.at, how)
                except BadInput as error:
                    wrong.update(error.fields)
            if wrong:
                raise BadInput(wrong)
    except REFUSED as error:
        return _page(visit, reference, errors=refusal(error), typed=form, status=error.status)
    return visit.go(f"/projects/{reference}/lessons", "The answers are saved.")


def _page(
    visit: Visit,
    reference: str,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    with visit.read() as session:
        context = frame(visit, session, reference, "lessons")
        project, lifecycle = context["project"], context["lifecycle"]
        others = visit.extent("lessons.read", project) == "all"  # not every reader may know of other projects
        context |= {
            "earlier": lessons.of_project(session, visit.home, reference, visit.at).earlier if others else (),
            "recorded": pages_forms.lessons(session, projects.key(project)),
            "taken_up": pages_forms.taken_up(session, projects.key(project)) if others else {},
            "others": others,
            "answering": editing(
                visit, project, lifecycle, {"lessons_answers"}, "outline.edit", "The answers"
            ),
            "recording": editing(
                visit, project, lifecycle, {"lessons"}, "lessons.edit", "This project’s lessons"
            ),
        }
    return visit.page("lessons/lessons.html", context, status=status, errors=errors, typed=typed)
