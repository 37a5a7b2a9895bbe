"""A project of the demo council lives: it moves from stage to stage, its dates slip, its lessons are written down."""

from __future__ import annotations

import datetime as dt

from vfm_workflow.demo import advising, voting
from vfm_workflow.demo.entries import (
    DeputyEntry,
    IdeaEntry,
    LeaverEntry,
    LessonEntry,
    MilestoneEntry,
    MoveEntry,
    ProjectFile,
)
from vfm_workflow.demo.events import (
    AskRebaseline,
    BallotEntry,
    Discharge,
    Expire,
    FinishInitialStage,
    Hold,
)
from vfm_workflow.demo.replay import Impossible, Replay
from vfm_workflow.journeys import advance, dates, deputies, gate, ideas, leaving, lessons, planning, writing
from vfm_workflow.store import projects

EVENTS = {
    "submit": "submit_outline",
    "finish_initial_stage": "submit_recommendations",
    "finish_implementation": "finish_implementation",
    "submit_lessons": "submit_lessons",
    "ask_rebaseline": "ask_rebaseline",
    "hold": "hold",
    "resume": "resume",
}
"""What the data call it → the lifecycle's event."""


def fire(
    replay: Replay, project: ProjectFile, do: str, at: dt.datetime, by: str = "", reason: str = ""
) -> None:
    """Fire an event of the lifecycle, by the project manager where nobody else is named."""
    with replay.act(f"Project {project.number}: {do}") as session:
        actor = replay.actor(session, by or project.pm)
        advance.advance(session, replay.home, replay.reference(project), EVENTS[do], actor, at, reason=reason)


def recommend(replay: Replay, project: ProjectFile, event: FinishInitialStage, at: dt.datetime) -> None:
    """Write the recommendations, which `fire` then submits."""
    with replay.act(f"The recommendations of project {project.number}") as session:
        by = replay.actor(session, project.pm)
        for key, text in event.recommendations.items():
            writing.save_section(
                session, replay.home, replay.reference(project), "recommendations", key, text, by, at
            )


def propose_dates(replay: Replay, project: ProjectFile, event: AskRebaseline, at: dt.datetime) -> None:
    """Propose new dates, which `fire` then asks CMT for."""
    changes = {replay.id_of(project.number, "milestone", title): day for title, day in event.changes.items()}
    with replay.act(f"Project {project.number} proposes new dates") as session:
        by = replay.actor(session, project.pm)
        dates.propose(session, replay.home, replay.reference(project), changes, event.reason, by, at)


def hold(replay: Replay, project: ProjectFile, event: Hold, at: dt.datetime) -> None:
    """Put the project on hold, or take it off."""
    fire(replay, project, event.do, at, event.by, event.reason)


def vote(replay: Replay, project: ProjectFile, ballot: BallotEntry, at: dt.datetime) -> None:
    """A member of the board decides by the link in their mail."""
    with replay.act(f"{ballot.by} decides on project {project.number}") as session:
        address, reference = replay.address(ballot.by), replay.reference(project)
        voting.vote(session, replay.home, replay.links, reference, address, ballot, at, replay.app.secret_key)


def ask_again(replay: Replay, project: ProjectFile, event: Expire, at: dt.datetime) -> None:
    """A member's link has expired: they ask for a new one."""
    with replay.act(f"The link of {event.by} for project {project.number}") as session:
        address, reference = replay.address(event.by), replay.reference(project)
        voting.ask_again(session, replay.home, replay.links, reference, address, at)


def discharge(replay: Replay, project: ProjectFile, event: Discharge, at: dt.datetime) -> None:
    """A condition of an approval is met."""
    with replay.act(f"Condition {event.condition} of project {project.number}") as session:
        reference = replay.reference(project)
        row = projects.by_reference(session, reference)
        conditions = gate.load_facts(session, replay.home, row, {"conditions"}, at).conditions
        if event.condition > len(conditions):
            raise Impossible(f"{reference} has {len(conditions)} conditions.")
        condition = conditions[event.condition - 1]
        by = replay.actor(session, event.by)
        planning.discharge_condition(session, replay.home, reference, condition.id, by, at, event.how)


def move(
    replay: Replay, project: ProjectFile, milestone: MilestoneEntry, entry: MoveEntry, at: dt.datetime
) -> None:
    """A milestone is expected on another day."""
    with replay.act(f"“{milestone.title}” of project {project.number} moves") as session:
        dates.change_milestone(
            session,
            replay.home,
            replay.reference(project),
            replay.id_of(project.number, "milestone", milestone.title),
            replay.actor(session, project.pm),
            at,
            forecast=entry.to,
            why=entry.why,
        )


def reach(replay: Replay, project: ProjectFile, milestone: MilestoneEntry, at: dt.datetime) -> None:
    """A milestone is reached, on the day it is."""
    with replay.act(f"“{milestone.title}” of project {project.number} is done") as session:
        dates.finish_milestone(
            session,
            replay.home,
            replay.reference(project),
            replay.id_of(project.number, "milestone", milestone.title),
            replay.home.calendar.today(at),
            replay.actor(session, project.pm),
            at,
        )


def learn(replay: Replay, project: ProjectFile, entry: LessonEntry, at: dt.datetime) -> None:
    """A lesson is recorded."""
    with replay.act(f"A lesson of project {project.number}") as session:
        by = replay.actor(session, entry.by)
        row = lessons.record(session, replay.home, replay.reference(project), entry.text, by, at)
        replay.ids[project.number, "lesson", str(project.lessons.index(entry) + 1)] = row.id or 0


def propose_idea(replay: Replay, entry: IdeaEntry, at: dt.datetime) -> None:
    """A Member has an idea."""
    with replay.act(f"The idea “{entry.title}”") as session:
        text = f"{entry.title}\n\n{replay.said(entry.text)}"
        by = replay.actor(session, entry.by)
        row = ideas.propose(session, replay.home, by, at, text, entry.department)
        replay.ids[0, "idea", entry.title] = row.id or 0


def reply(replay: Replay, entry: IdeaEntry, at: dt.datetime) -> None:
    """The head of the service replies to a Member's idea, by the link in their mail."""
    if entry.reply is None:
        return
    with replay.act(f"The reply to “{entry.title}”") as session:
        idea = replay.id_of(0, "idea", entry.title)
        advising.reply(session, replay.home, replay.asked, idea, replay.said(entry.reply.text), at)


def leave(replay: Replay, entry: LeaverEntry, at: dt.datetime) -> None:
    """Somebody leaves; the administrator says who takes over."""
    with replay.act(f"{entry.key} leaves") as session:
        by, successor = replay.actor(session, "administrator"), replay.address(entry.successor)
        leaving.leave(session, replay.home, replay.address(entry.key), by, at, successor=successor)


def name_deputy(replay: Replay, entry: DeputyEntry, at: dt.datetime) -> None:
    """Somebody who will be away says who stands in for them."""
    with replay.act(f"{entry.deputy} will stand in for {entry.person}") as session:
        deputies.set_deputy(
            session,
            replay.home,
            person=replay.address(entry.person),
            deputy=replay.address(entry.deputy),
            from_day=entry.from_day.isoformat(),
            until_day=entry.until_day.isoformat(),
            by=replay.actor(session, entry.person),
            at=at,
        )
