"""A person's dates, for the calendar they subscribe to: worked out anew each time it is fetched, so it is never stale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_after, month_name, quarter_name, short_day
from vfm_workflow.domain.release import released_on
from vfm_workflow.domain.roles import Actor, may
from vfm_workflow.journeys import returns
from vfm_workflow.journeys.home import Home
from vfm_workflow.reports.calendars import Entry, calendar
from vfm_workflow.store import calendar_feed as store
from vfm_workflow.store import pages_tasks, projects
from vfm_workflow.store.tables import Project

MONTHS_AHEAD = 3
"""Returns that are entered before their month has begun."""
QUARTERLY = ("return.verify", "reports.comment", "reports.issue")
"""Who has one of these works for the quarter's report (§15.2)."""


def feed(session: Session, home: Home, actor: Actor, at: dt.datetime) -> bytes:
    """Return somebody's calendar as a file."""
    desk = _Desk(session, home, actor, at)
    name = f"Value for Money: {actor.name}"
    midnight = home.calendar.moment(desk.today, dt.time())  # the same file all day, unless a date moves
    return calendar(name, sorted(entries(desk), key=lambda entry: (entry.day, entry.uid)), midnight)


def entries(desk: _Desk) -> Iterator[Entry]:
    """Yield every date of somebody's."""
    yield from _milestones(desk)
    yield from _returns(desk)
    yield from _quarters(desk)
    yield from _released(desk)
    yield from _decisions(desk)
    yield from _consultations(desk)
    yield from _reviews(desk)


@dataclass(frozen=True)
class _Desk:
    """A person at a moment."""

    session: Session
    home: Home
    actor: Actor
    at: dt.datetime

    @cached_property
    def today(self) -> dt.date:
        return self.home.calendar.today(self.at)

    @cached_property
    def theirs(self) -> Mapping[int, Project]:
        """Every project they manage, sponsor or head, ended ones too."""
        return {projects.key(p): p for p in pages_tasks.answering_for(self.session, self.actor)}

    @cached_property
    def live(self) -> Mapping[int, Project]:
        return {key: p for key, p in self.theirs.items() if self.stage_kind(p) != "ended"}

    @cached_property
    def managed(self) -> Mapping[int, Project]:
        return {key: p for key, p in self.live.items() if p.manager_id == self.actor.id}

    def stage_kind(self, project: Project) -> str:
        stage = self.home.lifecycle(self.session, project).stages.get(project.stage)
        return stage.kind if stage is not None else "live"

    def is_monitored(self, project: Project) -> bool:
        stage = self.home.lifecycle(self.session, project).stages.get(project.stage)
        return stage is not None and stage.monitored

    def may(self, *permissions: str) -> bool:
        return any(may(self.home.roles, self.actor, name) for name in permissions)

    def uid(self, *parts: object) -> str:
        """Return the name of an entry that is this person's own."""
        return f"{'-'.join(str(part) for part in parts)}-{self.actor.id}@{self.home.mail_domain}"

    def url(self, project: Project, page: str) -> str:
        return self.home.url(f"/projects/{project.reference}{page}")


def _milestones(desk: _Desk) -> Iterator[Entry]:
    mine = {key: p for key, p in desk.live.items() if desk.actor.id in (p.manager_id, p.sponsor_id)}
    for row in store.milestones(desk.session, list(mine)):
        project = mine[row.project_id]
        agreed = f" CMT agreed {short_day(row.baseline)}." if row.baseline not in (None, row.forecast) else ""
        late = (
            " That day has passed: say when it was reached, or when it now will be."
            if row.forecast < desk.today
            else ""
        )
        yield Entry(
            f"milestone-{project.uuid}-{row.id}@{desk.home.mail_domain}",
            row.forecast,
            f"{row.title}: {project.title}",
            f"A milestone of {project.reference}.{agreed}{late}",
            desk.url(project, "/milestones"),
            "Milestone",
        )


def _returns(desk: _Desk) -> Iterator[Entry]:
    """Yield one entry for each month: the returns that are owed, and those that will be."""
    owed: dict[str, list[Project]] = {}
    now = f"{desk.today:%Y-%m}"
    for project in desk.managed.values():
        months = [month.period for month in returns.missing(desk.session, desk.home, project, desk.at)]
        if months:
            owed.setdefault(months[-1], []).append(project)  # a later return carries an older gap forward
        ahead = now
        for _ in range(MONTHS_AHEAD if desk.is_monitored(project) else 0):
            owed.setdefault(ahead, []).append(project)
            ahead = month_after(ahead)
    for period, found in sorted(owed.items()):
        named = ", ".join(f"{project.reference} {project.title}" for project in found)
        count = f"{len(found)} projects" if len(found) > 1 else found[0].title
        yield Entry(
            desk.uid("return", period),
            desk.home.calendar.return_due(period),
            f"Monthly return for {month_name(period)} due: {count}",
            f"Of {named}.",
            desk.url(found[0], f"/returns/{period}") if len(found) == 1 else desk.home.url("/tasks"),
            "Return",
        )


def _quarters(desk: _Desk) -> Iterator[Entry]:
    if not desk.may(*QUARTERLY):
        return
    rules = desk.home.calendar
    for quarter in (rules.quarter_before(desk.today), rules.quarter(desk.today)):
        yield Entry(
            desk.uid("quarter", quarter),
            rules.quarter_due(quarter),
            f"Figures of {quarter_name(quarter)} due",
            "Every return of the quarter is verified by this day, for the report to CMT and Members (§15.2).",
            desk.home.url(f"/returns?period={quarter}"),
            "Quarter",
        )


def _released(desk: _Desk) -> Iterator[Entry]:
    """Yield the days on which a quarter's figures are released to a Member (§6.2)."""
    spec = desk.home.roles.get(desk.actor.role)
    if spec is None or spec.release is None:
        return
    rules = desk.home.calendar
    for quarter in (rules.quarter_before(desk.today), rules.quarter(desk.today)):
        yield Entry(
            desk.uid("released", quarter),
            released_on(rules, spec.release, quarter),
            f"Figures of {quarter_name(quarter)} released to you",
            "From this day the projects' pages show you the quarter's verified figures.",
            desk.home.url("/projects"),
            "Release",
        )


def _decisions(desk: _Desk) -> Iterator[Entry]:
    ballots = pages_tasks.ballots(desk.session, desk.actor.id, desk.at)
    found = pages_tasks.by_ids(desk.session, [ballot.project_id for ballot in ballots])
    for ballot in ballots:
        project = found[ballot.project_id]
        rule = desk.home.lifecycle(desk.session, project).decisions.get(ballot.decision)
        title = rule.title if rule is not None else ballot.decision
        for_whom = f" You decide for {ballot.member}." if ballot.member != desk.actor.name else ""
        yield Entry(
            desk.uid("decision", ballot.request_id, ballot.slot_id),
            desk.home.calendar.today(ballot.deadline),
            f"Decide by today: {title}, {project.title}",
            f"{project.reference}. You decide from the link in your mail.{for_whom}",
            desk.home.url("/tasks"),
            "Decision",
        )


def _consultations(desk: _Desk) -> Iterator[Entry]:
    for row in pages_tasks.open_consultations(desk.session):
        if row.person_id != desk.actor.id or row.deadline is None:
            continue
        who = desk.home.outline.title_of("consultees", row.key)
        yield Entry(
            f"consultation-{row.project.uuid}-{row.key}-{desk.actor.id}@{desk.home.mail_domain}",
            row.deadline,
            f"Answer for {who}: {row.project.title}",
            f"{row.project.reference}. You were asked on {short_day(row.asked_on)}.",
            desk.url(row.project, "/consultations"),
            "Consultation",
        )


def _reviews(desk: _Desk) -> Iterator[Entry]:
    for row in store.reviews(desk.session, list(desk.theirs)):
        project = desk.theirs[row.project_id]
        yield Entry(
            f"review-{project.uuid}-{row.number}@{desk.home.mail_domain}",
            row.due_on,
            f"Benefits review {row.number}: {project.title}",
            f"{project.reference}: are its savings still there, and did quality keep?",
            desk.url(project, "/savings"),
            "Review",
        )
