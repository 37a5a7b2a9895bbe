"""What the clock finds owed at one moment: each schedule's facts, with who may have to hear of them.

One function for each `what` that `notices.yaml` may name. They look at what is true now, so a fact that has been mended
is not said, and one that was missed while nothing ran is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vfm_workflow.domain import decisions as rules
from vfm_workflow.domain.calendar import month_name, quarter_name
from vfm_workflow.domain.milestones import slippage
from vfm_workflow.domain.money import pounds
from vfm_workflow.domain.notices import When
from vfm_workflow.domain.occasions import occasion, slip_key
from vfm_workflow.journeys.now import Now
from vfm_workflow.store import claims as claim_store
from vfm_workflow.store import due as store
from vfm_workflow.store import projects
from vfm_workflow.store import reviews as review_store
from vfm_workflow.store.due import Subject


@dataclass(frozen=True, slots=True)
class Owed:
    """A fact somebody may have to hear: its key, and what a mail says of it. `project` is None for a department's."""

    period: str
    subject: str
    project: Subject | None
    department: str
    item: Mapping[str, Any]
    everywhere: bool = False
    """It is about no project and no department: whoever holds a role anywhere hears of it."""
    clock: str = ""
    """Only roles that follow this release clock hear of it; every role where it is empty."""


def return_not_submitted(now: Now, when: When) -> Iterator[Owed]:
    """Months whose return is not in: see `Now.missing_returns`."""
    days = {month: now.calendar.return_due(month) for month in now.months}
    keys = {month: occasion(when, month, due, now.today, now.calendar) for month, due in days.items()}
    for subject, month in now.missing_returns:
        due, key = days[month], keys[month]
        if key is not None:
            item = now.item(
                subject,
                f"/returns/{month}",
                period=month_name(month),
                due=due,
                late_working_days=now.late(due),
                manager=subject.manager_id,
            )
            yield Owed(key, subject.reference, subject, subject.department, item)


def return_not_verified(now: Now, when: When) -> Iterator[Owed]:
    """Returns that wait for the Head of Service, from the day they came in; one that was corrected comes in again."""
    for (project_id, month), row in sorted(now.returns.items()):
        subject = now.subjects.get(project_id)
        if subject is None or row.state != "submitted":
            continue
        came = now.calendar.today(row.submitted_at)
        key = occasion(when, came.isoformat(), now.calendar.next_working_day(came), now.today, now.calendar)
        if key is not None:
            due = now.calendar.return_due(month)
            item = now.item(
                subject,
                f"/returns/{month}",
                period=month_name(month),
                due=due,
                late_working_days=now.late(due),
                manager=subject.manager_id,
                submitted_on=came,
            )
            yield Owed(key, f"{subject.reference}:{month}", subject, subject.department, item)


def quarter_not_verified(now: Now, when: When) -> Iterator[Owed]:
    """The last quarter, for each department whose figures are not all verified, and for the whole council (§15.2)."""
    quarter = now.calendar.quarter_before(now.today)
    due = now.calendar.quarter_due(quarter)
    key = occasion(when, quarter, due, now.today, now.calendar)
    if key is None:
        return
    months = set(now.calendar.quarter_months(quarter))
    counts: dict[str, list[int]] = {}
    for subject, month in now.expected_returns:
        if month in months:
            row = now.returns.get((subject.id, month))
            state = row.state if row is not None else "draft"
            for scope in (subject.department, ""):
                count = counts.setdefault(scope, [0, 0, 0])
                count[0] += 1
                count[1] += state == "draft"
                count[2] += state == "submitted"
    names = projects.department_names(now.session)
    for scope, (expected, missing, unverified) in sorted(counts.items()):
        if missing or unverified:
            item = {
                "link": now.home.url(
                    f"/returns?quarter={quarter}" + (f"&department={scope}" if scope else "")
                ),
                "quarter": quarter_name(quarter),
                "due": due,
                "late_working_days": now.late(due),
                "scope": names.get(scope, scope) or "all departments",
                "missing": missing,
                "unverified": unverified,
                "expected": expected,
            }
            yield Owed(key, scope or "council", None, scope, item)


def milestone_ahead(now: Now, when: When) -> Iterator[Owed]:
    """Milestones that are near."""
    until = now.calendar.add_working_days(now.today, -(when.working_days or 0))
    for row in store.ahead(now.session, now.today, until):
        subject = now.subjects[row.project_id]
        if now.stage_kind(subject) == "live":
            left = now.calendar.working_days_between(now.today, row.forecast)
            item = now.item(
                subject,
                "/milestones",
                milestone=row.title,
                forecast=row.forecast,
                baseline=row.baseline,
                days_left=left,
            )
            yield Owed(row.forecast.isoformat(), f"milestone:{row.id}", subject, subject.department, item)


def milestone_slipped(now: Now, when: When) -> Iterator[Owed]:
    """Milestones later than CMT agreed (§10.3), by more working days than the notice says."""
    for row in now.slipped:
        subject = now.subjects[row.project_id]
        slip = slippage(row.baseline, row.forecast, None, now.today, now.calendar)
        if slip.working_days > (when.over_working_days or 0) and now.stage_kind(subject) == "live":
            item = now.item(
                subject,
                "/milestones",
                milestone=row.title,
                baseline=row.baseline,
                forecast=row.forecast,
                slip_calendar_days=slip.calendar_days,
                slip_working_days=slip.working_days,
                overdue=slip.overdue,
            )
            key = slip_key(row.forecast, slip.overdue, now.today)
            yield Owed(key, f"milestone:{row.id}", subject, subject.department, item)


def decision_open(now: Now, when: When) -> Iterator[Owed]:
    """Decisions past their deadline with no quorum."""
    rows = store.open_decisions(now.session)
    if not rows:
        return
    ids = [row[0] for row in rows]
    waiting, counts = store.unvoted(now.session, ids), store.seat_counts(now.session, ids)
    for request_id, project_id, decision, deadline in (tuple(row) for row in rows):
        subject = now.subjects[project_id]
        due = now.calendar.today(deadline)
        key = occasion(when, due.isoformat(), due, now.today, now.calendar)
        if key is not None:
            rule = now.lifecycles[subject.lifecycle].decisions[decision]
            members, cast = counts.get(request_id, (0, 0))
            seats = [rules.Seat(n, "") for n in range(members)]
            item = now.item(
                subject,
                "/decisions",
                decision=rule.title,
                deadline=due,
                waiting_for=waiting.get(request_id, []),
                votes=cast,
                needed=rules.needed(rule, seats),
            )
            yield Owed(key, f"request:{request_id}", subject, subject.department, item)


def condition_open(now: Now, when: When) -> Iterator[Owed]:
    """Conditions of an approval that nobody has discharged."""
    for condition_id, project_id, text, set_at, name in store.open_conditions(now.session):
        subject = now.subjects[project_id]
        day = now.calendar.today(set_at)
        key = occasion(when, day.isoformat(), day, now.today, now.calendar)
        if key is not None and now.stage_kind(subject) == "live":
            item = now.item(subject, "/decisions", condition=text, set_on=day, set_by=name)
            yield Owed(key, f"condition:{condition_id}", subject, subject.department, item)


def consultation_open(now: Now, when: When) -> Iterator[Owed]:
    """Consultations past their deadline without an answer."""
    for row in store.open_consultations(now.session):
        subject = now.subjects[row.project_id]
        stage = now.lifecycles[subject.lifecycle].stages.get(subject.stage)
        if stage is None or "consultations" not in stage.asks_for:
            continue
        key = occasion(when, row.deadline.isoformat(), row.deadline, now.today, now.calendar)
        if key is not None:
            item = now.item(
                subject,
                f"/consultations#{row.key}",
                consultee=now.home.outline.title_of("consultees", row.key),
                asked=row.name,
                asked_on=row.asked_on,
                deadline=row.deadline,
                late_working_days=now.late(row.deadline),
            )
            yield Owed(key, f"consult:{subject.reference}:{row.key}", subject, subject.department, item)


def idea_open(now: Now, when: When) -> Iterator[Owed]:
    """Members' ideas without a reply: owed by the head of the service, or the chief executive where it is about none."""
    for row in store.open_ideas(now.session):
        key = occasion(when, row.on.isoformat(), row.on, now.today, now.calendar)
        if key is not None:
            item = {
                "link": now.home.url(f"/ideas#idea_{row.id}"),
                "idea": row.text,
                "by": row.name,
                "on": row.on,
                "waiting_working_days": now.late(row.on),
            }
            yield Owed(key, f"idea:{row.id}", None, row.department or "", item)


def challenge_open(now: Now, when: When) -> Iterator[Owed]:
    """Challenges of Members that nobody has replied to."""
    for row in store.open_challenges(now.session):
        subject = now.subjects[row.project_id]
        key = occasion(when, row.on.isoformat(), row.on, now.today, now.calendar)
        if key is not None:
            item = now.item(
                subject,
                f"/comments#remark_{row.id}",
                challenge=row.text,
                by=row.name,
                on=row.on,
                waiting_working_days=now.late(row.on),
            )
            yield Owed(key, f"remark:{row.id}", subject, subject.department, item)


def stage_over_limit(now: Now, when: When) -> Iterator[Owed]:
    """Projects that have stood in a stage longer than the lifecycle allows."""
    for subject in now.subjects.values():
        stage = now.lifecycles[subject.lifecycle].stages.get(subject.stage)
        if stage is None or stage.limit_working_days is None:
            continue
        since = now.calendar.today(subject.stage_since)
        due = now.calendar.add_working_days(since, stage.limit_working_days)
        key = occasion(when, due.isoformat(), due, now.today, now.calendar)
        if key is not None:
            item = now.item(
                subject,
                stage=stage.title,
                since=since,
                limit_working_days=stage.limit_working_days,
                over_working_days=now.late(due),
            )
            yield Owed(key, f"{subject.reference}:{subject.stage}", subject, subject.department, item)


WAITS_FOR = {"verify": "to be verified", "bank": "to be banked", "place": "to say where it went"}
"""The step a claim waits for → how it is said."""


def saving_waits(now: Now, when: When) -> Iterator[Owed]:
    """Savings that wait for Finance, from the day on which each came to its step."""
    for row in claim_store.waiting(now.session):
        subject = now.subjects[row.project_id]
        came = now.calendar.today(row.since)
        key = occasion(when, came.isoformat(), now.calendar.next_working_day(came), now.today, now.calendar)
        if key is not None:
            item = now.item(
                subject,
                f"/savings/{row.line_id}/claims/{row.id}",
                saving=row.line,
                quarter=quarter_name(row.quarter),
                amount=pounds(row.left),
                waits_for=WAITS_FOR[row.step],
                since=came,
                waiting_working_days=now.late(came),
            )
            yield Owed(key, f"claim:{row.id}:{row.step}", subject, subject.department, item)


def benefits_review_open(now: Now, when: When) -> Iterator[Owed]:
    """Benefits reviews of projects that have ended, near their day and after it."""
    ahead = max(-(when.working_days or 0), 0)
    for row in review_store.not_done(now.session, now.calendar.add_working_days(now.today, ahead)):
        subject = now.subjects[row.project_id]
        key = occasion(when, row.due_on.isoformat(), row.due_on, now.today, now.calendar)
        if key is not None:
            late = now.late(row.due_on)
            item = now.item(subject, "/reviews", due=row.due_on, late_working_days=late, number=row.number)
            yield Owed(key, f"review:{subject.reference}:{row.number}", subject, subject.department, item)


SCHEDULES: Mapping[str, Callable[[Now, When], Iterator[Owed]]] = {
    schedule.__name__: schedule
    for schedule in (
        return_not_submitted,
        return_not_verified,
        quarter_not_verified,
        milestone_ahead,
        milestone_slipped,
        decision_open,
        condition_open,
        consultation_open,
        idea_open,
        challenge_open,
        stage_over_limit,
        saving_waits,
        benefits_review_open,
    )
}
"""`when.what` → its schedule."""
