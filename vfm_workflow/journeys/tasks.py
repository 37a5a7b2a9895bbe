"""What waits for one person, most pressing first: the page “My tasks”."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import Session

from vfm_workflow.domain.calendar import month_name, short_day, year_name
from vfm_workflow.domain.roles import Actor, may, roles_on
from vfm_workflow.domain.texts import within_sentence
from vfm_workflow.errors import NotAllowed, NotFound
from vfm_workflow.journeys import board, finance_tasks, gate, library_view, returns
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.one_task import Task as Task
from vfm_workflow.store import access, projects
from vfm_workflow.store import decisions as decision_store
from vfm_workflow.store import due as due_store
from vfm_workflow.store import links as link_store
from vfm_workflow.store import pages_tasks as store
from vfm_workflow.store.tables import Project, Slot

MOST_CHECKED = 20
"""Checklists worked out for one person; beyond, a project is named without its count."""


def waiting(session: Session, home: Home, actor: Actor, at: dt.datetime) -> list[Task]:
    """Return everything that waits for `actor`, most pressing first."""
    desk = _Desk(session, home, actor, at)
    found = [
        *_disputes(desk), *_decisions(desk), *_returns(desk), *_sent_back(desk), *_to_verify(desk), *_milestones(desk),
        *_stages(desk), *_conditions(desk), *_consultations(desk), *_ideas(desk), *_challenges(desk), *_mail(desk),
        *finance_tasks.waiting(session, home, actor, at), *finance_tasks.reviews(session, home, actor, at),
        *finance_tasks.to_claim(session, home, list(desk.managed.values()), actor, at),
        *_figures(desk),
    ]  # fmt: skip
    return sorted(found, key=lambda task: task.pressing)


def send_link(session: Session, home: Home, request_id: int, actor: Actor, at: dt.datetime) -> str:
    """Mail a new link for each seat from which `actor` may decide a request; the old ones are revoked.

    Return the address on record that it went to. Raises NotFound where the request does not wait for them, NotAllowed
    where their project is frozen.
    """
    ballots = [b for b in store.ballots(session, actor.id, at) if b.request_id == request_id]
    request = decision_store.lock(session, request_id) if ballots else None
    slots = [session.get(Slot, ballot.slot_id) for ballot in ballots]
    if request is None or request.state != "open":
        raise NotFound("This decision does not wait for you: you have decided already, or it is settled.")
    asked = board.load(session, home, request)
    if asked.project.disputed_at is not None:
        raise NotAllowed(
            f"{asked.project.reference} is frozen: an administrator must settle a dispute first."
        )
    links = [board.remind(session, home, asked, slot, at) for slot in slots if slot is not None]
    return links[0].address


@dataclass(frozen=True)
class _Desk:
    """A person at a moment, with what several kinds of task look at."""

    session: Session
    home: Home
    actor: Actor
    at: dt.datetime

    @cached_property
    def today(self) -> dt.date:
        return self.home.calendar.today(self.at)

    @cached_property
    def live(self) -> Sequence[Project]:
        """The projects that are theirs and have not ended."""
        mine = store.answering_for(self.session, self.actor)
        return [project for project in mine if self.stage_kind(project) != "ended"]

    @cached_property
    def managed(self) -> Mapping[int, Project]:
        return {projects.key(p): p for p in self.live if p.manager_id == self.actor.id}

    @cached_property
    def headed(self) -> Mapping[int, Project]:
        return {projects.key(p): p for p in self.live if "head_of_service" in self.roles(p)}

    def roles(self, project: Project) -> frozenset[str]:
        return roles_on(self.actor, projects.standing(project))

    def stage_kind(self, project: Project) -> str:
        stage = self.home.lifecycle(self.session, project).stages.get(project.stage)
        return stage.kind if stage is not None else "live"

    def may(self, permission: str) -> bool:
        return may(self.home.roles, self.actor, permission)


def _name(project: Project) -> str:
    return f"{project.reference} {project.title}"


def _path(project: Project, page: str = "") -> str:
    return f"/projects/{project.reference}{page}"


def _disputes(desk: _Desk) -> Iterator[Task]:
    if not desk.may("dispute.settle"):
        return
    for project, since in store.open_disputes(desk.session):
        day = short_day(desk.home.calendar.today(since))
        why = f"Since {day} a decision on it is disputed, and nothing moves until you have settled it."
        yield Task("dispute", "Settle the dispute", _path(project, "/dispute"), why, _name(project))


def _decisions(desk: _Desk) -> Iterator[Task]:
    rows = store.ballots(desk.session, desk.actor.id, desk.at)
    found = store.by_ids(desk.session, [row.project_id for row in rows])
    for row in rows:
        project, calendar = found[row.project_id], desk.home.calendar
        rule = desk.home.lifecycle(desk.session, project).decisions[row.decision]
        due = calendar.today(row.deadline)
        asked = f"You were asked on {short_day(calendar.today(row.asked_at))}."
        if row.member != desk.actor.name:
            asked = f"You decide for {row.member}. {asked}"
        if row.mailed_at is not None:
            mailed = f"You decide from the link in your mail of {short_day(calendar.today(row.mailed_at))}."
        else:
            mailed = "The link in your mail has expired: send yourself a new one."
        yield Task(
            "decision", rule.title, _path(project, "/decisions"), f"{asked} {mailed}", _name(project), due,
            row.deadline < desk.at, row.request_id,
        )  # fmt: skip


def _returns(desk: _Desk) -> Iterator[Task]:
    back = {
        (project_id, period) for project_id, period, _ in store.sent_back(desk.session, list(desk.managed))
    }
    for key, project in desk.managed.items():
        months = returns.periods(desk.session, desk.home, project, desk.at)
        newest = max((m.period for m in months if m.state in ("submitted", "verified")), default="")
        for month in months:
            # A later return carries the figures forward, so an older gap is no longer asked for.
            if (
                month.state not in ("missing", "draft")
                or month.period <= newest
                or (key, month.period) in back
            ):
                continue
            begun = "You have begun it." if month.state == "draft" else "It is not begun."
            title = f"Submit the return for {month_name(month.period)}"
            path = _path(project, f"/returns/{month.period}")
            late = month.due < desk.today
            yield Task(
                "return", title, path, f"You manage the project. {begun}", _name(project), month.due, late
            )


def _sent_back(desk: _Desk) -> Iterator[Task]:
    for project_id, period, why in store.sent_back(desk.session, list(desk.managed)):
        project, due = desk.managed[project_id], desk.home.calendar.return_due(period)
        title = f"Correct the return for {month_name(period)}"
        path = _path(project, f"/returns/{period}")
        yield Task("return", title, path, f"It was sent back: {why}", _name(project), due, due < desk.today)


def _to_verify(desk: _Desk) -> Iterator[Task]:
    if not desk.may("return.verify"):
        return
    for project, month in returns.to_verify(desk.session, desk.home, desk.actor):
        title = f"Verify the return for {month_name(month.period)}"
        path = _path(project, f"/returns/{month.period}")
        why = "It is in, and waits for its Head of Service."
        yield Task("verify", title, path, why, _name(project), month.due, month.due < desk.today)


def _milestones(desk: _Desk) -> Iterator[Task]:
    for row in store.passed_milestones(desk.session, list(desk.managed), desk.today):
        project = desk.managed[row.project_id]
        lifecycle = desk.home.lifecycle(desk.session, project)
        if not gate.is_open_for(lifecycle, project, {"milestones", "forecasts"}):
            continue
        why = (
            f"It was forecast for {short_day(row.forecast)}. Say when it was reached, or when it now will be."
        )
        path = _path(project, f"/milestones#milestone_{row.id}")
        yield Task("milestone", f"Update “{row.title}”", path, why, _name(project), row.forecast, True)


def _stages(desk: _Desk) -> Iterator[Task]:
    asked = store.open_decisions(desk.session, [projects.key(project) for project in desk.live])
    checked = 0
    for project in desk.live:
        lifecycle = desk.home.lifecycle(desk.session, project)
        stage = lifecycle.stages.get(project.stage)
        if stage is None or stage.owner not in desk.roles(project) or project.disputed_at is not None:
            continue
        since = desk.home.calendar.today(project.stage_since)
        due = (
            desk.home.calendar.add_working_days(since, stage.limit_working_days)
            if stage.limit_working_days
            else None
        )
        late = due is not None and due < desk.today
        if stage.kind == "held":
            why = f"Since {short_day(since)}. It stays there until you resume it."
            yield Task(
                "stage",
                "On hold: resume it when it can go on",
                _path(project),
                why,
                _name(project),
                due,
                late,
            )
            continue
        option = _forward(desk, project, asked) if checked < MOST_CHECKED else None
        checked += 1
        if option is None and checked <= MOST_CHECKED:
            continue
        title, why = _stage_words(option, stage.title)
        if stage.limit_working_days:
            why += f" The stage may last {stage.limit_working_days} working days."
        yield Task("stage", title, _path(project, "#next"), why, _name(project), due, late)


def _forward(desk: _Desk, project: Project, asked: set[tuple[int, str]]) -> gate.Option | None:
    """Return the event that takes the project on and that the person may fire, None where they can only wait."""
    for option in gate.options(desk.session, desk.home, project, desk.actor, desk.at):
        spec = option.step.spec
        if option.mine and spec.style == "primary" and spec.on_page is None:
            return None if (projects.key(project), spec.opens or "") in asked else option
    return None


def _stage_words(option: gate.Option | None, stage: str) -> tuple[str, str]:
    if option is None:
        return f"{stage}: take it on", f"The stage {stage} waits for you."
    label, open_items = option.step.spec.label, len(option.unmet)
    if not open_items:
        return label, f"{stage}: everything that is asked for is there."
    things = "1 thing is" if open_items == 1 else f"{open_items} things are"
    return f"{stage}: {things} still to do", f"Then you can: {within_sentence(label)}."


def _conditions(desk: _Desk) -> Iterator[Task]:
    if not desk.may("condition.discharge"):
        return
    rows = store.open_conditions(desk.session, list(desk.headed), desk.actor.id)
    found = store.by_ids(desk.session, [row.project_id for row in rows])
    for row in rows:
        project = found[row.project_id]
        if desk.stage_kind(project) == "ended":
            continue
        day = short_day(desk.home.calendar.today(row.set_at))
        why = f"{row.set_by} set it on {day}: “{row.text}”"
        path = _path(project, f"#condition_{row.id}")
        yield Task("condition", "Discharge a condition", path, why, _name(project))


def _consultations(desk: _Desk) -> Iterator[Task]:
    mailboxes = link_store.mailboxes_of(desk.session, desk.actor.id)
    rows = store.open_consultations(desk.session)
    standings = access.standings(desk.session, [project for project, *_ in rows])
    for project, key, asked_on, person_id, deadline in rows:
        standing = standings[projects.key(project)]
        may_answer = desk.may("consultation.answer") and may(
            desk.home.roles, desk.actor, "project.read", standing
        )
        if not (may_answer if person_id is None else person_id in {desk.actor.id, *mailboxes}):
            continue
        lifecycle = desk.home.lifecycle(desk.session, project)
        if not gate.is_open_for(lifecycle, project, {"consultations"}):
            continue
        who = desk.home.outline.title_of("consultees", key)
        why = f"{who} was asked on {short_day(asked_on)} and has not answered."
        path = _path(project, f"/consultations#{key}")
        late = deadline is not None and deadline < desk.today
        yield Task("consultation", f"Answer for {who}", path, why, _name(project), deadline, late)


def _figures(desk: _Desk) -> Iterator[Task]:
    """Yield what waits to be signed in the library of measures: one measure, or several of a department (§4.3)."""
    waiting: dict[str, list[tuple[library_view.Shown, library_view.Figures]]] = {}
    for shown, figures in library_view.to_sign(desk.session, desk.home, desk.actor, desk.at):
        waiting.setdefault(shown.measure.department or "", []).append((shown, figures))
    for department, found in waiting.items():
        (shown, figures), count = found[0], len(found)
        day = short_day(desk.home.calendar.today(min(each.target.at for _, each in found)))
        why = "Two people agree a year’s baseline and target, one for Finance and one for the service."
        if count == 1:
            title = f"Agree the figures of {shown.code} for {year_name(figures.target.year)}"
            yield Task("figures", title, f"/measures/{shown.code}", f"Proposed on {day}. {why}")
        else:
            title = f"Agree the figures of {count} measures of {department}"
            path = f"/measures?department={department}&state=waiting"
            yield Task("figures", title, path, f"The first was proposed on {day}. {why}")


def _ideas(desk: _Desk) -> Iterator[Task]:
    if not desk.may("ideas.reply"):
        return
    chief = desk.actor.role == "chief_executive"
    count, oldest = store.ideas_waiting(desk.session, desk.actor.id, chief=chief)
    if count and oldest is not None:
        title = "Reply to a Member’s idea" if count == 1 else f"Reply to {count} Members’ ideas"
        why = f"The oldest came on {short_day(oldest)}. Members are owed a reply (§14.1)."
        yield Task("idea", title, "/ideas", why)


def _challenges(desk: _Desk) -> Iterator[Task]:
    answering = {**desk.managed, **desk.headed}
    for row in due_store.open_challenges(desk.session):
        project = answering.get(row.project_id)
        if project is not None:
            why = f"The {row.name} challenged the project on {short_day(row.on)}, and is owed a reply (§14)."
            path = _path(project, f"/comments#remark_{row.id}")
            yield Task("challenge", "Reply to a challenge", path, why, _name(project))


def _mail(desk: _Desk) -> Iterator[Task]:
    if not desk.may("mail.retry"):
        return
    count = store.troubled_mails(desk.session)
    if count:
        title = (
            "Look at a mail that may not have arrived"
            if count == 1
            else f"Look at {count} mails that may not have arrived"
        )
        why = "The mail server refused them or sent them back, or did not answer."
        yield Task("mail", title, "/mail?state=undelivered", why)
