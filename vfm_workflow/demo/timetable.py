"""Everything that happens in the demo council, of all projects, in one order of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial

from vfm_workflow.demo import banking, library, living, publishing, reporting, writing
from vfm_workflow.demo.days import Action
from vfm_workflow.demo.entries import ProjectFile
from vfm_workflow.demo.events import (
    AskRebaseline,
    Create,
    Decide,
    Discharge,
    Event,
    Expire,
    FinishImplementation,
    FinishInitialStage,
    Hold,
    Write,
)
from vfm_workflow.demo.replay import Replay, settle_in

Doing = Callable[[dt.datetime], None]
Entry = tuple[dt.date, str, Doing]
"""The day, the time on the council's clock or a key of TIMES, and what is done."""

OPENING = "08:30"
TIMES = {
    "reach_before": "08:40",
    "define": "09:00",
    "create": "09:10",
    "join": "09:25",
    "ask": "09:40",
    "move": "10:10",
    "readings": "10:20",
    "return": "10:40",
    "write": "11:20",
    "evidence": "11:50",
    "idea": "12:10",
    "propose": "12:40",
    "discharge": "13:10",
    "lesson": "13:40",
    "settle": "14:05",
    "answer": "14:20",
    "agree": "14:40",
    "verify": "15:10",
    "correct": "15:20",
    "reply": "15:40",
    "reach": "16:10",
    "deputy": "16:20",
    "leave": "16:40",
    "comment": "16:50",
    "issue": "17:15",
}
"""When things without a time of their own are done. Each project is a few minutes later than the one before it."""
SILENT = {
    "define",
    "readings",
    "propose",
    "agree",
    "correct",
    "create",
    "join",
    "evidence",
    "write",
    "discharge",
    "lesson",
    "settle",
    "reach",
    "verify",
    "deputy",
    "leave",
    "comment",
    "issue",
}
"""Those from which no mail follows."""
DRAFTING = dt.timedelta(minutes=25)
"""How long before it is submitted a text was last saved."""


def actions(replay: Replay) -> list[Action]:
    """Return everything that happens, in order. The first is that the people settle in, before all else."""
    found = sorted(_all(replay), key=lambda action: action.at)
    calendar = replay.home.calendar
    first = calendar.moment(calendar.today(found[0].at), OPENING)
    return [Action(first, partial(settle_in, replay), silent=True), *found]


def _all(replay: Replay) -> Iterator[Action]:
    calendar = replay.home.calendar
    for project in replay.data.projects:
        later = dt.timedelta(minutes=project.number)
        for day, time, do in _project(replay, project):
            if time in TIMES:
                yield Action(calendar.moment(day, TIMES[time]) + later, do, silent=time in SILENT)
            else:
                yield Action(calendar.moment(day, time), do)
    yield from banking.actions(replay)
    for day, key, action in library.entries(replay):
        yield Action(calendar.moment(day, TIMES[key]), action, silent=key in SILENT)
    for leaver in replay.data.leavers:
        at = calendar.moment(leaver.on, TIMES["leave"])
        yield Action(at, partial(living.leave, replay, leaver), silent=True)
    for deputy in replay.data.deputies:
        at = calendar.moment(deputy.set_on, TIMES["deputy"])
        yield Action(at, partial(living.name_deputy, replay, deputy), silent=True)
    for day, time, do in publishing.entries(replay):
        yield Action(calendar.moment(day, TIMES[time]), do, silent=True)
    for idea in replay.data.ideas:
        at = calendar.moment(idea.date, TIMES["idea"])
        yield Action(at, partial(living.propose_idea, replay, idea))
        if idea.reply is not None:
            at = calendar.moment(idea.reply.date, TIMES["reply"])
            yield Action(at, partial(living.reply, replay, idea))


def _project(replay: Replay, project: ProjectFile) -> Iterator[Entry]:
    yield from _prepared(replay, project)
    for event in project.timeline:
        yield from _event(replay, project, event)
    finished = {event.on for event in project.timeline if isinstance(event, FinishImplementation)}
    for milestone in project.milestones:
        for move in milestone.moves:
            yield move.on, "move", partial(living.move, replay, project, milestone, move)
        if milestone.done is not None:
            when = "reach_before" if milestone.done in finished else "reach"
            yield milestone.done, when, partial(living.reach, replay, project, milestone)
    for period, entry in project.returns.items():
        yield entry.submitted, "return", partial(reporting.submit, replay, project, period)
        if entry.verified is not None:
            yield entry.verified, "verify", partial(reporting.verify, replay, project, period)
    for lesson in project.lessons:
        yield lesson.on, "lesson", partial(living.learn, replay, project, lesson)
    for line in project.savings:
        if line.counted_in is not None:
            do = partial(writing.settle_double_count, replay, project, line)
            yield line.counted_in.on, "settle", do


def _prepared(replay: Replay, project: ProjectFile) -> Iterator[Entry]:
    """What goes before an outline can be submitted. Evidence from before the project goes in when it is written."""
    written = project.day_of("write")
    for evidence in project.evidence:
        do = partial(writing.add_evidence, replay, project, evidence)
        yield max(evidence.on, written), "evidence", do
    for member in project.members:
        yield member.on, "join", partial(writing.join, replay, project, member)
    for consultation in project.consultations:
        yield consultation.asked, "ask", partial(writing.ask, replay, project, consultation)
        if consultation.answered is not None:
            yield consultation.answered, "answer", partial(writing.answer, replay, project, consultation)


def _event(replay: Replay, project: ProjectFile, event: Event) -> Iterator[Entry]:
    match event:
        case Create() | Write():
            do = writing.create if isinstance(event, Create) else writing.write
            yield event.on, event.do, partial(do, replay, project)
        case Decide():
            for vote in event.votes:
                yield vote.on, vote.at, partial(living.vote, replay, project, vote)
        case Expire():
            yield event.on, event.at, partial(living.ask_again, replay, project, event)
        case Discharge():
            yield event.on, "discharge", partial(living.discharge, replay, project, event)
        case Hold():
            yield event.on, event.at, partial(living.hold, replay, project, event)
        case FinishInitialStage() | AskRebaseline():
            yield event.on, _earlier(event.at), _draft(replay, project, event)
            yield event.on, event.at, partial(living.fire, replay, project, event.do)
        case _:
            yield event.on, event.at, partial(living.fire, replay, project, event.do)


def _draft(replay: Replay, project: ProjectFile, event: FinishInitialStage | AskRebaseline) -> Doing:
    if isinstance(event, FinishInitialStage):
        return partial(living.recommend, replay, project, event)
    return partial(living.propose_dates, replay, project, event)


def _earlier(time: str) -> str:
    moment = dt.datetime.combine(dt.date(2000, 1, 1), dt.time.fromisoformat(time), dt.UTC) - DRAFTING
    return f"{moment:%H:%M}"
