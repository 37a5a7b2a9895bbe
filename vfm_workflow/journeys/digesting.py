"""Digests: what is owed to each person today, said once, in one mail (design §4.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from vfm_workflow.domain.lifecycle import Lifecycle
from vfm_workflow.domain.notices import Notice
from vfm_workflow.journeys import posting, recurring
from vfm_workflow.journeys.due import Owed
from vfm_workflow.journeys.home import Home
from vfm_workflow.journeys.now import Now
from vfm_workflow.mail.message import DigestList
from vfm_workflow.mail.render import Group
from vfm_workflow.store import outbox, projects, wishes
from vfm_workflow.store.outbox import NewMail
from vfm_workflow.store.tables import Occurrence, Person

ASKED_AT_ONCE = 500
"""So many facts are looked up in the ledger by one statement: memory follows it, and not how much a council owes."""


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
    item: Mapping[str, Any]
    waits: Occurrence | None = None
    """The row of the ledger in which an event left it; a schedule's fact is not there yet."""
    step: int = 0
    """How far up the notice's chain of people it has come."""
    why: str = ""
    later: outbox.Key | None = None
    """The key under which it is said first: it was put off until a day, which has come."""
    instead: outbox.Key | None = None
    """Said with it, unseen: the round that came while it was put off."""

    @property
    def person_id(self) -> int:
        return self.key[3]


@dataclass(frozen=True)
class Wanted:
    """What people want of their digests, read once a tick."""

    session: Session
    home: Home
    today: dt.date
    time: dt.time

    @cached_property
    def choices(self) -> Mapping[tuple[int, str], str]:
        return wishes.choices(self.session)

    @cached_property
    def hours(self) -> Mapping[int, wishes.Hours]:
        return wishes.hours(self.session)

    @cached_property
    def snoozes(self) -> Mapping[tuple[int, str, str], dt.date]:
        return wishes.snoozes(self.session)

    @cached_property
    def told_this_week(self) -> set[int]:
        monday = self.today - dt.timedelta(days=self.today.weekday())
        return outbox.digested(self.session, monday, self.today - dt.timedelta(days=1))

    def now(self, person_id: int) -> bool:
        """Return whether a person's own hour has come, on one of their days. The council's has already."""
        wanted = self.hours.get(person_id)
        if wanted is None:
            return True
        return str(self.today.isoweekday()) in wanted.weekdays and self.time >= dt.time.fromisoformat(
            wanted.digest_at
        )

    def choice(self, person_id: int, notice_key: str) -> str:
        """Return what a person gets of a notice: what they chose, as far as the catalogue leaves it to them."""
        chosen = self.choices.get((person_id, notice_key))
        if chosen is None:
            return "daily"
        return chosen if chosen in self.home.catalogue.notices[notice_key].choices() else "daily"

    def hears(self, person_id: int, notice_key: str) -> bool:
        """Return whether today's digest may say a notice to a person: a weekly one comes with the week's first."""
        choice = self.choice(person_id, notice_key)
        return choice == "daily" or (choice == "weekly" and person_id not in self.told_this_week)


def write(session: Session, home: Home, at: dt.datetime, now: Now | None = None) -> list[Posted]:
    """Write the digest of everybody who has something to be told today and was not; return the mails.

    `now` is what the caller has read of the council at `at` already, if anything.
    """
    now, local = now or Now(session, home, at), home.calendar.local(at)
    wanted = Wanted(session, home, now.today, local.time())
    done = outbox.digested(session, now.today)
    readers = frozenset(each for each in now.active if each not in done and wanted.now(each))
    posted, facts = [], _facts(session, now, wanted, readers)
    items = (fact.item for groups in facts.values() for group in groups.values() for fact in group)
    managers = {item["manager"] for item in items if isinstance(item.get("manager"), int)}
    projects.hold_people(session, managers.union(facts))
    for person_id, by_notice in sorted(facts.items()):
        if (mail := _digest(session, now, person_id, by_notice)) is not None:
            posted.append(mail)
    return posted


def _facts(
    session: Session, now: Now, wanted: Wanted, readers: Collection[int]
) -> dict[int, dict[str, list[Fact]]]:
    """Return reader → notice → facts not said yet, the nearest to the person first. `readers` may have a digest now."""
    found: dict[int, dict[str, list[Fact]]] = {}
    names = [key for key, notice in now.home.catalogue.notices.items() if notice.deliver == "digest"]
    for notice_key in names if readers else ():
        for fact in _unsaid(session, _sayable(now, wanted, notice_key, readers)):
            found.setdefault(fact.person_id, {}).setdefault(notice_key, []).append(fact)
    for row in _pending(session, now):
        if row.job not in now.home.catalogue.notices:
            continue
        if row.person_id in readers and wanted.hears(row.person_id, row.job):
            key = (row.job, row.period, row.subject, row.person_id)
            fact = Fact(key, _event_item(now, row.item or {}), waits=row)
            found.setdefault(row.person_id, {}).setdefault(row.job, []).append(fact)
        elif wanted.choice(row.person_id, row.job) == "off":
            wishes.forget_pending(session, row.person_id, row.job)
    return found


def _sayable(now: Now, wanted: Wanted, notice_key: str, readers: Collection[int]) -> Iterator[Fact]:
    """Yield what a notice would say to `readers` now, whether it was said before or not.

    What was put off until a day is said on it if it is still so, whatever round has been said before.
    """
    notice = now.home.catalogue.notices[notice_key]
    for owed, person_id, step, why in owed_to(now, notice):
        if person_id not in readers or not wanted.hears(person_id, notice_key):
            continue
        period = f"{owed.period}>{step}" if step else owed.period
        fact = Fact((notice_key, period, owed.subject, person_id), owed.item, step=step, why=why)
        snoozed = (person_id, notice_key, owed.subject)
        until = wanted.snoozes.get(snoozed) if notice.snooze and not step else None
        if until is None:
            yield fact
        elif wanted.today >= until:
            fact.later = (notice_key, f"later-{until}", owed.subject, person_id)
            yield fact


def _unsaid(session: Session, facts: Iterator[Fact]) -> Iterator[Fact]:
    """Yield those facts that nobody has said yet, with the key under which each is said next."""
    while batch := list(islice(facts, ASKED_AT_ONCE)):
        said = outbox.said(session, [key for fact in batch for key in (fact.key, fact.later) if key])
        for fact in batch:
            if fact.later is not None and fact.later not in said:
                fact.key, fact.instead = fact.later, fact.key
                yield fact
            elif fact.key not in said:
                yield fact


def _pending(session: Session, now: Now) -> list[Occurrence]:
    """Return what events left to be said. What waits for somebody who is away waits for their deputy too, from now on."""
    rows = outbox.pending_facts(session)
    away = [row for row in rows if row.person_id in now.deputies]
    for row in away:
        deputy = now.deputies[row.person_id]
        outbox.leave(session, row.job, row.period, row.subject, [deputy], row.item or {}, row.posted_at)
    return outbox.pending_facts(session) if away else rows


def owed_to(now: Now, notice: Notice) -> Iterator[tuple[Owed, int, int, str]]:
    """Yield (fact, person, step, why) of a notice's chain. Whoever hears at one step hears at no later one."""
    heard = set[tuple[str, int]]()
    for step, (when, to, why) in enumerate(notice.chain):
        for owed in recurring.owed(now, notice, when):
            for person_id in _people(now, owed, to):
                if (owed.subject, person_id) not in heard or not step:
                    heard.add((owed.subject, person_id))
                    yield owed, person_id, step, why


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
    if owed.everywhere:
        return _anywhere(now, owed, role)
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


def _anywhere(now: Now, owed: Owed, role: str) -> Sequence[int]:
    """Return who holds `role` anywhere: by their own role, or as a project or a service is theirs."""
    spec = now.home.roles.get(role)
    if owed.clock and (spec is None or spec.release != owed.clock):
        return []
    found = set(now.roles.get(role, []))
    if role == "project_manager":
        found |= {
            subject.manager_id for subject in now.subjects.values() if now.stage_kind(subject) != "ended"
        }
    if role == "head_of_service":
        found |= {head for heads in now.heads.values() for head in heads}
    return sorted(found)


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
        mine = sorted(_claim(session, now, facts), key=lambda fact: fact.step)
        if mine:
            whys = tuple(dict.fromkeys(fact.why for fact in mine if fact.why))
            groups.append(Group(notice_key, [_shown(session, now, fact) for fact in mine], whys))
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
        if fact.waits is not None:
            fact.waits.digest_day = now.today
    new = outbox.say(session, [fact.key for fact in facts if fact.waits is None], now.today, now.at)
    put_off = [fact for fact in facts if fact.instead is not None]
    outbox.say(session, [fact.instead for fact in put_off if fact.instead], now.today, now.at)
    for fact in put_off:
        notice_key, _, subject, person_id = fact.key
        wishes.came_back(session, person_id, notice_key, subject, now.today)
    return [fact for fact in facts if fact.waits is not None or fact.key in new]


def _shown(session: Session, now: Now, fact: Fact) -> dict[str, Any]:
    """Return the item as templates get it: the manager's name for their id, its step, whose it is, where to put it off."""
    notice_key, _, subject, person_id = fact.key
    later = ""
    if now.home.catalogue.notices[notice_key].snooze and not fact.step:
        later = now.home.url(f"/account/mail/later?{urlencode({'notice': notice_key, 'subject': subject})}")
    reference = str((fact.item.get("project") or {}).get("reference", ""))
    own = now.managers.get(reference) == person_id
    item = {**fact.item, "step": fact.step, "later": later, "own": own}
    if isinstance(item.get("manager"), int):
        item["manager"] = projects.person(session, item["manager"]).name
    return item


def _write_digest(session: Session, now: Now, person: Person, groups: Sequence[Group]) -> NewMail:
    home = now.home
    rendered = home.renderer.digest(
        person.name, groups, home.url("/tasks"), now.today, home.url("/account/mail")
    )
    whys = dict.fromkeys(
        why for group in groups for why in group.whys or (home.catalogue.notices[group.notice_key].why,)
    )
    keys = [group.notice_key for group in groups]
    return posting.write(
        session,
        home,
        "digest",
        person,
        rendered,
        now.at,
        now.at,
        None,
        "; ".join(whys),
        _list(home, person, keys),
    )


def _list(home: Home, person: Person, keys: Sequence[str]) -> DigestList:
    """Return what lets a mail program sort digests and, where all of one may be switched off, stop them (RFC 8058).

    A digest with anything in it that must come offers no “unsubscribe”: the next one would come all the same.
    """
    optional = all("off" in home.catalogue.notices[key].choices() for key in keys)
    url = home.url(f"/u/{home.seal(person.id)}") if optional and home.seal and person.id is not None else None
    return DigestList(f"digest.{home.mail_domain}", url)
