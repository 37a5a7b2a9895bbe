"""The clock ticks: whatever is due is posted once, in one digest a person a day (design §4.4, §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlmodel import Session

from vfm_workflow.domain.lifecycle import DecisionRule
from vfm_workflow.journeys import board, consulting, digesting, ideas, inviting, reseat, undelivered
from vfm_workflow.journeys.digesting import Posted
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.now import Now
from vfm_workflow.store import decisions as decision_store
from vfm_workflow.store import outbox, seats, wishes
from vfm_workflow.store.tables import DecisionRequest, Link

__all__ = ["Posted", "post_due", "preview"]


def post_due(session: Session, home: Home, at: dt.datetime) -> list[Posted]:
    """Post everything due at `at`, once, whoever else ticks; return the mails written.

    Links that no longer lead to whoever holds their seat follow first: a deputyship begins and ends by itself.
    Digests are written from `digest_at` on working days, or from a person's own later hour; reminders of decisions
    and calendar entries within decision hours.
    """
    newest = outbox.newest(session)
    reseat.reconcile(session, home, at)
    posted = _written(session, newest, at)
    posted += _remind(session, home, at)
    now = Now(session, home, at)  # read from here on alone: what went before may have moved a project
    if home.calendar.business_moment(at) == at:
        posted += [
            Posted(mail.notice, mail.to, mail.subject, mail.not_before, mail.why, 1)
            for mail in inviting.tick(session, home, now)
        ]
    local = home.calendar.local(at)
    start = dt.time.fromisoformat(home.calendar.rules.digest_at)
    if home.calendar.is_working_day(local.date()) and local.time() >= start:
        posted += digesting.write(session, home, at, now)
    return posted


def _written(session: Session, after: int, at: dt.datetime) -> list[Posted]:
    """Return the mails written at `at` since the outbox's row `after`."""
    return [
        Posted(mail.notice, mail.to, mail.subject, mail.not_before, mail.why, 1)
        for mail in outbox.written(session, after, at)
    ]


def _remind(session: Session, home: Home, at: dt.datetime) -> list[Posted]:
    """Remind the members who have not decided, each of a request's reminder days once, the missed ones folded.

    Those who were asked for advice, or for the reply to an idea, are reminded beside them.
    """
    today = home.calendar.today(at)
    if home.calendar.business_moment(at) != at:
        return []
    posted: list[Posted] = []
    for request in decision_store.open_requests(session):
        day = _reminder_day(home, request, board.rule_of(session, home, request), today)
        if day is None:
            continue
        asked = board.load(session, home, request)
        if asked.project.disputed_at is not None:
            continue
        mailed = seats.live_links(session, asked.id)
        for slot in decision_store.waiting(asked.board, decision_store.votes(session, asked.id)):
            link = mailed.get(slot.id or 0)
            if link is not None and home.calendar.today(link.issued_at) == today:
                continue  # whoever was mailed the link today is not reminded of it today
            key = ("decision_reminded", day.isoformat(), f"request:{asked.id}", slot.person_id)
            if outbox.say(session, [key], today, at):
                link = board.remind(session, home, asked, slot, at)
                posted.append(_mailed(session, home, "decision_reminded", link, at))
    posted += [
        _mailed(session, home, notice, link, at) for notice, link in consulting.tick(session, home, at)
    ]
    posted += [_mailed(session, home, notice, link, at) for notice, link in ideas.tick(session, home, at)]
    posted += [
        Posted(mail.notice, mail.to, mail.subject, mail.not_before, mail.why, 1)
        for mail in undelivered.tick(session, home, at)
    ]
    return posted


def _reminder_day(home: Home, request: DecisionRequest, rule: DecisionRule, today: dt.date) -> dt.date | None:
    """Return the newest reminder day that has come, up to the deadline's own day; None before the first."""
    last = home.calendar.today(request.deadline)
    opened = home.calendar.today(request.opened_at)
    days = [home.calendar.add_working_days(last, -n) for n in rule.remind_working_days_before]
    come = [day for day in days if opened < day <= today]
    return max(come) if come and today <= last else None


def _mailed(session: Session, home: Home, notice: str, link: Link, at: dt.datetime) -> Posted:
    subject = outbox.subject_of(session, link.message_id)
    return Posted(notice, link.address, subject, at, home.catalogue.notices[notice].why, 1)


def preview(session: Session, home: Home, at: dt.datetime, days: int) -> Iterator[tuple[dt.datetime, Posted]]:
    """Yield (moment, mail) for the next `days` days, if nobody did anything meanwhile. Writes nothing that stays.

    It runs the clock itself, day by day, in a transaction the caller rolls back: what it shows is what would be sent.
    On each day it looks at the moments at which something may first be due.
    """
    for offset in range(days + 1):
        for moment in moments(session, home, home.calendar.today(at) + dt.timedelta(days=offset)):
            if moment > at:
                for posted in post_due(session, home, moment):
                    yield moment, posted
        session.expire_all()


def moments(session: Session, home: Home, day: dt.date) -> list[dt.datetime]:
    """Return the moments of a day at which something may first be due if nobody does anything, in order.

    They are the council's own hour of digests, each person's later one, and the beginning of decision hours.
    """
    rules = home.calendar.rules
    own = {hours.digest_at for hours in wishes.hours(session).values() if hours.digest_at > rules.digest_at}
    times = {rules.digest_at, max(rules.decision_mail.from_, rules.digest_at), *own}
    return sorted(home.calendar.moment(day, time) for time in times)
