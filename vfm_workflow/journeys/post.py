"""The clock ticks: whatever is due is posted once, in one digest a person a day (design §4.4, §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.notices import Notice
from vfm_workflow.journeys import board, consulting, ideas, posting, reseat, undelivered
from vfm_workflow.journeys.due import SCHEDULES, Now, Owed
from vfm_workflow.journeys.home import Home
from vfm_workflow.mail.render import Group
from vfm_workflow.store import decisions as decision_store
from vfm_workflow.store import outbox, projects, seats
from vfm_workflow.store.tables import Link, Occurrence, OutboxMail, Person


@dataclass(frozen=True, slots=True)
class Posted:
    """One mail a tick wrote."""

    notice: str
    to: str
    subject: str
    not_before: dt.datetime
    why: str
    facts: int


@dataclass(slots=True)
class Fact:
    """A fact about to be said to one person: its key in the ledger, and the item a template shows."""

    key: outbox.Key
    item: dict[str, Any]
    pending: bool
    """An event left it in the ledger; a schedule's fact is not there yet."""


def post_due(session: Session, home: Home, at: dt.datetime) -> list[Posted]:
    """Post everything due at `at`, once, whoever else ticks; return the mails written.

    Links that no longer lead to whoever holds their seat follow first: a deputyship begins and ends by itself.
    Digests are written from `digest_at` on working days; reminders of decisions within decision hours.
    """
    newest = outbox.newest(session)
    reseat.reconcile(session, home, at)
    posted = _written(session, newest, at)
    posted += _remind(session, home, at)
    local = home.calendar.local(at)
    start = dt.time.fromisoformat(home.calendar.rules.digest_at)
    if home.calendar.is_working_day(local.date()) and local.time() >= start:
        posted += _digests(session, home, at)
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
        asked = board.load(session, home, request)
        day = _reminder_day(home, asked, today)
        if day is None or asked.project.disputed_at is not None:
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


def _reminder_day(home: Home, asked: board.Asked, today: dt.date) -> dt.date | None:
    """Return the newest reminder day that has come, up to the deadline's own day; None before the first."""
    last = home.calendar.today(asked.request.deadline)
    opened = home.calendar.today(asked.request.opened_at)
    days = [home.calendar.add_working_days(last, -n) for n in asked.rule.remind_working_days_before]
    come = [day for day in days if opened < day <= today]
    return max(come) if come and today <= last else None


def _mailed(session: Session, home: Home, notice: str, link: Link, at: dt.datetime) -> Posted:
    subject = outbox.subject_of(session, link.message_id)
    return Posted(notice, link.address, subject, at, home.catalogue.notices[notice].why, 1)


def _digests(session: Session, home: Home, at: dt.datetime) -> list[Posted]:
    now = Now(session, home, at)
    done = outbox.digested(session, now.today)
    posted = []
    for person_id, by_notice in sorted(_facts(session, now).items()):
        if person_id in done or person_id not in now.active:
            continue
        if (mail := _digest(session, now, person_id, by_notice)) is not None:
            posted.append(mail)
    return posted


def _facts(session: Session, now: Now) -> dict[int, dict[str, list[Fact]]]:
    """Return person → notice → facts not said yet."""
    found: dict[int, dict[str, list[Fact]]] = {}
    names = [key for key, notice in now.home.catalogue.notices.items() if notice.deliver == "digest"]
    said = outbox.said(session, names)
    for notice_key in names:
        notice = now.home.catalogue.notices[notice_key]
        for owed, person_id in _owed(now, notice):
            key = (notice_key, owed.period, owed.subject, person_id)
            if key not in said:
                fact = Fact(key, dict(owed.item), pending=False)
                found.setdefault(person_id, {}).setdefault(notice_key, []).append(fact)
    for row in _pending(session, now):
        if row.job in now.home.catalogue.notices:
            key = (row.job, row.period, row.subject, row.person_id)
            fact = Fact(key, _event_item(now, row.item or {}), pending=True)
            found.setdefault(row.person_id, {}).setdefault(row.job, []).append(fact)
    return found


def _pending(session: Session, now: Now) -> list[Occurrence]:
    """Return what events left to be said. What waits for somebody who is away waits for their deputy too, from now on."""
    rows = outbox.pending_facts(session)
    away = [row for row in rows if row.person_id in now.deputies]
    for row in away:
        deputy = now.deputies[row.person_id]
        outbox.leave(session, row.job, row.period, row.subject, [deputy], row.item or {}, row.posted_at)
    return outbox.pending_facts(session) if away else rows


def _owed(now: Now, notice: Notice) -> Iterator[tuple[Owed, int]]:
    """Yield what a notice's schedule finds, with each person it goes to."""
    if notice.when is None or notice.when.what not in SCHEDULES:
        return
    for owed in SCHEDULES[notice.when.what](now, notice.when):
        for person_id in _people(now, owed, notice.to):
            yield owed, person_id


def _people(now: Now, owed: Owed, roles: Sequence[str]) -> Iterator[int]:
    """Yield each active person a fact goes to, once: whoever holds a role, and who stands in for them today."""
    seen = set[int]()
    for role in roles:
        for holder in _holders(now, owed, role):
            for person_id in (holder, now.deputies.get(holder)):
                if person_id in now.active and person_id not in seen:
                    seen.add(person_id)
                    yield person_id


def _holders(now: Now, owed: Owed, role: str) -> Sequence[int]:
    """Return who holds `role` towards a fact. A council-wide fact is for roles without a department, and vice versa."""
    subject = owed.project
    if role == "stage_owner" and subject is not None:
        lifecycle: Lifecycle = now.lifecycles[subject.lifecycle]
        role = lifecycle.stages[subject.stage].owner or "project_manager"
    if role == "project_manager":
        return [subject.manager_id] if subject is not None else []
    if role == "head_of_service":
        if subject is not None:
            return [subject.head_id]
        heads = {s.head_id for s in now.subjects.values() if s.department == owed.department}
        return sorted(heads) or now.heads.get(owed.department, [])
    if subject is None and owed.department:
        return []
    return now.roles.get(role, [])


def _event_item(now: Now, item: dict[str, Any]) -> dict[str, Any]:
    """Return an event's item with its project written out and its date as a date."""
    shown = dict(item)
    subject = next((s for s in now.subjects.values() if s.reference == item.get("project")), None)
    if subject is not None:
        shown = now.item(
            subject,
            str(item.get("page", "")),
            **{k: v for k, v in item.items() if k not in ("project", "page")},
        )
    if isinstance(shown.get("on"), str):
        shown["on"] = dt.date.fromisoformat(shown["on"])
    return shown


def _digest(session: Session, now: Now, person_id: int, by_notice: dict[str, list[Fact]]) -> Posted | None:
    """Write one person's digest of today; None where another process has, or nothing is left to say."""
    if not outbox.claim_digest(session, person_id, now.today, now.at):
        return None
    groups = []
    for notice_key, facts in by_notice.items():
        mine = _claim(session, now, facts)
        if mine:
            groups.append(Group(notice_key, [_named(session, fact.item) for fact in mine]))
    if not groups:
        outbox.unclaim_digest(session, person_id, now.today)
        return None
    person = projects.person(session, person_id)
    mail = _write_digest(session, now, person, groups)
    return Posted(
        "digest", person.address, mail.subject, mail.not_before, mail.why, sum(len(g.items) for g in groups)
    )


def _claim(session: Session, now: Now, facts: list[Fact]) -> list[Fact]:
    """Put the facts into the ledger as said today; return those that nobody else had said."""
    for fact in facts:
        if fact.pending:
            row = session.get(Occurrence, fact.key)
            if row is not None:
                row.digest_day = now.today
    new = outbox.say(session, [fact.key for fact in facts if not fact.pending], now.today, now.at)
    return [fact for fact in facts if fact.pending or fact.key in new]


def _named(session: Session, item: dict[str, Any]) -> dict[str, Any]:
    """Return the item with the manager's name for their id."""
    if isinstance(item.get("manager"), int):
        return {**item, "manager": projects.person(session, item["manager"]).name}
    return item


def _write_digest(session: Session, now: Now, person: Person, groups: Sequence[Group]) -> OutboxMail:
    home = now.home
    rendered = home.renderer.digest(person.name, groups, home.url("/tasks"), now.today)
    whys = dict.fromkeys(home.catalogue.notices[group.notice_key].why for group in groups)
    return posting.write(session, home, "digest", person, rendered, now.at, now.at, None, "; ".join(whys))


def preview(session: Session, home: Home, at: dt.datetime, days: int) -> Iterator[tuple[dt.datetime, Posted]]:
    """Yield (moment, mail) for the next `days` days, if nobody did anything meanwhile. Writes nothing that stays.

    It runs the clock itself, day by day, in a transaction the caller rolls back: what it shows is what would be sent.
    """
    for offset in range(days + 1):
        day = home.calendar.today(at) + dt.timedelta(days=offset)
        start = home.calendar.moment(day, home.calendar.rules.decision_mail.from_)
        digest = home.calendar.moment(day, home.calendar.rules.digest_at)
        for moment in sorted({max(start, digest), digest}):
            if moment > at:
                for posted in post_due(session, home, moment):
                    yield moment, posted
        session.expire_all()
